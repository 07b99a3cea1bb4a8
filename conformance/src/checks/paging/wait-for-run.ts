import { ResolveData, RunStatus } from '@worldwire/proto';
import { type Check, check } from '../../check.js';
import type { Context } from '../../context.js';
import { durationFromMs, msOf } from '../../fixtures/duration.js';
import * as events from '../../fixtures/new-event.js';
import { absentRun } from '../../fixtures/records.js';
import type { RunHandle } from '../../fixtures/run-handle.js';

/** Longer than any answer takes that does not wait: an answer after it has waited for something. */
const PROMPT_MS = 15_000;

/** Waits for the end of a run; without a timeout, as long as the World does. */
function waitFor(
  t: Context,
  run: RunHandle,
  timeoutMs: number | undefined,
  api = t.client('waiting', { deadlineMs: t.scaled(120_000) }),
) {
  return api.runs.waitForRun({
    runId: run.id,
    ...(timeoutMs === undefined ? {} : { timeout: durationFromMs(timeoutMs) }),
  });
}

/** How long a call takes. */
async function timed<T>(call: () => Promise<T>): Promise<{ value: T; took: number }> {
  const begun = performance.now();
  const value = await call();
  return { value, took: performance.now() - begun };
}

/** The longest poll that is sure to be within the World's maximum, in milliseconds. */
function longPoll(t: Context): number {
  return msOf(t.facts.limits.maxLongPoll) || 30_000;
}

/** Long polls for the end of a run. */
export const waitForRunChecks: readonly Check[] = [
  check(
    'paging/wait-for-an-ended-run',
    'Waiting for a run that has ended answers at once with the ended run',
    { requirements: ['WW-PAGE-051'] },
    async (t) => {
      for (const [ending, status] of [
        [events.runCompleted(), RunStatus.COMPLETED],
        [events.runCancelled('enough'), RunStatus.CANCELLED],
      ] as const) {
        const run = await t.startedRun();
        await run.given(ending);
        for (const timeout of [undefined, 0, longPoll(t)]) {
          const { value, took } = await timed(() => waitFor(t, run, timeout));
          t.equal(value.run, await run.get(), 'the run of the answer');
          t.equal(value.run?.status, status, 'the state');
          const most = t.scaled(PROMPT_MS);
          t.ok(took < most, 'the answer comes at once', `within ${most} ms`, `${took} ms`);
        }
      }
    },
  ),
  check(
    'paging/wait-until-the-end',
    'Waiting for a run answers when it ends, with the ended run, however many wait',
    { requirements: ['WW-PAGE-052', 'WW-PAGE-054'] },
    async (t) => {
      const poll = longPoll(t);
      for (const kind of ['runCompleted', 'runFailed', 'runCancelled', 'cancelRuns']) {
        const run = await t.startedRun();
        const timeouts = [undefined, poll, poll * 10, poll];
        const waiting = Promise.all(
          timeouts.map((timeout) => timed(() => waitFor(t, run, timeout))),
        );
        // Those that have not arrived by then see the ended run as well.
        await t.sleep(150);
        await t.accepted('step_created', () => run.write(events.stepCreated('step_1')));
        await t.sleep(50);
        await t.accepted(kind, async () =>
          kind === 'cancelRuns'
            ? await t.api.runs.cancelRuns({ runIds: [run.id] })
            : await run.write(
                kind === 'runCompleted'
                  ? events.runCompleted()
                  : kind === 'runFailed'
                    ? events.runFailed(run.failure())
                    : events.runCancelled(),
              ),
        );
        const ended = await run.get();
        for (const { value, took } of await waiting) {
          // A World may answer before the timeout with a run that goes on; clients ask again.
          if (value.run?.status === RunStatus.RUNNING && took < poll) continue;
          t.equal(value.run, ended, `the run of the answer after ${kind}`);
          const most = Math.min(poll, t.scaled(PROMPT_MS));
          t.ok(took < most, 'the answer comes with the end', `within ${most} ms`, `${took} ms`);
        }
      }
    },
  ),
  check(
    'paging/wait-in-vain',
    'Waiting for a run that goes on answers with it when the timeout passes, which may be zero',
    { requirements: ['WW-PAGE-053', 'WW-PAGE-055'] },
    async (t) => {
      for (const run of [await t.run(), await t.startedRun()])
        for (const timeout of [0, 1, 300]) {
          const { value, took } = await timed(() =>
            t.accepted(`WaitForRun of ${timeout} ms`, () => waitFor(t, run, timeout)),
          );
          t.equal(value.run, await run.get(), 'the run of the answer');
          const most = t.scaled(PROMPT_MS);
          t.ok(took < most, 'the answer comes with the timeout', `within ${most} ms`, `${took} ms`);
        }
    },
  ),
  check(
    'paging/wait-as-long-as-asked',
    'Waiting for a run that goes on takes as long as was asked for',
    { requirements: ['WW-PAGE-056'] },
    async (t) => {
      const run = await t.startedRun();
      for (const timeout of [400, 1_200]) {
        const { value, took } = await timed(() => waitFor(t, run, timeout));
        t.equal(value.run?.status, RunStatus.RUNNING, 'the state');
        // Timers of two clocks may differ by a little.
        t.ok(took >= timeout * 0.9, 'the time that the answer took', `${timeout} ms`, `${took} ms`);
      }
      const first = waitFor(t, run, undefined).then(({ run: found }) => found?.status);
      await t.sleep(1_500);
      const early = await Promise.race([first, Promise.resolve('waiting')]);
      t.equal(early, 'waiting', 'a wait without a timeout after a moment');
      await run.given(events.runCompleted());
      t.equal(await first, RunStatus.COMPLETED, 'the state that ended the wait');
    },
  ),
  check(
    'paging/wait-refused',
    'Waiting for no run, or for a negative time, is refused',
    { requirements: ['WW-PAGE-057', 'WW-PAGE-058'] },
    async (t) => {
      const run = await t.startedRun();
      for (const timeout of [undefined, 0, 5_000]) {
        const { took } = await timed(() =>
          t.refused(
            'WaitForRun of no run',
            () => waitFor(t, absentRun(t), timeout),
            'RUN_NOT_FOUND',
          ),
        );
        const most = t.scaled(PROMPT_MS);
        t.ok(took < most, 'the refusal comes at once', `within ${most} ms`, `${took} ms`);
      }
      for (const timeout of [-1, -1_000, -60_500])
        await t.refused(
          `WaitForRun of ${timeout} ms`,
          () => waitFor(t, run, timeout),
          'INVALID_ARGUMENT',
        );
      await t.accepted('WaitForRun of 1 ms', () => waitFor(t, run, 1));
    },
  ),
  check(
    'paging/wait-without-payloads',
    'Waiting for a run leaves payloads out where they are not wanted',
    { requirements: ['WW-PAGE-041', 'WW-PAGE-052'] },
    async (t) => {
      const run = await t.startedRun();
      const resolveData = ResolveData.NONE;
      const waiting = t.api.runs.waitForRun({
        runId: run.id,
        resolveData,
        timeout: durationFromMs(10_000),
      });
      await t.sleep(100);
      await run.given(events.runCompleted());
      const { run: found } = await waiting;
      t.ok(found?.input === undefined && found?.output === undefined, 'no payloads', 'none', found);
      t.equal(found?.status, RunStatus.COMPLETED, 'the state');
      const { run: bare } = await t.api.runs.getRun({ runId: run.id, resolveData });
      t.equal(found, bare, 'the run of the answer');
    },
  ),
];
