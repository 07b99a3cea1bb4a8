import { type Check, check } from '../../check.js';
import { durationFromMs } from '../../fixtures/duration.js';
import {
  acknowledge,
  acknowledgeAll,
  attend,
  delivered,
  notBefore,
  nothingElse,
  QUIET_MS,
  SHORT_LEASE,
  send,
  textOf,
  utf8,
} from './support.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Delays that overflow timers of 31 and 32 bits; the last two come to about half a second then. */
const LONG_MS = [2 ** 31 + 1_000, 30 * DAY_MS, 2 ** 32 + 500, 2 ** 33 + 500];

/** How late a delivery may be where it should come within a second, with room for a busy machine. */
const LATE_MS = 1_500;

/** Messages that wait for their time. */
export const delayChecks: readonly Check[] = [
  check(
    'queue/delay',
    'Delayed messages come after their delay and not before, ready ones meanwhile',
    {
      requirements: ['WW-QUEUE-017', 'WW-QUEUE-018', 'WW-QUEUE-022', 'WW-QUEUE-036'],
    },
    async (t) => {
      const { queue, consumer } = await attend(t);
      const late = t.queueName();
      const hour = await send(t, queue, { delay: durationFromMs(HOUR_MS) });
      const sentAt = new Map<string, { at: number; ms: number }>();
      for (const ms of [1_500, 900, 300, 0]) {
        const at = performance.now();
        const delay = durationFromMs(ms);
        for (const name of [queue, late])
          sentAt.set((await send(t, name, { delay })).messageId, { at, ms });
      }
      const expectAll = async (received: typeof consumer) => {
        for (let count = 0; count < 4; count++) {
          const one = await received.next('the delivery of each message');
          const { messageId } = one.delivery;
          t.ok(messageId !== hour.messageId, 'a message came an hour early');
          const { at, ms } =
            sentAt.get(messageId) ?? t.fail('an unknown message', '', one.delivery);
          notBefore(t, `a message with a delay of ${ms} ms`, one, at, ms);
        }
      };
      // The second consumer comes when two of its messages still wait for their time.
      const attach = async () => {
        await t.sleep(600);
        await expectAll(await t.consumer({ queuePrefixes: [late] }));
      };
      await Promise.all([expectAll(consumer), attach()]);
      await nothingElse(t, consumer, queue, 'an hour has not passed', 0);
    },
  ),
  check(
    'queue/unreminded',
    'Delays, retries and leases come to their end in a World that nobody calls meanwhile',
    {
      requirements: ['WW-QUEUE-018', 'WW-QUEUE-048', 'WW-QUEUE-062'],
      // A World of its own: the calls of other checks would remind it.
      needs: ['process'],
    },
    async (t) => {
      const { queue, consumer } = await attend(t);
      await send(t, queue, { delay: durationFromMs(700) });
      const { delivery } = await consumer.next('a delayed message');
      const before = performance.now();
      await consumer.retry(delivery, { delayMs: 500 });
      const again = await consumer.next('a message that was sent back');
      notBefore(t, 'a message that was sent back', again, before, 500);
      await consumer.ack(again.delivery);
      const short = await attend(t, { lease: SHORT_LEASE });
      await send(t, short.queue);
      await delivered(t, short.consumer);
      const last = await short.consumer.next('a message whose lease ran out');
      await acknowledge(short.consumer, last.delivery);
    },
  ),
  check(
    'queue/long-delay',
    'A day of delay is accepted, and no delay is too long to be kept',
    { requirements: ['WW-QUEUE-019', 'WW-QUEUE-020'] },
    async (t) => {
      const { queue, consumer } = await attend(t);
      for (const ms of [DAY_MS, DAY_MS - HOUR_MS])
        await t.accepted(`a delay of ${ms / HOUR_MS} hours`, () =>
          t.api.queue.enqueue({ message: { queueName: queue, delay: durationFromMs(ms) } }),
        );
      for (const ms of LONG_MS)
        await t.outcome(() =>
          t.api.queue.enqueue({ message: { queueName: queue, delay: durationFromMs(ms) } }),
        );
      // The same by a retry.
      for (const ms of LONG_MS) {
        const { messageId } = await send(t, queue, { body: utf8('retried') });
        const { delivery } = await delivered(t, consumer);
        t.equal(delivery.messageId, messageId, 'what is delivered before its time');
        const answer = await t.outcome(() => consumer.retry(delivery, { delayMs: ms }));
        if ('refusal' in answer) await consumer.ack(delivery);
      }
      await t.sleep(700);
      await nothingElse(t, consumer, queue, 'a long delay has not passed');
    },
  ),
  check(
    'queue/negative-delay',
    'Negative delays are refused and leave nothing',
    { requirements: ['WW-QUEUE-021'] },
    async (t) => {
      const { queue, consumer } = await attend(t);
      const idempotencyKey = t.unique('key');
      for (const delay of [{ seconds: -1n }, { nanos: -1_000_000 }, { seconds: -86_400n }])
        await t.refused(
          'a message with a negative delay',
          () =>
            t.api.queue.enqueue({
              message: { queueName: queue, body: utf8('refused'), idempotencyKey, delay },
            }),
          'INVALID_ARGUMENT',
        );
      const { deduplicated } = await t.accepted('the same message with a delay of zero', () =>
        t.api.queue.enqueue({
          message: { queueName: queue, body: utf8('accepted'), idempotencyKey, delay: {} },
        }),
      );
      t.equal(deduplicated, false, 'deduplicated, after refusals only');
      const { delivery } = await consumer.next('the accepted message');
      t.equal(textOf(delivery), 'accepted', 'the body of what is delivered');
      for (const delayMs of [-1, -1_000])
        await t.refused(
          'a retry with a negative delay',
          () => consumer.retry(delivery, { delayMs }),
          'INVALID_ARGUMENT',
        );
      await t.sleep(QUIET_MS);
      t.equal(consumer.waiting, 0, 'deliveries after refused retries');
      const { settled } = await consumer.ack(delivery);
      t.equal(settled, true, 'settled, for the lease that refused retries left alone');
      await nothingElse(t, consumer, queue, 'refused messages are not delivered');
    },
  ),
  check(
    'queue/delay-punctual',
    'Delayed messages come within a second after their time',
    { requirements: ['WW-QUEUE-023'] },
    async (t) => {
      const { queue, consumer } = await attend(t);
      const dueAt = new Map<string, number>();
      for (const ms of [400, 800, 1_300]) {
        const { messageId } = await send(t, queue, { delay: durationFromMs(ms) });
        dueAt.set(messageId, performance.now() + t.scaled(ms));
      }
      const lateness: number[] = [];
      for (const _ of dueAt) {
        const { at, delivery } = await consumer.next('the delivery of each message');
        lateness.push(at - (dueAt.get(delivery.messageId) ?? 0));
      }
      await acknowledgeAll(t, consumer);
      // The best of three: one may meet a pause of the machine.
      t.ok(
        Math.min(...lateness) <= t.scaled(LATE_MS),
        'every delayed message came late',
        'within a second after its time',
        lateness.map((ms) => `${Math.round(ms)} ms late`),
      );
    },
  ),
];
