import { type Check, check } from '../../check.js';
import { QUIET_MS, Stream, texts, writers } from './support.js';

/** Longer than many a server's default timeout for what is idle, and than the time between signs of life. */
const IDLE_MS = 12_500;
const SIGN_OF_LIFE_MS = 10_000;
/** What a busy machine may add. */
const SLACK_MS = 2_000;

/** Reads that go on while chunks come. */
export const liveChecks: readonly Check[] = [
  check(
    'streams/attach-while-appending',
    'A read that begins while chunks come has each of them once and in order',
    { requirements: ['WW-STREAM-032', 'WW-STREAM-031'] },
    async (t) => {
      const clients = writers(t, 4);
      for (let round = 0; round < 12; round++) {
        const stream = new Stream(t);
        const all = texts('c', 24);
        let sent = 0;
        const appending = (async () => {
          while (sent < all.length) {
            const count = 1 + t.random.below(3);
            const chunks = all.slice(sent, sent + count);
            sent += chunks.length;
            await stream.given(chunks);
          }
          await stream.close();
        })();
        const readers = [];
        for (const api of clients) {
          const from = t.random.below(3) === 0 ? sent : 0;
          readers.push({ from, reader: stream.reader(BigInt(from), api) });
          await new Promise((resolve) => setTimeout(resolve, t.random.below(4)));
        }
        await appending;
        for (const { from, reader } of readers) {
          stream.holds(await reader.toEnd(), all.slice(from), `a read from ${from}`, from);
          await reader.close();
        }
      }
    },
  ),
  check(
    'streams/bursts',
    'A live read has every chunk of appends that bring many at a time',
    { requirements: ['WW-STREAM-033', 'WW-STREAM-032'] },
    async (t) => {
      const stream = new Stream(t);
      const live = await stream.attached();
      const most = t.facts.limits.maxStreamAppend || 1_000;
      const sizes = [20, 20, 20, 2, 100, 1, Math.min(most, 1_000)];
      const expected: string[] = [];
      for (const size of sizes) {
        const chunks = texts('c', Math.min(size, most), expected.length);
        expected.push(...chunks);
        await stream.given(chunks);
      }
      // Without a closing: what is left behind must not wait for one.
      stream.holds([...(await live.count(expected.length))], expected, 'a live read');
      await stream.close();
      stream.holds(await stream.whole(), live.texts, 'a later read against the live one');
    },
  ),
  check(
    'streams/bursts-of-many',
    'A live read has every chunk of appends that several writers make at the same time',
    { requirements: ['WW-STREAM-033', 'WW-STREAM-032'] },
    async (t) => {
      const stream = new Stream(t);
      const live = await stream.attached();
      for (let round = 1; round <= 3; round++) {
        await Promise.all(
          writers(t, 5).map((api, at) => stream.given(texts(`w${round}.${at}.`, 20), { api })),
        );
        t.equal((await live.count(100 * round)).length, 100 * round, 'the chunks');
      }
      await stream.close();
      stream.holds(await stream.whole(), live.texts, 'a later read against the live one');
    },
  ),
  check(
    'streams/live-at-once',
    'A chunk reaches live reads without another append and without the closing',
    { requirements: ['WW-STREAM-034', 'WW-STREAM-036'] },
    async (t) => {
      const stream = new Stream(t);
      const readers = [await stream.attached(), await stream.attached(0n, t.client('other'))];
      for (let at = 0; at < 15; at++) {
        await stream.given([`c${at}`]);
        for (const reader of readers) await reader.count(at + 1);
      }
      for (const reader of readers) stream.holds([...reader.chunks], texts('c', 15), 'a live read');
    },
  ),
  check(
    'streams/many-readers',
    'Several reads of one stream have every chunk, each from its own index',
    { requirements: ['WW-STREAM-035', 'WW-STREAM-032'] },
    async (t) => {
      const stream = new Stream(t);
      const all = texts('c', 30);
      await stream.given(all.slice(0, 10));
      const readers = [];
      for (let at = 0; at < 12; at++)
        readers.push({
          from: at % 10,
          reader: await stream.attached(BigInt(at % 10), at % 2 === 0 ? t.api : t.client(`r${at}`)),
        });
      // One that leaves takes nothing from the others.
      const leaver = await stream.attached();
      await stream.given(all.slice(10, 12));
      await leaver.close();
      await stream.given(all.slice(12, 29));
      for (const { from, reader } of readers) await reader.count(29 - from);
      await stream.given(all.slice(29), { close: true });
      for (const { from, reader } of readers)
        stream.holds(await reader.toEnd(), all.slice(from), `a read from ${from}`, from);
    },
  ),
  check(
    'streams/reader-before-the-stream',
    'A read of a stream that does not exist yet waits, and has its chunks when they come',
    { requirements: ['WW-STREAM-036', 'WW-STREAM-047'] },
    async (t) => {
      const run = await t.startedRun();
      for (const runId of [run.id, t.unique('wrun_hc')]) {
        const stream = new Stream(t, runId);
        const reader = await stream.attached();
        await t.sleep(QUIET_MS);
        t.equal(reader.ended, undefined, 'the end of a read that has nothing yet');
        await stream.given(['a']);
        await reader.count(1);
        await stream.given(['b'], { close: true });
        stream.holds(await reader.toEnd(), ['a', 'b'], 'the read');
      }
    },
  ),
  check(
    'streams/done-and-next-index',
    'Each response names the next index, and only the last one of a closed stream is done',
    { requirements: ['WW-STREAM-041', 'WW-STREAM-042', 'WW-STREAM-032'] },
    async (t) => {
      const stream = new Stream(t);
      await stream.given(texts('c', 3));
      const live = await stream.attached(1n);
      for (let at = 0; at < 5; at++) {
        await stream.given(texts(`d${at}.`, at + 1));
        await t.sleep(2);
      }
      await stream.close();
      await live.toEnd();
      const later = stream.reader(2n);
      await later.toEnd();
      for (const [reader, start] of [
        [live, 1],
        [later, 2],
      ] as const) {
        let next = start;
        for (const [at, { chunks, nextIndex, done }] of reader.messages.entries()) {
          for (const { index } of chunks) t.equal(Number(index), next++, 'the index of a chunk');
          t.equal(Number(nextIndex), next, `next_index of response ${at} of a read from ${start}`);
          t.equal(
            done,
            at === reader.messages.length - 1,
            `done of response ${at} of ${reader.messages.length}`,
          );
        }
      }
    },
  ),
  check(
    'streams/idle-read-stays-open',
    'A read of an open stream stays open while nothing comes',
    { requirements: ['WW-STREAM-047', 'WW-STREAM-034'] },
    async (t) => {
      const [empty, filled] = [new Stream(t), new Stream(t)];
      await filled.given(['a']);
      const readers = [await empty.attached(), await filled.attached()];
      await t.sleep(IDLE_MS);
      for (const reader of readers)
        t.equal(reader.ended, undefined, 'the end of a read while nothing came');
      await empty.given(['b']);
      await filled.given(['b']);
      await readers[0]!.count(1);
      await readers[1]!.count(2);
      t.equal(
        readers.map((reader) => reader.texts),
        [['b'], ['a', 'b']],
        'the chunks of both reads',
      );
    },
  ),
  check(
    'streams/sign-of-life',
    'A read on which nothing comes has a sign of life every ten seconds',
    { requirements: ['WW-STREAM-046'] },
    async (t) => {
      const reader = await new Stream(t).attached();
      const before = reader.messages.length;
      await t.sleep(SIGN_OF_LIFE_MS + SLACK_MS);
      t.equal(reader.ended, undefined, 'the end of an idle read');
      const signs = reader.messages.slice(before);
      t.ok(signs.length > 0, 'no sign of life came', `one within ${SIGN_OF_LIFE_MS} ms`, 'none');
      for (const sign of signs)
        t.equal([sign.chunks.length, sign.done], [0, false], 'what a sign of life holds');
    },
  ),
];
