import { Code, type ConnectRouter } from '@connectrpc/connect';
import { QueueService, type Settlement } from '@worldwire/proto';
import { afterEach, describe, expect, it } from 'vitest';
import type { WorldError } from './error.js';
import { deferred, recorder, TestWorld, until, worldwireError } from './testing/test-world.js';
import type { ConsumeOptions, Consumer } from './types.js';

let world: TestWorld;
const consumers: Consumer[] = [];

afterEach(async () => {
  await Promise.all(consumers.splice(0).map((consumer) => consumer.stop()));
  await world.close();
});

/** A queue that hands out what it is given, to whoever is attached, and keeps every settlement. */
class TestQueue {
  readonly settled: Settlement[] = [];
  readonly calls: number[] = [];
  readonly lost = new Set<string>();
  readonly instances: string[] = [];
  readonly requests: { maxInFlight: number; lease: bigint | undefined }[] = [];
  attached = 0;
  detached = 0;
  refuse: (() => Error) | undefined;
  /** Held back by a test, to see what gathers behind it. */
  gate: Promise<void> = Promise.resolve();
  readonly #messages: string[][] = [];
  #wake: (() => void) | undefined;
  #cut: (() => void) | undefined;

  send(...leaseIds: string[]): void {
    this.#messages.push(leaseIds);
    this.#wake?.();
  }

  /** Ends every attachment with an error. */
  cut(): void {
    this.#cut?.();
    this.#wake?.();
  }

  of(action: string): string[] {
    return this.settled.filter((one) => one.action.case === action).map((one) => one.leaseId);
  }

  readonly routes = (router: ConnectRouter): void => {
    const queue = this;
    router.service(QueueService, {
      async *receive({ maxInFlight, lease, instanceId }, { signal }) {
        if (queue.refuse !== undefined) throw queue.refuse();
        queue.instances.push(instanceId);
        queue.requests.push({ maxInFlight, lease: lease?.seconds });
        let cut = false;
        queue.#cut = () => {
          cut = true;
        };
        signal.addEventListener('abort', () => queue.#wake?.());
        try {
          queue.attached++;
          yield {};
          while (!signal.aborted) {
            if (cut) throw worldwireError(Code.Unavailable, 'SHUTTING_DOWN');
            const leaseIds = queue.#messages.shift();
            if (leaseIds !== undefined) {
              yield { deliveries: leaseIds.map((leaseId) => ({ leaseId, messageId: leaseId })) };
              continue;
            }
            await new Promise<void>((resolve) => {
              queue.#wake = resolve;
            });
          }
        } finally {
          queue.detached++;
        }
      },
      async settle({ settlements }) {
        queue.calls.push(settlements.length);
        queue.settled.push(...settlements);
        await queue.gate;
        return {
          results: settlements.map(({ leaseId }) => ({ settled: !queue.lost.has(leaseId) })),
        };
      },
    });
  };
}

async function start(options: Partial<ConsumeOptions> & Pick<ConsumeOptions, 'handler'>) {
  const queue = new TestQueue();
  world = await TestWorld.start(queue.routes);
  const consumer = world.client().consume({ queuePrefixes: ['q'], ...options });
  consumers.push(consumer);
  await until(() => queue.attached === 1);
  return { queue, consumer };
}

describe('consume', () => {
  it('acknowledges what handlers have done, and gathers what is done together', async () => {
    const gate = deferred();
    let begun = 0;
    const { queue } = await start({
      maxInFlight: 1500,
      leaseMs: 60_000,
      handler: async () => {
        begun++;
        await gate.promise;
        return { ack: true };
      },
    });
    expect(queue.requests[0]).toEqual({ maxInFlight: 1500, lease: 60n });
    queue.send(...Array.from({ length: 1200 }, (_, i) => `l${i}`));
    await until(() => begun === 1200);
    gate.resolve();
    await until(() => queue.settled.length === 1200);
    expect(queue.calls).toEqual([1000, 200]);
    expect(new Set(queue.of('ack')).size).toBe(1200);
  });

  it('runs no more handlers than it may, and takes no more messages meanwhile', async () => {
    const gate = deferred();
    let running = 0;
    let most = 0;
    const { queue } = await start({
      maxInFlight: 2,
      handler: async () => {
        most = Math.max(most, ++running);
        await gate.promise;
        running--;
        return { ack: true };
      },
    });
    queue.send('a', 'b', 'c');
    queue.send('d');
    await until(() => running === 2);
    gate.resolve();
    await until(() => queue.of('ack').length === 4);
    expect(most).toBe(2);
  });

  it('sends back what failed: with its own delay, with a backoff, with the text of the error', async () => {
    const { queue } = await start({
      handler: async ({ leaseId }) => {
        if (leaseId === 'later') return { retryAfterMs: 1500, error: 'busy' };
        if (leaseId === 'backoff') return { backoff: true };
        if (leaseId === 'nothing') return undefined as never;
        throw new Error('é'.repeat(5000));
      },
    });
    queue.send('later', 'backoff', 'throws', 'nothing');
    await until(() => queue.settled.length === 4);
    const retries = new Map(
      queue.settled.map(({ leaseId, action }) => [
        leaseId,
        action.case === 'retry' ? action.value : undefined,
      ]),
    );
    expect(retries.get('later')).toMatchObject({
      delay: { seconds: 1n, nanos: 500_000_000 },
      error: 'busy',
    });
    expect(retries.get('backoff')?.delay).toBeUndefined();
    expect(retries.get('throws')?.delay).toBeUndefined();
    expect(retries.get('throws')?.error).toMatch(/^Error: é+$/);
    expect(Buffer.byteLength(retries.get('throws')?.error ?? '')).toBeLessThanOrEqual(2048);
    expect(retries.get('nothing')?.error).toContain('TypeError');
  });

  it('extends leases while handlers run, and tells those whose lease is lost', async () => {
    const reasons: WorldError[] = [];
    const { queue } = await start({
      leaseMs: 60,
      handler: async ({ leaseId }, { signal }) => {
        if (leaseId === 'kept') {
          await until(() => queue.of('extend').filter((id) => id === 'kept').length >= 2);
          return { ack: true };
        }
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        reasons.push(signal.reason);
        return { ack: true };
      },
    });
    queue.lost.add('lost');
    queue.send('kept', 'lost');
    await until(() => reasons.length === 1 && queue.of('ack').length === 1);
    expect(reasons[0]).toMatchObject({ name: 'WorldError', reason: 'LEASE_LOST' });
    expect(queue.of('ack')).toEqual(['kept']);
  });

  it('attaches again after every break, and says at once what it still works on', async () => {
    const attachments: number[] = [];
    const gate = deferred();
    const { queue } = await start({
      leaseMs: 3_600_000,
      onAttached: () => attachments.push(attachments.length),
      handler: async () => {
        await gate.promise;
        return { ack: true };
      },
    });
    queue.send('a');
    await until(() => world.count('Receive') === 1 && attachments.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    queue.cut();
    // At the loss, and when the World has taken back what the lost attachment held.
    await until(() => attachments.length === 2 && queue.of('extend').length === 2);
    queue.send('b');
    gate.resolve();
    await until(() => queue.of('ack').length === 2);
    await world.kill();
    await world.listen();
    await until(() => attachments.length === 3);
    expect(new Set(queue.instances)).toEqual(new Set([queue.instances[0]]));
    expect(queue.instances[0]).not.toBe('');
  });

  it('goes on also after errors that no retry is said to help, and tells them once', async () => {
    const errors: string[] = [];
    const { queue } = await start({
      handler: async () => ({ ack: true }),
      onError: (error) => errors.push(error.reason ?? error.code),
    });
    queue.refuse = () => worldwireError(Code.Unauthenticated, 'UNAUTHENTICATED');
    queue.cut();
    await until(() => world.count('Receive') >= 4);
    expect(errors).toEqual(['UNAUTHENTICATED']);
    queue.refuse = undefined;
    await until(() => queue.attached === 2);
    queue.send('a');
    await until(() => queue.of('ack').length === 1);
  });

  it('takes silence for a break', async () => {
    const queue = new TestQueue();
    world = await TestWorld.start(queue.routes);
    const handler = async () => ({ ack: true }) as const;
    consumers.push(world.client({ idleMs: 100 }).consume({ queuePrefixes: ['q'], handler }));
    await until(() => queue.attached >= 2 && queue.detached >= 1);
  });

  it('drains when it is stopped', async () => {
    const gate = deferred();
    let begun = 0;
    const { queue, consumer } = await start({
      maxInFlight: 2,
      handler: async () => {
        begun++;
        await gate.promise;
        return { ack: true };
      },
    });
    queue.send('a', 'b', 'waits');
    await until(() => begun === 2);
    const stopped = consumer.stop();
    expect(consumer.stop()).toBe(stopped);
    // What has not begun goes back at once.
    await until(() => queue.detached === 1 && queue.of('retry').length === 1);
    gate.resolve();
    await stopped;
    expect(queue.of('ack').sort()).toEqual(['a', 'b']);
    expect(begun).toBe(2);
    const [released] = queue.settled.filter(({ action }) => action.case === 'retry');
    expect(released).toMatchObject({ leaseId: 'waits' });
    expect(released?.action.value).toMatchObject({ delay: { seconds: 0n, nanos: 0 } });
  });

  it('releases what is not finished after the grace', async () => {
    let reason: unknown;
    const { queue, consumer } = await start({
      graceMs: 20,
      handler: async (_, { signal }) => {
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        reason = signal.reason;
        return { ack: true };
      },
    });
    queue.send('a');
    await until(() => queue.attached === 1 && world.count('Receive') === 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    await consumer.stop();
    expect(queue.of('retry')).toEqual(['a']);
    expect(queue.of('ack')).toEqual([]);
    expect(reason).toMatchObject({ name: 'WorldError', code: 'canceled' });
  });

  it('stops while the World is away', async () => {
    const { states, onStatus } = recorder();
    const queue = new TestQueue();
    world = await TestWorld.start(queue.routes);
    const handler = async () => ({ ack: true }) as const;
    const consumer = world.client({ onStatus }).consume({ queuePrefixes: ['q'], handler });
    await until(() => queue.attached === 1);
    await world.kill();
    await until(() => states.length === 1);
    await consumer.stop();
    expect(states).toEqual(['disconnected']);
  });
});
