import { type Check, check } from '../../check.js';
import type { Context } from '../../context.js';
import * as events from '../../fixtures/new-event.js';
import type { RunHandle } from '../../fixtures/run-handle.js';
import { proxyOf } from '../../histories/seat.js';

const MESSAGES = 50;

/**
 * Cuts in one check: enough to meet deliveries, settlements and the pauses between them. Each life of a client has a
 * proxy of its own, as clients may keep what was cut a moment too long.
 */
const CUTS = 4;

/** A watch that brings nothing new for so long hangs. */
const WATCH_MS = 40_000;

/** A lease that ends within no check. */
const LEASE = { seconds: 3_600n } as const;

/** Connections that go silent or break while others work. */
export const connectionChecks: readonly Check[] = [
  check(
    'faults/stalled-reader-holds-up-nobody',
    'While the connections of a reader and of a consumer are silent, others read, write and receive',
    {
      requirements: [
        'WW-STREAM-044',
        'WW-STREAM-045',
        'WW-STREAM-032',
        'WW-QUEUE-036',
        'WW-QUEUE-038',
      ],
    },
    async (t) => {
      const proxy = await proxyOf(t);
      const silent = t.client('silent', { baseUrl: proxy.url });
      const stream = { runId: t.unique('wrun_hc'), name: t.unique('strm') };
      const queue = t.queueName();
      const slow = t.reader({ ...stream, api: silent });
      const stuck = await t.consumer({
        api: silent,
        queuePrefixes: [queue],
        maxInFlight: 2,
        lease: LEASE,
      });
      await t.given('an attached reader', () => slow.attached());
      const consumer = await t.consumer({ queuePrefixes: [queue], maxInFlight: 4, lease: LEASE });
      const quick = t.reader(stream);
      await t.given('an attached reader', () => quick.attached());
      proxy.stall();

      const expected: string[] = [];
      const sent = new Set<string>();
      // More than sockets and their buffers hold.
      for (let round = 0; round < 24; round++) {
        const chunks = Array.from({ length: 8 }, (_, at) => `${round}.${at}`.padEnd(65_536, '.'));
        expected.push(...chunks);
        await t.accepted('an append beside a silent reader', () =>
          t.api.streams.append({ ...stream, chunks: chunks.map(bytes) }),
        );
        const { messageId } = await t.accepted('a message beside a silent consumer', () =>
          t.api.queue.enqueue({ message: { queueName: queue, body: bytes(`${round}`) } }),
        );
        sent.add(messageId);
      }
      // The silent consumer may hold as many as it has credit for, and no more.
      const received = new Set<string>();
      while (received.size < sent.size - 2) {
        const { delivery } = await consumer.next('a message that the silent consumer cannot hold');
        received.add(delivery.messageId);
        await consumer.ack(delivery);
      }
      await quick.count(expected.length);
      t.equal(quick.texts, expected, 'what the other reader saw');

      proxy.resume();
      await slow.count(expected.length);
      t.equal(slow.texts, expected, 'what the silent reader saw when it went on');
      while (received.size < sent.size) {
        const [from, held] = await t.eventually('the messages that the silent consumer held', () =>
          stuck.waiting > 0
            ? ([stuck, 'held'] as const)
            : consumer.waiting > 0
              ? ([consumer, 'passed on'] as const)
              : undefined,
        );
        const { delivery } = await from.next(`a message that was ${held}`);
        received.add(delivery.messageId);
        await from.ack(delivery);
      }
      t.equal([...received].sort(), [...sent].sort(), 'the messages that came');
      await t.api.streams.close(stream);
      await slow.toEnd();
      t.equal(slow.texts, expected, 'what the silent reader saw to the end');
    },
  ),
  check(
    'faults/cut-connections-lose-nothing',
    'Over breaking connections each message comes until it is acknowledged, and a read has no gap',
    { requirements: ['WW-QUEUE-001', 'WW-QUEUE-052', 'WW-QUEUE-057', 'WW-STREAM-043'] },
    async (t) => {
      const stream = { runId: t.unique('wrun_hc'), name: t.unique('strm') };
      const queue = t.queueName();
      const sent = new Map<string, string>();
      for (let number = 1; number <= MESSAGES; number++) {
        const { messageId } = await t.given('an accepted message', () =>
          t.api.queue.enqueue({ message: { queueName: queue, body: bytes(`m${number}`) } }),
        );
        sent.set(messageId, `m${number}`);
      }
      const written: string[] = [];
      const worked = async () => {
        await work(t, queue, sent, async (tag) => {
          written.push(tag);
          await t.given('an append', () =>
            t.api.streams.append({ ...stream, chunks: [bytes(tag)] }),
          );
        });
        await t.given('the closing', () => t.api.streams.close(stream));
      };
      const [chunks] = await Promise.all([followStream(t, stream), worked()]);
      t.equal(chunks, written, 'what reads saw that were cut off and went on');
    },
  ),
  check(
    'faults/cut-watches-lose-nothing',
    'Watches that are cut off and go on behind their last event bring each event once',
    { requirements: ['WW-LOG-070', 'WW-LOG-072'], capabilities: ['WATCH_EVENTS', 'POSITIONS'] },
    async (t) => {
      const run = await t.startedRun();
      const write = async () => {
        for (let step = 1; step <= 60; step++) await run.given(events.stepCreated(`step_${step}`));
        await run.given(events.runCompleted());
      };
      const [seen] = await Promise.all([followLog(t, run), write()]);
      const logged = (await run.log()).map(({ eventId }) => eventId);
      t.equal(seen, logged, 'what the watches brought');
    },
  ),
];

/** Works through the messages of a queue over connections that break, until all are acknowledged. */
async function work(
  t: Context,
  queue: string,
  sent: ReadonlyMap<string, string>,
  does: (tag: string) => Promise<void>,
): Promise<void> {
  const acknowledged = new Set<string>();
  for (let life = 0; acknowledged.size < sent.size; life++) {
    const proxy = await proxyOf(t);
    const api = t.client(`consumer ${life + 1}`, { baseUrl: proxy.url });
    const consumer = await t.consumer({
      api,
      queuePrefixes: [queue],
      maxInFlight: 5,
      lease: LEASE,
    });
    const fatal = life < CUTS ? 3 + t.random.below(8) : Number.POSITIVE_INFINITY;
    for (let taken = 0; acknowledged.size < sent.size; taken++) {
      const { delivery } = await consumer.next('a message that nobody has acknowledged');
      const tag = sent.get(delivery.messageId);
      if (tag === undefined)
        t.fail('a message came that was not sent', 'one of the messages', delivery);
      t.ok(
        !acknowledged.has(delivery.messageId),
        'a message came again whose acknowledgement was answered',
        'never again',
        delivery,
      );
      await does(tag);
      if (taken === fatal) {
        proxy.cut();
        break;
      }
      // Settled over a connection of its own: the cut of the stream says nothing of settlements.
      const settlements = [
        { leaseId: delivery.leaseId, action: { case: 'ack' as const, value: {} } },
      ];
      const { results } = await t.api.queue.settle({ settlements });
      if (results[0]?.settled) acknowledged.add(delivery.messageId);
    }
    await consumer.close();
  }
}

/** Reads a stream to its end over connections that break, each read from where the last one ended. */
async function followStream(
  t: Context,
  stream: { runId: string; name: string },
): Promise<readonly string[]> {
  const seen: string[] = [];
  let over = false;
  t.onEnd(() => {
    over = true;
  });
  for (let life = 0; !over; life++) {
    const proxy = await proxyOf(t);
    const api = t.client(`reader ${life + 1}`, { baseUrl: proxy.url });
    const reader = t.reader({ ...stream, api, startIndex: BigInt(seen.length) });
    const wanted = life < CUTS ? 1 + t.random.below(10) : Number.POSITIVE_INFINITY;
    await t.eventually('chunks, or the end', () =>
      reader.chunks.length >= wanted || reader.ended !== undefined ? true : undefined,
    );
    if (reader.ended === undefined) proxy.cut();
    await t.eventually('the end of a read', () => (reader.ended ? true : undefined));
    seen.push(...reader.texts);
    if (reader.done) return seen;
    if (life >= CUTS && reader.ended?.error !== undefined) throw reader.ended.error;
    if (reader.ended?.error === undefined)
      t.fail('a read ended without done and without an error', 'a cut or done', 'a clean end');
  }
  return seen;
}

/** Follows a log to the end of its run over connections that break, each watch from where the last one ended. */
async function followLog(t: Context, run: RunHandle): Promise<readonly string[]> {
  const seen: string[] = [];
  let afterPosition = 0n;
  for (let life = 0; ; life++) {
    const proxy = await proxyOf(t);
    const { events: service } = t.client(`watcher ${life + 1}`, { baseUrl: proxy.url });
    const wanted = life < 2 * CUTS ? 1 + t.random.below(8) : Number.POSITIVE_INFINITY;
    let came = 0;
    try {
      const request = { runId: run.id, afterPosition };
      const deadline = { timeoutMs: t.scaled(WATCH_MS) };
      for await (const { events: more } of service.watchEvents(request, deadline)) {
        for (const { eventId, position } of more) {
          seen.push(eventId);
          afterPosition = position;
        }
        came += more.length;
        if (came >= wanted) proxy.cut();
      }
      return seen;
    } catch (error) {
      if (came < wanted) throw error;
    }
  }
}

function bytes(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}
