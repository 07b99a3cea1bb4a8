import { ConnectError } from '@connectrpc/connect';
import { type Check, check } from '../../check.js';
import type { Context } from '../../context.js';
import { Consumer, type ConsumerOptions } from '../../fixtures/consumer.js';
import { durationFromMs } from '../../fixtures/duration.js';
import { acknowledgeAll, QUIET_MS, send, utf8 } from './support.js';

/** Longer than idle connections are left alone by default in common servers and proxies. */
const IDLE_MS = 6_500;

/** What is sent at once comes within this, however busy the machine; the quickest of several is judged. */
const SOON_MS = 2_000;

/** Who is given which messages. */
export const consumerChecks: readonly Check[] = [
  check(
    'queue/attach',
    'A consumer is told that it is attached where there is no message',
    { requirements: ['WW-QUEUE-034'] },
    async (t) => {
      const waits = await Promise.all(
        Array.from({ length: 3 }, async () => {
          const queue = t.queueName();
          const before = performance.now();
          const consumer = new Consumer(t, { queuePrefixes: [queue] });
          t.onEnd(() => consumer.close());
          await consumer.attached();
          const waited = performance.now() - before;
          t.equal(consumer.received.length, 0, 'deliveries of an empty queue');
          await send(t, queue);
          const { delivery } = await consumer.next('a message sent after the first response');
          await consumer.ack(delivery);
          return waited;
        }),
      );
      t.ok(
        Math.min(...waits) < t.scaled(SOON_MS),
        'a consumer learns late that it is attached',
        'a first response at once',
        waits.map((ms) => `${Math.round(ms)} ms later`),
      );
    },
  ),
  check(
    'queue/attach-refused',
    'A consumer without a prefix, or with a lease or a credit out of range, is refused',
    { requirements: ['WW-QUEUE-037'] },
    async (t) => {
      const queuePrefixes = [t.queueName()];
      const lease = (ms: number) => ({ queuePrefixes, lease: durationFromMs(ms) });
      const lawful: ConsumerOptions[] = [
        { queuePrefixes },
        ...[0, 1, 10_000].map((maxInFlight) => ({ queuePrefixes, maxInFlight })),
        ...[1_000, 3_600_000].map(lease),
      ];
      for (const request of lawful)
        await t.accepted('a lawful Receive', () => firstResponse(t, request));
      const unlawful: ConsumerOptions[] = [
        { queuePrefixes: [] },
        ...[-1, 10_001].map((maxInFlight) => ({ queuePrefixes, maxInFlight })),
        ...[-1_000, 0, 999, 3_600_001].map(lease),
      ];
      for (const request of unlawful)
        await t.refused(
          `a Receive with ${JSON.stringify(request, (_key, value) => (typeof value === 'bigint' ? Number(value) : value))}`,
          () => firstResponse(t, request),
          'INVALID_ARGUMENT',
        );
    },
  ),
  check(
    'queue/prefixes',
    'A consumer is given the queues that begin with one of its prefixes, and no others',
    { requirements: ['WW-QUEUE-035', 'WW-QUEUE-036'] },
    async (t) => {
      const one = t.queueName();
      const two = t.queueName();
      const mine = [one, `${one}_more`, `${two}_a_b`, `${two}_a_`];
      const others = [
        two,
        `${two}_a`,
        `${two}xaxb`,
        `${two}_axb`,
        one.slice(0, -1),
        one.toLowerCase(),
      ];
      others.push(`__wkf_workflow_x${one}`, `${two}_A_`);
      for (const queue of others) await send(t, queue);
      for (const queue of mine) await send(t, queue);
      const consumer = await t.consumer({ queuePrefixes: [one, `${two}_a_`], maxInFlight: 50 });
      for (const queue of [...others, ...mine]) await send(t, queue);
      const expected = [...mine, ...mine].sort();
      for (const _ of expected) await consumer.next('the messages of matching queues');
      await t.sleep(QUIET_MS);
      const names = consumer.received.map(({ delivery }) => delivery.queueName).sort();
      t.equal(names, expected, 'the queues of the deliveries');
      await acknowledgeAll(t, consumer);
      await clear(t, others);
    },
  ),
  check(
    'queue/credit',
    'A consumer holds no more than it asked for, and is given more when it settles',
    { requirements: ['WW-QUEUE-038', 'WW-QUEUE-039'] },
    async (t) => {
      const holds = async (maxInFlight: number, count: number) => {
        const queue = t.queueName();
        for (let index = 0; index < count; index++) await send(t, queue);
        const consumer = await t.consumer({ queuePrefixes: [queue], maxInFlight });
        let settled = 0;
        // What is settled counts from the moment at which its settlement is sent.
        const within = () =>
          t.ok(
            consumer.received.length - settled <= maxInFlight,
            'more deliveries than the credit',
            `${maxInFlight} unsettled deliveries`,
            consumer.received.length - settled,
          );
        for (let index = 0; index < count; index++) {
          const { delivery } = await consumer.next('a message for free credit');
          if (index === 0) await t.sleep(QUIET_MS);
          within();
          if (index === 1) {
            // An extension frees nothing.
            await consumer.extend(delivery, 60_000);
            await t.sleep(QUIET_MS);
            within();
          }
          settled++;
          if (index % 3 === 2) {
            // Sent back for an hour: settled as well.
            await consumer.retry(delivery, { delayMs: 3_600_000 });
          } else await consumer.ack(delivery);
          within();
        }
      };
      await Promise.all([holds(1, 6), holds(3, 12)]);
    },
  ),
  check(
    'queue/default-credit',
    'A consumer that names no credit is given 100 messages at most',
    { requirements: ['WW-QUEUE-038', 'WW-QUEUE-036'] },
    async (t) => {
      const queue = t.queueName();
      const clients = ['a', 'b', 'c', 'd'].map((name) => t.client(name));
      await Promise.all(
        Array.from({ length: 110 }, (_, index) => send(t, queue, {}, clients[index % 4])),
      );
      const consumer = await t.consumer({ queuePrefixes: [queue] });
      // Some Worlds stop earlier: what they hold has come when nothing comes any more.
      for (let count = -1; count < consumer.received.length; ) {
        count = consumer.received.length;
        await t.sleep(QUIET_MS);
      }
      t.ok(
        consumer.received.length <= 100,
        'more deliveries than the default credit',
        'at most 100 unsettled deliveries',
        consumer.received.length,
      );
      for (let index = 0; index < 110; index++) {
        const { delivery } = await consumer.next('each message');
        await consumer.ack(delivery);
      }
    },
  ),
  check(
    'queue/credit-of-each',
    'Every consumer is given as many messages as it has credit for',
    { requirements: ['WW-QUEUE-036', 'WW-QUEUE-038'] },
    async (t) => {
      const queue = t.queueName();
      const options = { queuePrefixes: [queue], maxInFlight: 2 };
      const consumers = [await t.consumer(options), await t.consumer(options)];
      // Another set of prefixes, by which Worlds may tell consumers apart.
      consumers.push(await t.consumer({ ...options, queuePrefixes: [`${queue}_`, queue] }));
      for (let index = 0; index < 6; index++) await send(t, queue);
      await t.eventually('the delivery of each message', () =>
        consumers.every(({ received }) => received.length >= 2) ? true : undefined,
      );
      await acknowledgeAll(t, ...consumers);
    },
  ),
  check(
    'queue/one-consumer-each',
    'Each message goes to one of several consumers, once',
    { requirements: ['WW-QUEUE-040', 'WW-QUEUE-039', 'WW-QUEUE-046', 'WW-QUEUE-057'] },
    async (t) => {
      const queue = t.queueName();
      const clients = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => t.client(name));
      const options = { queuePrefixes: [queue], maxInFlight: 4 };
      const consumers = await Promise.all(clients.map((api) => t.consumer({ ...options, api })));
      const count = 240;
      const all = () => consumers.flatMap(({ received }) => received);
      const sends = Promise.all(
        Array.from({ length: count }, (_, index) => send(t, queue, {}, clients[index % 6])),
      );
      const work = async (consumer: Consumer) => {
        while (new Set(all().map(({ delivery }) => delivery.messageId)).size < count) {
          if (consumer.waiting > 0) {
            const { delivery } = await consumer.next('a message');
            await t.sleep(t.random.below(4));
            t.equal((await consumer.ack(delivery)).settled, true, 'settled, in time');
          } else {
            const before = consumer.received.length + all().length;
            await t.eventually('the delivery of every message', () =>
              before < consumer.received.length + all().length || all().length >= count
                ? true
                : undefined,
            );
          }
        }
      };
      await Promise.all([sends, ...consumers.map(work)]);
      await t.sleep(QUIET_MS);
      const distinct = (field: 'messageId' | 'leaseId') =>
        new Set(all().map(({ delivery }) => delivery[field])).size;
      t.equal(all().length, count, 'the number of deliveries');
      t.equal(distinct('messageId'), count, 'the number of messages among the deliveries');
      t.equal(distinct('leaseId'), count, 'the number of leases');
      await acknowledgeAll(t, ...consumers);
    },
  ),
  check(
    'queue/deployments-apart',
    'A message for a deployment waits for a consumer of it, one for none goes to any',
    { requirements: ['WW-QUEUE-041', 'WW-QUEUE-042', 'WW-QUEUE-043'] },
    async (t) => {
      const queue = t.queueName();
      const [first, second] = [t.unique('dpl'), t.unique('dpl')];
      const attach = (deploymentId: string, maxInFlight: number) =>
        t.consumer({ queuePrefixes: [queue], deploymentId, maxInFlight });
      const texts = ({ received }: Consumer) =>
        received.map(({ delivery }) => new TextDecoder().decode(delivery.body)).sort();
      for (const deploymentId of [second, first, `${first}x`, ''])
        await send(t, queue, { deploymentId, body: utf8(`${deploymentId}, before`) });
      const one = await attach(first, 2);
      const none = await attach('', 1);
      for (const deploymentId of [second, ''])
        await send(t, queue, { deploymentId, body: utf8(`${deploymentId}, after`) });
      await one.next('a message of the deployment');
      await one.next('a message of no deployment');
      await none.next('a message of no deployment, for a consumer of none');
      await t.sleep(QUIET_MS);
      const shared = [...texts(one), ...texts(none)].sort();
      t.equal(shared, [', after', ', before', `${first}, before`].sort(), 'what came');
      t.ok(texts(one).includes(`${first}, before`), 'the deployment is given its message');
      await acknowledgeAll(t, one, none);
      const late = await attach(second, 10);
      await late.next('a message that waited for its deployment');
      await late.next('a message that waited for its deployment');
      await t.sleep(QUIET_MS);
      t.equal(texts(late), [`${second}, after`, `${second}, before`].sort(), 'what had waited');
      t.equal([...texts(one), ...texts(none)].length, 3, 'what came to the others');
      await acknowledgeAll(t, late);
      await clear(t, [queue], `${first}x`);
    },
  ),
  check(
    'queue/other-queue-full',
    'Messages that nobody may take do not stand in the way of others',
    { requirements: ['WW-QUEUE-074', 'WW-QUEUE-036'] },
    async (t) => {
      const [full, other] = [t.queueName(), t.queueName()];
      const deploymentId = t.unique('dpl');
      const clients = ['a', 'b', 'c', 'd'].map((name) => t.client(name));
      await Promise.all(
        Array.from({ length: 120 }, (_, index) =>
          send(t, full, { deploymentId }, clients[index % 4]),
        ),
      );
      const consumer = await t.consumer({ queuePrefixes: [full, other] });
      for (const queue of [other, full]) {
        const { messageId } = await send(t, queue);
        const { delivery } = await consumer.next('a message beside those that nobody takes');
        t.equal(delivery.messageId, messageId, 'the message that is delivered');
        await consumer.ack(delivery);
      }
      await clear(t, [full], deploymentId);
    },
  ),
  check(
    'queue/open-while-idle',
    'An idle stream stays open and still delivers',
    { requirements: ['WW-QUEUE-045'] },
    async (t) => {
      const queue = t.queueName();
      const consumer = await t.consumer({ queuePrefixes: [queue] });
      await t.sleep(IDLE_MS);
      t.equal(consumer.ended, undefined, 'the end of an idle stream');
      await send(t, queue);
      const { delivery } = await consumer.next('a message after a long silence');
      await consumer.ack(delivery);
    },
  ),
  check(
    'queue/signs-of-life',
    'An idle stream sends a sign of life at least every 10 seconds',
    { requirements: ['WW-QUEUE-044'] },
    async (t) => {
      const abort = new AbortController();
      const timer = setTimeout(() => abort.abort(), t.scaled(11_000));
      let count = 0;
      const request = { queuePrefixes: [t.queueName()] };
      try {
        const options = { signal: abort.signal, timeoutMs: 0 };
        for await (const _ of t.api.queue.receive(request, options)) if (++count === 2) break;
      } catch (error) {
        if (!abort.signal.aborted) throw error;
      } finally {
        clearTimeout(timer);
        abort.abort();
      }
      t.ok(
        count >= 2,
        'no sign of life',
        'a second response within 10 seconds',
        `${count} responses`,
      );
    },
  ),
];

/** Attaches, waits for the first response, and goes away. */
async function firstResponse(
  t: Context,
  { api: _api, ...request }: ConsumerOptions,
): Promise<void> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), t.scaled(20_000));
  try {
    for await (const _ of t.api.queue.receive(request, { signal: abort.signal, timeoutMs: 0 })) {
      return;
    }
    throw new ConnectError('Receive ended without a response');
  } finally {
    clearTimeout(timer);
    abort.abort();
  }
}

/** Takes away what no consumer of the check took. */
async function clear(t: Context, queuePrefixes: string[], deploymentId = ''): Promise<void> {
  const consumer = await t.consumer({ queuePrefixes, deploymentId, maxInFlight: 500 });
  await t.sleep(QUIET_MS);
  await acknowledgeAll(t, consumer);
}
