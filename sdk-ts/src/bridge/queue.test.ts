import type { MessageInitShape } from '@bufbuild/protobuf';
import { durationFromMs } from '@bufbuild/protobuf/wkt';
import { Code } from '@connectrpc/connect';
import type { Delivery, SettlementSchema } from '@worldwire/proto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  bytes,
  deliveries,
  localWorld,
  refusalOf,
  Served,
  textOf,
  ulid,
} from './testing/served.js';

let served: Served;

afterEach(() => served.close());

const enqueue = (queueName: string, rest: object = {}) =>
  served.queue.enqueue({ message: { queueName, body: bytes('b'), ...rest } });

type Action = MessageInitShape<typeof SettlementSchema>['action'];

async function settle({ leaseId }: Delivery, action: Action) {
  const { results } = await served.queue.settle({ settlements: [{ leaseId, action }] });
  return results[0]!;
}

const ack: Action = { case: 'ack', value: {} };
const retry = (value: { delay?: ReturnType<typeof durationFromMs>; error?: string }): Action => ({
  case: 'retry',
  value,
});

describe.each([
  ['v4, in the process', 'v4', true],
  ['v4, over HTTP', 'v4', false],
  ['v5, in the process', 'v5', true],
  ['v5, over HTTP', 'v5', false],
] as const)('the queue of a World of %s', (_name, line, inProcess) => {
  beforeEach(async () => {
    served = await Served.start((dataDir, queueUrl) => {
      const world = localWorld(line, dataDir, queueUrl);
      if (inProcess) return world;
      const { registerHandler: _, ...overHttp } = world;
      return overHttp;
    });
  });

  it.each(['__wkf_workflow_order', '__wkf_step_charge', 'orders/ü 1', '__x_wkf_workflow_y'])(
    'brings a message to %s as it was sent',
    async (queueName) => {
      const sent = await served.queue.enqueue({
        message: {
          queueName,
          body: new Uint8Array([0, 255, 128, 10]),
          contentType: 'application/cbor',
          headers: { traceparent: '00-1', 'x y': 'ü' },
          deploymentId: 'dpl_1',
          idempotencyKey: 'key-1',
        },
      });
      const inbox = deliveries(served.queue, { queuePrefixes: [queueName], deploymentId: 'dpl_1' });
      const delivery = await inbox.next();
      expect(delivery).toMatchObject({
        messageId: sent.messageId,
        attempt: 1,
        queueName,
        contentType: 'application/cbor',
        headers: { traceparent: '00-1', 'x y': 'ü' },
        deploymentId: 'dpl_1',
        idempotencyKey: 'key-1',
      });
      expect([...delivery.body]).toEqual([0, 255, 128, 10]);
      expect((await settle(delivery, ack)).settled).toBe(true);
      expect((await settle(delivery, ack)).settled).toBe(false);
      await inbox.stop();
    },
  );

  it('delivers again when asked to, under the same id', async () => {
    const { messageId } = await enqueue('q');
    const inbox = deliveries(served.queue, { queuePrefixes: ['q'] });
    await settle(await inbox.next(), retry({ delay: durationFromMs(0) }));
    const second = await inbox.next();
    expect(second).toMatchObject({ messageId, attempt: 2 });
    const at = performance.now();
    await settle(second, retry({ delay: durationFromMs(300) }));
    await settle(await inbox.next(), ack);
    expect(performance.now() - at).toBeGreaterThan(280);
    await inbox.stop();
  });

  it('suppresses a message while one with its key is under way', async () => {
    const first = await enqueue('q', { idempotencyKey: 'k' });
    const second = await enqueue('q', { idempotencyKey: 'k' });
    expect(second).toMatchObject({ messageId: first.messageId, deduplicated: true });
    expect(first.deduplicated).toBe(false);
  });
});

describe('deliveries', () => {
  beforeEach(async () => {
    served = await Served.local('v5', { maxHeld: 2 });
  });

  it('wait for their delay', async () => {
    const at = performance.now();
    await enqueue('q', { delay: durationFromMs(300) });
    const inbox = deliveries(served.queue, { queuePrefixes: ['q'] });
    await settle(await inbox.next(), ack);
    expect(performance.now() - at).toBeGreaterThan(280);
    await inbox.stop();
  });

  it('come again after an error, by the World’s own backoff', async () => {
    const { messageId } = await enqueue('q');
    const inbox = deliveries(served.queue, { queuePrefixes: ['q'] });
    const at = performance.now();
    await settle(await inbox.next(), retry({ error: 'no' }));
    expect(await inbox.next()).toMatchObject({ messageId, attempt: 2 });
    expect(performance.now() - at).toBeGreaterThan(4_000);
    await inbox.stop();
  });

  it('go to consumers of their queue and deployment only', async () => {
    await enqueue('a', { deploymentId: 'd1', body: bytes('a1') });
    await enqueue('a', { deploymentId: 'd2', body: bytes('a2') });
    await enqueue('b', { body: bytes('b') });
    const ofA = deliveries(served.queue, { queuePrefixes: ['a'], deploymentId: 'd2' });
    const ofNone = deliveries(served.queue, { queuePrefixes: ['a', 'b'] });
    expect(textOf((await ofA.next()).body)).toBe('a2');
    expect(textOf((await ofNone.next()).body)).toBe('b');
    expect([ofA.count(), ofNone.count()]).toEqual([0, 0]);
    await Promise.all([ofA.stop(), ofNone.stop()]);
  });

  it('keep to a consumer’s credit', async () => {
    const inbox = deliveries(served.queue, { queuePrefixes: ['q'], maxInFlight: 1 });
    await enqueue('q', { body: bytes('1') });
    await enqueue('q', { body: bytes('2') });
    const first = await inbox.next();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(inbox.count()).toBe(0);
    await settle(first, ack);
    expect(textOf((await inbox.next()).body)).not.toBe(textOf(first.body));
    await inbox.stop();
  });

  it('are lost with their lease, which an extension prolongs', async () => {
    const request = { queuePrefixes: ['q'], lease: durationFromMs(1_000), instanceId: 'i' };
    const inbox = deliveries(served.queue, request);
    await enqueue('q');
    const delivery = await inbox.next();
    const extended = await settle(delivery, {
      case: 'extend',
      value: { lease: durationFromMs(1_500) },
    });
    expect(extended.settled).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect((await settle(delivery, { case: 'extend', value: {} })).settled).toBe(true);
    await settle(delivery, { case: 'extend', value: { lease: durationFromMs(1_000) } });
    expect((await inbox.ended())?.code).toBe(Code.Unavailable);
    expect((await settle(delivery, ack)).settled).toBe(false);
  });

  it('are settled all or not at all where a settlement is none', async () => {
    await enqueue('q');
    const inbox = deliveries(served.queue, { queuePrefixes: ['q'], deploymentId: 'dpl_1' });
    const { leaseId } = await inbox.next();
    for (const wrong of [
      { leaseId: 'x' },
      { leaseId: 'x', action: { case: 'extend', value: { lease: durationFromMs(1) } } as const },
    ]) {
      const settlements = [{ leaseId, action: ack }, wrong];
      expect((await refusalOf(served.queue.settle({ settlements }))).reason).toBe(
        'INVALID_ARGUMENT',
      );
    }
    const { results } = await served.queue.settle({ settlements: [{ leaseId, action: ack }] });
    expect(results[0]?.settled).toBe(true);
    await inbox.stop();
  });

  it('of a lost consumer may still be settled for a moment', async () => {
    const inbox = deliveries(served.queue, { queuePrefixes: ['q'] });
    await enqueue('q');
    const delivery = await inbox.next();
    await inbox.stop();
    expect((await settle(delivery, ack)).settled).toBe(true);
  });

  it('end for an instance that attaches again', async () => {
    const request = { queuePrefixes: ['q'], instanceId: 'i' };
    const first = deliveries(served.queue, request);
    await enqueue('q');
    await first.next();
    const second = deliveries(served.queue, request);
    expect((await first.ended())?.code).toBe(Code.Unavailable);
    await second.stop();
  });

  it('are held until a consumer attaches, and count no attempt where there was no room', async () => {
    for (const body of ['1', '2', '3']) await enqueue('q', { body: bytes(body) });
    await new Promise((resolve) => setTimeout(resolve, 300));
    const inbox = deliveries(served.queue, { queuePrefixes: ['q'] });
    const all = [await inbox.next(), await inbox.next(), await inbox.next()];
    expect(all.map(({ body }) => textOf(body)).sort()).toEqual(['1', '2', '3']);
    expect(all.map(({ attempt }) => attempt)).toEqual([1, 1, 1]);
    await inbox.stop();
  });
});

describe('wakes', () => {
  beforeEach(async () => {
    served = await Served.local('v4');
  });

  it('come of starting the World again, in the queue that was named', async () => {
    const runId = `wrun_${ulid()}`;
    const value = { deploymentId: 'dpl_1', workflowName: 'wf', input: bytes('i') };
    await served.events.createEvent({ runId, event: { data: { case: 'runCreated', value } } });
    const request = { queuePrefix: 'flows-', deploymentId: 'dpl_1' };
    expect((await served.queue.wakeRuns(request)).woken).toBe(1);
    expect((await served.queue.wakeRuns(request)).woken).toBe(0);
    const inbox = deliveries(served.queue, { queuePrefixes: ['flows-'], deploymentId: 'dpl_1' });
    const wake = await inbox.next();
    expect(wake).toMatchObject({ queueName: 'flows-wf', contentType: 'application/json' });
    expect(JSON.parse(textOf(wake.body)!)).toEqual({ runId });
    await settle(wake, ack);
    await inbox.stop();
  });
});

describe('what is asked wrongly', () => {
  beforeEach(async () => {
    served = await Served.local('v5');
  });

  it('is refused', async () => {
    const reasonOf = async (call: Promise<unknown>) => (await refusalOf(call)).reason;
    expect(await reasonOf(enqueue(''))).toBe('INVALID_ARGUMENT');
    expect(await reasonOf(served.queue.settle({}))).toBe('INVALID_ARGUMENT');
    expect(await reasonOf(served.queue.settle({ settlements: [{ leaseId: 'x' }] }))).toBe(
      'INVALID_ARGUMENT',
    );
    expect(await reasonOf(served.queue.wakeRuns({}))).toBe('INVALID_ARGUMENT');
    for (const request of [
      {},
      { queuePrefixes: ['q'], maxInFlight: -1 },
      { queuePrefixes: ['q'], lease: durationFromMs(1) },
    ])
      expect((await deliveries(served.queue, request).ended())?.code).toBe(Code.InvalidArgument);
  });
});
