import type { Chunk } from '@worldwire/proto';
import { EnvelopeError, payloadsOf, prefixOf } from '@worldwire/sdk/envelope';
import type { Payloads } from './payload.js';
import type { Shown } from './records.js';

const LENGTH_BYTES = 4;
const PREFIX_BYTES = 4;
const PREFIXES: ReadonlySet<string | undefined> = new Set(['devl', 'encr', 'encp', 'gzip', 'zstd']);

/**
 * The chunks of a page of a stream. A stream of values holds payloads, each of which is shown with the index of the
 * chunk that it ends in; the chunks of any other stream are shown as they are.
 */
export async function* chunksOf(
  runId: string,
  chunks: readonly Chunk[],
  payloads: Payloads,
): AsyncGenerator<Shown> {
  const written = await asWritten(chunks, payloads);
  if (!holdPayloads(written)) {
    for (const { index, data } of chunks)
      yield { index: String(index), data: await payloads.showBytes(data) };
    return;
  }
  let at = 0;
  const upTo = function* () {
    for (const [i, data] of written.entries()) {
      at = i;
      yield data;
    }
  };
  const place = () => ({ index: String(chunks[at]!.index) });
  try {
    for (const payload of payloadsOf(upTo()))
      yield { ...place(), data: await payloads.show(runId, payload) };
  } catch (error) {
    if (!(error instanceof EnvelopeError)) throw error;
    yield { ...place(), data: await payloads.showBytes(written[at]!, error) };
  }
}

/** The chunks before the World adapter sealed them; none where they do not all open. */
async function asWritten(chunks: readonly Chunk[], payloads: Payloads): Promise<Uint8Array[]> {
  const written: Uint8Array[] = [];
  try {
    for (const { data } of chunks) written.push(await payloads.unwrap(data));
    return written;
  } catch {
    // Each chunk that does not open says so where it is shown.
    return [];
  }
}

/** Whether what is known as a prefix stands behind the first length. */
function holdPayloads(chunks: readonly Uint8Array[]): boolean {
  const end = LENGTH_BYTES + PREFIX_BYTES;
  const begin = Buffer.concat(chunks.map((chunk) => chunk.subarray(0, end)));
  return PREFIXES.has(prefixOf(begin.subarray(LENGTH_BYTES, end)));
}
