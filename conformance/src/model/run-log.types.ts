import type { Refused } from './history.js';

/** The events that a client may write. */
export type RunEventType =
  | 'run_created'
  | 'run_started'
  | 'run_completed'
  | 'run_failed'
  | 'run_cancelled'
  | 'attr_set'
  | 'step_created'
  | 'step_started'
  | 'step_completed'
  | 'step_failed'
  | 'step_retrying'
  | 'hook_created'
  | 'hook_received'
  | 'hook_disposed'
  | 'wait_created'
  | 'wait_completed';

/** Writes one event. */
export interface WriteInput {
  readonly op: 'write';
  readonly run: string;
  readonly type: RunEventType;
  /** The correlation id; every event but those of the run has one. */
  readonly id?: string;
  /** Of run_started: carries what creates the run. Of step_started: carries what creates the step. */
  readonly create?: boolean;
  /** Of step_retrying: the retry time is so far ahead that the history does not see it come. */
  readonly later?: boolean;
  /** Of hook_created; the hook's id by default. Tokens of this model belong to one run alone. */
  readonly token?: string;
  /** Of hook_received. */
  readonly resumeId?: string;
  /** Of hook_received with a resume id. */
  readonly digest?: string;
  /** Of attr_set; null removes. */
  readonly changes?: Readonly<Record<string, string | null>>;
  /** Of attr_set: written by a step, which may repeat it. */
  readonly byStep?: boolean;
}

/** Reads the whole log; where it comes in pages, the answer is all of them. */
export interface ListEventsInput {
  readonly op: 'list_events';
  readonly run: string;
}

/** Reads a record. */
export interface GetInput {
  readonly op: 'get_run' | 'get_step';
  readonly run: string;
  /** Of get_step. */
  readonly id?: string;
}

/** An operation on one run. */
export type RunInput = WriteInput | ListEventsInput | GetInput;

/** An event as a response or a list shows it. */
export interface LoggedEvent {
  readonly type: string;
  /** The correlation id, where the event has one. */
  readonly id?: string;
  readonly eventId?: string;
  /** Unset where the World has no positions. */
  readonly position?: number;
}

/** An accepted event. Fields that are unset are not judged. */
export interface Accepted {
  readonly kind: 'accepted';
  /** Null where nothing was written; unset where the answer does not say. */
  readonly event?: LoggedEvent | null;
  /** The state of the run, step or wait that the answer carries. */
  readonly status?: string;
  /** Of a step. */
  readonly attempt?: number;
}

/** A log. */
export interface EventsRead {
  readonly kind: 'events';
  readonly events: readonly LoggedEvent[];
}

/** A record of a run or a step. Fields that are unset are not judged. */
export interface RecordRead {
  readonly kind: 'record';
  readonly status?: string;
  readonly attempt?: number;
  readonly attributes?: Readonly<Record<string, string>>;
  /** How many events the log holds. */
  readonly lastPosition?: number;
}

/** The answer of an operation on one run. */
export type RunOutput = Accepted | EventsRead | RecordRead | Refused;

/** Where Worlds may differ. The defaults allow what first-party Worlds do. */
export interface RunLogOptions {
  /** Whether cancelling a cancelled run appends another run_cancelled; `either` by default. */
  readonly repeatedCancel?: 'unwritten' | 'written' | 'either';
  /** Whether a running step may start again after the end of its run; `either` by default. */
  readonly startAfterEnd?: 'refused' | 'either';
  /** Whether a pending step may fail after the end of its run; `either` by default. */
  readonly failPendingAfterEnd?: 'refused' | 'either';
  /** Whether a hook may be created again under the id of a disposed or conflicted one; `either` by default. */
  readonly recreatedHook?: 'refused' | 'either';
  /**
   * `prefix`, the default: a read of the log is the log at one moment. `subsequence`: an event may become visible after
   * a later one; the longest read has the order, and a read lacks no event accepted before it was called.
   */
  readonly reads?: 'prefix' | 'subsequence';
  /** Whether a refusal must have a right reason, one of the same upstream class, or any; `exact` by default. */
  readonly reasons?: 'exact' | 'class' | 'any';
}
