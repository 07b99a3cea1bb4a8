import { Capability } from '@worldwire/proto';
import type { ErrorForm, PayloadForm } from './payloads.js';
import type { UpstreamWorld } from './upstream-world.js';

/** From here on a World knows `attr_set`. */
const SPEC_ATTRIBUTES = 4;
/** From here on errors are bytes. */
const SPEC_BYTE_ERRORS = 5;
/** From here on event ids are dense positions, and writes report what their writer had not seen. */
const SPEC_POSITIONS = 6;
/** What a World that declares no spec version is taken for, as the SDK takes it. */
const SPEC_DEFAULT = 2;

/** What the bridge has found out of a World from its shape. */
export interface Traits {
  readonly capabilities: ReadonlySet<Capability>;
  /** Whether it has the stream methods of the 5.0 line. */
  readonly v5: boolean;
  readonly specVersion: number;
  readonly minSpecVersion: number;
  readonly payloads: PayloadForm;
  readonly errors: ErrorForm;
}

/** What the bridge is told, because no shape shows it. */
export interface DescribeOptions {
  /** What is acknowledged dies with the process. */
  readonly volatile?: boolean;
  /** The World is one of the 4.0 line, which keeps JSON. */
  readonly legacy?: boolean;
}

/**
 * Finds out what a World can do from the methods it has, the capabilities it states and the spec version it declares;
 * never from its name.
 */
export function traitsOf(world: UpstreamWorld, options: DescribeOptions = {}): Traits {
  const specVersion = world.specVersion ?? SPEC_DEFAULT;
  const v5 = typeof world.streams?.write === 'function';
  const has = (method: unknown) => typeof method === 'function';
  const inspection = v5
    ? has(world.streams?.getChunks) && has(world.streams?.getInfo) && has(world.streams?.list)
    : has(world.getStreamChunks) && has(world.getStreamInfo) && has(world.listStreamsByRunId);
  const positions = specVersion >= SPEC_POSITIONS;
  const found: [Capability, boolean][] = [
    [Capability.EVENT_BATCH, has(world.events.createBatch)],
    [Capability.QUEUE_BATCH, has(world.queueBatch)],
    [Capability.HOOK_RESUME_DEDUP, world.capabilities?.hookResumeDedup === true],
    [Capability.HOOK_RETENTION, world.capabilities?.hookRetention?.active === true],
    [Capability.ATTRIBUTES, specVersion >= SPEC_ATTRIBUTES],
    [Capability.DURABILITY, options.volatile !== true],
    [Capability.POSITIONS, positions],
    [Capability.EVENT_DELTAS, positions],
    [Capability.WAKE_RUNS, has(world.start)],
    [Capability.LATEST_DEPLOYMENT, has(world.resolveLatestDeploymentId)],
    [Capability.LAZY_STEPS, v5 && specVersion >= SPEC_BYTE_ERRORS],
    [Capability.STREAM_INSPECTION, inspection],
    [Capability.PUBLIC_KEYS, positions],
  ];
  return {
    capabilities: new Set(found.flatMap(([capability, there]) => (there ? [capability] : []))),
    v5,
    specVersion,
    minSpecVersion: Math.min(SPEC_DEFAULT, specVersion),
    payloads: options.legacy === true ? 'json' : 'bytes',
    errors: specVersion >= SPEC_BYTE_ERRORS ? 'bytes' : 'structured',
  };
}
