import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { StepStatus } from '@worldwire/proto';
import { type Check, check } from '../../check.js';
import type { Context } from '../../context.js';
import * as events from '../../fixtures/new-event.js';
import { about, atOf, dataOf, stepOf } from '../../fixtures/records.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** How much of a second the requirement leaves to rounding. */
const ROUNDING_MS = 1_000;

/** How long before it decides a World may look at its clock for the event. */
const DECISION_MS = 250;

/** How far ahead the retry time lies that is to come. */
const SOON_MS = 1_500;

/** Steps that wait for their next try. */
export const retryTimeChecks: readonly Check[] = [
  check(
    'steps/too-early',
    'A start before the retry time is refused with the time that is left, and changes nothing',
    { requirements: ['WW-STEP-030', 'WW-STEP-031', 'WW-STEP-033'] },
    async (t: Context) => {
      const run = await t.startedRun();
      for (const aheadMs of [30_000, HOUR_MS, 30 * DAY_MS]) {
        const id = t.unique('step');
        // By the World's clock: the run tells it.
        const clock = atOf(t, 'created_at', (await (await t.run()).get()).createdAt);
        const retryAt = clock + aheadMs + 7;
        await run.given(events.stepCreated(id), events.stepStarted(id));
        const [sent] = await run.given(
          events.stepRetrying(id, run.failure(), timestampFromMs(retryAt)),
        );
        const left = retryAt - atOf(t, 'created_at of step_retrying', sent?.event?.createdAt);
        const before = await stepOf(t, run, id);
        t.equal(atOf(t, 'retry_after', before.retryAfter), retryAt, 'retry_after');
        for (let tries = 0; tries < 2; tries++) {
          const refusal = await t.refused(
            'a start before the retry time',
            () => run.write(events.stepStarted(id)),
            'TOO_EARLY',
            { run_id: run.id, step_id: id },
          );
          const { retryAfterMs, metadata } = refusal;
          for (const [what, ms] of [
            ['RetryInfo', retryAfterMs ?? 0],
            ['metadata retry_after_ms', Number(metadata.retry_after_ms)],
          ] as const)
            t.ok(
              ms > 0 && ms <= left + ROUNDING_MS,
              `the time left by ${what}`,
              `above 0 and at most ${left + ROUNDING_MS}`,
              ms,
            );
        }
        t.equal(await stepOf(t, run, id), before, 'the step after refused starts');
        t.equal(about(await run.log(), id).length, 3, 'events of the step');
      }
    },
  ),
  check(
    'steps/retry-time-kept',
    'retry_after is kept to the millisecond until the next start, and gone with it',
    { requirements: ['WW-STEP-033', 'WW-STEP-034', 'WW-STEP-035'] },
    async (t: Context) => {
      const run = await t.startedRun();
      const id = t.unique('step');
      const past = Date.now() - 2 * DAY_MS + 123;
      await run.given(
        events.stepCreated(id),
        events.stepStarted(id),
        events.stepRetrying(id, run.failure(), timestampFromMs(past)),
      );
      t.equal(atOf(t, 'retry_after', (await stepOf(t, run, id)).retryAfter), past, 'retry_after');
      const [answer] = [
        await t.accepted('a start behind the retry time', () => run.write(events.stepStarted(id))),
      ];
      for (const step of [answer.step, await stepOf(t, run, id)]) {
        t.equal(step?.attempt, 2, 'attempt');
        t.ok(step?.retryAfter === undefined, 'a started step has no retry_after', '', step);
      }
      const retried = about(await run.log(), id).find(({ data }) => data.case === 'stepRetrying');
      t.equal(
        atOf(t, 'retry_after', dataOf(t, retried, 'stepRetrying').retryAfter),
        past,
        'retry_after of the event',
      );
      // Neither a further failed try nor the end brings an old time back.
      await run.given(events.stepRetrying(id, run.failure()));
      t.ok(
        (await stepOf(t, run, id)).retryAfter === undefined,
        'no retry_after where none was given',
      );
      const last = await t.accepted('a start at once where no retry time was given', () =>
        run.write(events.stepStarted(id)),
      );
      t.equal(last.step?.attempt, 3, 'attempt');
      await run.given(events.stepCompleted(id));
      t.ok((await stepOf(t, run, id)).retryAfter === undefined, 'no retry_after of an ended step');
    },
  ),
  check(
    'steps/last-retry-time-counts',
    'The retry time of the last step_retrying counts, later or earlier than the one before, or none',
    { requirements: ['WW-STEP-030', 'WW-STEP-033', 'WW-STEP-035'] },
    async (t: Context) => {
      const run = await t.startedRun();
      const [later, none] = [t.unique('step'), t.unique('step')];
      const ahead = Date.now() + DAY_MS;
      const at = (ms: number) => timestampFromMs(ms);
      await run.given(
        events.stepCreated(later),
        events.stepStarted(later),
        events.stepRetrying(later, run.failure()),
        events.stepRetrying(later, run.failure(), at(ahead)),
        events.stepCreated(none),
        events.stepStarted(none),
        events.stepRetrying(none, run.failure(), at(ahead)),
        events.stepRetrying(none, run.failure()),
      );
      t.equal(
        atOf(t, 'retry_after', (await stepOf(t, run, later)).retryAfter),
        ahead,
        'retry_after',
      );
      await t.refused(
        'a start before the later retry time',
        () => run.write(events.stepStarted(later)),
        'TOO_EARLY',
      );
      await t.accepted('a start where the last step_retrying gave no time', () =>
        run.write(events.stepStarted(none)),
      );
      t.equal((await stepOf(t, run, none)).attempt, 2, 'attempt');
    },
  ),
  check(
    'steps/retry-time-comes',
    'A start is accepted once the retry time has come, and not before',
    { requirements: ['WW-STEP-030', 'WW-STEP-032'] },
    async (t: Context) => {
      const run = await t.startedRun();
      const id = t.unique('step');
      const clock = atOf(t, 'created_at', (await (await t.run()).get()).createdAt);
      const retryAt = clock + SOON_MS;
      await run.given(
        events.stepCreated(id),
        events.stepStarted(id),
        events.stepRetrying(id, run.failure(), timestampFromMs(retryAt)),
      );
      await t.eventually('the start of a step whose retry time has come', async () => {
        const tried = await t.outcome(() => run.write(events.stepStarted(id)));
        if ('value' in tried) return true;
        t.equal(tried.refusal.reason, 'TOO_EARLY', 'why a start is refused');
        return undefined;
      });
      const started = about(await run.log(), id).at(-1);
      const startedAt = atOf(t, 'created_at of the start', started?.createdAt);
      t.ok(
        startedAt >= retryAt - DECISION_MS,
        'the start is not before the retry time',
        retryAt,
        startedAt,
      );
      const step = await stepOf(t, run, id);
      t.equal(step.status, StepStatus.RUNNING, 'the state');
      t.equal(step.attempt, 2, 'attempt');
    },
  ),
  check(
    'steps/delayed-may-end',
    'A step that waits for its retry time may end, and may be sent back again',
    { requirements: ['WW-STEP-037', 'WW-STEP-036'] },
    async (t: Context) => {
      const run = await t.startedRun();
      const ahead = timestampFromMs(Date.now() + HOUR_MS);
      for (const [end, status] of [
        [(id: string) => events.stepCompleted(id), StepStatus.COMPLETED],
        [(id: string) => events.stepFailed(id, run.failure()), StepStatus.FAILED],
      ] as const) {
        const id = t.unique('step');
        await run.given(events.stepCreated(id), events.stepStarted(id));
        for (let times = 0; times < 2; times++)
          await t.accepted('step_retrying', () =>
            run.write(events.stepRetrying(id, run.failure(), ahead)),
          );
        const { step } = await t.accepted('the end of a step sent back', () => run.write(end(id)));
        t.equal(step?.status, status, 'the state');
        t.equal(step?.attempt, 1, 'attempt');
      }
    },
  ),
];
