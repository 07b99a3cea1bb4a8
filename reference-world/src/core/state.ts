import type { Timestamp } from '@bufbuild/protobuf/wkt';
import type { Hook, NewEvent, Run, RunCreated, Step, Wait } from '@worldwire/proto';
import type {
  HookRow,
  HookState,
  Payloads,
  ResumeRow,
  RunRow,
  TokenRow,
} from '../store/operations.js';
import type { CoreLimits } from './limits.js';

/** What happens, in the form both NewEvent and Event carry it. */
export type NewData = Exclude<NewEvent['data'], { case: undefined }>;

/** An event to decide, with the facts around it. */
export interface EventCommand {
  readonly runId: string;
  readonly correlationId: string;
  readonly data: NewData;
  /** The spec version that the writer stamped, or the one that stands in for it. */
  readonly specVersion: number;
  readonly resumeId: string | undefined;
  readonly resumePayloadDigest: string | undefined;
  readonly computeInstanceId: string | undefined;
  /** The commit's time, in milliseconds. */
  readonly now: number;
  /** The commit's time as it will be stored. */
  readonly at: Timestamp;
  readonly limits: CoreLimits;
}

/** The part of the store's state that an event of its type can depend on. */
export interface EventState {
  readonly row: RunRow | undefined;
  readonly step?: Step | undefined;
  readonly hook?: HookRow | undefined;
  readonly token?: TokenRow | undefined;
  readonly resume?: ResumeRow | undefined;
  readonly wait?: Wait | undefined;
  /** Whether the workflow has written this attr_set before. */
  readonly attributesWritten?: boolean;
}

/** An event that the World writes, before it has a position. */
export type Recorded =
  | NewData
  | { readonly case: 'hookConflict'; readonly value: import('@worldwire/proto').HookConflict };

/** What an event brings about. Absent members stay as they are. */
export interface Decision {
  /** Events to append, in order; none where nothing changes. */
  readonly records: readonly Recorded[];
  /** A run to insert before anything else. */
  readonly newRun?: { readonly run: Run; readonly created: RunCreated };
  readonly run?: { readonly next: Run; readonly payloads: Payloads };
  readonly step?: { readonly next: Step; readonly payloads: Payloads; readonly insert: boolean };
  readonly stepCreated?: boolean;
  readonly hook?: { readonly next: Hook; readonly state: HookState };
  /** The token whose holder's retention is over. */
  readonly dropToken?: string;
  readonly disposeHook?: boolean;
  readonly resume?: { readonly hookId: string; readonly digest: string };
  /** The position of the event that landed before under the same resume_id. */
  readonly repeated?: number;
  readonly wait?: { readonly next: Wait; readonly insert: boolean };
  /** The run has ended: its hooks and waits are released. */
  readonly ended?: boolean;
  /** The run's payloads are removed with its end. */
  readonly purge?: boolean;
}

/** Nothing to write: the state is as the event wants it. */
export const UNCHANGED: Decision = { records: [] };
