import { type Check, check } from '../../check.js';
import type { Context } from '../../context.js';
import { attend, delivered, nothingElse, send, utf8 } from './support.js';

/** How long a check waits for a World that lets no failure pass quickly. */
const TOO_LONG_MS = 20_000;

/** What a failing message is told by, and what it does to others. */
export const attemptChecks: readonly Check[] = [
  check(
    'queue/attempts',
    'Attempts count from 1, and one more after each failure',
    { requirements: ['WW-QUEUE-066', 'WW-QUEUE-067'] },
    async (t) => {
      const { queue, consumer } = await attend(t);
      const attempts: number[] = [];
      const { messageId } = await send(t, queue);
      for (let count = 0; count < 4; count++) {
        const { delivery } = await delivered(t, consumer);
        t.equal(delivery.messageId, messageId, 'the message that comes again');
        attempts.push(delivery.attempt);
        if (count === 3) await consumer.ack(delivery);
        // Once with a backoff, as the count must not hang on the delay.
        else
          await consumer.retry(delivery, {
            error: 'it broke',
            ...(count === 0 ? {} : { delayMs: 0 }),
          });
      }
      t.equal(attempts, [1, 2, 3, 4], 'the attempts');
      await send(t, queue);
      const { delivery } = await delivered(t, consumer);
      t.equal(delivery.attempt, 1, 'the first attempt of another message');
      await consumer.ack(delivery);
    },
  ),
  check(
    'queue/attempts-asked-for',
    'A message that its consumer asked for again counts from 1',
    { requirements: ['WW-QUEUE-069'] },
    async (t) => {
      const { queue, consumer } = await attend(t);
      await send(t, queue);
      const attempts: number[] = [];
      for (const error of ['', 'it broke', '', 'it broke', 'ack']) {
        const { delivery } = await delivered(t, consumer);
        attempts.push(delivery.attempt);
        if (error === 'ack') await consumer.ack(delivery);
        else await consumer.retry(delivery, { delayMs: 0, error });
      }
      t.equal(attempts, [1, 1, 2, 1, 2], 'the attempts');
    },
  ),
  check(
    'queue/backoff',
    'A message that keeps failing waits longer and longer',
    { requirements: ['WW-QUEUE-071'] },
    async (t) => {
      const waits = await Promise.all(
        Array.from({ length: 3 }, async () => {
          const { queue, consumer } = await attend(t);
          await send(t, queue);
          let { delivery } = await delivered(t, consumer);
          const each: number[] = [];
          for (let count = 0; count < 2; count++) {
            const before = performance.now();
            await consumer.retry(delivery, { error: 'it broke' });
            const again = await consumer.next('the message that failed');
            each.push(again.at - before);
            ({ delivery } = again);
          }
          await consumer.ack(delivery);
          return each;
        }),
      );
      // Over several messages, as Worlds may add chance to each wait.
      const [first, second] = [0, 1].map((nth) => waits.reduce((sum, each) => sum + each[nth]!, 0));
      t.ok(
        second! > first! * 1.1,
        'the second wait is not longer than the first',
        'longer waits after each failure',
        waits.map((each) => each.map((ms) => `${Math.round(ms)} ms`).join(', then ')),
      );
    },
  ),
  check(
    'queue/48-deliveries',
    'A failing message is delivered 48 times at least',
    { requirements: ['WW-QUEUE-072'] },
    async (t) => {
      const { queue, consumer } = await attend(t);
      await send(t, queue);
      const until = performance.now() + t.scaled(TOO_LONG_MS);
      for (let count = 1; ; count++) {
        const { delivery } = await consumer.next(`delivery ${count}`);
        if (count === 48) {
          await consumer.ack(delivery);
          return;
        }
        if (performance.now() > until) {
          await consumer.ack(delivery);
          t.notApplicable(
            `the World takes ${TOO_LONG_MS} ms for ${count} failures: too long to count on`,
          );
        }
        await consumer.retry(delivery, { delayMs: 0, error: 'it broke' });
      }
    },
  ),
  check(
    'queue/others-go-on',
    'One failing message keeps no other one back',
    { requirements: ['WW-QUEUE-073'] },
    async (t) => {
      await Promise.all([
        othersGoOn(t, {}),
        othersGoOn(t, { delayMs: 0 }),
        othersGoOn(t, { delayMs: 100 }),
      ]);
    },
  ),
];

/** A message that fails each time before others, for a consumer that takes one at a time. */
async function othersGoOn(t: Context, retry: { delayMs?: number }): Promise<void> {
  const queue = t.queueName();
  const { messageId: poison } = await send(t, queue, { body: utf8('fails') });
  const others = new Set<string>();
  for (let count = 0; count < 6; count++) others.add((await send(t, queue)).messageId);
  const consumer = await t.consumer({ queuePrefixes: [queue], maxInFlight: 1 });
  const until = performance.now() + t.scaled(30_000);
  while (others.size > 0) {
    const { delivery } = await consumer.next('a message beside one that fails');
    if (delivery.messageId === poison)
      await consumer.retry(delivery, { ...retry, error: 'it broke' });
    else {
      t.ok(others.delete(delivery.messageId), 'each message once', [...others], delivery);
      await consumer.ack(delivery);
    }
    if (performance.now() > until)
      t.fail('a failing message keeps others back', 'every other message', `${others.size} wait`);
    // A World that always prefers the failing one would use up its attempts, and then deliver the others.
    if (delivery.attempt > 20 && others.size === 6)
      t.fail('a failing message keeps others back', 'another message', '20 failures in a row');
  }
  const { delivery } = await consumer.next('the failing message', {
    match: ({ messageId }) => messageId === poison,
  });
  await consumer.ack(delivery);
  await nothingElse(t, consumer, queue, 'every message is done with');
}
