import { type CreateEventBatchResponse, SortOrder } from '@worldwire/proto';
import { type Check, check } from '../../check.js';
import * as events from '../../fixtures/new-event.js';
import { accepted, type Contestant, RACE_ROUNDS, Race, reasons } from '../../fixtures/race.js';
import { about, countOf, typesOf } from '../../fixtures/records.js';
import { beginsWith, idsOf, resultsOf, sendBatch } from './support.js';

const CAPABILITY = { capabilities: ['EVENT_BATCH'] } as const;

/** Batches beside other writes and reads. */
export const batchRaceChecks: readonly Check[] = [
  check(
    'log/batch-race',
    'Of batches and single events that create the same steps at the same time one creates each',
    { requirements: ['WW-LOG-028', 'WW-LOG-040', 'WW-LOG-039'], ...CAPABILITY },
    async (t) => {
      const race = new Race(t);
      const runs = await Promise.all(Array.from({ length: 6 }, () => t.startedRun()));
      const answers: { run: number; answer: CreateEventBatchResponse }[] = [];
      await race.rounds(60, async (round) => {
        const run = runs[round % runs.length]!;
        const id = (index: number) => `step_${round}_${index}`;
        const outcomes = await race.run<CreateEventBatchResponse | string>([
          ...[0, 1, 2].map(
            (from): Contestant<CreateEventBatchResponse> =>
              (api) =>
                sendBatch(
                  run,
                  [0, 1, 2, 3].map((index) => events.stepCreated(id((index + from) % 4))),
                  { api },
                ),
          ),
          ...[0, 1, 2].map(
            (index): Contestant<string> =>
              async (api) => {
                await run.write(events.stepCreated(id(index)), { api });
                return id(index);
              },
          ),
        ]);
        let created = 0;
        for (const value of accepted(outcomes)) {
          if (typeof value === 'string') created += 1;
          else {
            answers.push({ run: round % runs.length, answer: value });
            const results = resultsOf(value);
            for (const result of results)
              t.ok(
                ['stepCreated', 'STEP_ALREADY_EXISTS'].includes(result),
                'the result of an item',
                'stepCreated or STEP_ALREADY_EXISTS',
                result,
              );
            created += results.filter((result) => result === 'stepCreated').length;
          }
        }
        t.equal(created, 4, 'accepted creations of four steps');
      });
      for (const [at, run] of runs.entries()) {
        const log = await run.log();
        const ids = log.slice(2).map(({ correlationId }) => correlationId);
        t.equal(new Set(ids).size, ids.length, 'different steps in the log');
        const place = new Map(idsOf(log).map((id, index) => [id, index]));
        for (const { run: of, answer } of answers) {
          if (of !== at) continue;
          const places = answer.results.flatMap(({ outcome }) =>
            outcome.case === 'created' ? (place.get(outcome.value.event?.eventId ?? '') ?? -1) : [],
          );
          t.equal(
            places,
            [...places].sort((a, b) => a - b),
            'the order of the items of a batch',
          );
          t.ok(!places.includes(-1), 'an accepted item is in the log');
        }
      }
    },
  ),
  check(
    'log/batch-at-once',
    'No reader sees a part of a batch, and nothing lands between its items',
    { requirements: ['WW-LOG-040', 'WW-LOG-021'], ...CAPABILITY },
    async (t) => {
      const run = await t.startedRun();
      await run.given(events.hookCreated('hook_1', t.unique('token')));
      const size = Math.min(6, t.facts.limits.maxEventBatch || 6);
      let done = false;
      const writing = Promise.all([
        ...[0, 1, 2].map(async (writer) => {
          const api = t.client(`writer ${writer + 1}`);
          for (let batch = 0; batch < 20; batch++)
            await t.accepted('a batch', () =>
              sendBatch(
                run,
                Array.from({ length: size }, (_, item) =>
                  events.stepCreated(`${writer}.${batch}.${item}`),
                ),
                { api },
              ),
            );
        }),
        (async () => {
          const api = t.client('single writer');
          for (let count = 0; count < 40; count++)
            await t.accepted('hook_received', () =>
              run.write(events.hookReceived('hook_1'), { api }),
            );
        })(),
      ]).finally(() => {
        done = true;
      });
      const reading = (async () => {
        const api = t.client('reader');
        while (!done) {
          // One page is read at one moment; the newest come first.
          const page = { sortOrder: SortOrder.DESCENDING, limit: 4 * size };
          const { events: down } = await api.events.listEvents({ runId: run.id, page });
          const [last] = down;
          if (last?.data.case !== 'stepCreated') continue;
          t.ok(
            last.correlationId.endsWith(`.${size - 1}`),
            'the newest of a batch',
            size - 1,
            last,
          );
        }
      })();
      await Promise.all([writing, reading]);
      const log = await run.log();
      for (let writer = 0; writer < 3; writer++)
        for (let batch = 0; batch < 20; batch++) {
          const first = log.findIndex(
            ({ correlationId }) => correlationId === `${writer}.${batch}.0`,
          );
          const ids = log.slice(first, first + size).map(({ correlationId }) => correlationId);
          const wanted = Array.from({ length: size }, (_, item) => `${writer}.${batch}.${item}`);
          if (t.has('POSITIONS')) t.equal(ids, wanted, 'the items of a batch in the log');
          else {
            const own = log.map(({ correlationId }) => correlationId);
            t.ok(
              beginsWith(
                own.filter((id) => wanted.includes(id)),
                wanted,
              ),
              'the items in order',
            );
          }
        }
    },
  ),
  check(
    'log/batch-against-end',
    'A batch that ends its run meets other endings and payloads as single events would',
    {
      requirements: ['WW-LOG-028', 'WW-LOG-039', 'WW-RUN-036', 'WW-RUN-028'],
      ...CAPABILITY,
    },
    async (t) => {
      const race = new Race(t);
      await race.rounds(RACE_ROUNDS / 2, async (round) => {
        const run = await t.startedRun();
        await run.given(
          events.hookCreated('hook_1', t.unique('token')),
          events.stepCreated('step_1'),
        );
        const batch = (api: Parameters<Contestant<unknown>>[0]) =>
          sendBatch(
            run,
            [events.stepCompleted('step_1'), events.waitCreated('wait_1'), events.runCompleted()],
            { api },
          );
        const outcomes = await race.run<unknown>([
          batch,
          ...(round % 2 === 0 ? [batch] : []),
          (api) => run.write(events.runFailed(run.failure()), { api }),
          ...[0, 1, 2].map(
            (): Contestant<unknown> => (api) => run.write(events.hookReceived('hook_1'), { api }),
          ),
        ]);
        for (const reason of reasons(outcomes))
          t.ok(
            ['RUN_ALREADY_ENDED', 'HOOK_NOT_FOUND', 'RUN_GONE'].includes(reason),
            'a reason',
            'one of an ended run',
            reason,
          );
        const log = await run.log();
        t.equal(countOf(log, 'runCompleted', 'runFailed'), 1, 'endings in the log');
        t.ok(countOf(log, 'stepCompleted') <= 1, 'ends of the step', 'at most 1');
        const types = typesOf(log);
        const end = types.findIndex((type) => type === 'runCompleted' || type === 'runFailed');
        for (const type of types.slice(end + 1))
          t.equal(type, 'stepCompleted', 'an event behind the end of the run');
        t.ok(countOf(about(log, 'wait_1'), 'waitCreated') <= 1, 'wait_created', 'at most 1');
      });
    },
  ),
];
