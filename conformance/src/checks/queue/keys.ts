import { type Check, check } from '../../check.js';
import type { Context } from '../../context.js';
import { durationFromMs } from '../../fixtures/duration.js';
import {
  acknowledgeAll,
  attend,
  delivered,
  LONG_LEASE,
  nothingElse,
  QUIET_MS,
  send,
  utf8,
} from './support.js';

/** Idempotency keys: what is wished for twice is sent once, until it is done with. */
export const keyChecks: readonly Check[] = [
  check(
    'queue/key-undelivered',
    'A key whose message is undelivered suppresses another one',
    { requirements: ['WW-QUEUE-024', 'WW-QUEUE-030'] },
    async (t) => {
      const ready = t.queueName();
      const delayed = t.queueName();
      const keys = [t.unique('key'), t.unique('key')] as const;
      const delay = durationFromMs(500);
      for (const [queue, idempotencyKey, first] of [
        [ready, keys[0], {}],
        [delayed, keys[1], { delay }],
      ] as const) {
        const { deduplicated } = await send(t, queue, { ...first, idempotencyKey });
        t.equal(deduplicated, false, 'deduplicated, of the first message');
        for (const body of ['second', 'third'])
          await send(t, queue, { idempotencyKey, body: utf8(body) });
      }
      const consumers = await Promise.all(
        [ready, delayed].map((queue) => t.consumer({ queuePrefixes: [queue] })),
      );
      for (const [index, consumer] of consumers.entries()) {
        const { delivery } = await delivered(t, consumer);
        t.equal(delivery.idempotencyKey, keys[index], 'the key of what is delivered');
      }
      await t.sleep(QUIET_MS + 500);
      await acknowledgeAll(t, ...consumers);
      await nothingElse(t, consumers[0]!, ready, 'one key is delivered once');
      await nothingElse(t, consumers[1]!, delayed, 'one key is delivered once');
    },
  ),
  check(
    'queue/key-leased',
    'A key whose message is leased suppresses another one, for good',
    { requirements: ['WW-QUEUE-025'] },
    async (t) => {
      const { queue, consumer } = await attend(t);
      const idempotencyKey = t.unique('key');
      await send(t, queue, { idempotencyKey });
      const { delivery } = await delivered(t, consumer);
      await send(t, queue, { idempotencyKey });
      await send(t, queue, { idempotencyKey, delay: durationFromMs(200) });
      await t.sleep(QUIET_MS);
      t.equal(consumer.waiting, 0, 'deliveries while the first is leased');
      await consumer.ack(delivery);
      await nothingElse(t, consumer, queue, 'what was sent while the first was leased never comes');
    },
  ),
  check(
    'queue/key-is-free-again',
    'A key is free as soon as its message is acknowledged',
    { requirements: ['WW-QUEUE-026', 'WW-QUEUE-030'] },
    async (t) => {
      const { queue, consumer } = await attend(t);
      const idempotencyKey = t.unique('key');
      const ids = new Set<string>();
      for (let round = 0; round < 4; round++) {
        const body = utf8(`round ${round}`);
        const { deduplicated } = await t.accepted('a message with a key that is free', () =>
          t.api.queue.enqueue({ message: { queueName: queue, idempotencyKey, body } }),
        );
        t.equal(deduplicated, false, 'deduplicated, after the acknowledgement');
        const { delivery } = await consumer.next('a message with a key that is free');
        t.equal(delivery.body, body, 'the body of what is delivered');
        ids.add(delivery.messageId);
        // Duplicates meanwhile must not keep the key taken.
        await send(t, queue, { idempotencyKey });
        t.equal((await consumer.ack(delivery)).settled, true, 'settled');
      }
      t.equal(ids.size, 4, 'the number of messages');
    },
  ),
  check(
    'queue/key-over-retries',
    'A key stays taken while its message waits for a retry, and over the loss of its consumer',
    { requirements: ['WW-QUEUE-027', 'WW-QUEUE-024'] },
    async (t) => {
      const duplicate = (queue: string, idempotencyKey: string) =>
        send(t, queue, { idempotencyKey, body: utf8('duplicate') });
      const retried = async (error: string) => {
        const { queue, consumer } = await attend(t);
        const idempotencyKey = t.unique('key');
        const { messageId } = await send(t, queue, { idempotencyKey });
        for (const delayMs of [400, 0]) {
          const { delivery } = await delivered(t, consumer);
          t.equal(delivery.messageId, messageId, 'what is delivered');
          await consumer.retry(delivery, { delayMs, error });
          await duplicate(queue, idempotencyKey);
        }
        const { delivery } = await delivered(t, consumer);
        t.equal(delivery.messageId, messageId, 'what is delivered after retries');
        await consumer.ack(delivery);
        await nothingElse(t, consumer, queue, 'a key stays taken over retries');
      };
      const lost = async () => {
        const { queue, consumer } = await attend(t, { lease: LONG_LEASE });
        const idempotencyKey = t.unique('key');
        const { messageId } = await send(t, queue, { idempotencyKey });
        await delivered(t, consumer);
        await consumer.close();
        await duplicate(queue, idempotencyKey);
        const next = await t.consumer({ queuePrefixes: [queue] });
        const { delivery } = await delivered(t, next);
        t.equal(delivery.messageId, messageId, 'what is delivered after its consumer was lost');
        await duplicate(queue, idempotencyKey);
        await next.ack(delivery);
        await nothingElse(t, next, queue, 'a key stays taken over the loss of a consumer');
      };
      await Promise.all([retried(''), retried('it broke'), lost()]);
    },
  ),
  check(
    'queue/key-race',
    'Of many messages with one key that are sent at once, exactly one is delivered',
    { requirements: ['WW-QUEUE-028'] },
    async (t) => {
      const clients = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => t.client(name));
      const queue = t.queueName();
      const attended = await attend(t, { maxInFlight: 100 });
      const race = async (queueName: string, keys: readonly string[], withinMs: number) => {
        const sends = keys.flatMap((idempotencyKey) =>
          clients.map((api) => async () => {
            if (withinMs > 0) await t.sleep(t.random.below(withinMs));
            await send(t, queueName, { idempotencyKey }, api);
          }),
        );
        await Promise.all(sends.map((one) => one()));
      };
      const [keys, others] = [keysOf(t, 20), keysOf(t, 20)];
      await race(queue, keys, 0);
      // Some come while the first is on its way to its consumer, and some while it is leased.
      for (const key of others) await race(attended.queue, [key], 12);
      const waiting = await t.consumer({ queuePrefixes: [queue], maxInFlight: 100 });
      for (const [consumer, sent] of [
        [waiting, keys],
        [attended.consumer, others],
      ] as const) {
        const counts = () => {
          const held = consumer.received.map(({ delivery }) => delivery.idempotencyKey);
          return sent.map((key) => held.filter((each) => each === key).length);
        };
        await t.eventually('the delivery of each key', () =>
          counts().every((count) => count > 0) ? true : undefined,
        );
        await t.sleep(QUIET_MS);
        t.equal(
          counts(),
          sent.map(() => 1),
          'the deliveries of each key',
        );
      }
      await acknowledgeAll(t, waiting, attended.consumer);
      await t.sleep(QUIET_MS);
      t.equal(waiting.received.length, keys.length, 'the deliveries in all');
      t.equal(attended.consumer.received.length, keys.length, 'the deliveries in all');
    },
  ),
  check(
    'queue/key-answer',
    'A suppressed message is answered with the id of the one that stands for it',
    { requirements: ['WW-QUEUE-029'] },
    async (t) => {
      const { queue, consumer } = await attend(t);
      const idempotencyKey = t.unique('key');
      const first = await send(t, queue, { idempotencyKey, delay: durationFromMs(300) });
      const expected = { ...first, deduplicated: true };
      t.equal(await send(t, queue, { idempotencyKey }), expected, 'the answer while delayed');
      const { delivery } = await delivered(t, consumer);
      t.equal(await send(t, queue, { idempotencyKey }), expected, 'the answer while leased');
      await consumer.ack(delivery);
    },
  ),
  check(
    'queue/keys-of-queues',
    'Two queues may each hold a message with one key',
    { requirements: ['WW-QUEUE-031'] },
    async (t) => {
      const one = await attend(t);
      const two = await attend(t);
      const idempotencyKey = t.unique('key');
      for (const { queue } of [one, two]) await send(t, queue, { idempotencyKey });
      for (const { queue, consumer } of [one, two]) {
        const { delivery } = await consumer.next('the message of each queue');
        t.equal(delivery.queueName, queue, 'the queue');
        await consumer.ack(delivery);
      }
    },
  ),
];

/** Keys that no other queue has. */
function keysOf(t: Context, count: number): string[] {
  return Array.from({ length: count }, () => t.unique('key'));
}
