import { create } from '@bufbuild/protobuf';
import { Code } from '@connectrpc/connect';
import { type Delivery, type ReceiveRequest, ReceiveRequestSchema } from '@worldwire/proto';
import { describe, expect, it, onTestFinished } from 'vitest';
import { durationFromMs } from '../rpc/duration.js';
import { type Clients, clientsOf, failureOf, serve, stockTransports } from '../testing/world.js';

type Ask = Partial<Omit<ReceiveRequest, '$typeName' | '$unknown'>>;

/** A consumer that keeps what it is given. */
function attach(queue: Clients['queue'], ask: Ask = {}) {
  const abort = new AbortController();
  onTestFinished(() => abort.abort());
  const deliveries: Delivery[] = [];
  let changed = (): void => {};
  let attached = (): void => {};
  const ready = new Promise<void>((resolve) => {
    attached = resolve;
  });
  const request = create(ReceiveRequestSchema, {
    queuePrefixes: ['q'],
    deploymentId: 'dpl',
    ...ask,
  });
  const ended = (async () => {
    for await (const response of queue.receive(request, { signal: abort.signal })) {
      attached();
      deliveries.push(...response.deliveries);
      changed();
    }
  })();
  ended.catch(() => {});
  return {
    deliveries,
    ready,
    ended,
    stop: () => abort.abort(),
    async until(count: number): Promise<Delivery[]> {
      while (deliveries.length < count)
        await new Promise<void>((resolve) => {
          changed = resolve;
        });
      return deliveries;
    },
  };
}

const actions = {
  ack: { case: 'ack', value: {} },
  retry: { case: 'retry', value: { delay: { seconds: 0n }, error: 'failed' } },
} as const;

async function open(transport = 'connect, HTTP/1.1') {
  const server = await serve();
  const { queue } = clientsOf(stockTransports[transport]!(server.url));
  const send = (queueName = 'q', count = 1, delay?: { seconds: bigint }) =>
    queue.enqueueBatch({
      messages: Array.from({ length: count }, (_, index) => ({
        queueName,
        body: new Uint8Array([index]),
        ...(delay && { delay }),
      })),
    });
  const settle = (deliveries: readonly Delivery[], kind: 'ack' | 'retry' = 'ack') =>
    queue.settle({
      settlements: deliveries.map(({ leaseId }) => ({ leaseId, action: actions[kind] })),
    });
  return { server, queue, send, settle };
}

describe.each(['connect, HTTP/1.1', 'gRPC, HTTP/2'])('Receive by %s', (transport) => {
  it('delivers what is there and what comes', async () => {
    const { queue, send } = await open(transport);
    await send('q-a', 2);
    const consumer = attach(queue);
    await consumer.until(2);
    await send('q-b', 1);
    const [first, , third] = await consumer.until(3);
    expect(first).toMatchObject({ queueName: 'q-a', attempt: 1 });
    expect(third).toMatchObject({ queueName: 'q-b', attempt: 1 });
  });
});

describe('Receive', () => {
  it('says at once that it is attached', async () => {
    const { queue } = await open();
    await attach(queue).ready;
  });

  it('refuses a request that says nothing', async () => {
    const { queue } = await open();
    expect(await failureOf(queue.receive({}))).toMatchObject({
      code: Code.InvalidArgument,
      reasons: ['INVALID_ARGUMENT'],
    });
  });

  it('never has more unsettled than the credit, and goes on as deliveries are settled', async () => {
    const { queue, send, settle } = await open();
    await send('q', 5);
    const consumer = attach(queue, { maxInFlight: 2 });
    await consumer.until(2);
    // Other traffic of the queue is no reason to exceed the credit.
    await send('other', 3);
    expect(consumer.deliveries).toHaveLength(2);
    await settle(consumer.deliveries.slice(0, 1));
    await consumer.until(3);
    expect(consumer.deliveries).toHaveLength(3);
    await settle(consumer.deliveries.slice(1));
    await consumer.until(5);
    expect(new Set(consumer.deliveries.map(({ messageId }) => messageId)).size).toBe(5);
  });

  it('delivers once when many consumers wait for many wakes', async () => {
    const { queue, send } = await open();
    const consumers = Array.from({ length: 5 }, () => attach(queue, { maxInFlight: 10 }));
    await Promise.all(consumers.map(({ ready }) => ready));
    await Promise.all(Array.from({ length: 40 }, (_, index) => send(`q${index % 3}`)));
    const all = () => consumers.flatMap(({ deliveries }) => deliveries);
    await expect.poll(() => all().length, { timeout: 20_000 }).toBe(40);
    expect(new Set(all().map(({ messageId }) => messageId)).size).toBe(40);
    for (const { deliveries } of consumers) expect(deliveries.length).toBeLessThanOrEqual(10);
  });

  it('shares a burst between consumers', async () => {
    const { queue, send } = await open();
    const consumers = [attach(queue), attach(queue)];
    await Promise.all(consumers.map(({ ready }) => ready));
    await send('q', 60);
    const counts = () => consumers.map(({ deliveries }) => deliveries.length);
    await expect.poll(() => counts()[0]! + counts()[1]!, { timeout: 20_000 }).toBe(60);
    expect(Math.min(...counts())).toBeGreaterThan(0);
  });

  it('wakes for a message whose time comes, and for no other reason', async () => {
    const { queue, send } = await open();
    const consumer = attach(queue);
    await consumer.ready;
    await send('q', 1, { seconds: 1n });
    expect(consumer.deliveries).toHaveLength(0);
    const [delivery] = await consumer.until(1);
    const waited = Number(delivery!.leaseExpiresAt!.seconds - delivery!.enqueuedAt!.seconds) - 30;
    expect(waited).toBeGreaterThanOrEqual(1);
  });

  it('delivers again after a retry, and after the loss of a consumer', async () => {
    const { queue, send, settle } = await open();
    await send();
    const lost = attach(queue);
    await lost.until(1);
    await settle(lost.deliveries, 'retry');
    await lost.until(2);
    expect(lost.deliveries[1]).toMatchObject({ attempt: 2 });
    lost.stop();
    const next = attach(queue);
    const [delivery] = await next.until(1);
    expect(delivery).toMatchObject({ attempt: 3, messageId: lost.deliveries[0]!.messageId });
    // The first lease is over, and says so.
    const { results } = await settle(lost.deliveries.slice(0, 1));
    expect(results[0]?.settled).toBe(false);
  });

  it('goes on for a nameless consumer that lets a lease run out, with its credit given back', async () => {
    const { queue, send, settle } = await open();
    await send('q', 1);
    const consumer = attach(queue, { maxInFlight: 1, lease: durationFromMs(1_000) });
    const [first, second] = await consumer.until(2);
    expect(second).toMatchObject({ messageId: first!.messageId, attempt: 2 });
    const { results } = await settle([second!]);
    expect(results[0]?.settled).toBe(true);
  });

  it('ends for who lets a lease run out, and gives its messages to others', async () => {
    const { queue, send, settle } = await open();
    await send('q', 2);
    // Not at once: the second delivery's lease is far from its end when the first one's is over.
    const lost = attach(queue, {
      maxInFlight: 100,
      lease: durationFromMs(1_500),
      instanceId: 'one',
    });
    await lost.until(2);
    await queue.settle({
      settlements: [
        {
          leaseId: lost.deliveries[1]!.leaseId,
          action: { case: 'extend', value: { lease: durationFromMs(60_000) } },
        },
      ],
    });
    expect(await failureOf(lost.ended)).toMatchObject({
      code: Code.Unavailable,
      reasons: ['UNAVAILABLE'],
    });
    const next = attach(queue);
    const again = await next.until(2);
    expect(again.map(({ attempt }) => attempt)).toEqual([2, 2]);
    await settle(again);
    await send('q', 1);
    await next.until(3);
    expect(lost.deliveries).toHaveLength(2);
  });

  it('goes on for who settles or extends in time', async () => {
    const { queue, send, settle } = await open();
    await send('q', 2);
    const consumer = attach(queue, { lease: durationFromMs(1_000) });
    const [first, second] = await consumer.until(2);
    await settle([first!]);
    const extend = { case: 'extend', value: { lease: durationFromMs(2_000) } } as const;
    await queue.settle({ settlements: [{ leaseId: second!.leaseId, action: extend }] });
    await new Promise((resolve) => setTimeout(resolve, 1_300));
    await send('q', 1);
    await consumer.until(3);
  });

  it('ends at once when the same instance attaches again', async () => {
    const { queue, send } = await open();
    const before = attach(queue, { instanceId: 'one' });
    const other = attach(queue, { instanceId: 'two', queuePrefixes: ['other'] });
    await Promise.all([before.ready, other.ready]);
    await send('q', 1);
    await before.until(1);
    const again = attach(queue, { instanceId: 'one' });
    expect(await failureOf(before.ended)).toMatchObject({ reasons: ['UNAVAILABLE'] });
    // Long before the lease of 30 seconds is over.
    const [delivery] = await again.until(1);
    expect(delivery).toMatchObject({ attempt: 2 });
    await send('other', 1);
    await other.until(1);
  });

  it('leaves messages of other deployments and other queues alone', async () => {
    const { queue, send } = await open();
    await queue.enqueue({ message: { queueName: 'q', deploymentId: 'other' } });
    await send('other');
    const consumer = attach(queue);
    await consumer.ready;
    await send('q', 1);
    await consumer.until(1);
    const another = attach(queue, { deploymentId: 'other' });
    await another.until(1);
    expect(consumer.deliveries).toHaveLength(1);
    expect(another.deliveries).toHaveLength(1);
  });

  it('ends with SHUTTING_DOWN when the server stops', async () => {
    const { server, queue } = await open();
    const consumer = attach(queue);
    await consumer.ready;
    const failure = failureOf(consumer.ended);
    await server.close();
    expect(await failure).toMatchObject({ code: Code.Unavailable, reasons: ['SHUTTING_DOWN'] });
  });
});
