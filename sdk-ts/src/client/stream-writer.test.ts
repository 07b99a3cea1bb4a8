import { Code } from '@connectrpc/connect';
import { StreamService } from '@worldwire/proto';
import { afterEach, describe, expect, it } from 'vitest';
import { deferred, TestWorld, until, worldwireError } from './testing/test-world.js';

let world: TestWorld;

afterEach(() => world.close());

/** A stream that lands chunks by writer and sequence, as a World does. */
async function streamWorld() {
  const state = {
    chunks: [] as Uint8Array[],
    closed: false,
    requests: [] as { sequence: number; count: number; close: boolean }[],
    gate: Promise.resolve() as Promise<void>,
  };
  const landed = new Map<string, number>();
  world = await TestWorld.start(({ service }) =>
    service(StreamService, {
      async append({ chunks, writerId, sequence, close }) {
        state.requests.push({ sequence: Number(sequence), count: chunks.length, close });
        await state.gate;
        const wasClosed = state.closed;
        const from = landed.get(writerId) ?? 0;
        if (Number(sequence) > from) throw worldwireError(Code.FailedPrecondition, 'SEQUENCE_GAP');
        const fresh = wasClosed ? [] : chunks.slice(from - Number(sequence));
        state.chunks.push(...fresh);
        landed.set(writerId, Number(sequence) + chunks.length);
        state.closed ||= close;
        return { tailIndex: BigInt(state.chunks.length - 1), appended: fresh.length, wasClosed };
      },
      close() {
        state.closed = true;
        return { tailIndex: BigInt(state.chunks.length - 1) };
      },
    }),
  );
  return state;
}

const byte = (value: number) => new Uint8Array([value]);

describe('createStreamWriter', () => {
  it('lands every chunk once and in order, though responses are lost', async () => {
    const state = await streamWorld();
    const served = new Set<number>();
    world.mischief = ({ method, nth, socket }, response) => {
      // Every second append does its work, and its response is lost.
      if (method === 'Append' && nth % 2 === 0) {
        served.add(nth);
        const { end } = response;
        response.end = ((...args: Parameters<typeof end>) => {
          socket.destroy();
          return end.apply(response, args);
        }) as typeof end;
      }
      return false;
    };
    const writer = world.client().createStreamWriter({ runId: 'r', name: 's' });
    for (let i = 0; i < 5; i++) {
      expect((await writer.write(byte(i))).tailIndex).toBe(i);
    }
    await writer.write([byte(5), new Uint8Array(0), byte(6)]);
    expect(state.chunks.map((chunk) => [...chunk])).toEqual([
      [0],
      [1],
      [2],
      [3],
      [4],
      [5],
      [],
      [6],
    ]);
    expect(served.size).toBeGreaterThan(3);
    expect(writer.sequence).toBe(8);
  });

  it('sends together what waits, within the limits of one append', async () => {
    const state = await streamWorld();
    const gate = deferred();
    state.gate = gate.promise;
    const writer = world.client().createStreamWriter({ runId: 'r', name: 's' });
    const first = writer.write(byte(0));
    await until(() => state.requests.length === 1);
    const rest = Array.from({ length: 10 }, (_, i) => writer.write(byte(i + 1)));
    const many = writer.write(Array.from({ length: 2500 }, (_, i) => byte(i)));
    const big = writer.write(Array.from({ length: 3 }, () => new Uint8Array(3 * 1024 * 1024)));
    const closed = writer.close();
    gate.resolve();
    expect((await first).tailIndex).toBe(0);
    await Promise.all(rest);
    // The last of them shared an append with the first big chunk.
    expect((await many).tailIndex).toBe(2511);
    expect(await big).toEqual({ tailIndex: 2513, wasClosed: false });
    expect(await closed).toEqual({ tailIndex: 2513, wasClosed: false });
    expect(state.closed).toBe(true);
    expect(state.requests.map(({ count }) => count)).toEqual([1, 1000, 1000, 511, 1, 1]);
    expect(state.requests.map(({ close }) => close).indexOf(true)).toBe(5);
    expect(state.requests.map(({ sequence }) => sequence)).toEqual([0, 1, 1001, 2001, 2512, 2513]);
  });

  it('closes once, also with nothing to write, and takes nothing afterwards', async () => {
    const state = await streamWorld();
    const writer = world.client().createStreamWriter({ runId: 'r', name: 's' });
    await writer.write(byte(1));
    const [a, b] = await Promise.all([writer.close(), writer.close()]);
    expect(a).toBe(b);
    expect(a.tailIndex).toBe(0);
    expect(world.count('Close')).toBe(1);
    await expect(writer.write(byte(2))).rejects.toMatchObject({ code: 'failed_precondition' });
    expect(state.chunks).toHaveLength(1);
  });

  it('says when a stream was closed before', async () => {
    const state = await streamWorld();
    state.closed = true;
    const writer = world.client().createStreamWriter({ runId: 'r', name: 's' });
    expect((await writer.write(byte(1))).wasClosed).toBe(true);
  });

  it('fails everything that waits, and everything after, once an append failed', async () => {
    const state = await streamWorld();
    const gate = deferred();
    state.gate = gate.promise;
    const writer = world.client().createStreamWriter({ runId: 'r', name: 's', sequence: 3 });
    const ends = [writer.write(byte(1)), writer.write(byte(2)), writer.close()].map((end) =>
      end.catch((error) => error.reason),
    );
    gate.resolve();
    expect(await Promise.all(ends)).toEqual(Array(3).fill('SEQUENCE_GAP'));
    await expect(writer.write(byte(3))).rejects.toMatchObject({ reason: 'SEQUENCE_GAP' });
    expect(state.requests).toHaveLength(1);
  });

  it('refuses to keep more than it may', async () => {
    const state = await streamWorld();
    const gate = deferred();
    state.gate = gate.promise;
    const writer = world.client().createStreamWriter({ runId: 'r', name: 's' });
    const chunk = new Uint8Array(4 * 1024 * 1024);
    const writes = Array.from({ length: 16 }, () => writer.write(chunk));
    await expect(writer.write(chunk)).rejects.toMatchObject({ code: 'resource_exhausted' });
    gate.resolve();
    await Promise.all(writes);
    expect(state.chunks).toHaveLength(16);
  });
});
