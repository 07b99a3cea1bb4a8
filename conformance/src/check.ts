import type { Capability } from '@worldwire/proto';
import type { Context } from './context.js';

/** What a check needs beyond a World that answers; without it the check is not applicable. */
export type Need =
  /** The World's process is the harness's own: it may be killed and started again on the same data. */
  | 'process'
  /** A credential was given, so that calls without it must be refused. */
  | 'token'
  /** A project was named that the credential does not open. */
  | 'closed-project'
  /** A second credential was given, which has no permission for KeyService. */
  | 'keyless-token'
  /** A command was given that makes the World's store refuse a write. */
  | 'store-fault';

/** The name of a capability without its prefix, such as "EVENT_BATCH". */
export type CapabilityName = Exclude<keyof typeof Capability, 'UNSPECIFIED'>;

/** One thing that the suite shows about a World. */
export interface Check {
  /** Permanent: `<group>/<name>`, in lower case with hyphens. */
  readonly id: string;
  /** What holds where the check passes, in one line. */
  readonly title: string;
  /** The requirements that the check shows; at least one. */
  readonly requirements: readonly string[];
  /** What the World must declare for the check to apply. */
  readonly capabilities: readonly CapabilityName[];
  /** What the check applies only without: for refusals of what is not declared. */
  readonly absent: readonly CapabilityName[];
  /** What the check needs of the harness. */
  readonly needs: readonly Need[];
  /** Whether short ids such as "step_1" travel as they are: for checks that also write them into raw requests. */
  readonly plainIds: boolean;
  /** Milliseconds after which the check is given up, before the time scale. */
  readonly timeoutMs: number;
  /** Performs the check; throws where the World departs from a requirement. */
  run(t: Context): Promise<void>;
}

/** What a check states beside its id, title and body. */
export interface CheckOptions {
  readonly requirements: readonly string[];
  readonly capabilities?: readonly CapabilityName[];
  readonly absent?: readonly CapabilityName[];
  readonly needs?: readonly Need[];
  readonly plainIds?: boolean;
  readonly timeoutMs?: number;
}

/** Longer than any check takes on a slow machine; a World that hangs is found before, by the deadline of its calls. */
const DEFAULT_TIMEOUT_MS = 60_000;

/** Groups whose checks write the same ids into raw requests. */
const WRITES_RAW = /^(wire|versioning)\//;

/** Defines a check. */
export function check(
  id: string,
  title: string,
  options: CheckOptions,
  run: (t: Context) => Promise<void>,
): Check {
  return {
    id,
    title,
    requirements: options.requirements,
    capabilities: options.capabilities ?? [],
    absent: options.absent ?? [],
    needs: options.needs ?? [],
    plainIds: options.plainIds ?? WRITES_RAW.test(id),
    timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    run,
  };
}
