import { Capability, StreamService } from '@worldwire/proto';
import { type SdkCheck, sdkCheck } from '../check.js';
import { capabilitiesWithout, refusal, worldInfo } from '../scripted-world.js';

const { append } = StreamService.method;
const WRITES = { features: ['STREAM_WRITES'] } as const;

const chunk = (number: number) => Buffer.from(`chunk ${number}`);
const texts = (chunks: readonly Uint8Array[]) => chunks.map((each) => Buffer.from(each).toString());
const upTo = (length: number) => Array.from({ length }, (_, number) => number);

/** A stream that keeps what it is given, as chapter 10 says: each chunk of a writer once. */
class Kept {
  readonly chunks: Uint8Array[] = [];
  readonly #next = new Map<string, number>();
  closed = false;

  append(request: { writerId: string; sequence: bigint; chunks: Uint8Array[]; close: boolean }) {
    const { writerId, chunks } = request;
    let fresh = chunks;
    if (writerId !== '') {
      const next = this.#next.get(writerId) ?? 0;
      const sequence = Number(request.sequence);
      if (sequence > next) throw refusal('SEQUENCE_GAP', { metadata: { expected: `${next}` } });
      fresh = chunks.slice(next - sequence);
      this.#next.set(writerId, Math.max(next, sequence + chunks.length));
    }
    this.chunks.push(...fresh);
    this.closed ||= request.close;
    return { tailIndex: BigInt(this.chunks.length - 1), appended: fresh.length };
  }
}

/** Streams as a client writes them. */
export const writeChecks: readonly SdkCheck[] = [
  sdkCheck(
    'writes/in-order',
    'chunks land in the order in which they were written, and the stream is closed behind them',
    { requirements: ['WW-SDK-052', 'WW-SDK-056'], ...WRITES },
    async (t) => {
      const kept = new Kept();
      let under = 0;
      let most = 0;
      let closedAt = -1;
      const client = await t.client({
        streams: {
          async append(request, call) {
            under += 1;
            most = Math.max(most, under);
            // The first answers take longer than the last ones.
            await t.sleep(Math.max(0, 40 - 10 * call.nth));
            under -= 1;
            const answer = kept.append(request);
            if (request.close) closedAt = kept.chunks.length;
            return answer;
          },
          close() {
            closedAt = kept.chunks.length;
            return { tailIndex: BigInt(kept.chunks.length - 1) };
          },
        },
      });
      const writer = await client.writer('out');
      const writes = upTo(20).map((number) =>
        writer.write(chunk(2 * number), chunk(2 * number + 1)),
      );
      const close = writer.close();
      for (const write of writes) await write.value();
      await close.value();
      t.equal(texts(kept.chunks), texts(upTo(40).map(chunk)), 'what landed');
      t.equal(most, 1, 'the most appends that were under way at a time');
      t.equal(closedAt, 40, 'the length of the stream when it was closed');
    },
  ),
  sdkCheck(
    'writes/answer-lost-after-the-commit',
    'an append whose answer was lost is sent again under its name, and lands once',
    { requirements: ['WW-SDK-050', 'WW-SDK-051'], ...WRITES },
    async (t) => {
      const kept = new Kept();
      const client = await t.client({
        streams: {
          append(request, call) {
            const answer = kept.append(request);
            return call.nth % 2 === 0 ? call.drop() : answer;
          },
        },
      });
      const writer = await client.writer('out');
      for (const number of upTo(4)) await writer.write(chunk(number)).value();
      t.equal(texts(kept.chunks), texts(upTo(4).map(chunk)), 'what landed');
      const appends = t.world.seen(append).map(({ request }) => request);
      t.ok(appends[0]?.writerId !== '', 'the writer does not name itself');
      t.equal(new Set(appends.map(({ writerId }) => writerId)).size, 1, 'the number of names');
      t.equal(
        appends.map(({ sequence }) => Number(sequence)),
        [0, 0, 1, 1, 2, 2, 3, 3],
        'the sequences',
      );
      const other = await client.writer('out');
      await other.write(chunk(9)).value();
      const last = t.world.seen(append).at(-1)!.request;
      t.ok(last.writerId !== appends[0]?.writerId, 'two writers have one name');
    },
  ),
  sdkCheck(
    'writes/without-names',
    'to a World that takes no writers an append is sent without a name, and not repeated',
    { requirements: ['WW-SDK-053', 'WW-SDK-087'], ...WRITES },
    async (t) => {
      t.world.info = worldInfo({ capabilities: capabilitiesWithout(Capability.STREAM_WRITERS) });
      let lose = false;
      const client = await t.client({
        streams: {
          append: ({ chunks }, call) => (lose ? call.drop() : { appended: chunks.length }),
        },
      });
      const writer = await client.writer('out');
      await writer.write(chunk(0)).value();
      lose = true;
      await writer.write(chunk(1)).failure();
      const appends = t.world.seen(append).map(({ request }) => request);
      t.equal(appends.length, 2, 'the number of appends');
      t.ok(
        appends.every(({ writerId, sequence }) => writerId === '' && sequence === 0n),
        'an append has a name that the World does not take',
      );
    },
  ),
  sdkCheck(
    'writes/within-limits',
    'many chunks are spread over appends of 1,000 at most',
    { requirements: ['WW-SDK-054'], ...WRITES },
    async (t) => {
      const kept = new Kept();
      const client = await t.client({
        streams: {
          append(request) {
            if (request.chunks.length > 1_000)
              throw refusal('INVALID_ARGUMENT', { metadata: { field: 'chunks' } });
            return kept.append(request);
          },
        },
      });
      const writer = await client.writer('out');
      await writer.write(...upTo(2_500).map(chunk)).value();
      t.equal(texts(kept.chunks), texts(upTo(2_500).map(chunk)), 'what landed');
    },
  ),
  sdkCheck(
    'writes/nothing-behind-a-failure',
    'after an append that failed nothing more of the writer is appended',
    { requirements: ['WW-SDK-055'], ...WRITES },
    async (t) => {
      const kept = new Kept();
      const client = await t.client({
        streams: {
          append(request) {
            if (texts(request.chunks).includes('chunk 1'))
              throw refusal('PAYLOAD_TOO_LARGE', { metadata: { limit: 'max_payload_bytes' } });
            return kept.append(request);
          },
        },
      });
      const writer = await client.writer('out');
      await writer.write(chunk(0)).value();
      await t.refused('a write that is refused', writer.write(chunk(1)), {
        reason: 'PAYLOAD_TOO_LARGE',
      });
      await writer.write(chunk(2)).failure();
      t.equal(texts(kept.chunks), ['chunk 0'], 'what landed');
    },
  ),
];
