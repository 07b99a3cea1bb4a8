import { holds, same } from './check.ts';
import { checkLedger, checkLog, count } from './log.ts';
import { both, type Scenario } from './scenario.ts';

const RETRY_AFTER_MS = 1500;

function attempts(lines: { attempt: number }[]): number[] {
  return lines.map(({ attempt }) => attempt);
}

export const errors: Scenario[] = [
  {
    name: 'plain errors are retried',
    sdk: both,
    async run(app) {
      const runId = await app.start('retried', [2]);
      same('attempt that succeeded', await app.value(runId), 3);
      same('attempts', attempts(await app.ledger(runId)), [1, 2, 3]);
      const log = await checkLog(app, runId);
      same('step_retrying events', count(log, 'step_retrying'), 2);
      await checkLedger(app, runId, 1);
    },
  },
  {
    name: 'RetryableError waits for retryAfter',
    sdk: both,
    async run(app) {
      const runId = await app.start('retriedLater', [1, RETRY_AFTER_MS]);
      same('attempt that succeeded', await app.value(runId), 2);
      const ledger = await app.ledger(runId);
      same('attempts', attempts(ledger), [1, 2]);
      const waited = (ledger[1]?.at ?? 0) - (ledger[0]?.at ?? 0);
      holds(`waited ${RETRY_AFTER_MS} ms at least`, waited >= RETRY_AFTER_MS - 5, waited);
      await checkLedger(app, runId, 1);
    },
  },
  {
    name: 'a step fails after maxRetries',
    sdk: both,
    async run(app) {
      const runId = await app.start('exhausted');
      const { caught } = await app.value<{ caught: string }>(runId);
      holds('the last error is in the message', caught.includes('hopeless failed'), caught);
      same('attempts', attempts(await app.ledger(runId)), [1, 2, 3]);
      const log = await checkLog(app, runId);
      same('step_failed events', count(log, 'step_failed'), 1);
    },
  },
  {
    name: 'FatalError, caught',
    sdk: both,
    async run(app) {
      const runId = await app.start('fatalCaught', ['no seats']);
      same('answer', await app.value(runId), { fatal: true, answer: 'compensated: no seats' });
      const ran = (await app.ledger(runId)).map(({ step }) => step);
      same('steps that ran', ran, ['refuse', 'compensate']);
      const log = await checkLog(app, runId);
      same('step_failed events', count(log, 'step_failed'), 1);
    },
  },
  {
    name: 'FatalError, uncaught, fails the run',
    sdk: both,
    async run(app) {
      const runId = await app.start('fatalUncaught', ['no seats']);
      const error = await app.failure(runId);
      same('error', error.name, 'WorkflowRunFailedError');
      same('cause', error.cause?.message, 'no seats');
      same('code', error.code ?? error.cause?.code, 'USER_ERROR');
      same('status', (await app.run(runId)).status, 'failed');
      same('attempts', attempts(await app.ledger(runId)), [1]);
      await checkLog(app, runId);
    },
  },
];
