import { type Check, check } from '../../check.js';
import type { Context } from '../../context.js';
import type { Action } from '../../fixtures/consumer.js';
import {
  acknowledge,
  acknowledgeAll,
  attend,
  delivered,
  LONG_LEASE,
  notBefore,
  nothingElse,
  QUIET_MS,
  SHORT_LEASE,
  send,
} from './support.js';

const ack: Action = { case: 'ack', value: {} };
const retryNow: Action = { case: 'retry', value: { delay: {}, error: '' } };
const extend: Action = { case: 'extend', value: { lease: { seconds: 60n } } };

/** Deliveries that are to come at once come within this; the quickest of several is judged. */
const AT_ONCE_MS = 900;

/** What a consumer says of its deliveries. */
export const settlingChecks: readonly Check[] = [
  check(
    'queue/acknowledged',
    'An acknowledged message never comes again',
    { requirements: ['WW-QUEUE-057'] },
    async (t) => {
      const { queue, consumer } = await attend(t, { lease: SHORT_LEASE });
      const nobody = await attend(t, { lease: LONG_LEASE });
      for (const { queue: name, consumer: one } of [{ queue, consumer }, nobody]) {
        for (let count = 0; count < 3; count++) {
          await send(t, name);
          await acknowledge(one, (await delivered(t, one)).delivery);
        }
      }
      await nobody.consumer.close();
      // Past the end of the lease, and of any grace for what a lost consumer held.
      await t.sleep(2_300);
      await nothingElse(t, consumer, queue, 'what was acknowledged does not come again');
      const next = await t.consumer({ queuePrefixes: [nobody.queue] });
      await nothingElse(t, next, nobody.queue, 'what was acknowledged does not come again');
    },
  ),
  check(
    'queue/settle-results',
    'Each settlement is taken by itself and answered in its place',
    { requirements: ['WW-QUEUE-058', 'WW-QUEUE-059'] },
    async (t) => {
      const { queue, consumer } = await attend(t, { lease: LONG_LEASE });
      const leases: string[] = [];
      const ids: string[] = [];
      for (let count = 0; count < 4; count++) {
        await send(t, queue);
        const { delivery } = await delivered(t, consumer);
        leases.push(delivery.leaseId);
        ids.push(delivery.messageId);
      }
      const { results } = await settle(t, [
        ['lease_unknown', ack],
        [leases[0]!, ack],
        [leases[1]!, extend],
        ['lease_unknown', extend],
        [leases[2]!, retryNow],
        ['lease_unknown', retryNow],
        [leases[3]!, ack],
      ]);
      t.equal(
        results.map(({ settled }) => settled),
        [false, true, true, false, true, false, true],
        'settled',
      );
      t.equal(
        results.map(({ leaseExpiresAt }) => leaseExpiresAt !== undefined),
        [false, false, true, false, false, false, false],
        'whether an end of the lease is named',
      );
      const { delivery } = await consumer.next('the message that was sent back');
      t.equal(delivery.messageId, ids[2], 'the message that comes again');
      await consumer.ack(delivery);
      const last = await settle(t, [[leases[1]!, ack]]);
      t.equal(
        last.results.map(({ settled }) => settled),
        [true],
        'settled, of the extended lease',
      );
      await nothingElse(t, consumer, queue, 'the others are done with');
    },
  ),
  check(
    'queue/settled-before',
    'A lease that was settled, or whose message was delivered again, is lost',
    { requirements: ['WW-QUEUE-059'] },
    async (t) => {
      const lost = async (leaseId: string, what: string) => {
        for (const action of [ack, retryNow, extend]) {
          const { results } = await settle(t, [[leaseId, action]]);
          t.equal(
            results.map(({ settled }) => settled),
            [false],
            `settled by ${action.case}, ${what}`,
          );
        }
      };
      const settled = async () => {
        const { queue, consumer } = await attend(t, { lease: LONG_LEASE });
        await send(t, queue);
        const { delivery } = await delivered(t, consumer);
        await consumer.ack(delivery);
        await lost(delivery.leaseId, 'after an acknowledgement');
        const { messageId } = await send(t, queue);
        const first = await delivered(t, consumer);
        await consumer.retry(first.delivery, { delayMs: 400 });
        await lost(first.delivery.leaseId, 'after a retry');
        const second = await consumer.next('the message that was sent back');
        t.equal(second.delivery.messageId, messageId, 'the message that comes again');
        await lost(first.delivery.leaseId, 'after another delivery');
        t.equal((await consumer.ack(second.delivery)).settled, true, 'settled, of the new lease');
        await nothingElse(t, consumer, queue, 'lost leases change nothing');
      };
      const ranOut = async () => {
        const { queue, consumer } = await attend(t, { lease: SHORT_LEASE });
        await send(t, queue);
        const first = await delivered(t, consumer);
        const second = await delivered(t, consumer, 'the message after its lease ran out');
        await lost(first.delivery.leaseId, 'after the lease ran out and another delivery');
        await acknowledge(consumer, second.delivery);
        await nothingElse(t, consumer, queue, 'lost leases change nothing');
      };
      await Promise.all([settled(), ranOut()]);
    },
  ),
  check(
    'queue/settle-race',
    'Of many settlements of one lease exactly one is taken',
    { requirements: ['WW-QUEUE-059', 'WW-QUEUE-057'] },
    async (t) => {
      const { queue, consumer } = await attend(t, { lease: LONG_LEASE });
      const clients = ['a', 'b', 'c', 'd'].map((name) => t.client(name));
      for (let round = 0; round < 25; round++) {
        const { messageId } = await send(t, queue);
        let { delivery } = await delivered(t, consumer);
        const actions: readonly Action[] = t.random.shuffle([ack, retryNow, ack, retryNow]);
        const answers = await Promise.all(
          actions.map(async (action, index) => {
            const settlements = [{ leaseId: delivery.leaseId, action }];
            const { results } = await clients[index]!.queue.settle({ settlements });
            return results[0]?.settled ?? false;
          }),
        );
        t.equal(answers.filter((settled) => settled).length, 1, 'the settlements that were taken');
        if (actions[answers.indexOf(true)] === retryNow) {
          ({ delivery } = await consumer.next('the message that was sent back'));
          t.equal(delivery.messageId, messageId, 'the message that comes again');
          await consumer.ack(delivery);
        }
      }
      await nothingElse(t, consumer, queue, 'every message is done with');
    },
  ),
  check(
    'queue/settle-refused',
    'A call without settlements, with too many, or with one without an action is refused as a whole',
    { requirements: ['WW-QUEUE-060', 'WW-QUEUE-058'] },
    async (t) => {
      const { queue, consumer } = await attend(t, { lease: LONG_LEASE });
      await send(t, queue);
      const { leaseId } = (await delivered(t, consumer)).delivery;
      const unknown = Array.from({ length: 999 }, (_, index): [string, Action] => [
        `lease_unknown_${index}`,
        ack,
      ]);
      const refused: [string, [string, Action][]][] = [
        ['no settlement', []],
        ['1,001 settlements', [[leaseId, ack], ...unknown, ['lease_unknown', ack]]],
        [
          'an acknowledgement, and a settlement without an action',
          [
            [leaseId, ack],
            ['lease_unknown', { case: undefined }],
          ],
        ],
        ['a settlement of a lease without an action', [[leaseId, { case: undefined }]]],
      ];
      for (const [what, settlements] of refused)
        await t.refused(what, () => settle(t, settlements), 'INVALID_ARGUMENT');
      const { results } = await t.accepted('1,000 settlements', () =>
        settle(t, [...unknown, [leaseId, ack]]),
      );
      t.equal(
        results.map(({ settled }) => settled),
        [...unknown.map(() => false), true],
        'settled, of 1,000 settlements of which the last is of a lease that is held',
      );
      await nothingElse(t, consumer, queue, 'the message is done with');
    },
  ),
  check(
    'queue/retry-now',
    'A delay of zero brings a message back at once',
    { requirements: ['WW-QUEUE-061'] },
    async (t) => {
      const { queue, consumer } = await attend(t, { maxInFlight: 1 });
      const { messageId } = await send(t, queue);
      let { delivery } = await delivered(t, consumer);
      const waits: number[] = [];
      for (let count = 0; count < 4; count++) {
        const before = performance.now();
        await consumer.retry(delivery, { delayMs: 0 });
        const again = await consumer.next('the message that was sent back with a delay of zero');
        waits.push(again.at - before);
        ({ delivery } = again);
        t.equal(delivery.messageId, messageId, 'the message that comes again');
      }
      await consumer.ack(delivery);
      t.ok(
        Math.min(...waits) < t.scaled(AT_ONCE_MS),
        'a delay of zero is taken for a backoff',
        'a delivery at once',
        waits.map((ms) => `${Math.round(ms)} ms later`),
      );
      await nothingElse(t, consumer, queue, 'the message is done with');
    },
  ),
  check(
    'queue/retry-later',
    'A message that is sent back with a delay comes after it and not before, without one after a backoff',
    { requirements: ['WW-QUEUE-062', 'WW-QUEUE-064', 'WW-QUEUE-022', 'WW-QUEUE-018'] },
    async (t) => {
      const { queue, consumer } = await attend(t);
      const sentBackAt = new Map<string, { at: number; ms: number }>();
      for (const ms of [1_300, undefined, 700, 200, 3_600_000]) {
        const { messageId } = await send(t, queue);
        const { delivery } = await delivered(t, consumer);
        t.equal(delivery.messageId, messageId, 'the message that is ready');
        sentBackAt.set(messageId, { at: performance.now(), ms: ms ?? 0 });
        await consumer.retry(delivery, ms === undefined ? {} : { delayMs: ms });
      }
      for (let count = 0; count < 4; count++) {
        const again = await consumer.next('each message that was sent back');
        const { at, ms } = sentBackAt.get(again.delivery.messageId) ?? t.fail('an unknown message');
        notBefore(t, `a message that was sent back with ${ms} ms`, again, at, ms);
        sentBackAt.delete(again.delivery.messageId);
        await consumer.ack(again.delivery);
      }
      t.equal(sentBackAt.size, 1, 'the messages that wait');
      await nothingElse(t, consumer, queue, 'an hour has not passed', 0);
    },
  ),
  check(
    'queue/failed-later',
    'A failed message keeps to the delay that its consumer named',
    { requirements: ['WW-QUEUE-063'] },
    async (t) => {
      const { queue, consumer } = await attend(t);
      await send(t, queue);
      let { delivery } = await delivered(t, consumer);
      const waits: number[] = [];
      for (const delayMs of [1_600, 0, 0, 0]) {
        const before = performance.now();
        await consumer.retry(delivery, { delayMs, error: 'it broke' });
        const again = await consumer.next('the message that failed');
        notBefore(t, 'a failed message', again, before, delayMs);
        if (delayMs === 0) waits.push(again.at - before);
        ({ delivery } = again);
      }
      await consumer.ack(delivery);
      t.ok(
        Math.min(...waits) < t.scaled(AT_ONCE_MS),
        'a failed message with a delay of zero waits for a backoff',
        'a delivery at once',
        waits.map((ms) => `${Math.round(ms)} ms later`),
      );
      await acknowledgeAll(t, consumer);
      await t.sleep(QUIET_MS);
    },
  ),
];

function settle(t: Context, settlements: readonly [leaseId: string, action: Action][]) {
  return t.api.queue.settle({
    settlements: settlements.map(([leaseId, action]) => ({ leaseId, action })),
  });
}
