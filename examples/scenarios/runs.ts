import { eventually, holds, same } from './check.ts';
import { UnexpectedAnswer } from './client.ts';
import { checkLedger, checkLog } from './log.ts';
import { both, type Scenario } from './scenario.ts';

const LONG = 2000;

export const runs: Scenario[] = [
  {
    name: 'child runs',
    sdk: both,
    async run(app) {
      const runId = await app.start('parent', [3]);
      same('doubled', await app.value(runId), [0, 2, 4]);
      const started = (await app.ledger(runId)).filter(({ step }) => step === 'startChild');
      const children = new Set(started.map(({ data }) => String(data.child)));
      same('children', children.size, 3);
      await checkLog(app, runId);
      for (const child of children) await checkLedger(app, child, 1);
    },
  },
  {
    name: 'a child run that fails',
    sdk: both,
    async run(app) {
      const runId = await app.start('parentOfFailure');
      const message = await app.value<string>(runId);
      holds('the child error is in the message', message.includes('child got -1'), message);
      await checkLog(app, runId);
    },
  },
  {
    name: 'a run that starts the next one',
    sdk: both,
    async run(app) {
      let runId: string | null = await app.start('chain', [4]);
      const seen: number[] = [];
      while (runId !== null) {
        const link: { left: number; next: string | null } = await app.value(runId);
        await checkLog(app, runId);
        seen.push(link.left);
        runId = link.next;
      }
      same('links', seen, [4, 3, 2, 1, 0]);
    },
  },
  {
    name: 'cancel a running run',
    sdk: both,
    async run(app) {
      const runId = await app.start('sequence', [LONG, 20]);
      await eventually(`${runId} runs`, async () => {
        return (await app.ledger(runId)).length >= 3 || undefined;
      });
      await app.cancel(runId);
      same('error', (await app.failure(runId)).name, 'WorkflowRunCancelledError');
      same('status', (await app.run(runId)).status, 'cancelled');
      let ran = -1;
      await eventually(`${runId} stops`, async () => {
        const before = ran;
        ran = (await app.ledger(runId)).length;
        await new Promise((resolve) => setTimeout(resolve, 500));
        return ran === before || undefined;
      });
      holds(`fewer than ${LONG} steps ran`, ran < LONG, ran);
      await checkLog(app, runId);
    },
  },
  {
    name: 'a run that does not exist',
    sdk: both,
    async run(app) {
      const error = await app.run('wrun_01ARZ3NDEKTSV4RRFFQ69G5FAV').catch((e: unknown) => e);
      same('answer', error instanceof UnexpectedAnswer ? error.status : error, 404);
    },
  },
  {
    name: 'attributes',
    sdk: ['5'],
    async run(app) {
      const runId = await app.start('attributed', ['o-1'], { attributes: { team: 'red' } });
      same('returned', await app.value(runId), 'o-1');
      same('attributes', (await app.run(runId)).attributes, {
        team: 'red',
        phase: 'done',
        order: 'o-1',
        colour: 'blue',
        fromStep: 'yes',
      });
      await checkLog(app, runId);
    },
  },
];
