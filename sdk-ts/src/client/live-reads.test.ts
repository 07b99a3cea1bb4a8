import { Code, type ConnectRouter } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { EventService, StreamService } from '@worldwire/proto';
import { afterEach, describe, expect, it } from 'vitest';
import { collect, deferred, TestWorld, until, worldwireError } from './testing/test-world.js';

let world: TestWorld;

afterEach(() => world.close());

/** What one read of a stream does: gives some of a stream of 10 chunks, then breaks or ends. */
interface Act {
  /** Chunks given before the end of the act. */
  readonly give: number;
  readonly end: 'cut' | 'end' | 'unavailable' | 'expired' | 'silence' | 'done';
  /** Begins this many chunks before what was asked for. */
  readonly overlap?: number;
  /** Leaves out this many chunks. */
  readonly skip?: number;
}

const LENGTH = 10;

/** A stream of ten chunks, of which every read plays the next act. */
async function playStream(acts: Act[]): Promise<{ starts: number[]; ended: number }> {
  const told = { starts: [] as number[], ended: 0 };
  world = await TestWorld.start((router: ConnectRouter) =>
    router.service(StreamService, {
      async *read({ startIndex }, { signal }) {
        told.starts.push(Number(startIndex));
        const act = acts.shift() ?? { give: 0, end: 'expired' };
        const asked =
          startIndex < 0n ? Math.max(0, LENGTH + Number(startIndex)) : Number(startIndex);
        try {
          yield { nextIndex: BigInt(asked) };
          const from = asked - (act.overlap ?? 0) + (act.skip ?? 0);
          for (let index = from; index < from + act.give; index++) {
            const chunks = [{ index: BigInt(index), data: new Uint8Array([index]) }];
            yield { chunks, nextIndex: BigInt(index + 1) };
          }
          if (act.end === 'cut') world.seen.at(-1)?.socket.destroy();
          if (act.end === 'unavailable') throw worldwireError(Code.Unavailable, 'SHUTTING_DOWN');
          if (act.end === 'expired') {
            throw worldwireError(Code.FailedPrecondition, 'STREAM_EXPIRED');
          }
          if (act.end === 'silence') {
            await new Promise((resolve) => signal.addEventListener('abort', resolve));
          }
          if (act.end === 'done') yield { done: true, nextIndex: BigInt(LENGTH) };
        } finally {
          told.ended++;
        }
      },
    }),
  );
  return told;
}

const indexes = (chunks: { index: number; data: Uint8Array }[]) => {
  for (const { index, data } of chunks) expect(data).toEqual(new Uint8Array([index]));
  return chunks.map(({ index }) => index);
};

const from = (start: number) => Array.from({ length: LENGTH - start }, (_, i) => start + i);

describe('readStream', () => {
  it('resumes after every kind of break, without a repetition or a gap', async () => {
    const told = await playStream([
      { give: 3, end: 'unavailable' },
      { give: 0, end: 'end' },
      { give: 2, end: 'end' },
      { give: 5, end: 'done' },
    ]);
    const chunks = await collect(world.client().readStream({ name: 's' }));
    expect(indexes(chunks)).toEqual(from(0));
    expect(told.starts).toEqual([0, 3, 3, 5]);
  });

  it('takes silence for a break, and closes the silent request', async () => {
    let silent = 0;
    world = await TestWorld.start((router) =>
      router.service(StreamService, {
        async *read({ startIndex }, { signal }) {
          yield { nextIndex: startIndex };
          if (startIndex > 0n) {
            yield { done: true };
            return;
          }
          yield { chunks: [{ index: 0n, data: new Uint8Array([0]) }] };
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
          silent++;
        },
      }),
    );
    const chunks = await collect(world.client({ idleMs: 300 }).readStream({ name: 's' }));
    expect(indexes(chunks)).toEqual([0]);
    await until(() => silent > 0);
  });

  it('does not take a slow reader for a silent World', async () => {
    const slow = deferred();
    let reads = 0;
    world = await TestWorld.start((router) =>
      router.service(StreamService, {
        async *read() {
          reads++;
          yield { chunks: [{ index: 0n, data: new Uint8Array([0]) }] };
          await slow.promise;
          yield { done: true };
        },
      }),
    );
    for await (const _ of world.client({ idleMs: 300 }).readStream({ name: 's' })) {
      await new Promise((resolve) => setTimeout(resolve, 400));
      slow.resolve();
    }
    expect(reads).toBe(1);
  });

  it('begins its retry budget anew with progress', async () => {
    let reads = 0;
    world = await TestWorld.start((router) =>
      router.service(StreamService, {
        async *read({ startIndex }) {
          reads++;
          await new Promise((resolve) => setTimeout(resolve, 60));
          yield { chunks: [{ index: startIndex, data: new Uint8Array([Number(startIndex)]) }] };
          if (startIndex === 9n) yield { done: true };
        },
      }),
    );
    const client = world.client({ retry: { budgetMs: 100, initialDelayMs: 1, maxDelayMs: 2 } });
    expect(indexes(await collect(client.readStream({ name: 's' })))).toEqual(from(0));
    expect(reads).toBe(10);
  });

  it('resumes after a connection that was cut, at the chunk after the last one received', async () => {
    const told = await playStream([
      { give: 4, end: 'cut' },
      { give: 10, end: 'cut' },
      { give: 10, end: 'done' },
      { give: 10, end: 'done' },
    ]);
    // How much of a cut read arrives is chance; what was delivered is not.
    const chunks = await collect(world.client().readStream({ runId: 'r', name: 's' }));
    expect(indexes(chunks).slice(0, LENGTH)).toEqual(from(0));
    expect(told.starts[0]).toBe(0);
    expect(told.starts.length).toBeGreaterThan(2);
  });

  it('resolves a negative start once', async () => {
    const told = await playStream([
      { give: 0, end: 'end' },
      { give: 1, end: 'unavailable' },
      { give: 2, end: 'done' },
    ]);
    const chunks = await collect(world.client().readStream({ name: 's', startIndex: -3 }));
    expect(indexes(chunks)).toEqual([7, 8, 9]);
    expect(told.starts).toEqual([-3, 7, 8]);
  });

  it('drops a chunk that comes again, and refuses a gap', async () => {
    await playStream([
      { give: 5, end: 'unavailable' },
      { give: 7, end: 'done', overlap: 2 },
    ]);
    expect(indexes(await collect(world.client().readStream({ name: 's' })))).toEqual(from(0));
    await world.close();
    await playStream([{ give: 5, end: 'done', skip: 1 }]);
    const gap = collect(world.client().readStream({ name: 's' }));
    await expect(gap).rejects.toMatchObject({ name: 'WorldError', code: 'data_loss' });
  });

  it('ends with an error that no other try would change', async () => {
    const told = await playStream([{ give: 2, end: 'expired' }]);
    const read = collect(world.client().readStream({ name: 's' }));
    await expect(read).rejects.toMatchObject({ name: 'WorldError', reason: 'STREAM_EXPIRED' });
    expect(told.starts).toEqual([0]);
  });

  it('is given up when the World only ever accepts and breaks', async () => {
    const acts = Array.from({ length: 10_000 }, () => ({ give: 0, end: 'end' }) as const);
    const told = await playStream(acts);
    const client = world.client({ retry: { budgetMs: 50, initialDelayMs: 1, maxDelayMs: 5 } });
    await expect(collect(client.readStream({ name: 's' }))).rejects.toMatchObject({
      code: 'unavailable',
    });
    expect(told.starts.length).toBeGreaterThan(1);
  });

  it('outlasts a World that is away', async () => {
    await playStream([
      { give: 5, end: 'silence' },
      { give: 5, end: 'done' },
    ]);
    const chunks: number[] = [];
    for await (const { index } of world.client().readStream({ name: 's' })) {
      chunks.push(index);
      if (index === 4) {
        await world.kill();
        await world.listen();
      }
    }
    expect(chunks).toEqual(from(0));
  });

  it('closes its request when the loop is left, and when its signal aborts', async () => {
    const told = await playStream([
      { give: 2, end: 'silence' },
      { give: 2, end: 'silence' },
    ]);
    const client = world.client();
    for await (const { index } of client.readStream({ name: 's' })) if (index === 1) break;
    await until(() => told.ended === 1);
    const abort = new AbortController();
    const read = (async () => {
      for await (const { index } of client.readStream({ name: 's', signal: abort.signal })) {
        if (index === 1) setImmediate(() => abort.abort());
      }
    })();
    await expect(read).rejects.toMatchObject({ name: 'WorldError', code: 'canceled' });
    await until(() => told.ended === 2);
  });

  it('resumes over a stock transport too', async () => {
    await playStream([
      { give: 3, end: 'cut' },
      { give: 10, end: 'silence' },
    ]);
    const transport = createConnectTransport({ httpVersion: '1.1', baseUrl: world.url });
    const chunks: number[] = [];
    for await (const { index } of world.client({ transport }).readStream({ name: 's' })) {
      chunks.push(index);
      if (index === 9) break;
    }
    expect(chunks).toEqual(from(0));
  });
});

describe('readStreamBytes', () => {
  it('gives a piece a chunk, and ends with the stream', async () => {
    await playStream([
      { give: 4, end: 'unavailable' },
      { give: 6, end: 'done' },
    ]);
    const pieces = await collect(world.client().readStreamBytes({ name: 's' }));
    expect(pieces).toEqual(from(0).map((index) => new Uint8Array([index])));
  });

  it('asks for nothing before it is read, and closes the request when it is cancelled', async () => {
    const told = await playStream([{ give: 1, end: 'silence' }]);
    const stream = world.client().readStreamBytes({ name: 's' });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(told.starts).toEqual([]);
    const reader = stream.getReader();
    expect((await reader.read()).value).toEqual(new Uint8Array([0]));
    const pending = reader.read();
    // Until it waits for a message that does not come.
    await new Promise((resolve) => setTimeout(resolve, 20));
    await reader.cancel('enough');
    expect((await pending).done).toBe(true);
    await until(() => told.ended === 1);
  });

  it('errors as the read does', async () => {
    await playStream([{ give: 1, end: 'expired' }]);
    const pieces = collect(world.client().readStreamBytes({ name: 's' }));
    await expect(pieces).rejects.toMatchObject({ reason: 'STREAM_EXPIRED' });
  });
});

describe('watchEvents', () => {
  /** A log of five events, given by twos; every watch but the last breaks after its first message. */
  async function playLog(end: (watch: number) => void, length = 5) {
    const starts: number[] = [];
    world = await TestWorld.start((router) =>
      router.service(EventService, {
        async *watchEvents({ afterPosition }) {
          starts.push(Number(afterPosition));
          const watch = starts.length;
          yield {};
          for (let p = Number(afterPosition) + 1; p <= length; p += 2) {
            const positions = p === length ? [p] : [p, p + 1];
            yield { events: positions.map((position) => ({ position: BigInt(position) })) };
            end(watch);
          }
        },
      }),
    );
    return starts;
  }

  const positions = async (afterPosition?: number) => {
    const events = world
      .client()
      .watchEvents({ runId: 'r', ...(afterPosition && { afterPosition }) });
    return (await collect(events)).map(({ position }) => Number(position));
  };

  it('resumes by position, and ends with the run', async () => {
    const starts = await playLog((watch) => {
      if (watch < 3) throw worldwireError(Code.Unavailable, 'SHUTTING_DOWN');
    });
    expect(await positions()).toEqual([1, 2, 3, 4, 5]);
    expect(starts).toEqual([0, 2, 4]);
  });

  it('begins after a position', async () => {
    const starts = await playLog(() => undefined);
    expect(await positions(3)).toEqual([4, 5]);
    expect(starts).toEqual([3]);
  });

  it('drops an event that comes again, and refuses a gap', async () => {
    const give = async (...given: number[]) => {
      world = await TestWorld.start((router) =>
        router.service(EventService, {
          async *watchEvents() {
            yield { events: given.map((position) => ({ position: BigInt(position) })) };
          },
        }),
      );
      return positions();
    };
    expect(await give(1, 2, 1, 2, 3)).toEqual([1, 2, 3]);
    await world.close();
    await expect(give(1, 3)).rejects.toMatchObject({ name: 'WorldError', code: 'data_loss' });
  });

  it('ends with an error of the World', async () => {
    await playLog(() => {
      throw worldwireError(Code.NotFound, 'RUN_NOT_FOUND');
    });
    await expect(positions()).rejects.toMatchObject({ reason: 'RUN_NOT_FOUND' });
  });

  it('does not take a cut connection for the end of the run', async () => {
    const gate = deferred();
    let watches = 0;
    world = await TestWorld.start((router) =>
      router.service(EventService, {
        async *watchEvents({ afterPosition }) {
          watches++;
          if (afterPosition === 0n) {
            yield { events: [{ position: 1n }] };
            await gate.promise;
          } else yield { events: [{ position: 2n }] };
        },
      }),
    );
    const seen: number[] = [];
    for await (const { position } of world.client().watchEvents({ runId: 'r' })) {
      seen.push(Number(position));
      if (seen.length === 1) {
        for (const { socket, method } of world.seen) if (method === 'WatchEvents') socket.destroy();
      }
    }
    gate.resolve();
    expect(seen).toEqual([1, 2]);
    expect(watches).toBe(2);
  });
});
