/**
 * The oldest Worlds, of the 4.0.1 betas, keep no runs by events: runs, steps and hooks are created and updated by calls
 * of their own, and only some event types exist. This brings such a World into the shape of the later ones, with one
 * call of its own for each change and no check of its own:
 *
 * - a run's, step's or hook's event becomes `create`, `update` or `dispose`, and is also written to the log where the
 *   World's log has the type (`run_completed` as `workflow_completed`, and so on);
 * - the World makes run ids itself: one that the client made is refused by nobody, and replaced;
 * - waits are events only;
 * - errors are texts, payloads JSON.
 */
import { compact } from './payloads.js';
import type { Loose, UpstreamWorld } from './upstream-world.js';

/** Whether a World is one of these. */
export function isLegacy(world: Loose): boolean {
  return typeof world?.runs?.create === 'function' && typeof world?.steps?.create === 'function';
}

/** The run events that the old log has, by their names there. */
const RUN_EVENTS: Readonly<Record<string, string>> = {
  run_started: 'workflow_started',
  run_completed: 'workflow_completed',
  run_failed: 'workflow_failed',
};
const NEW_NAMES = new Map(Object.entries(RUN_EVENTS).map(([now, then]) => [then, now]));

/** A World of the 4.0 line in the shape of the 4.1 line. */
export function modernize(old: Loose): UpstreamWorld {
  const renamed = (event: Loose) =>
    event && { ...event, eventType: NEW_NAMES.get(event.eventType) ?? event.eventType };
  const renamedPage = async (page: Promise<Loose>) => {
    const found = await page;
    return { ...found, data: (found.data ?? []).map(renamed) };
  };

  async function log(runId: string, event: Loose, params: Loose): Promise<Loose> {
    const eventType = RUN_EVENTS[event.eventType] ?? event.eventType;
    const { correlationId, eventData } = event;
    const entry = compact({ eventType, correlationId, eventData });
    return renamed(await old.events.create(runId, entry, params));
  }

  async function create(given: string | null, event: Loose, params: Loose): Promise<Loose> {
    const runId = given ?? '';
    const data = event.eventData ?? {};
    const stepId = event.correlationId;
    switch (event.eventType) {
      case 'run_created': {
        const { deploymentId, workflowName, executionContext } = data;
        const input = data.input ?? [];
        return {
          run: await old.runs.create({ deploymentId, workflowName, executionContext, input }),
        };
      }
      case 'run_started':
        return endRun('running', {});
      case 'run_completed':
        return endRun('completed', { output: data.output });
      case 'run_failed': {
        const { error, errorCode } = data;
        return endRun('failed', compact({ error: error?.message ?? error, errorCode }));
      }
      case 'run_cancelled':
        return { run: await old.runs.cancel(runId) };
      case 'step_created': {
        const { stepName } = data;
        return {
          step: await old.steps.create(runId, { stepId, stepName, input: data.input ?? [] }),
        };
      }
      case 'step_started': {
        const { attempt = 0 } = await old.steps.get(runId, stepId);
        return changeStep({ status: 'running', attempt: attempt + 1 });
      }
      case 'step_completed':
        return changeStep({ status: 'completed', output: data.result });
      case 'step_failed':
        return changeStep({ status: 'failed', error: data.error });
      case 'step_retrying':
        return changeStep({ status: 'pending', error: data.error, retryAfter: data.retryAfter });
      case 'hook_created': {
        const { token, metadata } = data;
        const hook = await old.hooks.create(runId, compact({ hookId: stepId, token, metadata }));
        return { hook, event: await log(runId, event, params) };
      }
      case 'hook_disposed':
        await old.hooks.dispose(stepId);
        return { event: await log(runId, event, params) };
      default:
        return { event: await log(runId, event, params) };
    }

    async function endRun(status: string, change: Loose): Promise<Loose> {
      const run = await old.runs.update(runId, { status, ...change });
      return { run, event: await log(runId, event, params) };
    }

    async function changeStep(change: Loose): Promise<Loose> {
      const step = await old.steps.update(runId, stepId, change);
      const noted =
        event.eventType === 'step_retrying'
          ? { ...event, eventData: { ...data, attempt: Math.max(1, step.attempt ?? 1) } }
          : event;
      return { step, event: await log(runId, noted, params) };
    }
  }

  const nameless = old.writeToStream?.length === 2;
  return {
    runs: old.runs,
    steps: old.steps,
    hooks: old.hooks,
    events: {
      create,
      list: (params: Loose) => renamedPage(old.events.list(params)),
      listByCorrelationId: (params: Loose) => renamedPage(old.events.listByCorrelationId(params)),
    },
    // The first ones knew a stream by its name alone.
    writeToStream: (name: string, runId: string, chunk: Uint8Array) =>
      nameless ? old.writeToStream(name, chunk) : old.writeToStream(name, runId, chunk),
    closeStream: (name: string, runId: string) =>
      nameless ? old.closeStream(name) : old.closeStream(name, runId),
    readFromStream: (name: string, startIndex: number) => old.readFromStream(name, startIndex),
    queue: (...args: Loose[]) => old.queue(...args),
    createQueueHandler: (prefix, handler) => old.createQueueHandler(prefix, handler),
    ...(old.getDeploymentId && { getDeploymentId: () => old.getDeploymentId() }),
    ...(old.start && { start: () => old.start() }),
    ...(old.close && { close: () => old.close() }),
  };
}
