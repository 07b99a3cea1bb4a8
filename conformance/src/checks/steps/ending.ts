import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { StepStatus } from '@worldwire/proto';
import { type Check, check } from '../../check.js';
import * as events from '../../fixtures/new-event.js';
import { about, stepOf, typesOf } from '../../fixtures/records.js';
import { sameFailure } from '../runs/failures.js';

const utf8 = (text: string) => new TextEncoder().encode(text);

/** The end of a step. */
export const stepEndingChecks: readonly Check[] = [
  check(
    'steps/pending-may-end',
    'A step that was never started may complete, fail and be sent back',
    { requirements: ['WW-STEP-037', 'WW-STEP-009', 'WW-STEP-005'] },
    async (t) => {
      for (const run of [await t.run(), await t.startedRun()]) {
        const [done, failed, retried] = [t.unique('step'), t.unique('step'), t.unique('step')];
        for (const id of [done, failed, retried]) await run.given(events.stepCreated(id));
        const result = utf8('devl"early"');
        await t.accepted('step_completed', () => run.write(events.stepCompleted(done, { result })));
        const error = run.failure('cannot be serialized');
        await t.accepted('step_failed', () => run.write(events.stepFailed(failed, error)));
        await t.accepted('step_retrying', () => run.write(events.stepRetrying(retried, error)));
        const completed = await stepOf(t, run, done);
        t.equal(completed.status, StepStatus.COMPLETED, 'the state of the completed step');
        t.equal(completed.output, result, 'its output');
        const broken = await stepOf(t, run, failed);
        t.equal(broken.status, StepStatus.FAILED, 'the state of the failed step');
        sameFailure(t, broken.error, error, 'its error');
        for (const step of [completed, broken]) {
          t.equal(step.attempt, 0, 'attempt of a step that was never started');
          t.ok(step.completedAt !== undefined, 'an ended step has completed_at');
        }
        const back = await stepOf(t, run, retried);
        t.equal([back.status, back.attempt], [StepStatus.PENDING, 0], 'the step sent back');
        sameFailure(t, back.error, error, 'its error');
      }
    },
  ),
  check(
    'steps/ended-stays',
    'No event changes a step that has ended, in its run and behind the end of its run',
    { requirements: ['WW-STEP-039', 'WW-STEP-040'] },
    async (t) => {
      const run = await t.startedRun();
      const ended = [t.unique('step'), t.unique('step')] as const;
      await run.given(
        events.stepCreated(ended[0]),
        events.stepStarted(ended[0]),
        events.stepCompleted(ended[0], { result: utf8('devl"first"') }),
        events.stepCreated(ended[1]),
        events.stepStarted(ended[1]),
        events.stepFailed(ended[1], run.failure('first')),
      );
      const before = [await stepOf(t, run, ended[0]), await stepOf(t, run, ended[1])];
      const log = await run.types();
      const judge = async (when: string, reasons: string | string[], creation: string[]) => {
        for (const [at, id] of ended.entries()) {
          const later: events.NewEventInit[] = [
            events.stepStarted(id),
            events.stepCompleted(id, { result: utf8('devl"second"') }),
            events.stepFailed(id, run.failure('second')),
            events.stepRetrying(id, run.failure('second')),
            events.stepRetrying(id, run.failure('second'), timestampFromMs(Date.now() + 60_000)),
          ];
          for (const event of later)
            await t.refused(`${event.data?.case} ${when}`, () => run.write(event), reasons);
          await t.refused(
            `step_created ${when}`,
            () => run.write(events.stepCreated(id)),
            creation,
          );
          t.equal(await stepOf(t, run, id), before[at], `the step ${when}`);
        }
      };
      await judge('of an ended step', 'STEP_ALREADY_ENDED', ['STEP_ALREADY_EXISTS']);
      t.equal(await run.types(), log, 'the log');
      await run.given(events.runCompleted());
      await judge(
        'of an ended step in an ended run',
        ['STEP_ALREADY_ENDED', 'RUN_GONE'],
        ['STEP_ALREADY_EXISTS', 'RUN_ALREADY_ENDED'],
      );
      t.equal(await run.types(), [...log, 'runCompleted'], 'the log of the ended run');
    },
  ),
  check(
    'steps/steps-apart',
    'What happens to one step of a run leaves the others as they are',
    { requirements: ['WW-STEP-006', 'WW-STEP-040'] },
    async (t) => {
      const run = await t.startedRun();
      const ids = Array.from({ length: 4 }, () => t.unique('step'));
      const [still, done, failed, retried] = ids as [string, string, string, string];
      for (const [at, id] of ids.entries())
        await run.given(
          events.stepCreated(id, { stepName: `name ${at}`, input: utf8(`devl${at}`) }),
        );
      const untouched = await stepOf(t, run, still);
      await run.given(events.stepStarted(done), events.stepCompleted(done));
      const completed = await stepOf(t, run, done);
      await run.given(
        events.stepStarted(failed),
        events.stepFailed(failed, run.failure()),
        events.stepStarted(retried),
        events.stepRetrying(retried, run.failure()),
      );
      t.equal(await stepOf(t, run, still), untouched, 'a step that no event was about');
      t.equal(await stepOf(t, run, done), completed, 'a step that had ended');
      const names = await Promise.all(ids.map(async (id) => (await stepOf(t, run, id)).stepName));
      t.equal(names, ['name 0', 'name 1', 'name 2', 'name 3'], 'the names');
      t.equal(
        typesOf(about(await run.log(), retried)),
        ['stepCreated', 'stepStarted', 'stepRetrying'],
        'the events of one step',
      );
    },
  ),
];
