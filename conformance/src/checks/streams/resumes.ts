import { type Check, check } from '../../check.js';
import { Stream, texts, writers } from './support.js';

/** Streams of each check that are appended to while reads begin. */
const ROUNDS = 10;
/** Chunks of each of them. */
const CHUNKS = 60;

/** Appends one chunk after the other, then closes. */
class Appending {
  /** Chunks whose append was begun. */
  begun = 0;
  /** Chunks whose append was answered. */
  answered = 0;
  readonly end: Promise<void>;

  constructor(stream: Stream, chunks: readonly string[]) {
    this.end = this.#append(stream, chunks);
  }

  async #append(stream: Stream, chunks: readonly string[]): Promise<void> {
    for (const chunk of chunks) {
      this.begun += 1;
      await stream.given([chunk]);
      this.answered += 1;
    }
    await stream.close();
  }
}

/** Reads that begin elsewhere than at the beginning, and reads that go on where others left off. */
export const resumeChecks: readonly Check[] = [
  check(
    'streams/start-ahead-while-appending',
    'A read that begins ahead of what is there, while chunks come, begins at its start index',
    { requirements: ['WW-STREAM-038', 'WW-STREAM-032'] },
    async (t) => {
      const all = texts('c', CHUNKS);
      const clients = writers(t, 4);
      for (let round = 0; round < t.effort(ROUNDS); round++) {
        const stream = new Stream(t);
        const appending = new Appending(stream, all);
        const readers = [];
        for (const api of clients) {
          const from = appending.begun + 1 + t.random.below(12);
          readers.push({ from, reader: stream.reader(BigInt(from), api) });
          await new Promise((resolve) => setTimeout(resolve, t.random.below(6)));
        }
        await appending.end;
        for (const { from, reader } of readers)
          stream.holds(await reader.toEnd(), all.slice(from), `a read from ${from}`, from);
      }
    },
  ),
  check(
    'streams/negative-start-while-appending',
    'A read from a negative index, while chunks come, counts once from the end, and is resumed behind its last chunk',
    { requirements: ['WW-STREAM-040', 'WW-STREAM-043', 'WW-STREAM-032'] },
    async (t) => {
      const all = texts('c', CHUNKS);
      const clients = writers(t, 4);
      for (let round = 0; round < t.effort(ROUNDS); round++) {
        const stream = new Stream(t);
        const appending = new Appending(stream, all);
        const reads = clients.map(async (api, at) => {
          await new Promise((resolve) => setTimeout(resolve, at * t.random.below(12)));
          const back = 1 + t.random.below(6);
          const least = Math.max(0, appending.answered - back);
          const first = await stream.attached(BigInt(-back), api);
          const most = Math.max(0, appending.begun - back);
          const from = first.beginsAt ?? -1;
          t.ok(
            from >= least && from <= most,
            `a read from ${-back} begins elsewhere`,
            `at ${least} to ${most}`,
            from,
          );
          const wanted = Math.min(1 + t.random.below(4), all.length - from);
          await first.count(wanted);
          await first.close();
          const left = from + first.chunks.length;
          stream.holds(first.chunks, all.slice(from, left), `a read from ${-back}`, from);
          stream.holds(
            await stream.whole(BigInt(left), api),
            all.slice(left),
            `the read that resumed at ${left}`,
            left,
          );
        });
        await Promise.all([appending.end, ...reads]);
      }
    },
  ),
  check(
    'streams/resume-in-a-long-stream',
    'A read that resumes within a long stream has the rest of it, however many messages that takes',
    { requirements: ['WW-STREAM-037', 'WW-STREAM-043', 'WW-STREAM-003'] },
    async (t) => {
      const most = Math.min(t.facts.limits.maxStreamAppend || 1_000, 1_000);
      const all = texts('c', 4_200);
      const stream = new Stream(t);
      for (let at = 0; at < all.length; at += most) await stream.given(all.slice(at, at + most));
      const from = 700;
      const live = stream.reader(BigInt(from));
      await live.count(all.length - from);
      await stream.close();
      stream.holds(await live.toEnd(), all.slice(from), `a live read from ${from}`, from);
      for (const start of [1, from, 2_500, -3_100]) {
        const index = start < 0 ? all.length + start : start;
        stream.holds(
          await stream.whole(BigInt(start)),
          all.slice(index),
          `a read from ${start}`,
          index,
        );
      }
    },
  ),
];
