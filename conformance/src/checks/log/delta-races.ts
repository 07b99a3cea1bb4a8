import { type Check, check } from '../../check.js';
import * as events from '../../fixtures/new-event.js';
import { cursorAfter, rest } from './delta-support.js';
import { idsOf, pause } from './support.js';

const CAPABILITY = { capabilities: ['EVENT_DELTAS'] } as const;
const PLACED = { capabilities: ['EVENT_DELTAS', 'POSITIONS'] } as const;

/** What rides on the answers to writes that several writers make at the same time. */
export const deltaRaceChecks: readonly Check[] = [
  check(
    'log/deltas-of-many',
    'Writers that go by deltas alone know the log, event by event, while others write',
    { requirements: ['WW-LOG-061', 'WW-LOG-060', 'WW-LOG-032', 'WW-LOG-028'], ...PLACED },
    async (t) => {
      const run = await t.startedRun();
      const start = await run.log();
      const known = await Promise.all(
        [0, 1, 2, 3, 4].map(async (writer) => {
          const api = t.client(`writer ${writer + 1}`);
          const mine = [...start];
          for (let index = 0; index < 25; index++) {
            const expectedPosition = BigInt(mine.length);
            const { event, delta: told } = await t.accepted('step_created', () =>
              run.write(events.stepCreated(`step_${writer}_${index}`), { api, expectedPosition }),
            );
            t.ok(told !== undefined, 'the answer carries a delta', 'a delta', 'none');
            t.equal(told?.page?.hasMore ?? false, false, 'has_more of a short delta');
            mine.push(...(told?.events ?? []), event!);
            t.equal(mine.length, Number(event?.position), 'events that the writer knows of');
            await pause(t, 1);
          }
          return mine;
        }),
      );
      const log = await run.log();
      for (const mine of known)
        t.equal(idsOf(mine), idsOf(log.slice(0, mine.length)), 'the log as a writer knows it');
    },
  ),
  check(
    'log/cursors-of-many',
    'Writers that go by the cursors of deltas know the log, event by event, while others write',
    { requirements: ['WW-LOG-062', 'WW-LOG-067', 'WW-LOG-028', 'WW-PAGE-028'], ...CAPABILITY },
    async (t) => {
      const run = await t.startedRun();
      const first = await cursorAfter(t, run, 2);
      const start = await run.log();
      const known = await Promise.all(
        [0, 1, 2, 3, 4].map(async (writer) => {
          const api = t.client(`writer ${writer + 1}`);
          const mine = [...start];
          let sinceCursor = first;
          for (let index = 0; index < 25; index++) {
            const { event, delta: told } = await t.accepted('step_created', () =>
              run.write(events.stepCreated(`step_${writer}_${index}`), { api, sinceCursor }),
            );
            mine.push(...(told?.events ?? []));
            t.ok(
              told?.page?.hasMore || mine.some(({ eventId }) => eventId === event?.eventId),
              'the delta holds the event that was written',
            );
            sinceCursor = told?.page?.cursor ?? '';
            await pause(t, 1);
          }
          return { mine, sinceCursor };
        }),
      );
      const log = idsOf(await run.log());
      for (const { mine, sinceCursor } of known) {
        const further = await rest(run, t, sinceCursor);
        t.equal(idsOf([...mine, ...further]), log, 'the log as a writer knows it');
      }
    },
  ),
];
