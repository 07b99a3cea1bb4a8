import type { Feature } from '../report/gen/worldwire/conformance/v1/driver_pb.js';
import type { SdkContext } from './context.js';

/** The name of a feature without its prefix, such as "LISTS". */
export type FeatureName = Exclude<keyof typeof Feature, 'UNSPECIFIED'>;

/** One thing that the suite shows about a client. */
export interface SdkCheck {
  /** Permanent: `<group>/<name>`, in lower case with hyphens. */
  readonly id: string;
  /** What holds where the check passes, in one line. */
  readonly title: string;
  /** The requirements that the check shows; at least one. */
  readonly requirements: readonly string[];
  /** The features that the driver offers where the check applies. */
  readonly capabilities: readonly FeatureName[];
  /** Milliseconds after which the check is given up, before the time scale. */
  readonly timeoutMs: number;
  /** Performs the check; throws where the client departs from a requirement. */
  run(t: SdkContext): Promise<void>;
}

/** What a check states beside its id, title and body. */
export interface SdkCheckOptions {
  readonly requirements: readonly string[];
  readonly features?: readonly FeatureName[];
  readonly timeoutMs?: number;
}

/** Longer than any check takes on a slow machine. */
const DEFAULT_TIMEOUT_MS = 60_000;

/** Defines a check of clients. */
export function sdkCheck(
  id: string,
  title: string,
  options: SdkCheckOptions,
  run: (t: SdkContext) => Promise<void>,
): SdkCheck {
  return {
    id,
    title,
    requirements: options.requirements,
    capabilities: options.features ?? [],
    timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    run,
  };
}
