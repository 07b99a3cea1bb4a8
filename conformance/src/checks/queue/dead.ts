import { type DeadMessage, type Delivery, type QueueInfo, SortOrder } from '@worldwire/proto';
import { type Check, check } from '../../check.js';
import type { Context } from '../../context.js';
import type { Consumer } from '../../fixtures/consumer.js';
import { NotTestable } from '../../outcome.js';
import { attend, delivered, LONG_LEASE, millisOf, nothingElse, QUIET_MS, send } from './support.js';

/** More failures than any World takes that a check can wait for. */
const MOST_FAILURES = 2_000;

/** How long a message may take to die before the check gives up on it. */
const DYING_MS = 30_000;

/** What operators see of queues: dead messages, their revival, and counts. */
export const deadChecks: readonly Check[] = [
  check(
    'queue/dead-listed',
    'A message that used up its attempts is listed as dead, with what is known of it',
    {
      requirements: ['WW-QUEUE-075', 'WW-QUEUE-076'],
      capabilities: ['QUEUE_ADMIN'],
    },
    async (t) => {
      const [one, two] = [await attend(t), await attend(t)];
      for (const { queue } of [one, two])
        t.equal(await deadOf(t, queue), [], 'the dead of a queue where nothing has died');
      const last = await Promise.all([bury(t, one), bury(t, two, 'another failure')]);
      const expected = [
        { ...one, last: last[0]!, error: 'it broke' },
        { ...two, last: last[1]!, error: 'another failure' },
      ];
      for (const { queue, consumer, last: delivery, error } of expected) {
        const dead = await deadOf(t, queue);
        t.equal(
          dead.map(({ messageId, queueName, attempts, enqueuedAt, lastError }) => ({
            messageId,
            queueName,
            attempts,
            enqueuedAt,
            lastError,
          })),
          [
            {
              messageId: delivery.messageId,
              queueName: queue,
              attempts: delivery.attempt,
              enqueuedAt: delivery.enqueuedAt,
              lastError: error,
            },
          ],
          'the dead messages of the queue',
        );
        t.ok(
          millisOf(dead[0]?.diedAt) >= millisOf(delivery.enqueuedAt),
          'died_at lies before enqueued_at',
          delivery.enqueuedAt,
          dead[0],
        );
        await nothingElse(t, consumer, queue, 'a dead message is not delivered');
      }
      const all = (await deadOf(t, '')).map(({ messageId }) => messageId);
      for (const { messageId } of last)
        t.equal(all.filter((id) => id === messageId).length, 1, 'the dead message among all');
    },
  ),
  check(
    'queue/revived',
    'A revived message is delivered under its old id from attempt 1, and only the dead are counted',
    {
      requirements: ['WW-QUEUE-077', 'WW-QUEUE-078', 'WW-QUEUE-076'],
      capabilities: ['QUEUE_ADMIN'],
    },
    async (t) => {
      const { queue, consumer } = await attend(t);
      const last = await dying(t, { queue, consumer });
      const other = await attend(t);
      const { messageId: leased } = await send(t, other.queue);
      const { delivery: held } = await delivered(t, other.consumer);
      await t.sleep(QUIET_MS);
      t.equal(consumer.waiting, 0, 'deliveries of a dead message');
      const { messageId } = last;
      const revive = async (...messageIds: string[]) => {
        const { revived } = await t.accepted('a revival', () =>
          t.api.queue.reviveMessages({ messageIds }),
        );
        return revived;
      };
      t.equal(await revive('msg_unknown', leased), 0, 'revived, of ids that are not dead');
      t.equal(await revive('msg_unknown', messageId, leased), 1, 'revived, of one dead message');
      t.equal(await revive(messageId), 0, 'revived, of one that was revived already');
      t.equal(await deadOf(t, queue), [], 'the dead messages after the revival');
      const { delivery } = await consumer.next('the revived message');
      t.equal(delivery.messageId, messageId, 'the id of the revived message');
      t.equal(delivery.attempt, 1, 'the attempt of the revived message');
      t.equal(delivery.body, last.body, 'the body of the revived message');
      await consumer.retry(delivery, { delayMs: 0, error: 'it broke' });
      const { delivery: again } = await consumer.next('the revived message after a failure');
      t.equal(again.attempt, 2, 'the attempt after a failure');
      await consumer.ack(again);
      t.equal((await other.consumer.ack(held)).settled, true, 'settled, of the other message');
      await nothingElse(t, consumer, queue, 'the revived message is done with');
    },
  ),
  check(
    'queue/dead-key',
    'A dead message leaves its key free',
    { requirements: ['WW-QUEUE-032'], capabilities: ['QUEUE_ADMIN'] },
    async (t) => {
      const { queue, consumer } = await attend(t);
      const idempotencyKey = t.unique('key');
      const dead = await dying(t, { queue, consumer }, 'it broke', idempotencyKey);
      const { messageId, deduplicated } = await t.accepted('a message with a dead one’s key', () =>
        t.api.queue.enqueue({ message: { queueName: queue, idempotencyKey } }),
      );
      t.equal(deduplicated, false, 'deduplicated');
      t.ok(messageId !== dead.messageId, 'the message has an id of its own');
      const { delivery } = await consumer.next('the message with a dead one’s key');
      t.equal(delivery.messageId, messageId, 'the id of the delivery');
      await consumer.ack(delivery);
    },
  ),
  check(
    'queue/counts',
    'A queue is listed with each of its messages in one of four counts',
    { requirements: ['WW-QUEUE-079'], capabilities: ['QUEUE_ADMIN'] },
    async (t) => {
      const { queue, consumer } = await attend(t, { lease: LONG_LEASE });
      const counts = async () => {
        const found = (await queuesOf(t)).filter(({ queueName }) => queueName === queue);
        t.ok(found.length <= 1, 'a queue is listed once', '', found);
        const { ready, delayed, leased, dead } = found[0] ?? {};
        return [ready, delayed, leased, dead].map(Number);
      };
      await dying(t, { queue, consumer });
      t.equal(await counts(), [0, 0, 0, 1], 'ready, delayed, leased and dead: after a death');
      for (let count = 0; count < 3; count++) await send(t, queue, { delay: { seconds: 3_600n } });
      const deploymentId = t.unique('dpl');
      for (let count = 0; count < 4; count++) await send(t, queue, { deploymentId });
      t.equal(await counts(), [4, 3, 0, 1], 'ready, delayed, leased and dead: after seven sends');
      for (let count = 0; count < 2; count++) await send(t, queue);
      const { delivery } = await delivered(t, consumer);
      const { delivery: later } = await delivered(t, consumer);
      t.equal(await counts(), [4, 3, 2, 1], 'ready, delayed, leased and dead: with two leases');
      await consumer.retry(later, { delayMs: 3_600_000 });
      await consumer.extend(delivery, 60_000);
      t.equal(await counts(), [4, 4, 1, 1], 'ready, delayed, leased and dead: after a retry');
      await consumer.ack(delivery);
      t.equal(await counts(), [4, 4, 0, 1], 'ready, delayed, leased and dead: at the end');
      const others = await t.consumer({ queuePrefixes: [queue], deploymentId });
      for (let count = 0; count < 4; count++)
        await others.ack((await delivered(t, others)).delivery);
    },
  ),
  check(
    'queue/counts-at-one-moment',
    'Counts add up while messages go from one to another',
    { requirements: ['WW-QUEUE-079'], capabilities: ['QUEUE_ADMIN'] },
    async (t) => {
      const { queue, consumer } = await attend(t, { lease: LONG_LEASE });
      const size = 6;
      for (let count = 0; count < size; count++) await send(t, queue);
      let over = false;
      const circulate = async () => {
        for (let count = 0; count < 300; count++) {
          const { delivery } = await delivered(t, consumer);
          await consumer.retry(delivery, { delayMs: t.random.pick([0, 0, 3]) });
        }
        over = true;
      };
      const look = async () => {
        const lister = t.client('lister');
        while (!over) {
          const found = (await queuesOf(t, lister)).find(({ queueName }) => queueName === queue);
          const { ready = 0n, delayed = 0n, leased = 0n, dead = 0n } = found ?? {};
          t.equal(
            Number(ready + delayed + leased + dead),
            size,
            'the messages of the queue in all',
          );
        }
      };
      await Promise.all([circulate(), look()]);
      for (let count = 0; count < size; count++)
        await consumer.ack((await delivered(t, consumer)).delivery);
    },
  ),
  check(
    'queue/queues-in-order',
    'Queues are listed in the order in which they were first sent to',
    { requirements: ['WW-QUEUE-080'], capabilities: ['QUEUE_ADMIN'] },
    async (t) => {
      const prefix = t.queueName();
      const names = ['m', 'z', 'a', 'Z', 'k'].map((suffix) => `${prefix}_${suffix}`);
      for (const name of [...names, names[2]!, names[0]!]) await send(t, name);
      const listed = (await queuesOf(t)).map(({ queueName }) => queueName);
      t.equal(
        listed.filter((name) => names.includes(name)),
        names,
        'the queues',
      );
      const consumer = await t.consumer({ queuePrefixes: [prefix] });
      for (let count = 0; count < 7; count++)
        await consumer.ack((await delivered(t, consumer)).delivery);
    },
  ),
];

/** Fails a message until it is dead; returns its last delivery. */
async function bury(
  t: Context,
  { queue, consumer }: { queue: string; consumer: Consumer },
  error = 'it broke',
  idempotencyKey?: string,
): Promise<Delivery> {
  await send(t, queue, idempotencyKey === undefined ? {} : { idempotencyKey });
  const until = performance.now() + t.scaled(DYING_MS);
  for (let failures = 1; failures <= MOST_FAILURES && performance.now() < until; failures++) {
    const { delivery } = await consumer.next('the message that fails');
    await consumer.retry(delivery, { delayMs: 0, error });
    // What comes again comes at once; only where it does not is the list worth a look.
    await new Promise((resolve) => setTimeout(resolve, 1));
    const died = await t.eventually('another delivery, or its place among the dead', async () => {
      if (consumer.waiting > 0) return false;
      const dead = await deadOf(t, queue);
      return dead.some(({ messageId }) => messageId === delivery.messageId) ? true : undefined;
    });
    if (died) return delivery;
  }
  throw new NotTestable('the message does not die in time');
}

/** A dead message, as what a check stands on. */
function dying(...args: Parameters<typeof bury>): Promise<Delivery> {
  return args[0].given('a dead message', () => bury(...args));
}

/** Every dead message of a queue, oldest first; of all queues where none is named. */
async function deadOf(t: Context, queueName: string): Promise<DeadMessage[]> {
  const dead: DeadMessage[] = [];
  for (let cursor = ''; ; ) {
    const page = { cursor, sortOrder: SortOrder.ASCENDING };
    const answer = await t.api.queue.listDeadMessages({ queueName, page });
    dead.push(...answer.messages);
    if (!answer.page?.hasMore) return dead;
    cursor = answer.page.cursor;
  }
}

/** Every queue. */
async function queuesOf(t: Context, api = t.api): Promise<QueueInfo[]> {
  const queues: QueueInfo[] = [];
  for (let cursor = ''; ; ) {
    const answer = await api.queue.listQueues({ page: { cursor } });
    queues.push(...answer.queues);
    if (!answer.page?.hasMore) return queues;
    cursor = answer.page.cursor;
  }
}
