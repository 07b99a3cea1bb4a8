import { type Check, check } from '../../check.js';
import * as events from '../../fixtures/new-event.js';
import { absentRun } from '../../fixtures/records.js';
import { resultsOf, sendBatch, unchanged } from './support.js';

const CAPABILITY = { capabilities: ['EVENT_BATCH'] } as const;

/** Batches that are refused whole. */
export const batchRefusalChecks: readonly Check[] = [
  check(
    'log/batch-invalid',
    'A batch that breaks a rule on batches is refused whole and leaves nothing',
    { requirements: ['WW-LOG-044', 'WW-LOG-045', 'WW-LOG-046'], ...CAPABILITY },
    async (t) => {
      const run = await t.startedRun();
      await run.given(
        events.hookCreated('hook_1', t.unique('token')),
        events.stepCreated('step_old'),
        events.waitCreated('wait_old'),
      );
      const good = events.stepCreated('step_good');
      const invalid: readonly (readonly [string, events.NewEventInit[]])[] = [
        ['a step twice', [events.stepCreated('step_1'), events.stepCompleted('step_1')]],
        ['a creation twice', [events.stepCreated('step_1'), events.stepCreated('step_1')]],
        ['a start before', [events.stepStarted('step_1'), events.stepCreated('step_1')]],
        ['two starts', [events.stepStarted('step_old'), events.stepStarted('step_old')]],
        ['a start and an end', [events.stepStarted('step_old'), events.stepCompleted('step_old')]],
        [
          'three of a step',
          [
            events.stepCreated('step_1'),
            events.stepStarted('step_1'),
            events.stepCompleted('step_1'),
          ],
        ],
        ['a wait twice', [events.waitCreated('wait_1'), events.waitCompleted('wait_1')]],
        ['a hook twice', [events.hookReceived('hook_1'), events.hookReceived('hook_1')]],
        ['an ending first', [events.runCompleted(), good]],
        ['an ending between', [good, events.runFailed(run.failure()), events.waitCreated('w')]],
        ['two endings', [events.runCompleted(), events.runCompleted()]],
        ['run_created', [good, events.runCreated()]],
        ['run_started', [good, events.runStarted()]],
        ['run_cancelled', [good, events.runCancelled()]],
        ['hook_created', [good, events.hookCreated('hook_2', t.unique('token'))]],
        ['hook_disposed', [good, events.hookDisposed('hook_1')]],
      ];
      await unchanged(t, run, 'the refusals', async () => {
        for (const [what, items] of invalid)
          await t.refused(what, () => sendBatch(run, items, { api: t.api }), 'BATCH_INVALID');
      });
      const answer = await t.accepted('a good batch', () =>
        sendBatch(run, [good, events.hookReceived('hook_1')], { api: t.api }),
      );
      t.equal(resultsOf(answer), ['stepCreated', 'hookReceived'], 'the results');
    },
  ),
  check(
    'log/batch-without-attributes',
    'A batch that holds attr_set is refused whole and leaves nothing',
    { requirements: ['WW-LOG-046'], capabilities: ['EVENT_BATCH', 'ATTRIBUTES'] },
    async (t) => {
      const run = await t.startedRun();
      const attribute = events.attrSet('attr_1', {
        changes: [{ key: 'a', value: '1' }],
        writer: { writer: { case: 'workflow', value: {} } },
      });
      const items = [events.stepCreated('step_1'), attribute];
      await unchanged(t, run, 'the refusal', () =>
        t.refused('the batch', () => sendBatch(run, items, { api: t.api }), 'BATCH_INVALID'),
      );
      await t.accepted('the attr_set alone', () => run.write(attribute));
    },
  ),
  check(
    'log/batch-malformed',
    'A batch that is empty, too long, malformed or for no run is refused whole and leaves nothing',
    { requirements: ['WW-LOG-047', 'WW-LOG-048', 'WW-LOG-049'], ...CAPABILITY },
    async (t) => {
      const run = await t.startedRun();
      const good = events.stepCreated('step_good');
      const send = (items: events.NewEventInit[], to = run) => sendBatch(to, items, { api: t.api });
      await t.refused('a batch for no run', () => send([good], absentRun(t)), 'RUN_NOT_FOUND');
      await unchanged(t, run, 'the refusals', async () => {
        await t.refused('an empty batch', () => send([]), 'INVALID_ARGUMENT');
        await t.refused(
          'an item without a correlation id',
          () => send([good, events.stepCreated('')]),
          'INVALID_ARGUMENT',
        );
        await t.refused('an item without data', () => send([good, {}]), 'EVENT_TYPE_REQUIRED');
        await t.refused(
          'an item of an unknown spec version',
          () => send([good, { ...events.waitCreated('w'), specVersion: t.specVersion + 1 }]),
          'RUN_NOT_SUPPORTED',
        );
        const most = t.facts.limits.maxEventBatch;
        if (most > 0)
          await t.refused(
            `a batch of ${most + 1}`,
            () => send(Array.from({ length: most + 1 }, (_, at) => events.stepCreated(`s_${at}`))),
            'INVALID_ARGUMENT',
          );
      });
      const most = Math.min(t.facts.limits.maxEventBatch || 16, 1_000);
      const answer = await t.accepted(`a batch of ${most}`, () =>
        send(Array.from({ length: most }, (_, at) => events.stepCreated(`s_${at}`))),
      );
      t.equal(answer.results.length, most, 'results');
      t.equal((await run.log()).length, 2 + most, 'events in the log');
    },
  ),
];
