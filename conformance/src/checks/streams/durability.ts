import { type Check, check } from '../../check.js';
import { Stream, texts, writers } from './support.js';

const durable = { capabilities: ['DURABILITY'], needs: ['process'] } as const;
const durableWriters = {
  capabilities: ['DURABILITY', 'STREAM_WRITERS'],
  needs: ['process'],
} as const;

/** Streams over the death of the World's process. */
export const durabilityChecks: readonly Check[] = [
  check(
    'streams/chunks-survive',
    'Chunks whose append was answered survive the death of the process, under their indices',
    { requirements: ['WW-STREAM-012', 'WW-STREAM-004', 'WW-STREAM-001'], ...durable },
    async (t) => {
      const streams = [new Stream(t), new Stream(t), new Stream(t)];
      const before = [...texts('c', 20), t.random.bytes(50_000), 'last'];
      for (const stream of streams) await stream.given(before.slice(0, 21));
      await Promise.all(streams.map((stream) => stream.append(before.slice(21))));
      await t.process.kill();
      await t.process.start();
      const api = t.client('after the restart');
      for (const stream of streams) {
        const live = stream.reader(0n, api);
        stream.holds([...(await live.count(before.length))], before, 'a read after the restart');
        await stream.given(['new'], { api, close: true });
        stream.holds(await live.toEnd(), [...before, 'new'], 'a read with what came after');
      }
    },
  ),
  check(
    'streams/closings-survive',
    'A stream whose closing was answered is closed after the death of the process',
    { requirements: ['WW-STREAM-014', 'WW-STREAM-028'], ...durable },
    async (t) => {
      const [empty, closed, together, open] = [0, 1, 2, 3].map(() => new Stream(t)) as [
        Stream,
        Stream,
        Stream,
        Stream,
      ];
      await closed.given(['a']);
      await open.given(['a']);
      await Promise.all([
        empty.close(),
        closed.close(),
        together.given(['a', 'b'], { close: true }),
      ]);
      await t.process.kill();
      await t.process.start();
      const api = t.client('after the restart');
      for (const stream of [empty, closed, together]) await stream.append(['LATE'], { api });
      empty.holds(await empty.whole(0n, api), [], 'the empty stream');
      closed.holds(await closed.whole(0n, api), ['a'], 'the stream that was closed');
      together.holds(await together.whole(0n, api), ['a', 'b'], 'the stream of one append');
      const live = await open.attached(0n, api);
      await open.given(['b'], { api, close: true });
      open.holds(await live.toEnd(), ['a', 'b'], 'the stream that was open');
    },
  ),
  check(
    'streams/death-during-appends',
    'Of an append during which the process died all chunks are there or none',
    { requirements: ['WW-STREAM-013', 'WW-STREAM-012', 'WW-STREAM-006'], ...durable },
    async (t) => {
      const [WRITERS, CHUNKS] = [6, 12];
      for (let round = 0; round < 2; round++) {
        const stream = new Stream(t);
        const answered = new Set<string>();
        let dead = false;
        const appending = Promise.all(
          writers(t, WRITERS).map(async (api, writer) => {
            for (let append = 0; !dead; append++) {
              const id = `${writer}/${append}/`;
              try {
                await stream.append(
                  texts(id, CHUNKS).map((text) => text.padEnd(2_000, '.')),
                  { api },
                );
                answered.add(id);
              } catch {
                return;
              }
            }
          }),
        );
        await t.sleep(120 + t.random.below(150));
        await t.process.kill();
        dead = true;
        await appending;
        await t.process.start();
        const api = t.client(`after death ${round + 1}`);
        await stream.close(api);
        const found = (await stream.texts(0n, api)).map((text) => text.replace(/\.+$/, ''));
        const appends = new Set<string>();
        for (let at = 0; at < found.length; at += CHUNKS) {
          const id = found[at]!.replace(/\d+$/, '');
          t.equal(
            found.slice(at, at + CHUNKS),
            texts(id, CHUNKS),
            `the chunks from index ${at}, of one append`,
          );
          t.ok(!appends.has(id), `the append ${id} is there twice`);
          appends.add(id);
        }
        for (const id of answered)
          t.ok(appends.has(id), `the append ${id}, which was answered, is lost`);
      }
    },
  ),
  check(
    'streams/writers-survive',
    'What a writer has appended is known after the death of the process',
    {
      requirements: ['WW-STREAM-054', 'WW-STREAM-056', 'WW-STREAM-060', 'WW-STREAM-012'],
      ...durableWriters,
    },
    async (t) => {
      const writerId = t.unique('wrtr');
      const [stream, closed] = [new Stream(t), new Stream(t)];
      await closed.given(['a', 'b'], { writerId, close: true });
      await stream.given(['a', 'b'], { writerId });
      await stream.given(['c'], { writerId, sequence: 2n });
      await t.process.kill();
      await t.process.start();
      const api = t.client('after the restart');
      const append = (chunks: string[], sequence: bigint) =>
        stream.append(chunks, { writerId, sequence, api });
      await t.accepted('a repetition after the restart', () => append(['a', 'b'], 0n));
      await t.accepted('an overlap after the restart', () => append(['c', 'd'], 2n));
      await t.refused(
        'an append beyond the next after the restart',
        () => append(['GAP'], 7n),
        'SEQUENCE_GAP',
        { expected: '4' },
      );
      await stream.close(api);
      stream.holds(await stream.whole(0n, api), ['a', 'b', 'c', 'd'], 'the stream');
      const { wasClosed } = await closed.append(['a', 'b'], { writerId, close: true, api });
      t.equal(wasClosed, false, 'was_closed of a repetition of what landed before the closing');
    },
  ),
  check(
    'streams/retry-after-death',
    'A writer that repeats what was not answered when the process died has each chunk once',
    {
      requirements: ['WW-STREAM-054', 'WW-STREAM-055', 'WW-STREAM-013'],
      ...durableWriters,
    },
    async (t) => {
      const stream = new Stream(t);
      const writerId = t.unique('wrtr');
      const all = texts('c', 400);
      let answered = 0;
      let api = t.client('before');
      const from = async (sequence: number) => {
        for (let at = sequence; at < all.length; at += 4) {
          await stream.append(all.slice(at, at + 4), { writerId, sequence: BigInt(at), api });
          answered = at + 4;
        }
      };
      const first = from(0).catch(() => {});
      await t.eventually('some appends', () => (answered > 40 ? true : undefined));
      await t.process.kill();
      await first;
      await t.process.start();
      api = t.client('after');
      await t.accepted('the appends that go on', () => from(answered));
      await stream.close(api);
      stream.holds(await stream.whole(0n, api), all, 'the stream');
    },
  ),
];
