import type { MessageInitShape } from '@bufbuild/protobuf';
import { create, toBinary } from '@bufbuild/protobuf';
import {
  type ChunkSchema,
  EventService,
  ReadResponseSchema,
  StreamService,
} from '@worldwire/proto';
import pLimit from 'p-limit';
import { type SdkCheck, sdkCheck } from '../check.js';
import type { SdkContext } from '../context.js';
import type { Script, ScriptedCall } from '../script.js';
import { refusal } from '../scripted-world.js';

const READS = { features: ['STREAM_READS'] } as const;
const WATCHES = { features: ['EVENT_WATCHES'] } as const;

/** How many reads of one check run side by side. */
const AT_ONCE = 8;

const chunk = (index: number): MessageInitShape<typeof ChunkSchema> => ({
  index: BigInt(index),
  data: Buffer.from(`chunk ${index}`),
});

/** The responses of a read from an index of a stream of so many chunks: a first one without any, one a chunk, the end. */
function* responses(from: number, length: number) {
  yield { chunks: [], nextIndex: BigInt(from), done: false };
  for (let index = from; index < length; index++)
    yield { chunks: [chunk(index)], nextIndex: BigInt(index + 1), done: false };
  yield { chunks: [], nextIndex: BigInt(Math.max(from, length)), done: true };
}

const event = (runId: string, position: number) => ({
  eventId: `evnt_${position}`,
  runId,
  position: BigInt(position),
  data: { case: 'runStarted', value: {} } as const,
});

/** A World with a stream of so many chunks, whose reads a check may spoil before they begin. */
function streamOf(length: number, spoil: (call: ScriptedCall, name: string) => void): Script {
  return {
    streams: {
      async *read({ startIndex, name }, call) {
        spoil(call, name);
        yield* responses(Number(startIndex), length);
      },
    },
  };
}

/** A World with a log of so many events. */
function logOf(length: number, spoil: (call: ScriptedCall, runId: string) => void): Script {
  return {
    events: {
      async *watchEvents({ runId, afterPosition }, call) {
        spoil(call, runId);
        yield { events: [] };
        for (let position = Number(afterPosition) + 1; position <= length; position++)
          yield { events: [event(runId, position)] };
      },
    },
  };
}

const upTo = (length: number) => Array.from({ length }, (_, index) => index);

/** Remembers which names were seen before: of each only the first read is spoilt. */
function firstOf(spoil: (call: ScriptedCall, name: string) => void) {
  const seen = new Set<string>();
  return (call: ScriptedCall, name: string) => {
    if (seen.has(name)) return;
    seen.add(name);
    spoil(call, name);
  };
}

/** Live reads of streams and logs. */
export const readChecks: readonly SdkCheck[] = [
  sdkCheck(
    'reads/to-the-end',
    'a read hands out every chunk and ends where the stream is closed',
    { requirements: ['WW-SDK-043'], ...READS },
    async (t) => {
      const client = await t.client({
        streams: {
          async *read(_request, call) {
            yield { chunks: [], nextIndex: 0n };
            yield { chunks: [chunk(0), chunk(1)], nextIndex: 2n };
            yield { chunks: [chunk(2)], nextIndex: 3n, done: true };
            // The end of the stream is known: no reader waits for that of the response.
            await call.left;
          },
        },
      });
      await isWhole(t, client.read('out'), 3);
      t.equal(t.world.count('Read'), 1, 'the number of reads');
    },
  ),
  sdkCheck(
    'reads/cut-at-any-byte',
    'a stream is read whole wherever its connection is cut',
    { requirements: ['WW-SDK-041'], timeoutMs: 120_000, ...READS },
    async (t) => {
      const LENGTH = 4;
      const FRAME = 5;
      const bytes = [...responses(0, LENGTH)].reduce(
        (sum, response) =>
          sum + FRAME + toBinary(ReadResponseSchema, create(ReadResponseSchema, response)).length,
        0,
      );
      const client = await t.client(
        streamOf(
          LENGTH,
          firstOf((call, name) => call.cutAfter(Number(name.slice('cut_'.length)))),
        ),
      );
      const limit = pLimit(AT_ONCE);
      await Promise.all(
        upTo(bytes).map((at) =>
          limit(() => isWhole(t, client.read(`cut_${at}`), LENGTH, `cut after ${at} bytes`)),
        ),
      );
    },
  ),
  sdkCheck(
    'reads/resume',
    'a read goes on at the index after the last chunk that it handed out',
    { requirements: ['WW-SDK-040'], ...READS },
    async (t) => {
      const LENGTH = 6;
      const client = await t.client({
        streams: {
          async *read({ startIndex }, call) {
            const from = Number(startIndex);
            for (const response of responses(from, LENGTH)) {
              yield response;
              // Two chunks a read.
              if (response.chunks[0] !== undefined && response.nextIndex === BigInt(from + 2)) {
                await new Promise((resolve) => setTimeout(resolve, 50));
                await call.drop();
              }
            }
          },
        },
      });
      await isWhole(t, client.read('out'), LENGTH);
      t.equal(
        t.world.seen(StreamService.method.read).map(({ request }) => Number(request.startIndex)),
        [0, 2, 4, 6],
        'the start indexes',
      );
    },
  ),
  sdkCheck(
    'reads/end-without-done',
    'a response that ends without the end of the stream counts as a cut',
    { requirements: ['WW-SDK-042'], ...READS },
    async (t) => {
      const client = await t.client({
        streams: {
          async *read({ startIndex }, call) {
            for (const response of responses(Number(startIndex), 4)) {
              if (call.nth === 0 && response.nextIndex > 2n) return;
              yield response;
            }
          },
        },
      });
      await isWhole(t, client.read('out'), 4);
    },
  ),
  sdkCheck(
    'reads/end-with-an-error',
    'a read that a stopping World ends goes on, and one that it refuses for good fails at once',
    { requirements: ['WW-SDK-040', 'WW-SDK-046'], ...READS },
    async (t) => {
      const client = await t.client({
        streams: {
          async *read({ startIndex, name }, call) {
            if (name === 'old') throw refusal('STREAM_EXPIRED', { metadata: { name } });
            for (const response of responses(Number(startIndex), 4)) {
              if (call.nth === 0 && response.nextIndex > 2n) throw refusal('SHUTTING_DOWN');
              yield response;
            }
          },
        },
      });
      await isWhole(t, client.read('out'), 4);
      const before = t.world.count('Read');
      await t.refused('a read of a stream that retention removed', client.read('old'), {
        reason: 'STREAM_EXPIRED',
      });
      t.equal(t.world.count('Read'), before + 1, 'the number of reads');
    },
  ),
  sdkCheck(
    'reads/left-out-chunk',
    'a read in which a chunk was left out fails, and hands out nothing behind the gap',
    { requirements: ['WW-SDK-045'], ...READS },
    async (t) => {
      const client = await t.client({
        streams: {
          async *read({ name }) {
            const from = name === 'gap' ? 2 : 1;
            yield { chunks: [chunk(0)], nextIndex: 1n };
            yield { chunks: [chunk(from)], nextIndex: BigInt(from + 1) };
            yield { nextIndex: BigInt(from + 1), done: true };
          },
        },
      });
      const read = client.read('gap');
      await read.failure();
      t.equal(
        read.items.map(({ index }) => Number(index)),
        [0],
        'the chunks before the gap',
      );
      await isWhole(t, client.read('fine'), 2);
    },
  ),
  sdkCheck(
    'reads/from-the-end',
    'a read from the end does not count anew when it goes on after a cut',
    { requirements: ['WW-SDK-047'], ...READS },
    async (t) => {
      let length = 10;
      const client = await t.client({
        streams: {
          async *read({ startIndex }, call) {
            const asked = Number(startIndex);
            const from = asked < 0 ? Math.max(0, length + asked) : asked;
            for (const response of responses(from, length)) {
              yield response;
              if (call.nth === 0 && response.nextIndex === 8n) {
                length = 12;
                await new Promise((resolve) => setTimeout(resolve, 50));
                await call.drop();
              }
            }
          },
        },
      });
      const read = client.read('out', { startIndex: -3 });
      const chunks = await read.all();
      t.equal(
        chunks.map(({ index }) => Number(index)),
        [7, 8, 9, 10, 11],
        'the indexes',
      );
    },
  ),
  sdkCheck(
    'reads/silence',
    'a read that is silent for too long is begun again, and one with signs of life is not',
    { requirements: ['WW-SDK-048'], ...READS },
    async (t) => {
      const client = await t.client(
        {
          streams: {
            async *read({ startIndex, name }, call) {
              yield { chunks: [], nextIndex: startIndex };
              if (name === 'silent' && startIndex === 0n) {
                yield { chunks: [chunk(0)], nextIndex: 1n };
                await call.left;
              }
              if (name === 'slow')
                for (let sign = 0; sign < 10; sign++) {
                  await t.sleep(500);
                  yield { chunks: [], nextIndex: startIndex };
                }
              for (const response of responses(Number(startIndex), 2)) yield response;
            },
          },
        },
        { silenceMs: 3_000 },
      );
      await Promise.all([
        isWhole(t, client.read('silent'), 2, 'a silent read'),
        isWhole(t, client.read('slow'), 2, 'a slow read'),
      ]);
      const reads = (name: string) =>
        t.world.seen(StreamService.method.read).filter(({ request }) => request.name === name);
      t.equal(reads('silent').length, 2, 'the number of silent reads');
      t.equal(reads('slow').length, 1, 'the number of slow reads');
      await reads('silent')[0]!.left;
    },
  ),
  sdkCheck(
    'reads/held-back',
    'a caller that reads nothing stops the World, and loses nothing',
    { requirements: ['WW-SDK-049'], timeoutMs: 120_000, ...READS },
    async (t) => {
      const CHUNK = 256 * 1024;
      const LENGTH = 1_024;
      const MOST = 64 * 1024 * 1024;
      const data = new Uint8Array(CHUNK).fill(7);
      const client = await t.client({
        streams: {
          async *read({ startIndex }) {
            for (let index = Number(startIndex); index < LENGTH; index++)
              yield { chunks: [{ index: BigInt(index), data }], nextIndex: BigInt(index + 1) };
            yield { nextIndex: BigInt(LENGTH), done: true };
          },
        },
      });
      const read = client.read('out', { credit: 1 });
      await t.eventually('the first chunk', () => read.count === 1 || undefined);
      const call = t.world.calls[0]!;
      // Until the network has taken nothing more for a while.
      let accepted = -1;
      while (accepted !== call.accepted) {
        accepted = call.accepted;
        t.ok(
          accepted <= MOST,
          'the client goes on taking what nobody reads',
          `at most ${MOST} bytes`,
          `${accepted} bytes`,
        );
        await t.sleep(1_000);
      }
      read.grant(40);
      await t.eventually('forty chunks more', () => read.count === 41 || undefined);
      t.equal(t.world.count('Read'), 1, 'the number of reads');
      read.cancel();
      await read.came();
    },
  ),
  sdkCheck(
    'reads/big-chunks',
    'chunks of several mebibytes come whole',
    { requirements: ['WW-SDK-090'], ...READS },
    async (t) => {
      const data = new Uint8Array(6 * 1024 * 1024);
      for (let at = 0; at < data.length; at += 991) data[at] = at % 251;
      const client = await t.client({
        streams: {
          async *read() {
            yield { chunks: [{ index: 0n, data }], nextIndex: 1n };
            yield { chunks: [{ index: 1n, data }], nextIndex: 2n, done: true };
          },
        },
      });
      for (const got of await client.read('out').all())
        t.ok(Buffer.compare(got.data, data) === 0, 'a chunk differs');
    },
  ),
  sdkCheck(
    'watches/to-the-end',
    'a watch hands out every event and ends where the World ends it',
    { requirements: ['WW-SDK-044'], ...WATCHES },
    async (t) => {
      const client = await t.client(logOf(3, () => undefined));
      await isWholeLog(t, client.watch('wrun_1'), 3);
      await isWholeLog(t, client.watch('wrun_2', { afterPosition: 2 }), 3, '', 2);
      t.equal(t.world.count('WatchEvents'), 2, 'the number of watches');
    },
  ),
  sdkCheck(
    'watches/cut-at-any-byte',
    'a log is watched whole wherever its connection is cut',
    { requirements: ['WW-SDK-041'], timeoutMs: 120_000, ...WATCHES },
    async (t) => {
      const LENGTH = 3;
      const client = await t.client(
        logOf(
          LENGTH,
          firstOf((call, runId) => call.cutAfter(Number(runId.slice('wrun_cut_'.length)))),
        ),
      );
      const limit = pLimit(AT_ONCE);
      // Beyond the end of the last event, and within the end of the stream.
      await Promise.all(
        upTo(120).map((at) =>
          limit(() =>
            isWholeLog(t, client.watch(`wrun_cut_${at}`), LENGTH, `cut after ${at} bytes`),
          ),
        ),
      );
    },
  ),
  sdkCheck(
    'watches/resume',
    'a watch goes on behind the last event that it handed out',
    { requirements: ['WW-SDK-040'], ...WATCHES },
    async (t) => {
      const client = await t.client({
        events: {
          async *watchEvents({ runId, afterPosition }, call) {
            yield { events: [] };
            for (let position = Number(afterPosition) + 1; position <= 5; position++) {
              yield { events: [event(runId, position)] };
              if (position === Number(afterPosition) + 2) {
                await new Promise((resolve) => setTimeout(resolve, 50));
                await call.drop();
              }
            }
          },
        },
      });
      await isWholeLog(t, client.watch('wrun_1'), 5);
      t.equal(
        t.world
          .seen(EventService.method.watchEvents)
          .map(({ request }) => Number(request.afterPosition)),
        [0, 2, 4],
        'the positions',
      );
    },
  ),
  sdkCheck(
    'watches/left-out-event',
    'a watch in which an event was left out fails, and hands out nothing behind the gap',
    { requirements: ['WW-SDK-045'], ...WATCHES },
    async (t) => {
      const client = await t.client({
        events: {
          async *watchEvents({ runId }) {
            yield { events: [event(runId, 1)] };
            yield { events: [event(runId, runId === 'wrun_gap' ? 3 : 2)] };
          },
        },
      });
      const watch = client.watch('wrun_gap');
      await watch.failure();
      t.equal(
        watch.items.map(({ position }) => Number(position)),
        [1],
        'the events before the gap',
      );
      await isWholeLog(t, client.watch('wrun_1'), 2);
    },
  ),
];

/** Expects the chunks of a stream from 0, each once and in order, and the end. */
async function isWhole(
  t: SdkContext,
  read: ReturnType<import('../client.js').JudgedClient['read']>,
  length: number,
  what = '',
): Promise<void> {
  const came = await read.came();
  const told = what === '' ? '' : ` (${what})`;
  if ('failure' in came)
    t.fail(
      `a read failed${told}`,
      `${length} chunks`,
      `${came.failure.code}: ${came.failure.message} after ${read.count}`,
    );
  t.equal(
    read.items.map(({ index, data }) => [Number(index), Buffer.from(data).toString()]),
    upTo(length).map((index) => [index, `chunk ${index}`]),
    `what was read${told}`,
  );
}

/** Expects the events of a log behind a position, each once and in order, and the end. */
async function isWholeLog(
  t: SdkContext,
  watch: ReturnType<import('../client.js').JudgedClient['watch']>,
  length: number,
  what = '',
  after = 0,
): Promise<void> {
  const came = await watch.came();
  const told = what === '' ? '' : ` (${what})`;
  if ('failure' in came)
    t.fail(
      `a watch failed${told}`,
      `${length} events`,
      `${came.failure.code}: ${came.failure.message} after ${watch.count}`,
    );
  t.equal(
    watch.items.map(({ position }) => Number(position)),
    upTo(length)
      .map((index) => index + 1)
      .filter((position) => position > after),
    `the positions that were watched${told}`,
  );
}
