/** What passes through the World, or waits in it, is not held in its memory. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { until } from '../harness/until.js';
import { startWorld, type WorldServer } from '../harness/world.js';
import { connect, newId, startRun, upTo } from './clients.js';
import { MemoryGauge } from './memory-gauge.js';
import { openRawRead } from './raw-read.js';

const MIB = 1024 * 1024;
/** What the server may take, in MiB. */
const LIMIT = 300;
/** With a page of 32 MiB in hand: it is there as rows, as messages, and as bytes on their way. */
const LIMIT_WITH_PAGE = 450;

let world: WorldServer;
let gauge: MemoryGauge;
let limit: number;
// One for each: what an allocator keeps after one test is not what the next one needs.
beforeEach(async () => {
  world = await startWorld();
  gauge = new MemoryGauge(world.pid);
  limit = LIMIT;
});
afterEach(async ({ task }) => {
  const peak = gauge.stop();
  await world.stop();
  console.log(`${task.name}: at most ${Math.round(peak)} MiB`);
  expect(peak).toBeLessThan(limit);
});

it('passes 1 GiB through a stream to a slow reader, beside one that has stalled', async () => {
  const client = connect(world.url);
  const stream = { runId: newId('run'), name: 'big' };
  const total = 1024;
  const slow = openRawRead(world.url, stream);
  const stalled = openRawRead(world.url, stream);
  await stalled.attached();

  let next = 0;
  let tail = -1;
  const writing = upTo(4).map(async () => {
    while (next < total) {
      const chunk = new Uint8Array(MIB).fill(next++ & 0xff);
      const { tailIndex } = await client.streams.append({ ...stream, chunks: [chunk] });
      tail = Math.max(tail, Number(tailIndex));
    }
  });
  const closing = Promise.all(writing).then(() => client.streams.close(stream));
  // Awaited below; where the reading fails first, its failure is the one to tell.
  closing.catch(() => {});

  let read = 0;
  let lag = 0;
  for await (const { index, data } of slow.chunks()) {
    expect(index).toBe(BigInt(read));
    expect(data.length).toBe(MIB);
    expect(data[0]).toBe(data[MIB - 1]);
    lag = Math.max(lag, tail - read);
    read += 1;
    // At the pace of a slow reader, in steps that a timer can keep.
    if (read % 8 === 0) await sleep(100);
  }
  await closing;
  expect(read).toBe(total);
  expect(tail).toBe(total - 1);
  // It was behind, so something had to wait somewhere.
  expect(lag).toBeGreaterThan(32);
  // The stalled one missed nothing.
  let count = 0;
  for await (const { index } of stalled.chunks()) {
    expect(index).toBe(BigInt(count++));
    if (count === 64) break;
  }
  stalled.close();
});

it('holds 200 idle watchers and 200 idle readers, and serves them all', async () => {
  const client = connect(world.url);
  const runId = await startRun(client);
  const name = 'idle';
  const seen = { events: 0, chunks: 0 };
  const watching = upTo(200).map(async () => {
    for await (const event of client.watchEvents({ runId, afterPosition: 2 })) {
      expect(event.position).toBeGreaterThan(2n);
      seen.events += 1;
    }
  });
  const reading = upTo(200).map(async () => {
    for await (const { index } of client.readStream({ runId, name })) {
      expect(index).toBe(0);
      seen.chunks += 1;
    }
  });
  await sleep(1_000);
  expect(seen).toEqual({ events: 0, chunks: 0 });
  const data = { case: 'stepCreated', value: { stepName: 'x' } } as const;
  await client.events.createEvent({ runId, event: { correlationId: 's', data } });
  await client.streams.append({ runId, name, chunks: [Uint8Array.of(1)] });
  await until('all were served', () =>
    seen.events === 200 && seen.chunks === 200 ? true : undefined,
  );
  await client.streams.close({ runId, name });
  await client.events.createEvent({ runId, event: { data: { case: 'runCompleted', value: {} } } });
  await Promise.all([...watching, ...reading]);
  expect(seen).toEqual({ events: 400, chunks: 200 });
});

it('lists a run of 10,000 events in pages', async () => {
  const client = connect(world.url);
  const runId = await startRun(client);
  const total = 10_000;
  const ids = upTo(total - 2).map((i) => `s${i}`);
  const writers = upTo(8).map(async () => {
    while (ids.length > 0) {
      const events = ids.splice(0, 32).map((correlationId) => ({
        correlationId,
        data: {
          case: 'stepCreated',
          value: { stepName: 'x', input: new Uint8Array(512) },
        } as const,
      }));
      await client.events.createEventBatch({ runId, events });
    }
  });
  await Promise.all(writers);

  const { limits } = await client.getWorld();
  const maximum = limits?.maxEventPage ?? 0;
  expect(maximum).toBeGreaterThan(0);
  expect(maximum).toBeLessThanOrEqual(1_000);
  for (const limit of [0, 1, 7, maximum, maximum + 1, 2 ** 31 - 1]) {
    const { events, page } = await client.events.listEvents({ runId, page: { limit } });
    expect(events.length).toBeLessThanOrEqual(limit === 0 ? maximum : Math.min(limit, maximum));
    expect(events.length).toBeGreaterThan(0);
    expect(page?.hasMore).toBe(true);
  }
  for (const limit of [0, 333]) {
    let position = 0n;
    for await (const event of client.listEvents({ runId, page: { limit } })) {
      position += 1n;
      expect(event.position).toBe(position);
    }
    expect(position).toBe(BigInt(total));
  }
  let steps = 0;
  for await (const _ of client.listSteps({ runId })) steps += 1;
  expect(steps).toBe(total - 2);
  // A page that ends exactly with the log says so.
  const page = { limit: 1, sortOrder: 2 } as const;
  expect((await client.events.listEvents({ runId, page })).events[0]?.position).toBe(BigInt(total));
});

it('ends a page before its bytes are too many', async () => {
  limit = LIMIT_WITH_PAGE;
  const client = connect(world.url);
  const runId = await startRun(client);
  const result = new Uint8Array(4 * MIB).fill(7);
  for (const i of upTo(15)) {
    const correlationId = `s${i}`;
    const create = { case: 'stepCreated', value: { stepName: 'x' } } as const;
    await client.events.createEvent({ runId, event: { correlationId, data: create } });
    const complete = { case: 'stepCompleted', value: { result } } as const;
    await client.events.createEvent({ runId, event: { correlationId, data: complete } });
  }
  const { events, page } = await client.events.listEvents({ runId });
  expect(events.length).toBeLessThan(32);
  expect(page?.hasMore).toBe(true);
  let position = 0n;
  for await (const event of client.listEvents({ runId })) expect(event.position).toBe(++position);
  expect(position).toBe(32n);
});
