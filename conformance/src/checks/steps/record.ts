import { ResolveData, type Step, StepStatus } from '@worldwire/proto';
import { type Check, check } from '../../check.js';
import type { Context } from '../../context.js';
import * as events from '../../fixtures/new-event.js';
import { about, atOf, stepOf, stepsOf } from '../../fixtures/records.js';
import type { RunHandle } from '../../fixtures/run-handle.js';
import { sameFailure } from '../runs/failures.js';

const utf8 = (text: string) => new TextEncoder().encode(text);

/** What a step says of itself. */
export const stepRecordChecks: readonly Check[] = [
  check(
    'steps/record-as-created',
    'Name and input of a step are those of its creation, its output and error those of its end',
    { requirements: ['WW-STEP-001', 'WW-STEP-002', 'WW-STEP-003', 'WW-STEP-004'] },
    async (t) => {
      const run = await t.startedRun();
      const stepName = `step//./src/steps.ts//${t.unique('näme')}`;
      const [done, failed] = [t.unique('step'), t.unique('step')];
      const input = utf8('devl["in"]');
      const result = utf8('devl{"out":1}');
      const error = run.failure('it broke for good');
      const judge = async (id: string, when: string) => {
        for (const [how, step] of await everyRead(t, run, id)) {
          t.equal(step.stepName, stepName, `step_name of ${how} ${when}`);
          t.equal(step.input, input, `input of ${how} ${when}`);
          t.equal(step.runId, run.id, `run_id of ${how} ${when}`);
        }
      };
      for (const id of [done, failed]) {
        await run.given(events.stepCreated(id, { stepName, input }));
        await judge(id, 'when pending');
        // What accompanies later events is no news of the step.
        await run.given(events.stepStarted(id, { stepName: 'another name' }));
        await judge(id, 'when running');
      }
      await run.given(events.stepCompleted(done, { result }), events.stepFailed(failed, error));
      await judge(done, 'when completed');
      await judge(failed, 'when failed');
      for (const [how, step] of await everyRead(t, run, done)) {
        t.equal(step.output, result, `output of ${how}`);
        t.ok(step.error === undefined, `a completed step has no error by ${how}`);
      }
      for (const [how, step] of await everyRead(t, run, failed)) {
        sameFailure(t, step.error, error, `the error of ${how}`);
        t.ok(step.output === undefined, `a failed step has no output by ${how}`);
      }
      const resolveData = ResolveData.NONE;
      const { step } = await t.api.steps.getStep({ runId: run.id, stepId: done, resolveData });
      const { steps } = await t.api.steps.listSteps({ runId: run.id, resolveData });
      for (const bare of [step, ...steps])
        t.equal(bare?.stepName, stepName, 'step_name, without data');
    },
  ),
  check(
    'steps/state-on-every-read',
    'Every read and every answer show a step in the state, with the count and the error, that the log leads to',
    { requirements: ['WW-STEP-005', 'WW-STEP-006', 'WW-STEP-012', 'WW-STEP-023', 'WW-STEP-036'] },
    async (t) => {
      const { PENDING, RUNNING, COMPLETED, FAILED } = StepStatus;
      const run = await t.startedRun();
      const error = run.failure('the first try broke');
      for (const [end, ended] of [
        [(id: string) => events.stepCompleted(id), COMPLETED],
        [(id: string) => events.stepFailed(id, run.failure('the end')), FAILED],
      ] as const) {
        const id = t.unique('step');
        const story: [events.NewEventInit, StepStatus, number][] = [
          [events.stepCreated(id), PENDING, 0],
          [events.stepStarted(id), RUNNING, 1],
          [events.stepStarted(id), RUNNING, 2],
          [events.stepRetrying(id, error), PENDING, 2],
          [events.stepStarted(id), RUNNING, 3],
          [events.stepRetrying(id, error), PENDING, 3],
          [events.stepStarted(id), RUNNING, 4],
          [end(id), ended, 4],
        ];
        for (const [event, status, attempt] of story) {
          const what = `${event.data?.case}, try ${attempt}`;
          const answer = await t.accepted(what, () => run.write(event));
          const reads = [['the answer', answer.step] as const, ...(await everyRead(t, run, id))];
          for (const [how, step] of reads) {
            t.equal(step?.stepId, id, `the step of ${how} after ${what}`);
            t.equal(
              StepStatus[step?.status ?? 0],
              StepStatus[status],
              `the state by ${how} after ${what}`,
            );
            t.equal(step?.attempt, attempt, `attempt by ${how} after ${what}`);
            if (event.data?.case === 'stepRetrying')
              sameFailure(t, step?.error, error, `the error by ${how} after ${what}`);
          }
        }
      }
    },
  ),
  check(
    'steps/times-stand',
    'created_at, started_at and completed_at of a step are set once, and updated_at is never behind them',
    {
      requirements: ['WW-STEP-007', 'WW-STEP-008', 'WW-STEP-009', 'WW-STEP-010', 'WW-STEP-011'],
    },
    async (t) => {
      const run = await t.startedRun();
      for (const fails of [false, true]) {
        const id = t.unique('step');
        const seen = new Map<string, number>();
        const judge = async (when: string, first: string) => {
          for (const [how, step] of await everyRead(t, run, id)) {
            const updated = atOf(t, `updated_at of ${how}`, step.updatedAt);
            for (const name of ['createdAt', 'startedAt', 'completedAt'] as const) {
              if (step[name] === undefined) {
                t.ok(!seen.has(name) && first !== name, `${name} of ${how} ${when} is missing`);
                continue;
              }
              const at = atOf(t, name, step[name]);
              t.ok(
                seen.has(name) || first === name,
                `${name} of ${how} ${when} is not set yet`,
                '',
                at,
              );
              t.equal(at, seen.get(name) ?? at, `${name} of ${how} ${when}`);
              t.ok(updated >= at, `updated_at of ${how} ${when} is behind ${name}`, at, updated);
              seen.set(name, at);
            }
          }
          await t.sleep(4);
        };
        await run.given(events.stepCreated(id));
        await judge('when created', 'createdAt');
        await run.given(events.stepStarted(id));
        await judge('after the first start', 'startedAt');
        await run.given(events.stepStarted(id));
        await judge('after the second start', '');
        await run.given(events.stepRetrying(id, run.failure()));
        await judge('when sent back', '');
        await run.given(events.stepStarted(id));
        await judge('after the third start', '');
        await run.given(fails ? events.stepFailed(id, run.failure()) : events.stepCompleted(id));
        await judge('when ended', 'completedAt');
        await t.outcome(() => run.write(events.stepStarted(id)));
        await t.outcome(() => run.write(events.stepCompleted(id)));
        await judge('after refused events', '');
      }
      await run.given(events.runCompleted());
      for (const step of await stepsOf(run, t.api))
        t.ok(step.completedAt !== undefined, 'completed_at at the end of the run');
    },
  ),
  check(
    'steps/same-id-in-two-runs',
    'The same step id in two runs is two steps',
    { requirements: ['WW-STEP-014'] },
    async (t) => {
      const [first, second] = [await t.startedRun(), await t.startedRun()];
      const id = t.unique('step');
      const inputs = [utf8('devl"first"'), utf8('devl"second"')];
      for (const [at, run] of [first, second].entries()) {
        const create = { stepName: `name ${at}`, input: inputs[at]! };
        await t.accepted('step_created', () => run.write(events.stepCreated(id, create)));
      }
      await first.given(events.stepStarted(id), events.stepCompleted(id));
      const other = await stepOf(t, second, id);
      t.equal(other.status, StepStatus.PENDING, 'the step of the other run');
      t.equal(other.attempt, 0, 'its attempt');
      t.equal(other.runId, second.id, 'its run');
      for (const [at, run] of [first, second].entries()) {
        const step = await stepOf(t, run, id);
        t.equal(step.stepName, `name ${at}`, 'step_name');
        t.equal(step.input, inputs[at], 'input');
        t.equal((await stepsOf(run, t.api)).length, 1, 'steps of a run');
      }
      await t.accepted('step_failed in the other run', () =>
        second.write(events.stepFailed(id, second.failure())),
      );
      t.equal(
        (await stepOf(t, first, id)).status,
        StepStatus.COMPLETED,
        'the step of the first run',
      );
      t.equal(about(await first.log(), id).length, 3, 'its events');
    },
  ),
];

/** The step by each read that returns steps. */
async function everyRead(
  t: Context,
  run: RunHandle,
  id: string,
): Promise<[how: string, step: Step][]> {
  const listed = (await stepsOf(run, t.api)).filter(({ stepId }) => stepId === id);
  t.equal(listed.length, 1, 'entries of the step in ListSteps');
  return [
    ['GetStep', await stepOf(t, run, id)],
    ['ListSteps', listed[0]!],
  ];
}
