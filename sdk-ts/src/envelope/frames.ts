import { EnvelopeError } from './error.js';

const LENGTH_BYTES = 4;
/** The longest payload that the Workflow SDKs put into a stream. */
const MAX_PAYLOAD_BYTES = 100_000_000;

/**
 * The payloads within chunks of a stream of values: each follows its own length, 4 bytes in big-endian order, and
 * chunks may cut them anywhere. A stream of bytes has no payloads: its chunks are what the user wrote.
 *
 * @throws EnvelopeError `format` where the last payload is cut short, or a length is above 100,000,000.
 */
export function* payloadsOf(chunks: Iterable<Uint8Array>): Generator<Uint8Array> {
  let rest: Uint8Array = new Uint8Array();
  for (const chunk of chunks) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (let end = endOf(rest); end <= rest.length; end = endOf(rest)) {
      yield rest.subarray(LENGTH_BYTES, end);
      rest = rest.subarray(end);
    }
  }
  if (rest.length > 0) throw new EnvelopeError('format', 'The stream ends within a payload');
}

/** Where the first payload of some bytes ends; behind them where its length is not there yet. */
function endOf(bytes: Uint8Array): number {
  if (bytes.length < LENGTH_BYTES) return Number.POSITIVE_INFINITY;
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  if (length > MAX_PAYLOAD_BYTES)
    throw new EnvelopeError('format', 'The stream holds no payloads, or one that is too long');
  return LENGTH_BYTES + length;
}
