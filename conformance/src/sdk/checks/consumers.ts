import { create, type MessageInitShape } from '@bufbuild/protobuf';
import {
  type DeliverySchema,
  QueueService,
  type Settlement,
  type SettleRequest,
  SettleResponseSchema,
} from '@worldwire/proto';
import { durationFromMs, msOf } from '../../fixtures/duration.js';
import { type SdkCheck, sdkCheck } from '../check.js';
import type { Consuming } from '../client.js';
import type { SdkContext } from '../context.js';
import type { Script, ScriptedCall } from '../script.js';

const CONSUMERS = { features: ['CONSUMERS'] } as const;
const { settle, receive } = QueueService.method;
const DONE = { case: 'done', value: {} } as const;

const delivery = (name: string): MessageInitShape<typeof DeliverySchema> => ({
  messageId: `msg_${name}`,
  leaseId: `lease_${name}`,
  attempt: 1,
  queueName: '__wkf_workflow_order',
  body: Buffer.from(name),
});

interface QueueScript {
  /** What each attachment is given, one after the other; the last one holds for all further ones. */
  readonly given: readonly (readonly string[])[];
  /** Does something to an attachment once its deliveries are out. */
  readonly afterwards?: (call: ScriptedCall) => Promise<void> | void;
  /** Leases that are lost. */
  readonly lost?: ReadonlySet<string>;
  readonly onSettle?: (request: SettleRequest, call: ScriptedCall) => Promise<void> | void;
}

/** A queue that hands out deliveries and takes every settlement but those of lost leases. */
function queueOf({ given, afterwards, lost = new Set(), onSettle }: QueueScript): Script {
  return {
    queue: {
      async *receive(_request, call) {
        yield { deliveries: [] };
        for (const name of given[Math.min(call.nth, given.length - 1)] ?? [])
          yield { deliveries: [delivery(name)] };
        await afterwards?.(call);
        // Signs of life, until the consumer goes.
        const timer = { left: false };
        void call.left.then(() => {
          timer.left = true;
        });
        while (!timer.left) {
          await new Promise((resolve) => setTimeout(resolve, 200));
          yield { deliveries: [] };
        }
      },
      async settle(request, call) {
        await onSettle?.(request, call);
        return create(SettleResponseSchema, {
          results: request.settlements.map(({ leaseId }) => ({ settled: !lost.has(leaseId) })),
        });
      },
    },
  };
}

/** All settlements of a lease so far. */
function settlementsOf(t: SdkContext, name: string): Settlement['action'][] {
  return t.world
    .seen(settle)
    .flatMap(({ request }) => request.settlements)
    .filter(({ leaseId }) => leaseId === `lease_${name}`)
    .map(({ action }) => action);
}

/** The one that is no extension, once it has come. */
function endOf(t: SdkContext, name: string): Promise<NonNullable<Settlement['action']>> {
  return t.eventually(`${name} is settled`, () =>
    settlementsOf(t, name).find((action) => action.case !== 'extend'),
  );
}

/** Waits until the handler of a delivery was called. */
function handled(t: SdkContext, consumer: Consuming, name: string): Promise<unknown> {
  return t.eventually(`the handler of ${name} is called`, () =>
    consumer.items.find(({ leaseId }) => leaseId === `lease_${name}`),
  );
}

/** Consumers of deliveries. */
export const consumerChecks: readonly SdkCheck[] = [
  sdkCheck(
    'consumers/acknowledges',
    'a delivery comes to its handler whole, and is acknowledged when that has ended and not before',
    { requirements: ['WW-SDK-060'], ...CONSUMERS },
    async (t) => {
      const client = await t.client(queueOf({ given: [['one']] }));
      const consumer = client.consume();
      await handled(t, consumer, 'one');
      const [got] = consumer.items;
      t.equal(got?.messageId, 'msg_one', 'the message id');
      t.equal(got?.queueName, '__wkf_workflow_order', 'the queue');
      t.equal(got?.body, new Uint8Array(Buffer.from('one')), 'the body');
      await t.sleep(200);
      t.ok(
        !settlementsOf(t, 'one').some((action) => action.case !== 'extend'),
        'the delivery was settled while its handler ran',
      );
      consumer.finish('lease_one', DONE);
      t.equal((await endOf(t, 'one')).case, 'ack', 'the settlement');
      const [attachment] = t.world.seen(receive);
      t.equal(attachment?.request.queuePrefixes, ['__wkf_'], 'the prefixes');
      t.equal(attachment?.request.deploymentId, 'dpl_1', 'the deployment');
      t.equal(attachment?.request.maxInFlight, 10, 'max_in_flight');
      t.equal(msOf(attachment?.request.lease), 30_000, 'the lease');
    },
  ),
  sdkCheck(
    'consumers/sends-back',
    'a delivery whose handler fails, or asks for it, is sent back as chapter 9 says',
    { requirements: ['WW-SDK-061', 'WW-SDK-062'], ...CONSUMERS },
    async (t) => {
      const client = await t.client(queueOf({ given: [['failed', 'later', 'now', 'fine']] }));
      const consumer = client.consume();
      for (const name of ['failed', 'later', 'now', 'fine']) await handled(t, consumer, name);
      consumer.finish('lease_failed', { case: 'error', value: 'the handler broke' });
      consumer.finish('lease_later', { case: 'againAfter', value: durationFromMs(90_500) });
      consumer.finish('lease_now', { case: 'againAfter', value: durationFromMs(0) });
      consumer.finish('lease_fine', DONE);
      const failed = await retryOf(t, 'failed');
      t.equal(failed.delay, undefined, 'the delay after a failure');
      t.ok(failed.error.includes('the handler broke'), 'the error of the handler is not told');
      const later = await retryOf(t, 'later');
      t.equal(msOf(later.delay), 90_500, 'the delay that the handler asks for');
      t.equal(later.error, '', 'the error of a delivery that is asked for again');
      const now = await retryOf(t, 'now');
      t.equal(msOf(now.delay), 0, 'a delay of zero');
      t.equal((await endOf(t, 'fine')).case, 'ack', 'the settlement of the one that is done');
    },
  ),
  sdkCheck(
    'consumers/extends',
    'the lease of a delivery is extended again and again while its handler runs',
    { requirements: ['WW-SDK-063'], ...CONSUMERS },
    async (t) => {
      const client = await t.client(queueOf({ given: [['long']] }));
      const consumer = client.consume({ leaseMs: 1_000 });
      await handled(t, consumer, 'long');
      await t.eventually('four extensions', () => {
        const extensions = settlementsOf(t, 'long').filter(({ case: kind }) => kind === 'extend');
        return extensions.length >= 4 || undefined;
      });
      const [first] = settlementsOf(t, 'long');
      t.ok(
        first?.case === 'extend' && (msOf(first.value.lease) ?? 0) >= 1_000,
        'an extension asks for less than the lease',
        '1,000 ms',
        first,
      );
      t.equal(consumer.lost.length, 0, 'the number of lost leases');
      consumer.finish('lease_long', DONE);
      t.equal((await endOf(t, 'long')).case, 'ack', 'the settlement');
      const settled = settlementsOf(t, 'long').length;
      await t.sleep(1_500);
      t.equal(settlementsOf(t, 'long').length, settled, 'the number of settlements at the end');
    },
  ),
  sdkCheck(
    'consumers/lost-lease',
    'a handler is told that its lease is lost, and what it makes of it then is not settled',
    { requirements: ['WW-SDK-064', 'WW-SDK-065'], ...CONSUMERS },
    async (t) => {
      const lost = new Set(['lease_lost']);
      const client = await t.client(queueOf({ given: [['lost', 'held']], lost }));
      const consumer = client.consume({ leaseMs: 1_000 });
      await handled(t, consumer, 'lost');
      await handled(t, consumer, 'held');
      await t.eventually('the handler is told', () => consumer.lost[0]);
      t.equal(consumer.lost, ['lease_lost'], 'the leases that are lost');
      consumer.finish('lease_lost', DONE);
      consumer.finish('lease_held', DONE);
      t.equal((await endOf(t, 'held')).case, 'ack', 'the settlement of the lease that is held');
      await t.sleep(500);
      t.ok(
        settlementsOf(t, 'lost').every((action) => action.case === 'extend'),
        'a lost lease was settled',
      );
    },
  ),
  sdkCheck(
    'consumers/attaches-again',
    'a consumer whose stream breaks attaches again under its own name, and keeps what it works on',
    { requirements: ['WW-SDK-066'], ...CONSUMERS },
    async (t) => {
      const client = await t.client(
        queueOf({
          given: [['one'], ['two']],
          async afterwards(call) {
            if (call.nth > 0) return;
            await t.sleep(200);
            await call.drop();
          },
        }),
      );
      const consumer = client.consume();
      await handled(t, consumer, 'one');
      await handled(t, consumer, 'two');
      const names = t.world.seen(receive).map(({ request }) => request.instanceId);
      t.ok(names[0] !== '', 'the consumer does not name itself');
      t.equal(names, [names[0], names[0]], 'the names of the attachments');
      await t.eventually('the delivery in hand is extended', () =>
        settlementsOf(t, 'one').find(({ case: kind }) => kind === 'extend'),
      );
      consumer.finish('lease_one', DONE);
      consumer.finish('lease_two', DONE);
      t.equal((await endOf(t, 'one')).case, 'ack', 'the settlement of the first delivery');
      t.equal((await endOf(t, 'two')).case, 'ack', 'the settlement of the second delivery');
    },
  ),
  sdkCheck(
    'consumers/no-more-than-asked',
    'no more handlers run at a time than were asked for, whatever the World sends',
    { requirements: ['WW-SDK-067'], ...CONSUMERS },
    async (t) => {
      const names = ['a', 'b', 'c', 'd', 'e'];
      const client = await t.client(queueOf({ given: [names] }));
      const consumer = client.consume({ maxInFlight: 2 });
      await t.eventually('two handlers run', () => consumer.count >= 2 || undefined);
      await t.sleep(500);
      t.equal(consumer.count, 2, 'the number of handlers that run');
      for (const name of names) {
        await handled(t, consumer, name);
        consumer.finish(`lease_${name}`, DONE);
      }
      for (const name of names) t.equal((await endOf(t, name)).case, 'ack', `${name}`);
    },
  ),
  sdkCheck(
    'consumers/lost-settlement',
    'a settlement whose answer was lost is sent again',
    { requirements: ['WW-SDK-068'], ...CONSUMERS },
    async (t) => {
      const client = await t.client(
        queueOf({
          given: [['one']],
          async onSettle({ settlements }, call) {
            const acked = settlements.some(({ action }) => action.case === 'ack');
            const before = settlementsOf(t, 'one').filter(({ case: kind }) => kind === 'ack');
            if (acked && before.length === 1) await call.drop();
          },
        }),
      );
      const consumer = client.consume();
      await handled(t, consumer, 'one');
      consumer.finish('lease_one', DONE);
      await t.eventually('a second acknowledgement', () => {
        const acks = settlementsOf(t, 'one').filter(({ case: kind }) => kind === 'ack');
        return acks.length >= 2 || undefined;
      });
    },
  ),
  sdkCheck(
    'consumers/stops',
    'a consumer that stops ends its stream, and sends back what it does not finish',
    { requirements: ['WW-SDK-069'], ...CONSUMERS },
    async (t) => {
      const client = await t.client(queueOf({ given: [['stuck', 'waiting']] }));
      const consumer = client.consume({ maxInFlight: 1, graceMs: 300 });
      await handled(t, consumer, 'stuck');
      await consumer.stop();
      const stuck = await retryOf(t, 'stuck');
      t.equal(msOf(stuck.delay), 0, 'the delay of a delivery whose handler did not end');
      await t.world.seen(receive)[0]!.left;
      t.equal(t.world.count('Receive'), 1, 'the number of attachments');
      t.equal(consumer.count, 1, 'the number of handlers that were called');
    },
  ),
];

async function retryOf(t: SdkContext, name: string) {
  const action = await endOf(t, name);
  if (action.case !== 'retry') t.fail(`${name} was not sent back`, 'a retry', action.case);
  return action.value;
}
