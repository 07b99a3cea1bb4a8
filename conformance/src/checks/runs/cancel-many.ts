import { CancelOutcome, type CancelRunsResult, RunStatus } from '@worldwire/proto';
import { type Check, check } from '../../check.js';
import type { Context } from '../../context.js';
import * as events from '../../fixtures/new-event.js';
import { accepted, type Contestant, Race } from '../../fixtures/race.js';
import { countOf, dataOf, hooksOf, newRunId } from '../../fixtures/records.js';
import type { RunHandle } from '../../fixtures/run-handle.js';

const { CANCELLED, ALREADY_CANCELLED, NOT_CANCELLABLE, NOT_FOUND } = CancelOutcome;

/** CancelRuns. */
export const cancelManyChecks: readonly Check[] = [
  check(
    'runs/cancel-many-outcomes',
    'CancelRuns tells what became of each run, in the order asked for, and touches only active ones',
    {
      requirements: [
        'WW-RUN-044',
        'WW-RUN-046',
        'WW-RUN-047',
        'WW-RUN-048',
        'WW-RUN-049',
        'WW-RUN-050',
      ],
    },
    async (t: Context) => {
      const [pending, running] = [await t.run(), await t.startedRun()];
      const ends: [RunHandle, CancelOutcome, RunStatus][] = [];
      for (const [event, outcome, status] of [
        [events.runCompleted(), NOT_CANCELLABLE, RunStatus.COMPLETED],
        [events.runFailed(running.failure()), NOT_CANCELLABLE, RunStatus.FAILED],
        [events.runCancelled('first'), ALREADY_CANCELLED, RunStatus.CANCELLED],
      ] as const) {
        const run = await t.startedRun();
        await run.given(event);
        ends.push([run, outcome, status]);
      }
      const asked: [id: string, outcome: CancelOutcome, status: RunStatus][] = [
        [newRunId(t), NOT_FOUND, RunStatus.UNSPECIFIED],
        ...ends.map(([run, outcome, status]) => [run.id, outcome, status] as (typeof asked)[0]),
        [running.id, CANCELLED, RunStatus.CANCELLED],
        [newRunId(t), NOT_FOUND, RunStatus.UNSPECIFIED],
        [pending.id, CANCELLED, RunStatus.CANCELLED],
      ];
      const wanted = t.random.shuffle(asked);
      const before = await Promise.all(ends.map(([run]) => run.get()));
      const { results } = await t.accepted('CancelRuns', () =>
        t.api.runs.cancelRuns({ runIds: wanted.map(([id]) => id), cancelReason: 'bulk' }),
      );
      t.equal(results.map(told), wanted.map(toldWanted), 'the results');
      for (const [at, [run]] of ends.entries()) {
        t.equal(await run.get(), before[at], 'a run that had ended');
        t.equal((await run.log()).length, 3, 'the events of a run that had ended');
      }
      for (const run of [pending, running]) {
        t.equal((await run.get()).status, RunStatus.CANCELLED, 'the state of an active run');
        t.equal(countOf(await run.log(), 'runCancelled'), 1, 'run_cancelled events');
      }
      const again = await t.accepted('the same CancelRuns again', () =>
        t.api.runs.cancelRuns({ runIds: wanted.map(([id]) => id) }),
      );
      t.equal(
        again.results.map(told),
        wanted.map(([id, outcome, status]) =>
          toldWanted([id, outcome === CANCELLED ? ALREADY_CANCELLED : outcome, status]),
        ),
        'the results of the second call',
      );
      t.equal(countOf(await running.log(), 'runCancelled'), 1, 'run_cancelled events afterwards');
    },
  ),
  check(
    'runs/cancel-many-as-one',
    'A run of CancelRuns is cancelled as run_cancelled would: with the time, and without its hooks',
    { requirements: ['WW-RUN-045', 'WW-RUN-033', 'WW-RUN-035'] },
    async (t: Context) => {
      const run = await t.startedRun();
      const other = await t.startedRun();
      const [token, stepId] = [t.unique('token'), t.unique('step')];
      await run.given(
        events.hookCreated(t.unique('hook'), token),
        events.waitCreated(t.unique('wait')),
        events.stepCreated(stepId),
        events.stepStarted(stepId),
      );
      await t.accepted('CancelRuns', () =>
        t.api.runs.cancelRuns({ runIds: [other.id, run.id], cancelReason: 'bulk' }),
      );
      const record = await run.get();
      t.equal(record.status, RunStatus.CANCELLED, 'the state');
      t.ok(record.completedAt !== undefined, 'a cancelled run has completed_at');
      const log = await run.log();
      const last = log.at(-1);
      t.equal(last?.data.case, 'runCancelled', 'the last event');
      t.equal((await hooksOf(run, t.api)).length, 0, 'hooks after the end');
      const next = await t.startedRun();
      const taken = await next.given(events.hookCreated(t.unique('hook'), token));
      t.equal(taken[0]?.event?.data.case, 'hookCreated', 'the event with the freed token');
      await t.refused(
        'wait_created after the end',
        () => run.write(events.waitCreated(t.unique('wait'))),
        'RUN_ALREADY_ENDED',
      );
    },
  ),
  check(
    'runs/cancel-many-reason',
    'The reason of CancelRuns is kept on each run and on its event',
    { requirements: ['WW-RUN-025'] },
    async (t: Context) => {
      const runs = [await t.run(), await t.startedRun()];
      const cancelReason = 'bulk: ü 日本';
      await t.given('CancelRuns', () =>
        t.api.runs.cancelRuns({ runIds: runs.map(({ id }) => id), cancelReason }),
      );
      for (const run of runs) {
        t.equal((await run.get()).cancelReason, cancelReason, 'cancel_reason of the run');
        const last = (await run.log()).at(-1);
        t.equal(
          dataOf(t, last, 'runCancelled').cancelReason,
          cancelReason,
          'cancel_reason of the event',
        );
      }
    },
  ),
  check(
    'runs/cancel-many-refused',
    'CancelRuns without an id or with one twice is refused and cancels nothing',
    { requirements: ['WW-RUN-051'] },
    async (t: Context) => {
      const runs = [await t.startedRun(), await t.startedRun()];
      const [first, second] = runs.map(({ id }) => id) as [string, string];
      for (const runIds of [[], [first, first], [first, second, first]])
        await t.refused(
          `CancelRuns of ${runIds.length} ids`,
          () => t.api.runs.cancelRuns({ runIds }),
          'INVALID_ARGUMENT',
        );
      for (const run of runs) t.equal((await run.get()).status, RunStatus.RUNNING, 'the state');
      await t.accepted('CancelRuns with each once', () =>
        t.api.runs.cancelRuns({ runIds: [first, second] }),
      );
      for (const run of runs) t.equal((await run.get()).status, RunStatus.CANCELLED, 'the state');
    },
  ),
  check(
    'runs/cancel-many-race',
    'Of several CancelRuns, cancellations and completions of the same runs each run has one winner',
    { requirements: ['WW-RUN-045', 'WW-RUN-046', 'WW-RUN-047', 'WW-RUN-028', 'WW-RUN-050'] },
    async (t: Context) => {
      const race = new Race(t);
      await race.rounds(30, async (round) => {
        const runs = [await t.startedRun(), await t.startedRun(), await t.startedRun()];
        const runIds = runs.map(({ id }) => id);
        const cancels = 3;
        const completions = round % 3 === 0 ? [] : runs;
        const outcomes = await race.run<readonly CancelRunsResult[]>([
          ...Array.from(
            { length: cancels },
            (): Contestant<readonly CancelRunsResult[]> => async (api) =>
              (await api.runs.cancelRuns({ runIds: t.random.shuffle(runIds) })).results,
          ),
          ...completions.map(
            (run): Contestant<readonly CancelRunsResult[]> =>
              async (api) => {
                await run.write(events.runCompleted(), { api });
                return [];
              },
          ),
        ]);
        const results = accepted(outcomes.slice(0, cancels));
        t.equal(results.length, cancels, 'CancelRuns that were accepted');
        for (const [at, run] of runs.entries()) {
          const log = await run.log();
          const said = results.map((each) => each.find(({ runId }) => runId === run.id)?.outcome);
          const completed = completions.length > 0 && 'value' in outcomes[cancels + at]!;
          const status = completed ? RunStatus.COMPLETED : RunStatus.CANCELLED;
          t.equal((await run.get()).status, status, 'the state of the run');
          t.equal(countOf(log, 'runCompleted'), completed ? 1 : 0, 'run_completed events');
          const winners = said.filter((outcome) => outcome === CANCELLED).length;
          t.equal(winners > 0, !completed, 'whether a call was told that it cancelled the run');
          // A World may take a repeated cancellation down; then it tells each.
          t.equal(countOf(log, 'runCancelled'), winners, 'run_cancelled events, and calls told so');
          const rest = completed ? NOT_CANCELLABLE : ALREADY_CANCELLED;
          const others = said.filter((outcome) => outcome !== CANCELLED);
          t.equal(
            others.map((outcome = CancelOutcome.UNSPECIFIED) => CancelOutcome[outcome]),
            others.map(() => CancelOutcome[rest]),
            'what the other calls were told',
          );
        }
      });
    },
  ),
];

function told({ runId, outcome, status }: CancelRunsResult): string {
  return `${runId} ${CancelOutcome[outcome]} ${RunStatus[status]}`;
}

function toldWanted([id, outcome, status]: [string, CancelOutcome, RunStatus]): string {
  return `${id} ${CancelOutcome[outcome]} ${RunStatus[status]}`;
}
