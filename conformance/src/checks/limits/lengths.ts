import { type Check, check } from '../../check.js';
import { durationFromMs, msOf } from '../../fixtures/duration.js';
import { hookCreated, runCancelled, stepCreated, waitCreated } from '../../fixtures/new-event.js';
import { Stream } from '../streams/support.js';
import { announced } from './support.js';

const MOST_CHARACTERS = 1_000_000;
/** Stream names may be longer than other ids. */
const STREAM_NAME = 512;
/** A longer poll than this is not waited for. */
const LONGEST_POLL_MS = 10_000;
/** What an ordinary read may take. */
const READ_MS = 5_000;

/** Lengths of texts, and of times. */
export const lengthChecks: readonly Check[] = [
  check(
    'limits/id-length',
    'Ids of the announced length are taken, and longer ones refused, wherever they stand',
    {
      requirements: ['WW-LIMIT-001', 'WW-LIMIT-002', 'WW-LIMIT-003', 'WW-LIMIT-016', 'WW-ID-001'],
    },
    async (t) => {
      const most = announced(t, 'maxIdLength', MOST_CHARACTERS);
      const id = (length: number) => t.unique('i').padEnd(length, 'x').slice(0, length);
      const run = await t.startedRun();
      const long = id(most + 1);
      const longName = id(Math.max(STREAM_NAME, most) + 1);
      const refusals: Record<string, () => Promise<unknown>> = {
        'a step id': () => run.write(stepCreated(long)),
        'a hook id': () => run.write(hookCreated(long, t.unique('token'))),
        'a wait id': () => run.write(waitCreated(long)),
        'a step id that is read': () => t.api.steps.getStep({ runId: run.id, stepId: long }),
        'a hook id that is read': () => t.api.hooks.getHook({ runId: run.id, hookId: long }),
        'a run id that is read': () => t.api.runs.getRun({ runId: long }),
        'a run id that is appended to': () =>
          t.api.streams.append({ runId: long, name: 's', chunks: [new Uint8Array(1)] }),
        'a stream name': () => new Stream(t, run.id, longName).append(['a']),
        ...(t.has('STREAM_WRITERS') && {
          'a writer id': () => new Stream(t, run.id).append(['a'], { writerId: long }),
        }),
        ...(t.has('WAIT_READS') && {
          'a wait id that is read': () => t.api.waits.getWait({ runId: run.id, waitId: long }),
        }),
      };
      for (const [what, call] of Object.entries(refusals))
        await t.refused(`${what} that is too long`, call, 'INVALID_ID');
      t.equal(await run.types(), ['runCreated', 'runStarted'], 'the log after the refusals');
      const [step, hook, wait] = [id(most), id(most), id(most)] as const;
      await t.accepted('a step id at the limit', () => run.write(stepCreated(step)));
      await t.accepted('a hook id at the limit', () =>
        run.write(hookCreated(hook, t.unique('token'))),
      );
      await t.accepted('a wait id at the limit', () => run.write(waitCreated(wait)));
      const { step: read } = await t.api.steps.getStep({ runId: run.id, stepId: step });
      t.equal(read?.stepId, step, 'the id of the step');
      t.equal(
        (await run.log()).slice(2).map(({ correlationId }) => correlationId),
        [step, hook, wait],
        'the correlation ids of the log',
      );
      const stream = new Stream(t, run.id, id(most));
      const writer = t.has('STREAM_WRITERS') ? { writerId: id(most) } : {};
      await t.accepted('a stream name and a writer id at the limit', () =>
        stream.append(['a'], { ...writer, close: true }),
      );
      stream.holds(await stream.whole(), ['a'], 'the stream');
    },
  ),
  check(
    'limits/token-length',
    'A hook token of the announced length is taken, and a longer one refused',
    { requirements: ['WW-LIMIT-001', 'WW-LIMIT-002', 'WW-LIMIT-003', 'WW-LIMIT-017'] },
    async (t) => {
      const most = announced(t, 'maxTokenLength', MOST_CHARACTERS);
      const run = await t.startedRun();
      const token = t.unique('token').padEnd(most, 'x').slice(0, most);
      await t.refused(
        'a token that is too long',
        () => run.write(hookCreated(t.unique('hook'), `${token}x`)),
        'INVALID_ID',
      );
      t.equal(await run.types(), ['runCreated', 'runStarted'], 'the log after the refusal');
      await t.accepted('a token at the limit', () =>
        run.write(hookCreated(t.unique('hook'), token)),
      );
      const { hook } = await t.api.hooks.getHookByToken({ token });
      t.equal(hook?.token, token, 'the token of the hook');
    },
  ),
  check(
    'limits/cancel-reason-length',
    'A cancel reason of the announced length is taken, and a longer one refused',
    { requirements: ['WW-LIMIT-001', 'WW-LIMIT-002', 'WW-LIMIT-003', 'WW-LIMIT-018'] },
    async (t) => {
      const most = announced(t, 'maxCancelReasonLength', MOST_CHARACTERS);
      const [one, other] = [await t.startedRun(), await t.startedRun()];
      const reason = 'r'.repeat(most);
      await t.refused(
        'a cancel reason that is too long',
        () => one.write(runCancelled(`${reason}r`)),
        'INVALID_ARGUMENT',
      );
      await t.refused(
        'a bulk cancellation with a reason that is too long',
        () => t.api.runs.cancelRuns({ runIds: [one.id, other.id], cancelReason: `${reason}r` }),
        'INVALID_ARGUMENT',
      );
      for (const run of [one, other])
        t.equal(await run.types(), ['runCreated', 'runStarted'], 'the log after the refusals');
      await t.accepted('a cancel reason at the limit', () => one.write(runCancelled(reason)));
      await t.accepted('a bulk cancellation with a reason at the limit', () =>
        t.api.runs.cancelRuns({ runIds: [other.id], cancelReason: reason }),
      );
      for (const run of [one, other])
        t.equal((await run.types()).at(-1), 'runCancelled', 'the last event of the log');
    },
  ),
  check(
    'limits/delay',
    'A delay at the announced limit is taken, and a longer one refused',
    { requirements: ['WW-LIMIT-001', 'WW-LIMIT-002', 'WW-LIMIT-003', 'WW-LIMIT-019'] },
    async (t) => {
      const most = msOf(t.facts.limits.maxDelay) ?? 0;
      if (most <= 0) t.notApplicable('the World announces no maxDelay');
      const queueName = t.queueName();
      const consumer = await t.consumer({ queuePrefixes: [queueName] });
      const send = (delayMs?: number) =>
        t.api.queue.enqueue({
          message: {
            queueName,
            contentType: 'application/json',
            body: new Uint8Array([123, 125]),
            ...(delayMs === undefined ? {} : { delay: durationFromMs(delayMs) }),
          },
        });
      for (const beyond of [1, 1_000])
        await t.refused(
          `a delay ${beyond} ms above the limit`,
          () => send(most + beyond),
          'INVALID_ARGUMENT',
        );
      await t.accepted('a message without a delay', () => send());
      const { delivery } = await consumer.next('the message without a delay');
      for (const beyond of [1, 1_000])
        await t.refused(
          `a retry ${beyond} ms above the limit`,
          () => consumer.retry(delivery, { delayMs: most + beyond }),
          'INVALID_ARGUMENT',
        );
      await t.accepted('a retry at the limit', () => consumer.retry(delivery, { delayMs: most }));
      if (most < 60_000) return;
      await t.accepted('a message with a delay at the limit', () => send(most));
      await t.sleep(100);
      t.equal(consumer.waiting, 0, 'the number of further deliveries');
    },
  ),
  check(
    'limits/long-poll',
    'A long poll ends at the announced limit, whatever timeout it asks for',
    { requirements: ['WW-LIMIT-020'] },
    async (t) => {
      const most = msOf(t.facts.limits.maxLongPoll) ?? 0;
      if (most <= 0) t.notApplicable('the World announces no maxLongPoll');
      if (most > LONGEST_POLL_MS)
        t.notApplicable(
          `maxLongPoll is ${most} ms: only up to ${LONGEST_POLL_MS} is it waited for`,
        );
      const run = await t.startedRun();
      const deadlineMs = most + t.scaled(READ_MS);
      const api = t.client('poller', { deadlineMs });
      for (const timeout of [undefined, durationFromMs(most + 3_600_000)]) {
        const { run: found } = await t.accepted('a poll that is longer than the limit', () =>
          api.runs.waitForRun({ runId: run.id, ...(timeout && { timeout }) }),
        );
        t.equal(found?.runId, run.id, 'the run of the answer');
      }
    },
  ),
];
