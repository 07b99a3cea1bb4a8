import { type Check, check } from '../../check.js';
import type { Context } from '../../context.js';
import {
  hookCreated,
  type NewEventInit,
  runCompleted,
  stepCreated,
} from '../../fixtures/new-event.js';
import type { RunHandle } from '../../fixtures/run-handle.js';
import { QUIET_MS, Stream, texts } from '../streams/support.js';
import { announced } from './support.js';

const MOST_EVENTS = 2_500;
/** Above what a bulk request of ids may hold in any World that can be tried. */
const MOST_ITEMS = 5_000;

/** Fills a log with events of steps until it holds so many. */
async function fill(t: Context, run: RunHandle, events: number): Promise<void> {
  const batch = t.has('EVENT_BATCH') ? Math.min(t.facts.limits.maxEventBatch || 16, 32) : 1;
  let count = 2;
  while (count < events) {
    const size = Math.min(batch, events - count);
    const steps = Array.from({ length: size }, () =>
      stepCreated(t.unique('step'), { input: new Uint8Array(1) }),
    );
    if (batch === 1) await run.given(...steps);
    else
      await t.given('an accepted batch', () =>
        t.api.events.createEventBatch({ runId: run.id, events: steps }),
      );
    count += size;
  }
}

/** How many there may be. */
export const countChecks: readonly Check[] = [
  check(
    'limits/not-negative',
    'No announced limit is negative',
    { requirements: ['WW-LIMIT-005'] },
    async (t) => {
      for (const [name, limit] of Object.entries(t.facts.limits)) {
        if (typeof limit === 'number' || typeof limit === 'bigint')
          t.ok(limit >= 0, `${name} is negative`, 'zero or more', limit);
        else if (typeof limit === 'object' && limit !== null && 'seconds' in limit)
          t.ok(
            limit.seconds >= 0n && limit.nanos >= 0,
            `${name} is negative`,
            'zero or more',
            limit,
          );
      }
    },
  ),
  check(
    'limits/stream-append',
    'An append of the announced number of chunks is taken, and one of more refused whole',
    {
      requirements: [
        'WW-LIMIT-001',
        'WW-LIMIT-002',
        'WW-LIMIT-003',
        'WW-LIMIT-014',
        'WW-STREAM-011',
      ],
    },
    async (t) => {
      const most = announced(t, 'maxStreamAppend', MOST_ITEMS);
      const stream = new Stream(t);
      for (const close of [false, true])
        await t.refused(
          `an append of ${most + 1} chunks`,
          () => stream.append(texts('BAD', most + 1), { close }),
          'INVALID_ARGUMENT',
        );
      const all = texts('c', most);
      await t.accepted(`an append of ${most} chunks`, () => stream.append(all));
      await stream.close();
      stream.holds(await stream.whole(), all, 'the stream');
    },
  ),
  check(
    'limits/bulk-ids',
    'Bulk requests of the announced number of ids are served, and those of more refused whole',
    {
      requirements: ['WW-LIMIT-001', 'WW-LIMIT-002', 'WW-LIMIT-003', 'WW-LIMIT-015'],
    },
    async (t) => {
      const most = announced(t, 'maxBulkIds', MOST_ITEMS);
      const run = await t.startedRun();
      const ids = (count: number) => [
        run.id,
        ...Array.from({ length: count - 1 }, (_none, at) => `${run.id}x${at}`),
      ];
      await t.refused(
        `a batch read of ${most + 1} ids`,
        () => t.api.runs.batchGetRuns({ runIds: ids(most + 1) }),
        'INVALID_ARGUMENT',
      );
      await t.refused(
        `a bulk cancellation of ${most + 1} ids`,
        () => t.api.runs.cancelRuns({ runIds: ids(most + 1) }),
        'INVALID_ARGUMENT',
      );
      t.equal(await run.types(), ['runCreated', 'runStarted'], 'the log after the refusal');
      const read = await t.accepted(`a batch read of ${most} ids`, () =>
        t.api.runs.batchGetRuns({ runIds: ids(most) }),
      );
      t.equal(
        [read.results.length, read.results[0]?.run?.runId],
        [most, run.id],
        'the number of entries, and the run of the first',
      );
      const { results } = await t.accepted(`a bulk cancellation of ${most} ids`, () =>
        t.api.runs.cancelRuns({ runIds: ids(most) }),
      );
      t.equal(results.length, most, 'the number of results');
      t.equal(
        await run.types(),
        ['runCreated', 'runStarted', 'runCancelled'],
        'the log after the cancellation',
      );
    },
  ),
  check(
    'limits/queue-batch',
    'A batch of the announced number of messages is taken, and one of more refused whole',
    {
      requirements: ['WW-LIMIT-001', 'WW-LIMIT-002', 'WW-LIMIT-003', 'WW-LIMIT-013'],
      capabilities: ['QUEUE_BATCH'],
    },
    async (t) => {
      const most = announced(t, 'maxQueueBatch', MOST_ITEMS);
      const [queueName, other] = [t.queueName(), t.queueName()];
      const batch = (count: number, name: string) =>
        t.api.queue.enqueueBatch({
          messages: Array.from({ length: count }, () => ({
            queueName: name,
            contentType: 'application/json',
            body: new Uint8Array([123, 125]),
          })),
        });
      const consumer = await t.consumer({ queuePrefixes: [queueName], maxInFlight: 10 });
      await t.refused(
        `a batch of ${most + 1} messages`,
        () => batch(most + 1, queueName),
        'INVALID_ARGUMENT',
      );
      const { results } = await t.accepted(`a batch of ${most} messages`, () => batch(most, other));
      t.equal(
        results.filter(({ outcome }) => outcome.case === 'enqueued').length,
        most,
        'the number of messages that were taken',
      );
      await t.sleep(QUIET_MS);
      t.equal(consumer.received.length, 0, 'the deliveries of the refused batch');
    },
  ),
  check(
    'limits/event-batch',
    'A batch of the announced number of events is taken, and one of more refused whole',
    {
      requirements: ['WW-LIMIT-001', 'WW-LIMIT-002', 'WW-LIMIT-003'],
      capabilities: ['EVENT_BATCH'],
    },
    async (t) => {
      const most = announced(t, 'maxEventBatch', 1_000);
      const run = await t.startedRun();
      const batch = (count: number) =>
        t.api.events.createEventBatch({
          runId: run.id,
          events: Array.from({ length: count }, () => stepCreated(t.unique('step'))),
        });
      await t.refused(`a batch of ${most + 1} events`, () => batch(most + 1), 'INVALID_ARGUMENT');
      t.equal((await run.log()).length, 2, 'the events of the log after the refusal');
      const { results } = await t.accepted(`a batch of ${most} events`, () => batch(most));
      t.equal(
        results.filter(({ outcome }) => outcome.case === 'created').length,
        most,
        'the number of events that were written',
      );
      t.equal((await run.log()).length, 2 + most, 'the events of the log');
    },
  ),
  check(
    'limits/event-page',
    'A page of a log holds no more than the announced number of events, whatever is asked for',
    { requirements: ['WW-LIMIT-012'] },
    async (t) => {
      const most = announced(t, 'maxEventPage', MOST_EVENTS);
      const run = await t.startedRun();
      const total = most + 3;
      await fill(t, run, total);
      for (const limit of [most + 1, 2 ** 31 - 1]) {
        const found: string[] = [];
        let cursor = '';
        for (;;) {
          const { events, page } = await t.api.events.listEvents({
            runId: run.id,
            page: { limit, cursor },
          });
          t.ok(
            events.length <= most,
            `a page of ${limit} holds more than max_event_page`,
            most,
            events.length,
          );
          found.push(...events.map(({ eventId }) => eventId));
          if (!page?.hasMore || found.length > total) break;
          cursor = page.cursor;
        }
        t.equal(found.length, total, `the number of events in pages of ${limit}`);
        t.equal(new Set(found).size, total, 'the number of different events');
      }
    },
  ),
  check(
    'limits/events',
    'An event that would take a log beyond its number of events is refused, unless it ends the run',
    {
      requirements: ['WW-LIMIT-001', 'WW-LIMIT-002', 'WW-LIMIT-003', 'WW-LIMIT-011', 'WW-LOG-076'],
    },
    async (t) => {
      const most = announced(t, 'maxEvents', MOST_EVENTS);
      const run = await t.startedRun();
      await fill(t, run, most);
      t.equal((await run.log()).length, most, 'the events of a full log');
      const more: NewEventInit[] = [
        stepCreated(t.unique('step')),
        hookCreated(t.unique('hook'), t.unique('token')),
      ];
      for (const event of more)
        await t.refused(
          'one event more than a log may hold',
          () => run.write(event),
          'EVENT_LIMIT_EXCEEDED',
        );
      t.equal((await run.log()).length, most, 'the events after the refusals');
      await t.accepted('the end of a run whose log is full', () => run.write(runCompleted()));
    },
  ),
];
