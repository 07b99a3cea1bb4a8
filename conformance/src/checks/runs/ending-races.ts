import { RunStatus } from '@worldwire/proto';
import { type Check, check } from '../../check.js';
import * as events from '../../fixtures/new-event.js';
import { accepted, type Contestant, RACE_ROUNDS, Race, reasons } from '../../fixtures/race.js';
import { hooksOf, typesOf, waitsOf } from '../../fixtures/records.js';
import type { RunHandle } from '../../fixtures/run-handle.js';

const ENDINGS: Readonly<Record<string, RunStatus>> = {
  runCompleted: RunStatus.COMPLETED,
  runFailed: RunStatus.FAILED,
  runCancelled: RunStatus.CANCELLED,
};

/** Several writers at the end of one run. */
export const runEndingRaceChecks: readonly Check[] = [
  check(
    'runs/endings-race',
    'Of several endings of one run at the same time one wins, and nothing of the others is seen',
    { requirements: ['WW-RUN-028', 'WW-RUN-029', 'WW-RUN-030'] },
    async (t) => {
      const race = new Race(t);
      await race.rounds(RACE_ROUNDS, async (round) => {
        const run = await t.startedRun();
        const kinds = MIXES[round % MIXES.length]!;
        const outcomes = await race.run(
          kinds.map(
            (kind, index): Contestant<unknown> =>
              (api) =>
                run.write(endingOf(run, kind, index), { api }),
          ),
        );
        const log = await run.log();
        const ended = typesOf(log).filter((type) => type in ENDINGS);
        t.equal(new Set(ended).size, 1, 'different endings in the log');
        const [winner = ''] = ended;
        if (winner !== 'runCancelled') t.equal(ended, [winner], 'endings in the log');
        t.equal((await run.get()).status, ENDINGS[winner], `the state after ${winner}`);
        const winners = kinds.filter((_, at) => 'value' in outcomes[at]!);
        t.equal(new Set(winners).size, 1, 'different endings that were accepted');
        t.equal(winners[0], winner, 'the ending that was accepted');
        if (winner !== 'runCancelled') t.equal(winners.length, 1, `accepted ${winner}`);
        for (const reason of reasons(outcomes)) t.equal(reason, 'RUN_ALREADY_ENDED', 'a reason');
        await sameEnding(t, run, winner);
      });
    },
  ),
  check(
    'runs/nothing-behind-the-end',
    'No event but those of steps lands behind the end of its run, however close it comes',
    { requirements: ['WW-RUN-036', 'WW-RUN-031'] },
    async (t) => {
      const race = new Race(t);
      await race.rounds(RACE_ROUNDS, async (round) => {
        const [hookId, waitId] = [t.unique('hook'), t.unique('wait')];
        const run = await t.run();
        await run.given(events.hookCreated(hookId, t.unique('token')), events.waitCreated(waitId));
        const others = [
          events.stepCreated(t.unique('step')),
          events.hookCreated(t.unique('hook'), t.unique('token')),
          events.waitCreated(t.unique('wait')),
          events.waitCompleted(waitId),
          events.hookReceived(hookId),
          round % 2 === 0 ? events.runStarted() : events.waitCreated(t.unique('wait')),
          ...(t.has('ATTRIBUTES') ? [attribute(t.unique('attr'))] : []),
        ];
        const kind = Object.keys(ENDINGS)[round % 3]!;
        const outcomes = await race.run(
          [endingOf(run, kind, 0), ...others].map(
            (event): Contestant<unknown> =>
              (api) =>
                run.write(event, { api }),
          ),
        );
        const types = await run.types();
        t.equal(types.at(-1), kind, 'the last event of the log');
        t.equal(types.length, 3 + accepted(outcomes).length, 'events in the log');
        t.equal((await run.get()).status, ENDINGS[kind], 'the state');
        t.equal((await hooksOf(run, t.api)).length, 0, 'hooks after the end');
        if (t.has('WAIT_READS'))
          t.equal((await waitsOf(run, t.api)).length, 0, 'waits after the end');
      });
    },
  ),
  check(
    'runs/no-resume-behind-the-end',
    'No payload lands in a hook behind the end of its run, however close it comes',
    { requirements: ['WW-RUN-036'] },
    async (t) => {
      const race = new Race(t);
      await race.rounds(RACE_ROUNDS, async (round) => {
        const hookId = t.unique('hook');
        const run = await t.startedRun();
        await run.given(events.hookCreated(hookId, t.unique('token')));
        const kind = Object.keys(ENDINGS)[round % 3]!;
        const outcomes = await race.run([
          (api) => run.write(endingOf(run, kind, 0), { api }),
          ...Array.from(
            { length: 4 },
            (): Contestant<unknown> => (api) => run.write(events.hookReceived(hookId), { api }),
          ),
        ]);
        const types = await run.types();
        t.equal(types.at(-1), kind, 'the last event of the log');
        t.equal(types.length, 3 + accepted(outcomes).length, 'events in the log');
        for (const reason of reasons(outcomes))
          t.ok(
            ['HOOK_NOT_FOUND', 'RUN_GONE'].includes(reason),
            'why a payload is refused',
            'HOOK_NOT_FOUND or RUN_GONE',
            reason,
          );
      });
    },
  ),
  check(
    'runs/end-is-one-commit',
    'No reader sees a part of the end of a run: its event, its state and its hooks change together',
    { requirements: ['WW-RUN-031', 'WW-RUN-033'] },
    async (t) => {
      const race = new Race(t);
      const look = t.client('watcher');
      await race.rounds(40, async (round) => {
        const run = await t.startedRun();
        const [hookId, token] = [t.unique('hook'), t.unique('token')];
        await run.given(events.hookCreated(hookId, token), events.waitCreated(t.unique('wait')));
        const kind = Object.keys(ENDINGS)[round % 3]!;
        let done = false;
        const write = run.write(endingOf(run, kind, 0)).finally(() => (done = true));
        const watching = (async () => {
          for (let last = false; !last; ) {
            last = done;
            // What is read later may show more, and never less.
            const hooks = await hooksOf(run, look);
            const status = (await run.get(look)).status;
            const types = await run.types(look);
            if (hooks.length === 0)
              t.equal(status, ENDINGS[kind], 'the state of a run whose hooks are gone');
            if (status === ENDINGS[kind])
              t.equal(types.at(-1), kind, 'the last event of a run that has ended');
            if (types.at(-1) !== kind) continue;
            t.equal((await run.get(look)).status, ENDINGS[kind], 'the state behind the ending');
            t.equal((await hooksOf(run, look)).length, 0, 'hooks behind the ending');
            if (t.has('WAIT_READS'))
              t.equal((await waitsOf(run, look)).length, 0, 'waits behind the ending');
          }
        })();
        await Promise.all([t.accepted('the ending', () => write), watching]);
      });
    },
  ),
];

const MIXES: readonly (readonly string[])[] = [
  ['runCompleted', 'runFailed', 'runCancelled', 'runCompleted', 'runFailed', 'runCancelled'],
  ['runCancelled', 'runCompleted', 'runCompleted', 'runCompleted'],
  ['runFailed', 'runFailed', 'runFailed', 'runFailed', 'runCancelled'],
  ['runCancelled', 'runFailed', 'runCompleted'],
];

function endingOf(run: RunHandle, kind: string, index: number): events.NewEventInit {
  if (kind === 'runCompleted')
    return events.runCompleted({ output: new TextEncoder().encode(`devl${index}`) });
  if (kind === 'runFailed')
    return events.runFailed(run.failure(`failed ${index}`), `CODE_${index}`);
  return events.runCancelled(`reason ${index}`);
}

/** Expects that the record of an ended run holds what the one ending of its log gave. */
async function sameEnding(
  t: Parameters<Check['run']>[0],
  run: RunHandle,
  winner: string,
): Promise<void> {
  const record = await run.get();
  const ending = (await run.log()).find(({ data }) => data.case === winner);
  if (ending?.data.case === 'runCompleted')
    t.equal(record.output, ending.data.value.output, 'the output of the run and of its ending');
  if (ending?.data.case === 'runFailed') {
    t.equal(record.error, ending.data.value.error, 'the error of the run and of its ending');
    t.equal(record.errorCode, ending.data.value.errorCode, 'error_code of the run and its ending');
  }
  if (winner !== 'runCompleted') t.ok(record.output === undefined, 'no output of a losing ending');
  if (winner !== 'runFailed') t.ok(record.error === undefined, 'no error of a losing ending');
}

function attribute(id: string): events.NewEventInit {
  return events.attrSet(id, {
    changes: [{ key: 'colour', value: 'blue' }],
    writer: { writer: { case: 'workflow', value: {} } },
  });
}
