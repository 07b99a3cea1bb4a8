import { type Check, check } from '../../check.js';
import { durationFromMs } from '../../fixtures/duration.js';
import { refusalOf } from '../../wire/refusal.js';
import {
  acknowledge,
  acknowledgeAll,
  attend,
  CLOCK_MS,
  delivered,
  LONG_LEASE,
  millisOf,
  notBefore,
  nothingElse,
  SHORT_LEASE,
  send,
} from './support.js';

/** How far two readings of one clock by a message's time and its lease may be apart beyond the time between them. */
const SLACK_MS = 250;

/** How long a delivery belongs to its consumer, and what becomes of it then. */
export const leaseChecks: readonly Check[] = [
  check(
    'queue/lease-runs-out',
    'A message comes again when its lease is over and not before, under another lease',
    {
      requirements: [
        'WW-QUEUE-047',
        'WW-QUEUE-048',
        'WW-QUEUE-046',
        'WW-QUEUE-068',
        'WW-QUEUE-012',
      ],
    },
    async (t) => {
      const runsOut = async (leaseMs: number) => {
        const { queue, consumer } = await attend(t, { lease: durationFromMs(leaseMs) });
        const before = performance.now();
        const { messageId } = await send(t, queue);
        const first = await delivered(t, consumer);
        const second = await consumer.next('the message again');
        notBefore(t, 'the message under a lease', second, before, leaseMs);
        t.equal(second.delivery.messageId, messageId, 'the id of the message that comes again');
        t.equal(second.delivery.attempt, 2, 'the attempt after a lease that ran out');
        t.ok(
          second.delivery.leaseId !== first.delivery.leaseId,
          'a lease id of its own for each delivery',
          'another lease id',
          second.delivery.leaseId,
        );
        await acknowledge(consumer, second.delivery);
        await nothingElse(t, consumer, queue, 'the message is done with');
      };
      await Promise.all([runsOut(1_000), runsOut(1_700)]);
    },
  ),
  check(
    'queue/lease-length',
    'A lease is as long as the consumer asked for, and 30 seconds by default',
    { requirements: ['WW-QUEUE-049'] },
    async (t) => {
      for (const leaseMs of [undefined, 1_000, 1_500, 45_000, 3_600_000]) {
        const lease = leaseMs === undefined ? {} : { lease: durationFromMs(leaseMs) };
        const { queue, consumer } = await attend(t, lease);
        const before = performance.now();
        await send(t, queue);
        const { delivery, at } = await delivered(t, consumer);
        // Both times are the World's: the lease began after the message was accepted and before it came.
        const length = millisOf(delivery.leaseExpiresAt) - millisOf(delivery.enqueuedAt);
        const expected = leaseMs ?? 30_000;
        t.ok(
          length >= expected - CLOCK_MS && length <= expected + (at - before) + SLACK_MS,
          'lease_expires_at is not the lease after the delivery',
          `${expected} ms after the delivery`,
          delivery,
        );
        await consumer.ack(delivery);
      }
    },
  ),
  check(
    'queue/extension',
    'An extension counts from now, holds, and may be repeated',
    { requirements: ['WW-QUEUE-050', 'WW-QUEUE-047'] },
    async (t) => {
      const ms = 1_500;
      const { queue, consumer } = await attend(t, { lease: durationFromMs(ms) });
      const sentAt = performance.now();
      await send(t, queue);
      const acceptedBy = performance.now();
      const { delivery } = await delivered(t, consumer);
      const enqueuedAt = millisOf(delivery.enqueuedAt);
      let renewedAt = sentAt;
      let expiresAt = 0;
      for (let round = 0; round < 4; round++) {
        await new Promise((resolve) => setTimeout(resolve, 500));
        const extendedAt = performance.now();
        const { settled, leaseExpiresAt } = await consumer.extend(delivery, ms);
        const answeredBy = performance.now();
        if (answeredBy - renewedAt >= ms)
          t.notApplicable('the machine was too slow to extend a lease in time');
        t.equal(settled, true, 'settled, of an extension in time');
        expiresAt = millisOf(leaseExpiresAt);
        const from = extendedAt - acceptedBy + ms - CLOCK_MS;
        const to = answeredBy - sentAt + ms + CLOCK_MS + SLACK_MS;
        t.ok(
          expiresAt - enqueuedAt >= from && expiresAt - enqueuedAt <= to,
          'the lease does not end so long after the extension as it asked for',
          `${Math.round(from)} to ${Math.round(to)} ms after the message was accepted`,
          `${expiresAt - enqueuedAt} ms`,
        );
        renewedAt = extendedAt;
      }
      t.equal(consumer.received.length, 1, 'deliveries while the lease was extended');
      const again = await consumer.next('the message after its last extension');
      notBefore(t, 'the extended message', again, renewedAt, ms);
      const leasedAt = millisOf(again.delivery.leaseExpiresAt) - ms;
      t.ok(
        leasedAt >= expiresAt - CLOCK_MS,
        'an extended message was leased before the named time',
        expiresAt,
        leasedAt,
      );
      await acknowledge(consumer, again.delivery);
    },
  ),
  check(
    'queue/extension-lengths',
    'Extensions of 1 second to 1 hour are taken, a shorter one than the lease as well, and no others',
    { requirements: ['WW-QUEUE-050', 'WW-QUEUE-051'] },
    async (t) => {
      const { queue, consumer } = await attend(t, { lease: LONG_LEASE });
      await send(t, queue);
      const { delivery } = await delivered(t, consumer);
      for (const ms of [0, 999, -1_000, 3_600_001])
        await t.refused(
          `an extension by ${ms} ms`,
          () => consumer.extend(delivery, ms),
          'INVALID_ARGUMENT',
        );
      for (const ms of [3_600_000, 1_000]) {
        const extension = () => consumer.extend(delivery, ms);
        const { settled } = await t.accepted(`an extension by ${ms} ms`, extension);
        t.equal(settled, true, `settled, of an extension by ${ms} ms`);
      }
      // Counted from now, the last one ended an hour's lease.
      const { delivery: again } = await consumer.next('the message after a short extension');
      await consumer.ack(again);
    },
  ),
  check(
    'queue/lost-consumer',
    'What a lost consumer held comes to another one long before the lease ends',
    { requirements: ['WW-QUEUE-052', 'WW-QUEUE-068', 'WW-QUEUE-046'] },
    async (t) => {
      const { queue, consumer } = await attend(t, { lease: LONG_LEASE, maxInFlight: 3 });
      const ids = new Set<string>();
      for (let index = 0; index < 3; index++) ids.add((await send(t, queue)).messageId);
      const leases = new Set<string>();
      for (const _ of ids) leases.add((await delivered(t, consumer)).delivery.leaseId);
      const other = await t.consumer({ queuePrefixes: [queue], api: t.client('other') });
      await consumer.close();
      for (let index = 0; index < 3; index++) {
        const { delivery } = await other.next('what a lost consumer held');
        t.ok(ids.delete(delivery.messageId), 'a message that was held', [...ids], delivery);
        t.equal(delivery.attempt, 2, 'the attempt after a lost consumer');
        t.ok(!leases.has(delivery.leaseId), 'the delivery has a lease id of its own');
        t.equal((await other.ack(delivery)).settled, true, 'settled, by the other consumer');
      }
      await nothingElse(t, other, queue, 'each message comes once to the other consumer');
    },
  ),
  check(
    'queue/settled-from-elsewhere',
    'A lease may be settled over any connection, right after its stream ended as well',
    { requirements: ['WW-QUEUE-053', 'WW-QUEUE-057'] },
    async (t) => {
      const settler = t.client('settler');
      const settle = async (leaseId: string) => {
        const action = { case: 'ack' as const, value: {} };
        const { results } = await settler.queue.settle({ settlements: [{ leaseId, action }] });
        t.equal(
          results.map(({ settled }) => settled),
          [true],
          'settled',
        );
      };
      const { queue, consumer } = await attend(t, { lease: LONG_LEASE });
      await send(t, queue);
      await settle((await delivered(t, consumer)).delivery.leaseId);
      await send(t, queue);
      const { delivery } = await delivered(t, consumer);
      await consumer.close();
      // Nobody is attached, so that the message cannot be with another consumer, however late the World hears of the end.
      await t.sleep(500);
      await settle(delivery.leaseId);
      const next = await t.consumer({ queuePrefixes: [queue] });
      // Longer than what a lost consumer held may stay away in a World that has forgotten the settlement.
      await t.sleep(2_200);
      await nothingElse(t, next, queue, 'both messages were acknowledged');
    },
  ),
  check(
    'queue/nameless-lapse',
    'A nameless consumer keeps its stream and has its credit back after a lease ran out',
    { requirements: ['WW-QUEUE-054', 'WW-QUEUE-048'] },
    async (t) => {
      const { queue, consumer } = await attend(t, { lease: SHORT_LEASE, maxInFlight: 1 });
      const { messageId } = await send(t, queue);
      await delivered(t, consumer);
      for (let count = 0; count < 2; count++) {
        const { delivery } = await consumer.next('a message for the credit of a lapsed lease');
        t.equal(delivery.messageId, messageId, 'the message that comes again');
        if (count === 1) await acknowledge(consumer, delivery);
      }
      await nothingElse(t, consumer, queue, 'the message is done with');
      t.equal(consumer.ended, undefined, 'the end of the stream');
    },
  ),
  check(
    'queue/named-lapse',
    'The stream of a named consumer ends with UNAVAILABLE when one of its leases runs out',
    { requirements: ['WW-QUEUE-055', 'WW-QUEUE-068'] },
    async (t) => {
      const { queue, consumer } = await attend(t, {
        lease: SHORT_LEASE,
        instanceId: t.unique('instance'),
      });
      const bystander = await attend(t, { instanceId: t.unique('instance') });
      const { messageId } = await send(t, queue);
      await delivered(t, consumer);
      const { error } = await t.eventually('the end of the stream', () => consumer.ended);
      const refusal = refusalOf(error);
      t.ok(error !== undefined, 'the stream ended without an error', 'UNAVAILABLE', 'no error');
      t.equal([refusal.code, refusal.reason], ['unavailable', 'UNAVAILABLE'], 'the error');
      const instanceId = t.unique('instance');
      const next = await t.consumer({ queuePrefixes: [queue], instanceId });
      const { delivery } = await next.next('the message of the lapsed lease');
      t.equal(delivery.messageId, messageId, 'what is delivered again');
      // The ending stream may have been given it once more.
      t.ok(delivery.attempt >= 2, 'a lease that ran out is not counted', 'attempt 2', delivery);
      await next.ack(delivery);
      t.equal(bystander.consumer.ended, undefined, 'the end of a consumer that let nothing lapse');
    },
  ),
  check(
    'queue/attached-again',
    'An instance that attaches again ends its earlier stream and is given what that held',
    { requirements: ['WW-QUEUE-056', 'WW-QUEUE-068'] },
    async (t) => {
      const instanceId = t.unique('instance');
      const options = { lease: LONG_LEASE, instanceId };
      const { queue, consumer } = await attend(t, options);
      const other = await t.consumer({
        queuePrefixes: [t.queueName()],
        instanceId: t.unique('instance'),
      });
      const { messageId } = await send(t, queue);
      await delivered(t, consumer);
      const again = await t.consumer({
        ...options,
        queuePrefixes: [queue],
        api: t.client('again'),
      });
      await t.eventually('the end of the earlier stream', () => consumer.ended);
      const { delivery } = await again.next('what the earlier stream held');
      t.equal(delivery.messageId, messageId, 'what is delivered again');
      t.equal(delivery.attempt, 2, 'the attempt after a lost consumer');
      t.equal((await again.ack(delivery)).settled, true, 'settled');
      t.equal([again.ended, other.ended], [undefined, undefined], 'the ends of the other streams');
      await acknowledgeAll(t, again);
    },
  ),
];
