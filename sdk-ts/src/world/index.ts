/**
 * The World of a Workflow SDK application, version 4 or 5, on any Worldwire server. Set
 * `WORKFLOW_TARGET_WORLD=@worldwire/sdk/world` and `WORLDWIRE_URL`; the SDK does the rest.
 */
import { Capability } from '@worldwire/proto';
import { createAnalytics } from './analytics.js';
import type { WorldOptions } from './config.js';
import { translated } from './errors.js';
import { createEvents } from './event-log.js';
import { createHooks } from './hooks.js';
import { createQueue } from './queue.js';
import { createRuns } from './runs.js';
import { sharedFor } from './shared.js';
import { createSteps } from './steps.js';
import { createStreams } from './streams.js';
import type { UpstreamQueueHandler } from './upstream.js';

export type { WorldOptions } from './config.js';
export type * from './upstream.js';

/** A World with the members of SDK 4 and of SDK 5. */
export type WorldwireWorld = ReturnType<typeof createWorld>;

/**
 * Makes a World. Synchronous and without effects: the environment is read and the connection made at the
 * first call, for SDK 4 also makes a World while it builds the application.
 *
 * World objects of the same options share one connection and one consumer.
 *
 * @throws Error where `WORLDWIRE_SPEC_VERSION` is malformed.
 */
export function createWorld(options: WorldOptions = {}) {
  const shared = sharedFor(options);
  const { connect, worker } = shared;
  const events = createEvents(connect);
  const runs = createRuns(connect);
  const queue = createQueue(connect, worker);

  /** Notes that this process writes: it may then serve the application, and takes work. */
  const touching =
    <Args extends unknown[], Result>(write: (...args: Args) => Result) =>
    (...args: Args): Result => {
      worker.touch();
      return write(...args);
    };

  return {
    /** The version of the event log that the application's own SDK writes. */
    specVersion: shared.specVersion,

    /** Fail closed: nothing is declared before the World has answered for the first time. */
    capabilities: {
      get hookResumeDedup(): boolean {
        return shared.declares(Capability.HOOK_RESUME_DEDUP);
      },
      get hookRetention(): { active: boolean } {
        return { active: shared.declares(Capability.HOOK_RETENTION) };
      },
      get deploymentAffinity(): boolean {
        return shared.config().deploymentAffinity;
      },
    },

    ...queue,
    queue: touching(queue.queue),
    queueBatch: touching(queue.queueBatch),

    /** Registers the consumer of a queue prefix in this process, and returns its HTTP form. */
    createQueueHandler: (prefix: string, handler: UpstreamQueueHandler) =>
      worker.createQueueHandler(prefix, handler),

    runs: { ...runs, cancelMany: touching(runs.cancelMany) },
    steps: createSteps(connect),
    events: {
      ...events,
      create: touching(events.create),
      createBatch: touching(events.createBatch),
    },
    hooks: createHooks(connect),
    analytics: createAnalytics(connect),
    ...createStreams(connect),

    /**
     * The key of a run, 32 bytes, or undefined where it is not sealed. A run that does not exist is one that is about to
     * be created, for the deployment that the context names.
     *
     * @throws WorkflowWorldError (503) that names the run and the missing key.
     */
    getEncryptionKeyForRun: (
      run: string | { runId: string },
      context?: Readonly<Record<string, unknown>>,
    ): Promise<Uint8Array<ArrayBuffer> | undefined> =>
      translated(async () => {
        const deploymentId = context?.deploymentId;
        const held = await shared.keys.of(
          typeof run === 'string' ? run : run.runId,
          typeof deploymentId === 'string' ? deploymentId : undefined,
        );
        return held && new Uint8Array(held.keys.runKey);
      }),

    getEnvironment: (): string | undefined => shared.config().environment,

    /** A column of `workflow inspect`. */
    describeRun: (run: Readonly<Record<string, unknown>>): Record<string, string | null> => ({
      deployment: typeof run.deploymentId === 'string' ? run.deploymentId : null,
    }),

    /** Connects and takes work, also for runs that an earlier process left behind. Idempotent. */
    start: (): Promise<void> => shared.start(),

    /** Stops taking work, lets handlers finish for a moment, and releases everything. Idempotent. */
    close: (): Promise<void> => shared.close(),
  };
}

export default createWorld;
