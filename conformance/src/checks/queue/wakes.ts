import { type Check, check } from '../../check.js';
import type { Context } from '../../context.js';
import { runCancelled, runCompleted, runFailed, runStarted } from '../../fixtures/new-event.js';
import type { RunHandle } from '../../fixtures/run-handle.js';
import {
  acknowledgeAll,
  delivered,
  LONG_LEASE,
  nothingElse,
  QUIET_MS,
  send,
  textOf,
} from './support.js';

/** Wakes for active runs that no message would wake. */
export const wakeChecks: readonly Check[] = [
  check(
    'queue/wakes',
    'Each active run that no message wakes is sent one wake, and is not sent another',
    {
      requirements: ['WW-QUEUE-086', 'WW-QUEUE-087', 'WW-QUEUE-088'],
      capabilities: ['WAKE_RUNS'],
    },
    async (t) => {
      const { deploymentId, queuePrefix, wake, runOf, consumer } = await stage(t);
      const runs = [await runOf('first'), await runOf('second'), await runOf('second')];
      await t.given('a running run', () => runs[1]!.write(runStarted()));
      t.equal(await wake(), 3, 'woken');
      t.equal(await wake(), 0, 'woken, by a second call');
      const queues = new Map(
        runs.map(({ id }, index) => [id, `${queuePrefix}${index === 0 ? 'first' : 'second'}`]),
      );
      for (const _ of runs) {
        const { delivery } = await consumer.next('a wake for each run');
        const body = bodyOf(t, textOf(delivery));
        const runId = String(body.runId);
        t.equal(body, { runId }, 'the body of the wake');
        t.equal(delivery.queueName, queues.get(runId) ?? 'of a run', 'the queue of the wake');
        queues.delete(runId);
        t.equal(delivery.contentType, 'application/json', 'the content type of the wake');
        t.equal(delivery.deploymentId, deploymentId, 'the deployment of the wake');
        t.equal(delivery.attempt, 1, 'the attempt of the wake');
      }
      t.equal(await wake(), 0, 'woken, while the wakes are leased');
      await t.sleep(QUIET_MS);
      t.equal(consumer.waiting, 0, 'further wakes');
      await acknowledgeAll(t, consumer);
      t.equal(await wake(), 3, 'woken, after the wakes were acknowledged');
      for (const _ of runs) await consumer.ack((await delivered(t, consumer)).delivery);
      await nothingElse(t, consumer, `${queuePrefix}last`, 'each wake comes once');
    },
  ),
  check(
    'queue/wakes-not-needed',
    'A run that a message wakes is left alone, whether that is ready, delayed, leased or sent back',
    { requirements: ['WW-QUEUE-088', 'WW-QUEUE-086'], capabilities: ['WAKE_RUNS'] },
    async (t) => {
      const { queuePrefix, wake, runOf, consumer } = await stage(t);
      const attended = t.queueName();
      const elsewhere = await t.consumer({ queuePrefixes: [attended], lease: LONG_LEASE });
      const nobody = t.queueName();
      const messageFor = async (name: string, queueName: string, delayed = false) => {
        const { id: runId } = await runOf(name);
        await send(t, queueName, { runId, ...(delayed ? { delay: { seconds: 3_600n } } : {}) });
        return runId;
      };
      await messageFor('ready', nobody);
      await messageFor('delayed', nobody, true);
      await messageFor('leased', attended);
      await messageFor('back', attended);
      await delivered(t, elsewhere);
      const { delivery: back } = await delivered(t, elsewhere);
      await elsewhere.retry(back, { delayMs: 3_600_000 });
      t.equal(await wake(), 0, 'woken, of runs that have messages');
      const { id } = await runOf('stranded');
      t.equal(await wake(), 1, 'woken, of one run without a message');
      const { delivery } = await consumer.next('the wake');
      t.equal(bodyOf(t, textOf(delivery)), { runId: id }, 'the wake');
      await consumer.ack(delivery);
      await nothingElse(
        t,
        consumer,
        `${queuePrefix}last`,
        'runs that have messages are left alone',
      );
      await acknowledgeAll(t, elsewhere);
    },
  ),
  check(
    'queue/wakes-not-due',
    'Ended runs and runs of other deployments are not woken',
    { requirements: ['WW-QUEUE-089'], capabilities: ['WAKE_RUNS'] },
    async (t) => {
      const { queuePrefix, wake, runOf, consumer } = await stage(t);
      const end = async (run: RunHandle, nth: number) => {
        await run.given(runStarted());
        await run.given([runCompleted(), runFailed(run.failure()), runCancelled()][nth]!);
      };
      for (let nth = 0; nth < 3; nth++) await end(await runOf(`ended${nth}`), nth);
      const pending = await runOf('cancelled');
      await pending.given(runCancelled());
      await t.run({ create: { workflowName: 'other', deploymentId: t.unique('dpl') } });
      t.equal(await wake(), 0, 'woken, where no run is active');
      const { id } = await runOf('active');
      t.equal(await wake(), 1, 'woken, where one run is active');
      const { delivery } = await consumer.next('the wake');
      t.equal(bodyOf(t, textOf(delivery)), { runId: id }, 'the wake');
      await consumer.ack(delivery);
      await nothingElse(t, consumer, `${queuePrefix}last`, 'the others are not woken');
    },
  ),
  check(
    'queue/wakes-race',
    'Each of many runs is woken once and counted once, by one call and by several at one time',
    { requirements: ['WW-QUEUE-088', 'WW-QUEUE-086'], capabilities: ['WAKE_RUNS'] },
    async (t) => {
      const { wake, runOf, consumer } = await stage(t);
      const clients = ['a', 'b', 'c', 'd'].map((name) => t.client(name));
      const ids: string[] = [];
      // More than a page of runs by any default.
      for (let count = 0; count < 110; count += 10)
        await Promise.all(
          Array.from({ length: 10 }, async () => ids.push((await runOf('many')).id)),
        );
      t.equal(await wake(), ids.length, 'woken, by one call');
      for (const _ of ids) await delivered(t, consumer, 'a wake for each run');
      await acknowledgeAll(t, consumer);
      const counts = await Promise.all(clients.map((api) => wake(api)));
      t.equal(
        counts.reduce((sum, count) => sum + count, 0),
        ids.length,
        'woken, by all calls at one time',
      );
      const woken: string[] = [];
      for (const _ of ids) {
        const { delivery } = await consumer.next('a wake for each run');
        woken.push(String(bodyOf(t, textOf(delivery)).runId));
      }
      await t.sleep(QUIET_MS);
      t.equal(consumer.waiting, 0, 'further wakes');
      t.equal(woken.sort(), ids.sort(), 'the runs that were woken');
      await acknowledgeAll(t, consumer);
    },
  ),
  check(
    'queue/wakes-refused',
    'WakeRuns needs a deployment and a queue prefix',
    { requirements: ['WW-QUEUE-090'], capabilities: ['WAKE_RUNS'] },
    async (t) => {
      const deploymentId = t.unique('dpl');
      const queuePrefix = t.queueName();
      for (const request of [{ deploymentId }, { queuePrefix }, {}])
        await t.refused('WakeRuns', () => t.api.queue.wakeRuns(request), 'INVALID_ARGUMENT');
      const { woken } = await t.accepted('WakeRuns', () =>
        t.api.queue.wakeRuns({ deploymentId, queuePrefix }),
      );
      t.equal(woken, 0, 'woken, of a deployment without runs');
    },
  ),
];

/** A deployment of its own with a consumer of all its wakes. */
async function stage(t: Context) {
  const deploymentId = t.unique('dpl');
  const queuePrefix = `${t.queueName()}_`;
  const consumer = await t.consumer({
    queuePrefixes: [queuePrefix],
    deploymentId,
    maxInFlight: 500,
    lease: LONG_LEASE,
  });
  return {
    deploymentId,
    queuePrefix,
    consumer,
    runOf: (workflowName: string) => t.run({ create: { workflowName, deploymentId } }),
    wake: async (api = t.api) => {
      const { woken } = await api.queue.wakeRuns({ queuePrefix, deploymentId });
      return woken;
    },
  };
}

function bodyOf(t: Context, text: string): Record<string, unknown> {
  try {
    return JSON.parse(text);
  } catch {
    return t.fail('the body of a wake is no JSON', '{"runId": "…"}', text);
  }
}
