import { Code } from '@connectrpc/connect';
import { RunStatus } from '@worldwire/proto';
import { describe, expect, it } from 'vitest';
import {
  clientsOf,
  endOfRun,
  failureOf,
  newRun,
  serve,
  stockTransports,
} from '../testing/world.js';

async function open(transport = 'connect, HTTP/1.1') {
  const server = await serve();
  return { server, ...clientsOf(stockTransports[transport]!(server.url)) };
}

describe('WatchEvents', () => {
  it.each(['connect, HTTP/1.1', 'gRPC-Web, HTTP/1.1', 'gRPC, HTTP/2'])(
    'sends each event once, and ends with the run: %s',
    async (transport) => {
      const { events } = await open(transport);
      await events.createEvent(newRun('r'));
      const positions: bigint[] = [];
      for await (const response of events.watchEvents({ runId: 'r' })) {
        positions.push(...response.events.map(({ position }) => position));
        if (positions.length === 1)
          await events.createEvent({
            runId: 'r',
            event: { data: { case: 'runStarted', value: {} } },
          });
        if (positions.length === 2) await events.createEvent(endOfRun('r'));
      }
      expect(positions).toEqual([1n, 2n, 3n]);
    },
  );

  it('begins after a position, and says at once that it watches', async () => {
    const { events } = await open();
    await events.createEvent(newRun('r'));
    const abort = new AbortController();
    const watching = events.watchEvents(
      { runId: 'r', afterPosition: 1n },
      { signal: abort.signal },
    );
    const it = watching[Symbol.asyncIterator]();
    expect((await it.next()).value.events).toEqual([]);
    abort.abort();
    await expect(it.next()).rejects.toThrow();
    expect(await failureOf(events.watchEvents({ runId: 'r', afterPosition: -1n }))).toMatchObject({
      reasons: ['INVALID_ARGUMENT'],
    });
  });
});

describe('WaitForRun', () => {
  it('answers when the run ends', async () => {
    const { events, runs } = await open();
    await events.createEvent(newRun('r'));
    const waiting = runs.waitForRun({ runId: 'r' });
    await events.createEvent({ runId: 'r', event: { data: { case: 'runStarted', value: {} } } });
    await events.createEvent(endOfRun('r'));
    expect((await waiting).run?.status).toBe(RunStatus.CANCELLED);
    expect((await runs.waitForRun({ runId: 'r' })).run?.status).toBe(RunStatus.CANCELLED);
  });

  it('answers with the run as it is when the time is up', async () => {
    const { events, runs } = await open();
    await events.createEvent(newRun('r'));
    for (const timeout of [{ seconds: 0n }, { nanos: 50_000_000 }]) {
      const { run } = await runs.waitForRun({ runId: 'r', timeout });
      expect(run?.status).toBe(RunStatus.PENDING);
      expect(run?.input).toHaveLength(3);
    }
  });

  it('fails for no run, a negative time, and a server that stops', async () => {
    const { server, events, runs } = await open();
    expect(await failureOf(runs.waitForRun({ runId: 'r' }))).toMatchObject({
      reasons: ['RUN_NOT_FOUND'],
    });
    expect(
      await failureOf(runs.waitForRun({ runId: 'r', timeout: { seconds: -1n } })),
    ).toMatchObject({ reasons: ['INVALID_ARGUMENT'] });
    await events.createEvent(newRun('r'));
    const waiting = failureOf(runs.waitForRun({ runId: 'r' }));
    // The server stops when the call is under way: it has answered a later one.
    await runs.getRun({ runId: 'r' });
    await server.close();
    expect(await waiting).toMatchObject({ code: Code.Unavailable });
  });
});

describe('Read', () => {
  it('waits for a stream that does not exist, and resumes at an index', async () => {
    const { streams } = await open();
    const seen: number[] = [];
    for await (const { chunks } of streams.read({ runId: 'r', name: 's', startIndex: 1n })) {
      for (const { index, data } of chunks) seen.push(Number(index), data[0]!);
      if (seen.length === 0)
        await streams.append({
          runId: 'r',
          name: 's',
          chunks: [1, 2, 3].map((byte) => new Uint8Array([byte])),
          close: true,
        });
    }
    expect(seen).toEqual([1, 2, 2, 3]);
  });

  it('counts a negative index from the end', async () => {
    const { streams } = await open();
    await streams.append({
      runId: 'r',
      name: 's',
      chunks: [1, 2, 3].map((byte) => new Uint8Array([byte])),
      close: true,
    });
    const starts: number[] = [];
    for (const startIndex of [-1n, -2n, -9n])
      for await (const { chunks } of streams.read({ runId: 'r', name: 's', startIndex }))
        if (chunks[0] !== undefined) starts.push(chunks[0].data[0]!);
    expect(starts).toEqual([3, 2, 1]);
  });

  it('lets a reader go away and serves the others', async () => {
    const { streams } = await open();
    const abort = new AbortController();
    const left = streams.read({ runId: 'r', name: 's' }, { signal: abort.signal });
    const first = left[Symbol.asyncIterator]();
    await first.next();
    abort.abort();
    await expect(first.next()).rejects.toThrow();
    await streams.append({ runId: 'r', name: 's', chunks: [new Uint8Array(1)], close: true });
    let count = 0;
    for await (const { chunks } of streams.read({ runId: 'r', name: 's' })) count += chunks.length;
    expect(count).toBe(1);
  });
});
