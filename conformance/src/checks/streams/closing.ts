import { type Check, check } from '../../check.js';
import { Stream, textOf, texts, writers } from './support.js';

/** The end of a stream. */
export const closingChecks: readonly Check[] = [
  check(
    'streams/close-again',
    'A closing succeeds as often as it is sent, of a stream that is not there as well',
    { requirements: ['WW-STREAM-024', 'WW-STREAM-026'] },
    async (t) => {
      const unknown = new Stream(t);
      await t.accepted('a closing of a stream that does not exist', () => unknown.close());
      await t.accepted('a second closing of it', () => unknown.close());
      unknown.holds(await unknown.whole(), [], 'the stream without chunks');
      const stream = new Stream(t);
      await stream.given(['a']);
      for (let time = 0; time < 3; time++)
        await t.accepted('one closing of several', () => stream.close());
      await t.accepted('an append that only closes', () => stream.append([], { close: true }));
      stream.holds(await stream.whole(), ['a'], 'the stream');
      const raced = new Stream(t);
      await raced.given(['a']);
      await Promise.all(
        writers(t, 6).map((api) => t.accepted('a racing closing', () => raced.close(api))),
      );
      raced.holds(await raced.whole(), ['a'], 'the stream that was closed by many');
    },
  ),
  check(
    'streams/close-ends-reads',
    'A closing ends every read after the last chunk, by Close and by an append that closes',
    { requirements: ['WW-STREAM-025', 'WW-STREAM-041', 'WW-STREAM-029'] },
    async (t) => {
      for (const by of ['Close', 'append', 'empty append'] as const) {
        const stream = new Stream(t);
        await stream.given(['a', 'b']);
        const readers = [
          { from: 0, reader: await stream.attached() },
          { from: 1, reader: await stream.attached(1n, t.client('second')) },
          { from: 2, reader: await stream.attached(2n) },
          { from: 1, reader: await stream.attached(-1n) },
        ];
        const expected = by === 'append' ? ['a', 'b', 'c'] : ['a', 'b'];
        if (by === 'Close') await stream.close();
        else await stream.given(expected.slice(2), { close: true });
        for (const { from, reader } of readers)
          stream.holds(await reader.toEnd(), expected.slice(from), `a read ended by ${by}`, from);
        stream.holds(await stream.whole(), expected, `a read after ${by}`);
      }
    },
  ),
  check(
    'streams/close-without-chunks',
    'A closing ends the reads of a stream without chunks',
    { requirements: ['WW-STREAM-026', 'WW-STREAM-036'] },
    async (t) => {
      for (const close of [false, true]) {
        const stream = new Stream(t);
        const readers = [await stream.attached(), await stream.attached(5n)];
        readers.push(await stream.attached(-1n));
        if (close) await stream.close();
        else await stream.append([], { close: true });
        for (const reader of readers) stream.holds(await reader.toEnd(), [], 'a live read');
        stream.holds(await stream.whole(), [], 'a later read');
      }
    },
  ),
  check(
    'streams/append-after-close',
    'Chunks that come after the closing are taken without an error and never shown',
    { requirements: ['WW-STREAM-027', 'WW-STREAM-028', 'WW-STREAM-040'] },
    async (t) => {
      const stream = new Stream(t);
      const live = await stream.attached();
      await stream.given(['a', 'b']);
      await stream.close();
      await t.accepted('an append after the closing', () => stream.append(['LATE']));
      await t.accepted('several chunks after the closing', () => stream.append(['LATE', 'LATE']));
      await t.accepted('a second closing', () => stream.close());
      await t.accepted('an append after the second closing', () => stream.append(['LATER']));
      await t.accepted('an append that closes', () => stream.append(['LAST'], { close: true }));
      stream.holds(await live.toEnd(), ['a', 'b'], 'a live read');
      const all = ['a', 'b'];
      for (const [start, from] of [
        [0, 0],
        [1, 1],
        [2, 2],
        [3, 3],
        [-1, 1],
        [-2, 0],
        [-3, 0],
      ] as const)
        stream.holds(
          await stream.whole(BigInt(start)),
          all.slice(from),
          `a read from ${start}`,
          from,
        );
    },
  ),
  check(
    'streams/append-after-empty-close',
    'A stream that was closed before its first chunk stays empty',
    { requirements: ['WW-STREAM-027', 'WW-STREAM-028'] },
    async (t) => {
      const stream = new Stream(t);
      await stream.close();
      await t.accepted('an append after the closing', () => stream.append(['LATE']));
      for (const start of [0n, 1n, -1n])
        stream.holds(await stream.whole(start), [], `a read from ${start}`);
    },
  ),
  check(
    'streams/append-after-close-inspected',
    'Chunks that come after the closing are neither listed nor counted, and their writer hears of it',
    {
      requirements: ['WW-STREAM-028', 'WW-STREAM-030', 'WW-STREAM-016', 'WW-STREAM-015'],
      capabilities: ['STREAM_INSPECTION'],
    },
    async (t) => {
      const stream = new Stream(t);
      const kept = await stream.given(['a', 'b'], { close: true });
      t.equal([kept.wasClosed, kept.appended], [false, 2], 'the answer to what was kept');
      for (const more of [{}, { close: true }]) {
        const late = await stream.given(['LATE', 'LATE'], more);
        t.equal(
          [late.wasClosed, late.appended, Number(late.tailIndex)],
          [true, 0, 1],
          'was_closed, appended and tail_index of a late append',
        );
        await stream.close();
      }
      t.equal(await stream.info(), { tail: 1, done: true }, 'how far the stream has come');
      const { chunks, done } = await stream.list();
      stream.holds(chunks, ['a', 'b'], 'the list');
      t.equal(done, true, 'done of the list');
    },
  ),
  check(
    'streams/append-and-close',
    'An append that closes loses none of its chunks',
    { requirements: ['WW-STREAM-029', 'WW-STREAM-025', 'WW-STREAM-041'] },
    async (t) => {
      for (const count of [1, 2, 150]) {
        const stream = new Stream(t);
        const live = await stream.attached();
        const before = texts('before', 2);
        await stream.given(before);
        const last = texts('last', count);
        await t.accepted('an append that closes', () => stream.append(last, { close: true }));
        stream.holds(await live.toEnd(), [...before, ...last], 'a live read');
        stream.holds(await stream.whole(), [...before, ...last], 'a later read');
        const first = new Stream(t);
        await first.given(last, { close: true });
        stream.holds(await first.whole(), last, 'a stream of one append');
      }
    },
  ),
  check(
    'streams/close-races-appends',
    'What a closing that races appends leaves is one stream, the same for every reader, and stays so',
    { requirements: ['WW-STREAM-025', 'WW-STREAM-027', 'WW-STREAM-028', 'WW-STREAM-041'] },
    async (t) => {
      const clients = writers(t, 6);
      const closer = t.client('closer');
      for (let round = 0; round < 20; round++) {
        const stream = new Stream(t);
        await stream.given(['first']);
        const live = await stream.attached();
        await Promise.all([
          ...clients.map((api, at) =>
            t.accepted('an append that races the closing', () =>
              stream.append([`w${at}`], { api }),
            ),
          ),
          stream.close(closer),
        ]);
        await stream.append(['LATE']);
        const seen = (await live.toEnd()).map(textOf);
        t.equal(seen.slice(0, 1), ['first'], 'what was appended before the race');
        t.equal(new Set(seen).size, seen.length, 'the number of different chunks');
        t.ok(!seen.includes('LATE'), 'a chunk after the closing is shown', 'no LATE', seen);
        stream.holds(await stream.whole(), seen, 'a later read');
        const last = seen.length - 1;
        stream.holds(await stream.whole(-1n), seen.slice(-1), 'a read of the last chunk', last);
      }
    },
  ),
  check(
    'streams/was-closed-is-true',
    'Exactly the appends whose chunks were discarded may hear was_closed, and those after the closing do',
    { requirements: ['WW-STREAM-030'], capabilities: ['STREAM_INSPECTION'] },
    async (t) => {
      const clients = writers(t, 5);
      const closer = t.client('closer');
      for (let round = 0; round < 20; round++) {
        const stream = new Stream(t);
        const answers = await Promise.all([
          ...clients.map((api, at) => stream.append([`w${at}`], { api })),
          stream.close(closer),
        ]);
        const late = await stream.append(['LATE']);
        t.equal(late.wasClosed, true, 'was_closed of an append after the closing');
        const kept = new Set(await stream.texts());
        clients.forEach((_api, at) => {
          const answer = answers[at];
          if (answer?.wasClosed)
            t.ok(!kept.has(`w${at}`), 'an append whose chunk was kept heard was_closed');
        });
      }
    },
  ),
];
