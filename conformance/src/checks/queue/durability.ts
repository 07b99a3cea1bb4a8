import { type Check, check } from '../../check.js';
import type { Context } from '../../context.js';
import type { Consumer } from '../../fixtures/consumer.js';
import { durationFromMs } from '../../fixtures/duration.js';
import type { Api } from '../../wire/api.js';
import { attend, delivered, LONG_LEASE, notBefore, QUIET_MS, send, utf8 } from './support.js';

const HOUR_MS = 3_600_000;

/** What a queue keeps over the death of the World's process. */
export const durabilityChecks: readonly Check[] = [
  check(
    'queue/survives-death',
    'Messages survive the death of the process with their keys, and what was acknowledged stays so',
    {
      requirements: ['WW-QUEUE-002', 'WW-QUEUE-006', 'WW-QUEUE-033'],
      capabilities: ['DURABILITY'],
      needs: ['process'],
    },
    async (t) => {
      const { queue, consumer } = await attend(t, { maxInFlight: 2 });
      const idempotencyKey = t.unique('key');
      const acked = new Set<string>();
      for (let count = 0; count < 2; count++) {
        await send(t, queue, { idempotencyKey: `${idempotencyKey}_${count}` });
        const { delivery } = await delivered(t, consumer);
        t.equal((await consumer.ack(delivery)).settled, true, 'settled');
        acked.add(delivery.messageId);
      }
      await consumer.close();
      const body = utf8('before its death');
      const kept = new Set<string>();
      kept.add((await send(t, queue, { idempotencyKey, body })).messageId);
      for (let count = 0; count < 20; count++) kept.add((await send(t, queue, { body })).messageId);
      const next = await t.consumer({ ...(await reborn(t)), queuePrefixes: [queue] });
      const api = t.client('duplicate');
      await send(t, queue, { idempotencyKey, body: utf8('a duplicate') }, api);
      for (let left = kept.size; left > 0; left--) {
        const { delivery } = await next.next('every message that was accepted');
        t.ok(!acked.has(delivery.messageId), 'an acknowledged message came again');
        t.ok(kept.delete(delivery.messageId), 'each message once', [...kept], delivery);
        t.equal(delivery.body, body, 'the body');
        await settle(api, delivery.leaseId);
      }
      await quiet(t, next, 'nothing else is delivered');
    },
  ),
  check(
    'queue/delays-survive-death',
    'Delays and retries that were asked for survive the death of the process',
    {
      requirements: ['WW-QUEUE-003', 'WW-QUEUE-005'],
      capabilities: ['DURABILITY'],
      needs: ['process'],
    },
    async (t) => {
      const { queue, consumer } = await attend(t);
      const due = new Map<string, { at: number; ms: number }>();
      for (const ms of [2_500, HOUR_MS]) {
        const back = await send(t, queue);
        const { delivery } = await delivered(t, consumer);
        due.set(back.messageId, { at: performance.now(), ms });
        await consumer.retry(delivery, { delayMs: ms });
        const at = performance.now();
        const { messageId } = await send(t, queue, { delay: durationFromMs(ms) });
        due.set(messageId, { at, ms });
      }
      await consumer.close();
      const next = await t.consumer({ ...(await reborn(t)), queuePrefixes: [queue] });
      const api = t.client('settler');
      for (let count = 0; count < 2; count++) {
        const one = await next.next('what was delayed or sent back');
        const { at, ms } = due.get(one.delivery.messageId) ?? t.fail('an unknown message');
        notBefore(t, `a message that waits for ${ms} ms`, one, at, ms);
        due.delete(one.delivery.messageId);
        await settle(api, one.delivery.leaseId);
      }
      await quiet(t, next, 'an hour has not passed');
    },
  ),
  check(
    'queue/leases-survive-death',
    'What was leased comes again after the death of the process, with its attempts counted on',
    {
      requirements: ['WW-QUEUE-004', 'WW-QUEUE-070', 'WW-QUEUE-033'],
      capabilities: ['DURABILITY'],
      needs: ['process'],
    },
    async (t) => {
      // A lease that ends by itself soon: how a new process learns of the death is its own affair.
      const { queue, consumer } = await attend(t, { lease: { seconds: 8n } });
      const idempotencyKey = t.unique('key');
      await send(t, queue, { idempotencyKey });
      let { delivery } = await delivered(t, consumer);
      for (let count = 0; count < 2; count++) {
        await consumer.retry(delivery, { delayMs: 0, error: 'it broke' });
        ({ delivery } = await delivered(t, consumer));
      }
      t.equal(delivery.attempt, 3, 'the attempt before the death');
      const next = await t.consumer({
        ...(await reborn(t)),
        queuePrefixes: [queue],
        lease: LONG_LEASE,
      });
      const api = t.client('settler');
      await send(t, queue, { idempotencyKey }, api);
      const { delivery: again } = await next.next('what was leased when the process died');
      t.equal(again.messageId, delivery.messageId, 'the id of what comes again');
      t.equal(again.attempt, 4, 'the attempt after the death');
      await settle(api, again.leaseId);
      await quiet(t, next, 'the message is done with');
    },
  ),
];

/** Kills the World and starts it again; the way to it. */
async function reborn(t: Context): Promise<{ api: Api }> {
  await t.process.kill();
  await t.process.start();
  return { api: t.client('after the death') };
}

async function settle(api: Api, leaseId: string): Promise<void> {
  await api.queue.settle({ settlements: [{ leaseId, action: { case: 'ack', value: {} } }] });
}

async function quiet(t: Context, consumer: Consumer, why: string): Promise<void> {
  await t.sleep(2 * QUIET_MS);
  const waiting = consumer.received.slice(consumer.received.length - consumer.waiting);
  t.equal(
    waiting.map(({ delivery }) => delivery),
    [],
    `the further deliveries, as ${why}`,
  );
}
