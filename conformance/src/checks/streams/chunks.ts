import { type Check, check } from '../../check.js';
import { type ChunkInit, Stream, texts, writers } from './support.js';

const EMOJI = new TextEncoder().encode('wörld 🌍 ✓');

/** What stores and transports that take bytes for text would change. */
const HOSTILE: readonly ChunkInit[] = [
  Uint8Array.from({ length: 256 }, (_none, at) => at),
  Uint8Array.of(0),
  Uint8Array.of(0, 0, 0, 0),
  Uint8Array.of(0xff, 0xfe, 0xfd),
  Uint8Array.of(0xef, 0xbb, 0xbf, 0x61),
  // A character that is cut between two chunks.
  EMOJI.subarray(0, 9),
  EMOJI.subarray(9),
  '\n',
  '\r\n\r\n',
  'data: {"a":1}\n\n',
  'AAAABGRldmw=',
  '{"__proto__":null}',
  ' both ends ',
  Uint8Array.of(0, 0, 0, 4, 0x64, 0x65, 0x76, 0x6c),
];

/** What a chunk is, and where it stands. */
export const chunkChecks: readonly Check[] = [
  check(
    'streams/bytes-untouched',
    'Chunks come back byte for byte, one for each that was appended',
    { requirements: ['WW-STREAM-001', 'WW-STREAM-002'] },
    async (t) => {
      const stream = new Stream(t);
      const live = await stream.attached();
      const random = [t.random.bytes(1), t.random.bytes(4_096), t.random.bytes(70_000)];
      const expected = [...HOSTILE, ...random, ...HOSTILE];
      for (const chunk of HOSTILE) await stream.given([chunk]);
      await stream.given([...random, ...HOSTILE]);
      stream.holds(await live.count(expected.length), expected, 'a live read');
      await stream.close();
      stream.holds(await live.toEnd(), expected, 'a live read to the end');
      stream.holds(await stream.whole(), expected, 'a later read');
    },
  ),
  check(
    'streams/large-chunk-stays-one',
    'A chunk of a few megabytes stays one chunk, in its place between small ones',
    { requirements: ['WW-STREAM-001', 'WW-STREAM-002', 'WW-STREAM-005'] },
    async (t) => {
      const announced = Number(t.facts.limits.maxPayloadBytes);
      const size = Math.min(announced === 0 ? 3_000_000 : announced, 3_000_000);
      const stream = new Stream(t);
      const live = await stream.attached();
      const expected = ['before', new Uint8Array(size).fill(0x5a), 'after'];
      await t.accepted('an append with a large chunk', () => stream.append(expected));
      await stream.close();
      stream.holds(await live.toEnd(), expected, 'a live read');
      stream.holds(await stream.whole(), expected, 'a later read');
    },
  ),
  check(
    'streams/small-chunks-stay-apart',
    'Chunks that come in quick succession are not merged',
    { requirements: ['WW-STREAM-002', 'WW-STREAM-003', 'WW-STREAM-005', 'WW-STREAM-007'] },
    async (t) => {
      const stream = new Stream(t);
      const live = await stream.attached();
      const expected: string[] = [];
      for (let size = 1; size <= 12; size++) {
        const chunks = texts(`${size}.`, size);
        expected.push(...chunks);
        await stream.given(chunks);
      }
      stream.holds(await live.count(expected.length), expected, 'a live read');
      await stream.close();
      stream.holds(await stream.whole(), expected, 'a later read');
    },
  ),
  check(
    'streams/indices-stay',
    'A chunk has the same index on every read, whenever and from wherever it is read',
    { requirements: ['WW-STREAM-003', 'WW-STREAM-004', 'WW-STREAM-037'] },
    async (t) => {
      const stream = new Stream(t);
      const expected = texts('c', 12);
      await stream.given(expected.slice(0, 7));
      const early = stream.reader(2n);
      stream.holds([...(await early.count(5))], expected.slice(2, 7), 'an early read', 2);
      await stream.given(expected.slice(7));
      await stream.close();
      stream.holds(await early.toEnd(), expected.slice(2), 'a read from 2', 2);
      for (const from of [0, 1, 6, 7, 11])
        stream.holds(
          await stream.whole(BigInt(from)),
          expected.slice(from),
          `a read from ${from}`,
          from,
        );
    },
  ),
  check(
    'streams/order-of-the-request',
    'The chunks of one append stand in the order of the request',
    { requirements: ['WW-STREAM-005'] },
    async (t) => {
      const stream = new Stream(t);
      // Sizes that differ: a World that writes each chunk by itself finishes the small ones first.
      const chunks = texts('c', 60).map((text, at) =>
        at % 3 === 0 ? text.padEnd(20_000, '.') : text,
      );
      await stream.given(chunks);
      await stream.given(chunks);
      await stream.close();
      stream.holds(await stream.whole(), [...chunks, ...chunks], 'the stream');
    },
  ),
  check(
    'streams/appends-at-the-same-time',
    'Appends of many writers are all kept, each in one piece and in its writer’s order',
    {
      requirements: [
        'WW-STREAM-003',
        'WW-STREAM-005',
        'WW-STREAM-006',
        'WW-STREAM-007',
        'WW-STREAM-008',
      ],
    },
    async (t) => {
      const stream = new Stream(t);
      const live = await stream.attached();
      const [WRITERS, APPENDS, CHUNKS] = [8, 15, 4];
      await Promise.all(
        writers(t, WRITERS).map(async (api, writer) => {
          for (let append = 0; append < APPENDS; append++)
            await stream.append(texts(`${writer}/${append}/`, CHUNKS), { api });
        }),
      );
      await stream.close();
      const found = (await stream.texts()).map(String);
      t.equal(found.length, WRITERS * APPENDS * CHUNKS, 'the number of chunks');
      const next = new Array<number>(WRITERS).fill(0);
      for (let at = 0; at < found.length; at += CHUNKS) {
        const [writer, append] = found[at]!.split('/').map(Number) as [number, number];
        t.equal(
          found.slice(at, at + CHUNKS),
          texts(`${writer}/${append}/`, CHUNKS),
          `the chunks from index ${at}, which belong to one append`,
        );
        t.equal(append, next[writer], `the next append of writer ${writer}, at index ${at}`);
        next[writer]! += 1;
      }
      stream.holds(await live.toEnd(), found, 'a live read during the appends');
    },
  ),
  check(
    'streams/appends-follow-answers',
    'An append that was sent after another one was answered comes behind it, whoever sends it',
    { requirements: ['WW-STREAM-007', 'WW-STREAM-003'] },
    async (t) => {
      const stream = new Stream(t);
      const clients = writers(t, 3);
      const expected: string[] = [];
      for (let at = 0; at < 60; at++) {
        // A large chunk and then a small one: the small one must not overtake.
        const chunk = at % 2 === 0 ? `${at}`.padEnd(30_000, '.') : `${at}`;
        expected.push(chunk);
        await stream.given([chunk], { api: clients[at % clients.length]! });
      }
      await stream.close();
      stream.holds(await stream.whole(), expected, 'the stream');
    },
  ),
  check(
    'streams/first-appends-at-the-same-time',
    'The first appends of a stream make one stream',
    { requirements: ['WW-STREAM-008', 'WW-STREAM-003'] },
    async (t) => {
      const clients = writers(t, 8);
      for (let round = 0; round < 20; round++) {
        const stream = new Stream(t);
        await Promise.all(clients.map((api, at) => stream.append([`w${at}`], { api })));
        await stream.close();
        const chunks = await stream.whole();
        const found = chunks.map(({ data }) => new TextDecoder().decode(data));
        t.equal([...found].sort(), texts('w', clients.length), 'the chunks of all writers');
        stream.holds(chunks, found, 'the stream');
      }
    },
  ),
  check(
    'streams/empty-chunk-kept',
    'An empty chunk has an index of its own',
    { requirements: ['WW-STREAM-009'] },
    async (t) => {
      const stream = new Stream(t);
      const live = await stream.attached();
      await stream.given(['', 'a', '']);
      await stream.given(['']);
      await stream.given(['b']);
      await stream.close();
      const expected = ['', 'a', '', '', 'b'];
      stream.holds(await live.toEnd(), expected, 'a live read');
      stream.holds(await stream.whole(), expected, 'a later read');
    },
  ),
  check(
    'streams/append-of-nothing',
    'An append with no chunk is refused, unless it closes the stream',
    { requirements: ['WW-STREAM-010', 'WW-STREAM-024'] },
    async (t) => {
      const stream = new Stream(t);
      await stream.given(['a']);
      await t.refused('an append with no chunk', () => stream.append([]), 'INVALID_ARGUMENT');
      await t.accepted('an append after the refused one', () => stream.append(['b']));
      await t.accepted('an append with no chunk that closes', () =>
        stream.append([], { close: true }),
      );
      stream.holds(await stream.whole(), ['a', 'b'], 'the stream');
    },
  ),
  check(
    'streams/alike-appends-all-land',
    'Appends without a writer land every time, however alike',
    { requirements: ['WW-STREAM-059'] },
    async (t) => {
      const stream = new Stream(t);
      for (let time = 0; time < 3; time++) await stream.given(['same', 'same']);
      await Promise.all(writers(t, 4).map((api) => stream.append(['same'], { api })));
      await stream.close();
      stream.holds(await stream.whole(), new Array(10).fill('same'), 'the stream');
    },
  ),
];
