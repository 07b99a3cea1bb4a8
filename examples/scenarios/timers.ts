import { randomUUID } from 'node:crypto';
import { eventually, holds, same } from './check.ts';
import type { AppClient } from './client.ts';
import { checkLedger, checkLog, count } from './log.ts';
import { both, type Scenario } from './scenario.ts';

const NAP_MS = 1500;

async function untilAsleep(app: AppClient, runId: string): Promise<void> {
  await eventually(`${runId} sleeps`, async () => {
    const log = await app.events(runId);
    return count(log, 'wait_created') > 0 || undefined;
  });
}

async function steps(app: AppClient, runId: string): Promise<unknown[]> {
  return (await app.ledger(runId)).map(({ data }) => data.label);
}

export const timers: Scenario[] = [
  {
    name: 'sleep',
    sdk: both,
    async run(app) {
      const runId = await app.start('nap', [NAP_MS]);
      const slept = await app.value<number>(runId);
      holds(`slept ${NAP_MS} ms at least`, slept >= NAP_MS - 5, slept);
      const log = await checkLog(app, runId);
      same('wait_completed events', count(log, 'wait_completed'), 1);
      await checkLedger(app, runId, 2);
    },
  },
  {
    name: '20 sleeps at once',
    sdk: both,
    async run(app) {
      const runId = await app.start('manyNaps', [20, 1000]);
      same('sleeps', await app.value(runId), 20);
      const log = await checkLog(app, runId);
      same('wait_completed events', count(log, 'wait_completed'), 20);
    },
  },
  {
    name: 'wakeUp ends a sleep early',
    sdk: both,
    async run(app) {
      const runId = await app.start('longNap');
      await untilAsleep(app, runId);
      same('sleeps that were ended', await app.wake(runId), { stoppedCount: 1 });
      same('returned', await app.value(runId), 'awake');
      await checkLedger(app, runId, 2);
    },
  },
  {
    name: 'cancel a sleeping run',
    sdk: both,
    async run(app) {
      const runId = await app.start('longNap');
      await untilAsleep(app, runId);
      await app.cancel(runId);
      same('error', (await app.failure(runId)).name, 'WorkflowRunCancelledError');
      same('status', (await app.run(runId)).status, 'cancelled');
      same('steps that ran', await steps(app, runId), ['before']);
      const log = await checkLog(app, runId);
      same('run_cancelled events', count(log, 'run_cancelled'), 1);
    },
  },
  {
    name: 'a hook in time wins against a deadline',
    sdk: both,
    async run(app) {
      const token = `deadline:${randomUUID()}`;
      const runId = await app.start('deadline', [token, 600_000]);
      await eventually(`hook ${token}`, () => app.hook(token));
      await app.resume(token, { answer: 'in time' });
      same('winner', await app.value(runId), 'in time');
      await checkLedger(app, runId, 1);
    },
  },
  {
    name: 'a deadline wins against a hook that nobody resumes',
    sdk: both,
    async run(app) {
      const token = `deadline:${randomUUID()}`;
      const runId = await app.start('deadline', [token, 1000]);
      same('winner', await app.value(runId), 'too late');
      same('hook after the end', await app.hook(token), undefined);
      await checkLedger(app, runId, 1);
    },
  },
];
