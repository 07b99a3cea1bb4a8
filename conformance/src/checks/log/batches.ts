import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { type Check, check } from '../../check.js';
import * as events from '../../fixtures/new-event.js';
import { stepOf } from '../../fixtures/records.js';
import { bytes, resultsOf, sendBatch } from './support.js';

const CAPABILITY = { capabilities: ['EVENT_BATCH'] } as const;

/** Several events in one request. */
export const batchChecks: readonly Check[] = [
  check(
    'log/batch-in-order',
    'A batch is answered item by item and stands in the log as it was sent, whatever types it holds',
    { requirements: ['WW-LOG-038', 'WW-LOG-040', 'WW-LOG-043', 'WW-LOG-045'], ...CAPABILITY },
    async (t) => {
      for (const ending of ['runCompleted', 'runFailed']) {
        const run = await t.startedRun();
        await run.given(
          events.hookCreated('hook_1', t.unique('token')),
          events.stepCreated('step_2'),
          events.stepCreated('step_3'),
          events.stepCreated('step_4'),
          events.waitCreated('wait_1'),
        );
        const items = [
          events.stepCompleted('step_2', { result: bytes('devl"r"') }),
          events.hookReceived('hook_1', { payload: bytes('devl"p"') }),
          events.stepCreated('step_1'),
          events.stepStarted('step_1'),
          events.waitCreated('wait_2'),
          events.stepFailed('step_3', run.failure()),
          events.waitCompleted('wait_1'),
          events.stepRetrying('step_4', run.failure()),
          events.stepCreated('step_5'),
          ending === 'runCompleted' ? events.runCompleted() : events.runFailed(run.failure()),
        ];
        const wanted = items.map(({ data }) => String(data?.case));
        const answer = await t.accepted('the batch', () => sendBatch(run, items, { api: t.api }));
        t.equal(resultsOf(answer), wanted, 'the results');
        const answered = answer.results.map(({ outcome }) =>
          outcome.case === 'created' ? outcome.value.event : undefined,
        );
        t.equal((await run.log()).slice(7), answered, 'the log and the answered events');
        t.equal((await stepOf(t, run, 'step_1')).attempt, 1, 'the attempt of the step');
        const records = answer.results.map(({ outcome }) =>
          outcome.case === 'created' ? outcome.value : undefined,
        );
        t.equal(records[0]?.step?.stepId, 'step_2', 'the step of a step result');
        t.equal(records[4]?.wait?.waitId, 'wait_2', 'the wait of a wait result');
        t.equal(records[9]?.run?.runId, run.id, 'the run of an ending');
      }
    },
  ),
  check(
    'log/batch-items-refused',
    'A refused item is answered as its event by itself would be, and keeps no other from success',
    { requirements: ['WW-LOG-039', 'WW-LOG-041', 'WW-LOG-042'], ...CAPABILITY },
    async (t) => {
      const run = await t.startedRun();
      await run.given(
        events.stepCreated('step_done'),
        events.stepCompleted('step_done'),
        events.stepCreated('step_later'),
        events.stepStarted('step_later'),
        events.stepRetrying('step_later', run.failure(), timestampFromMs(Date.now() + 3_600_000)),
        events.waitCreated('wait_done'),
        events.waitCompleted('wait_done'),
      );
      const bad = [
        events.stepCompleted('step_done'),
        events.stepStarted('step_later'),
        events.stepCompleted('step_none'),
        events.hookReceived('hook_none'),
        events.waitCompleted('wait_done'),
        events.waitCompleted('wait_none'),
      ];
      const alone = [];
      for (const event of bad) {
        const outcome = await t.outcome(() => run.write(event));
        if ('refusal' in outcome) alone.push(outcome.refusal);
        else t.fail(`${event.data?.case} by itself`, 'a refusal', 'accepted');
      }
      const items = bad.flatMap((event, index) => [event, events.stepCreated(`step_${index}`)]);
      const { length } = await run.log();
      const { results } = await t.accepted('the batch', () =>
        sendBatch(run, items, { api: t.api }),
      );
      t.equal(results.length, items.length, 'results');
      for (const [index, { outcome }] of results.entries()) {
        if (index % 2 === 1) {
          t.equal(outcome.case, 'created', `the result of item ${index}`);
          continue;
        }
        const { code, reason, metadata } = alone[index / 2]!;
        const error = outcome.case === 'error' ? outcome.value : undefined;
        t.equal([error?.code, error?.reason], [code, reason], `the refusal of item ${index}`);
        if (reason !== 'TOO_EARLY')
          t.equal(error?.metadata, metadata as Record<string, string>, `metadata of item ${index}`);
        else t.ok((error?.retryAfterMs ?? 0n) > 0n, 'retry_after_ms', '> 0', error?.retryAfterMs);
      }
      const added = (await run.log()).slice(length).map(({ correlationId }) => correlationId);
      t.equal(
        added,
        bad.map((_, index) => `step_${index}`),
        'what the batch appended',
      );
    },
  ),
  check(
    'log/batch-behind-earlier-items',
    'An item is decided behind the items before it, and a start falls with its creation',
    { requirements: ['WW-LOG-039', 'WW-LOG-042', 'WW-LOG-043', 'WW-LOG-041'], ...CAPABILITY },
    async (t) => {
      const run = await t.startedRun();
      await run.given(events.stepCreated('step_1'));
      const answer = await t.accepted('the batch', () =>
        sendBatch(
          run,
          [
            events.stepCreated('step_1'),
            events.stepStarted('step_1'),
            events.stepCreated('step_2'),
            events.stepStarted('step_2'),
          ],
          { api: t.api },
        ),
      );
      t.equal(
        resultsOf(answer),
        ['STEP_ALREADY_EXISTS', 'STEP_ALREADY_EXISTS', 'stepCreated', 'stepStarted'],
        'the results',
      );
      t.equal((await stepOf(t, run, 'step_1')).attempt, 0, 'tries of the step that was there');
      t.equal((await stepOf(t, run, 'step_2')).attempt, 1, 'tries of the new step');
      t.equal(
        (await run.types()).slice(2),
        ['stepCreated', 'stepCreated', 'stepStarted'],
        'the log',
      );
    },
  ),
  check(
    'log/batch-of-an-ended-run',
    'A batch for a run that has ended is answered item by item as its events by themselves are',
    { requirements: ['WW-LOG-039', 'WW-LOG-041'], ...CAPABILITY },
    async (t) => {
      const run = await t.startedRun();
      await run.given(
        events.stepCreated('step_1'),
        events.stepStarted('step_1'),
        events.runCompleted(),
      );
      const items = [
        events.stepCreated('step_2'),
        events.stepCompleted('step_1'),
        events.waitCreated('wait_1'),
        events.runCompleted(),
      ];
      const alone = await Promise.all(
        [items[0]!, items[2]!, items[3]!].map((event) => t.outcome(() => run.write(event))),
      );
      const answer = await t.accepted('the batch', () => sendBatch(run, items, { api: t.api }));
      const told = alone.map((outcome) => ('refusal' in outcome ? outcome.refusal.reason : ''));
      // A running step may end behind the end of its run, or be refused.
      const results = resultsOf(answer);
      const step = results[1] ?? '';
      t.ok(
        ['stepCompleted', 'RUN_GONE'].includes(step),
        'the result of the step',
        'stepCompleted or RUN_GONE',
        step,
      );
      t.equal(results, [told[0], step, told[1], told[2]], 'the results');
      const landed = step === 'stepCompleted' ? ['stepCompleted'] : [];
      t.equal((await run.types()).slice(4), ['runCompleted', ...landed], 'the log');
    },
  ),
];
