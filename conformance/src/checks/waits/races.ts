import type { CreateEventResponse } from '@worldwire/proto';
import { type Check, check } from '../../check.js';
import * as events from '../../fixtures/new-event.js';
import { accepted, type Contestant, RACE_ROUNDS, Race, reasons } from '../../fixtures/race.js';
import { about, typesOf } from '../../fixtures/records.js';

/** Several writers of one wait. */
export const waitRaceChecks: readonly Check[] = [
  check(
    'waits/creation-race',
    'Of many creations of one wait at the same time one is accepted and one is in the log',
    { requirements: ['WW-WAIT-006'] },
    async (t) => {
      const race = new Race(t);
      const run = await t.startedRun();
      const ids: string[] = [];
      await race.rounds(60, async () => {
        const id = t.unique('wait');
        ids.push(id);
        const outcomes = await race.run(
          Array.from(
            { length: 8 },
            (): Contestant<CreateEventResponse> => (api) =>
              run.write(events.waitCreated(id), { api }),
          ),
        );
        t.equal(accepted(outcomes).length, 1, 'accepted wait_created');
        t.equal(reasons(outcomes), ['WAIT_ALREADY_EXISTS'], 'the reasons of the others');
      });
      const log = await run.log();
      for (const id of ids) t.equal(typesOf(about(log, id)), ['waitCreated'], 'events of a wait');
    },
  ),
  check(
    'waits/completion-race',
    'Of many completions of one wait at the same time one is accepted and one is in the log',
    { requirements: ['WW-WAIT-007'] },
    async (t) => {
      const race = new Race(t);
      const run = await t.startedRun();
      const ids: string[] = [];
      await race.rounds(RACE_ROUNDS, async (round) => {
        const id = t.unique('wait');
        ids.push(id);
        await run.given(events.waitCreated(id));
        const outcomes = await race.run(
          Array.from(
            { length: 3 + (round % 4) },
            (): Contestant<CreateEventResponse> => (api) =>
              run.write(events.waitCompleted(id), { api }),
          ),
        );
        t.equal(accepted(outcomes).length, 1, 'accepted wait_completed');
        t.equal(reasons(outcomes), ['WAIT_ALREADY_COMPLETED'], 'the reasons of the others');
      });
      const log = await run.log();
      for (const id of ids)
        t.equal(typesOf(about(log, id)), ['waitCreated', 'waitCompleted'], 'events of a wait');
    },
  ),
  check(
    'waits/completion-meets-creation',
    'A completion that meets the creation of its wait lands behind it or not at all',
    { requirements: ['WW-WAIT-006', 'WW-WAIT-007'] },
    async (t) => {
      const race = new Race(t);
      const run = await t.startedRun();
      const ids: [id: string, completed: number][] = [];
      await race.rounds(60, async () => {
        const id = t.unique('wait');
        const outcomes = await race.run<CreateEventResponse>([
          (api) => run.write(events.waitCreated(id), { api }),
          (api) => run.write(events.waitCompleted(id), { api }),
          (api) => run.write(events.waitCreated(id), { api }),
          (api) => run.write(events.waitCompleted(id), { api }),
        ]);
        t.equal(accepted([outcomes[0]!, outcomes[2]!]).length, 1, 'accepted wait_created');
        const completed = accepted([outcomes[1]!, outcomes[3]!]).length;
        t.ok(completed <= 1, 'accepted wait_completed', 'at most 1', completed);
        ids.push([id, completed]);
      });
      const log = await run.log();
      for (const [id, completed] of ids)
        t.equal(
          typesOf(about(log, id)),
          ['waitCreated', ...(completed > 0 ? ['waitCompleted'] : [])],
          'the events of a wait',
        );
    },
  ),
];
