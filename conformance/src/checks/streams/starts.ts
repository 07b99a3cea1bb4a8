import { type Check, check } from '../../check.js';
import { QUIET_MS, Stream, texts } from './support.js';

const SMALLEST = -(2n ** 63n);

/** Where reads begin. */
export const startChecks: readonly Check[] = [
  check(
    'streams/first-response',
    'A read sends a first response at once, with the index at which it begins',
    { requirements: ['WW-STREAM-031', 'WW-STREAM-042'] },
    async (t) => {
      const unknown = new Stream(t);
      const three = new Stream(t);
      await three.given(['a', 'b', 'c']);
      const cases = [
        [unknown, 0n, 0],
        [unknown, 4n, 4],
        [unknown, -2n, 0],
        [three, 0n, 0],
        [three, 2n, 2],
        [three, 3n, 3],
        [three, 9n, 9],
        [three, -1n, 2],
        [three, -9n, 0],
      ] as const;
      for (const [stream, start, from] of cases) {
        const reader = await stream.attached(start);
        t.equal(reader.beginsAt, from, `the index at which a read from ${start} begins`);
        await reader.close();
      }
    },
  ),
  check(
    'streams/start-index',
    'A read begins at its start index',
    { requirements: ['WW-STREAM-037'] },
    async (t) => {
      const stream = new Stream(t);
      const all = texts('c', 9);
      await stream.given(all.slice(0, 3));
      await stream.given(all.slice(3));
      for (const from of [0, 1, 2, 3, 4, 8]) {
        const reader = stream.reader(BigInt(from));
        const found = [...(await reader.count(all.length - from))];
        stream.holds(found, all.slice(from), `a read from ${from} of an open stream`, from);
        await reader.close();
      }
      await stream.close();
      for (const from of [0, 1, 3, 8])
        stream.holds(
          await stream.whole(BigInt(from)),
          all.slice(from),
          `a read from ${from} of a closed stream`,
          from,
        );
    },
  ),
  check(
    'streams/start-beyond-the-end',
    'A read that begins at or beyond the end of an open stream waits for the chunk at its index',
    { requirements: ['WW-STREAM-038', 'WW-STREAM-047'] },
    async (t) => {
      const stream = new Stream(t);
      const all = texts('c', 8);
      const early = await stream.attached(2n);
      await stream.given(all.slice(0, 3));
      const [at, beyond] = [await stream.attached(3n), await stream.attached(5n)];
      await t.sleep(QUIET_MS);
      t.equal([at.chunks.length, beyond.chunks.length], [0, 0], 'the chunks before there are any');
      for (const chunk of all.slice(3)) await stream.given([chunk]);
      await stream.close();
      stream.holds(await early.toEnd(), all.slice(2), 'a read from 2, before the stream', 2);
      stream.holds(await at.toEnd(), all.slice(3), 'a read from the end', 3);
      stream.holds(await beyond.toEnd(), all.slice(5), 'a read from beyond the end', 5);
      const never = new Stream(t);
      const reader = await never.attached(4n);
      await never.given(['a', 'b'], { close: true });
      never.holds(await reader.toEnd(), [], 'a read from beyond an end that stays');
    },
  ),
  check(
    'streams/start-beyond-a-closed-end',
    'A read that begins at or beyond the end of a closed stream ends at once',
    { requirements: ['WW-STREAM-039', 'WW-STREAM-041'] },
    async (t) => {
      const stream = new Stream(t);
      await stream.given(['a', 'b'], { close: true });
      for (const start of [2n, 3n, 100n, 2n ** 31n, 2n ** 40n])
        stream.holds(await stream.whole(start), [], `a read from ${start}`);
      stream.holds(await stream.whole(1n), ['b'], 'a read from the last chunk', 1);
    },
  ),
  check(
    'streams/negative-start',
    'A negative start index counts from the end at the moment of the call',
    { requirements: ['WW-STREAM-040'] },
    async (t) => {
      const stream = new Stream(t);
      const all = texts('c', 8);
      const early = await stream.attached(-3n);
      await stream.given(all.slice(0, 5));
      const cases = [
        [-1n, 4],
        [-2n, 3],
        [-5n, 0],
        [-6n, 0],
        [-1_000n, 0],
        [SMALLEST, 0],
      ] as const;
      const readers = [];
      for (const [start, from] of cases)
        readers.push({ start, from, reader: await stream.attached(start) });
      await stream.given(all.slice(5), { close: true });
      stream.holds(await early.toEnd(), all, 'a read from -3 that began before the stream');
      for (const { start, from, reader } of readers)
        stream.holds(await reader.toEnd(), all.slice(from), `a live read from ${start}`, from);
      // The end of the stream is no chunk.
      for (const [start, from] of [
        [-1n, 7],
        [-8n, 0],
        [-9n, 0],
      ] as const)
        stream.holds(
          await stream.whole(start),
          all.slice(from),
          `a read from ${start} of the closed stream`,
          from,
        );
    },
  ),
];
