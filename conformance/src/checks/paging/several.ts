import { RunStatus, SortOrder } from '@worldwire/proto';
import { type Check, check } from '../../check.js';
import * as events from '../../fixtures/new-event.js';
import { about, absentRun, newRunId, typesOf } from '../../fixtures/records.js';

/** Reads of several runs, and of the events of one entity. */
export const severalChecks: readonly Check[] = [
  check(
    'paging/batch-get',
    'A batch read answers each id in the order of the request, also twice and where no run is',
    { requirements: ['WW-PAGE-045', 'WW-PAGE-046'] },
    async (t) => {
      const runs = [await t.run(), await t.startedRun(), await t.startedRun()];
      await runs[2]!.given(events.runCompleted());
      const [one, two, three] = runs.map(({ id }) => id) as [string, string, string];
      const [none, nobody] = [absentRun(t).id, absentRun(t).id];
      const requests = [
        [one, two, three],
        [three, one, two],
        [two, two, one, two],
        [none, one, nobody, none, three],
        [none],
        [one],
      ];
      for (const runIds of requests) {
        const { results } = await t.accepted('BatchGetRuns', () =>
          t.api.runs.batchGetRuns({ runIds }),
        );
        const wanted = runIds.map((id) => ([none, nobody].includes(id) ? undefined : id));
        t.equal(
          results.map(({ run }) => run?.runId),
          wanted,
          'the runs of the answer',
        );
        for (const { run } of results) {
          if (run === undefined) continue;
          t.equal(run, (await t.api.runs.getRun({ runId: run.runId })).run, 'a run of the answer');
        }
      }
    },
  ),
  check(
    'paging/batch-get-consistent',
    'A batch read shows no later change of one run without an earlier change of another',
    { requirements: ['WW-PAGE-047'] },
    async (t) => {
      const reader = t.client('reader');
      // Between the two runs stand many ids of none, so that reads one after the other take long.
      const most = Math.min(t.facts.limits.maxBulkIds || 100, 200);
      const between = Array.from({ length: most - 2 }, () => newRunId(t));
      for (let round = 0; round < 12; round++) {
        const [one, two] = [await t.run(), await t.run()];
        let done = false;
        const writing = (async () => {
          for (const event of [events.runStarted(), events.runCompleted()])
            for (const run of [one, two])
              await t.accepted(`${event.data?.case}`, () => run.write(event));
        })().finally(() => {
          done = true;
        });
        while (!done) {
          const runIds = [one.id, ...between, two.id];
          const { results } = await reader.runs.batchGetRuns({ runIds });
          const [first, last] = [results[0]?.run?.status ?? 0, results.at(-1)?.run?.status ?? 0];
          t.ok(
            last <= first,
            'the second run against the first, which is always written to before it',
            `at most ${RunStatus[first]}`,
            RunStatus[last],
          );
        }
        await writing;
      }
    },
  ),
  check(
    'paging/events-of-an-entity',
    'All events of an entity, and no other, are found by its id, within a run and across runs',
    { requirements: ['WW-PAGE-048', 'WW-PAGE-049'] },
    async (t) => {
      const id = t.unique('id');
      const runs = [await t.startedRun(), await t.startedRun()];
      for (const run of runs)
        await run.given(
          events.stepCreated(id),
          events.stepCreated(`${id}x`),
          events.stepStarted(id),
          events.waitCreated(t.unique('wait')),
          events.stepStarted(`${id}x`),
          events.stepCreated(id.slice(0, -1)),
          events.stepCompleted(id),
        );
      const read = async (runId: string, limit: number, sortOrder: SortOrder) => {
        const all = [];
        for (let cursor = '', more = true; more; ) {
          const page = { cursor, limit, sortOrder };
          const answer = await t.api.events.listEventsByCorrelation({
            runId,
            correlationId: id,
            page,
          });
          all.push(...answer.events);
          cursor = answer.page?.cursor ?? '';
          more = answer.page?.hasMore ?? false;
        }
        return all;
      };
      const wanted = ['stepCreated', 'stepStarted', 'stepCompleted'];
      for (const limit of [1, 2, 50]) {
        for (const run of runs) {
          const own = about(await run.log(), id);
          t.equal(typesOf(own), wanted, 'the events of the log');
          t.equal(await read(run.id, limit, SortOrder.ASCENDING), own, 'the events of the entity');
          t.equal(
            await read(run.id, limit, SortOrder.DESCENDING),
            own.toReversed(),
            'the events of the entity, newest first',
          );
        }
        const anywhere = await read('', limit, SortOrder.ASCENDING);
        t.equal(anywhere.length, 2 * wanted.length, 'events in every run');
        for (const run of runs)
          t.equal(
            anywhere.filter(({ runId }) => runId === run.id),
            about(await run.log(), id),
            'the events of one run among those of all',
          );
      }
    },
  ),
  check(
    'paging/events-of-no-entity',
    'The events of an id that no event has are an empty page',
    { requirements: ['WW-PAGE-050'] },
    async (t) => {
      const run = await t.startedRun();
      await run.given(events.stepCreated('step_1'));
      const correlationId = t.unique('nothing');
      for (const runId of [run.id, '']) {
        const answer = await t.accepted('ListEventsByCorrelation', () =>
          t.api.events.listEventsByCorrelation({ runId, correlationId }),
        );
        t.equal(answer.events, [], 'the events');
        t.ok(!answer.page?.hasMore, 'has_more', false, true);
      }
    },
  ),
];
