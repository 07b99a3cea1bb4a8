import { ResolveData, type Step } from '@worldwire/proto';
import { type Check, check } from '../../check.js';
import type { Context } from '../../context.js';
import * as events from '../../fixtures/new-event.js';
import type { RunHandle } from '../../fixtures/run-handle.js';

const utf8 = (text: string) => new TextEncoder().encode(text);

/** What writers are told of a step. */
export const stepAnswerChecks: readonly Check[] = [
  check(
    'steps/answer-is-the-step',
    'Every answer to a step event is the step as GetStep returns it straight after, with and without payloads',
    { requirements: ['WW-STEP-012'] },
    async (t) => {
      const run = await t.startedRun();
      for (const resolveData of [ResolveData.ALL, ResolveData.NONE])
        for (const story of stories(t, run))
          for (const event of story) {
            const what = `${event.data?.case}, with ${ResolveData[resolveData]},`;
            const { step } = await t.accepted(what, () => run.write(event, { resolveData }));
            await sameStep(t, run, step, what, resolveData);
          }
    },
  ),
  check(
    'steps/batch-answers-the-steps',
    'Every result of a batch is the step as GetStep returns it straight after',
    { requirements: ['WW-STEP-012', 'WW-LOG-039'], capabilities: ['EVENT_BATCH'] },
    async (t) => {
      const run = await t.startedRun();
      const [completed, failed] = stories(t, run);
      for (const [at, event] of completed.entries()) {
        const items = [event, failed[at]!];
        const { results } = await t.accepted(`a batch of ${event.data?.case}`, () =>
          t.api.events.createEventBatch({ runId: run.id, events: items }),
        );
        for (const [index, { outcome }] of results.entries()) {
          const what = `${items[index]?.data?.case} in a batch`;
          const created = outcome.case === 'created' ? outcome.value : undefined;
          await sameStep(t, run, created?.step, what);
        }
      }
    },
  ),
  check(
    'steps/answer-repeated',
    'A step event that comes again is answered with the step as it was the first time, whatever became of it since',
    { requirements: ['WW-LOG-050', 'WW-LOG-051'], capabilities: ['REQUEST_IDS'] },
    async (t) => {
      const run = await t.startedRun();
      const written = [];
      for (const event of stories(t, run).flat()) {
        const requestId = t.unique('request');
        const write = () => run.write(event, { requestId });
        written.push({ event, write, first: await t.accepted(`${event.data?.case}`, write) });
      }
      for (const { event, write, first } of t.random.shuffle(written)) {
        const again = await t.accepted(`${event.data?.case} again`, write);
        t.equal(again.step, first.step, `the step of a repeated ${event.data?.case}`);
      }
    },
  ),
];

/** The events of a step that completes and of one that fails, each after tries that broke in different ways. */
function stories(t: Context, run: RunHandle) {
  const story = (id: string, ending: events.NewEventInit) => [
    events.stepCreated(id, { input: utf8('devl["in"]') }),
    events.stepStarted(id),
    events.stepRetrying(id, run.failure('the first try broke')),
    events.stepStarted(id),
    events.stepStarted(id),
    events.stepRetrying(id, run.failure('the third try broke')),
    events.stepStarted(id),
    ending,
  ];
  const [completed, failed] = [t.unique('step'), t.unique('step')];
  return [
    story(completed, events.stepCompleted(completed, { result: utf8('devl["out"]') })),
    story(failed, events.stepFailed(failed, run.failure('it broke for good'))),
  ] as const;
}

async function sameStep(
  t: Context,
  run: RunHandle,
  answered: Step | undefined,
  what: string,
  resolveData: ResolveData = ResolveData.ALL,
): Promise<void> {
  if (answered === undefined) t.fail(`${what} is answered without a step`, 'the step', 'none');
  const { stepId } = answered;
  const { step } = await t.api.steps.getStep({ runId: run.id, stepId, resolveData });
  t.equal(answered, step, `the step that answers ${what}`);
}
