import { type Check, check } from '../../check.js';
import { type AppendOptions, Stream, texts, writers } from './support.js';

const capabilities = ['STREAM_WRITERS'] as const;

/** Appends that land once. */
export const writerChecks: readonly Check[] = [
  check(
    'streams/writer-repeats',
    'A repeated append lands once, also when its copies come at the same time',
    { requirements: ['WW-STREAM-054', 'WW-STREAM-004'], capabilities },
    async (t) => {
      const stream = new Stream(t);
      const live = await stream.attached();
      const writerId = t.unique('wrtr');
      const clients = writers(t, 5);
      const expected: string[] = [];
      for (let append = 0; append < 12; append++) {
        const chunks = texts(`${append}.`, 1 + (append % 3));
        const options = { writerId, sequence: BigInt(expected.length) };
        expected.push(...chunks);
        await Promise.all(clients.map((api) => stream.append(chunks, { ...options, api })));
        await t.accepted('a repetition of what has landed', () => stream.append(chunks, options));
      }
      await t.accepted('a repetition of the first append', () =>
        stream.append(['0.0'], { writerId, sequence: 0n }),
      );
      await stream.close();
      stream.holds(await live.toEnd(), expected, 'a live read');
      stream.holds(await stream.whole(), expected, 'a later read');
    },
  ),
  check(
    'streams/writer-overlaps',
    'Of an append that overlaps what has landed only the new chunks are appended',
    { requirements: ['WW-STREAM-055'], capabilities },
    async (t) => {
      const stream = new Stream(t);
      const writerId = t.unique('wrtr');
      const all = texts('c', 9);
      const append = (from: number, to: number) =>
        t.accepted(`the append of ${from} to ${to}`, () =>
          stream.append(all.slice(from, to), { writerId, sequence: BigInt(from) }),
        );
      for (const [from, to] of [
        [0, 3],
        [1, 4],
        [0, 5],
        [4, 5],
        [2, 4],
        [5, 6],
        [0, 9],
        [0, 2],
      ] as const) {
        await append(from, to);
        // Others in between: the writer's count is not the stream's.
        await stream.given([`other ${from}-${to}`]);
      }
      await stream.close();
      const own = (await stream.texts()).filter((text) => !text.startsWith('other'));
      t.equal(own, all, 'the chunks of the writer');
    },
  ),
  check(
    'streams/writer-gap',
    'An append beyond the writer’s next chunk is refused with that number, and lands nothing',
    { requirements: ['WW-STREAM-056'], capabilities },
    async (t) => {
      const stream = new Stream(t);
      const writerId = t.unique('wrtr');
      const append = (text: string, sequence: bigint) =>
        stream.append([text, text], { writerId, sequence });
      await t.refused('a first append from 1', () => append('GAP', 1n), 'SEQUENCE_GAP', {
        expected: '0',
      });
      await t.accepted('an append from 0', () => append('a', 0n));
      for (const sequence of [3n, 100n])
        await t.refused(
          `an append from ${sequence}`,
          () => append('GAP', sequence),
          'SEQUENCE_GAP',
          {
            expected: '2',
          },
        );
      await t.refused(
        'an append beyond the next that closes',
        () => stream.append(['GAP'], { writerId, sequence: 3n, close: true }),
        'SEQUENCE_GAP',
      );
      await t.accepted('the next append', () => append('b', 2n));
      await stream.close();
      stream.holds(await stream.whole(), ['a', 'a', 'b', 'b'], 'the stream');
    },
  ),
  check(
    'streams/writers-apart',
    'Each writer of each stream counts by itself',
    { requirements: ['WW-STREAM-057'], capabilities },
    async (t) => {
      const stream = new Stream(t);
      const others = [
        stream.sibling(t.unique('other')),
        stream.sibling(`${stream.name}_1`),
        new Stream(t, t.unique('wrun_hc'), stream.name),
      ];
      const writerId = t.unique('wrtr');
      const first = { writerId, sequence: 0n };
      await stream.given(['a', 'b'], first);
      for (const other of others)
        await t.accepted('the first append of the writer to another stream', () =>
          other.append(['x', 'y', 'z'], first),
        );
      for (const id of [`${writerId}x`, writerId.slice(0, -1), writerId.toLowerCase()])
        await t.accepted('the first append of another writer', () =>
          stream.append([id], { writerId: id, sequence: 0n }),
        );
      await t.accepted('the next append of the first writer', () =>
        stream.append(['c'], { writerId, sequence: 2n }),
      );
      await t.refused(
        'an append of the first writer by the count of the other stream',
        () => stream.append(['GAP'], { writerId, sequence: 4n }),
        'SEQUENCE_GAP',
        { expected: '3' },
      );
      await stream.close();
      for (const other of others) {
        await other.close();
        other.holds(await other.whole(), ['x', 'y', 'z'], 'another stream of the writer');
      }
      const ids = [`${writerId}x`, writerId.slice(0, -1), writerId.toLowerCase()];
      stream.holds(await stream.whole(), ['a', 'b', ...ids, 'c'], 'the stream of all writers');
    },
  ),
  check(
    'streams/writer-counts-empty-chunks',
    'An empty chunk counts in the sequence of its writer',
    { requirements: ['WW-STREAM-058'], capabilities },
    async (t) => {
      const stream = new Stream(t);
      const writerId = t.unique('wrtr');
      await stream.given(['', 'a', ''], { writerId });
      await t.accepted('the append after two empty chunks', () =>
        stream.append(['b'], { writerId, sequence: 3n }),
      );
      await t.accepted('a repetition that begins with an empty chunk', () =>
        stream.append(['', 'b', ''], { writerId, sequence: 2n }),
      );
      await t.refused(
        'an append beyond the next',
        () => stream.append(['GAP'], { writerId, sequence: 6n }),
        'SEQUENCE_GAP',
        { expected: '5' },
      );
      await stream.close();
      const found = (await stream.texts()).filter((text) => text !== '');
      t.equal(found, ['a', 'b'], 'the chunks that are not empty');
    },
  ),
  check(
    'streams/writer-repeats-after-close',
    'A repetition of what landed before the closing is told that it landed',
    { requirements: ['WW-STREAM-060', 'WW-STREAM-054'], capabilities },
    async (t) => {
      for (const close of [true, false]) {
        const stream = new Stream(t);
        const options: AppendOptions = { writerId: t.unique('wrtr'), sequence: 0n };
        await stream.given(['a', 'b'], { ...options, close });
        if (!close) await stream.close();
        for (let time = 0; time < 2; time++) {
          const { wasClosed } = await t.accepted('the repetition', () =>
            stream.append(['a', 'b'], { ...options, close }),
          );
          t.equal(wasClosed, false, 'was_closed of the repetition');
        }
        const late = await stream.append(['c'], { ...options, sequence: 2n });
        t.equal(late.wasClosed, true, 'was_closed of the next append');
        stream.holds(await stream.whole(), ['a', 'b'], 'the stream');
      }
    },
  ),
  check(
    'streams/writer-arguments',
    'A negative sequence, and one without a writer, are refused and land nothing',
    { requirements: ['WW-STREAM-061', 'WW-STREAM-011'], capabilities },
    async (t) => {
      const stream = new Stream(t);
      const writerId = t.unique('wrtr');
      await stream.given(['a']);
      for (const options of [
        { sequence: 1n },
        { sequence: -1n },
        { writerId, sequence: -1n },
        { writerId, sequence: -(2n ** 63n) },
        { writerId, sequence: -1n, close: true },
      ])
        await t.refused(
          `an append with the sequence ${options.sequence}`,
          () => stream.append(['BAD', 'BAD'], options),
          'INVALID_ARGUMENT',
        );
      await t.accepted('an append of the writer', () => stream.append(['b'], { writerId }));
      await stream.close();
      stream.holds(await stream.whole(), ['a', 'b'], 'the stream');
    },
  ),
];
