import { Code, ConnectError } from '@connectrpc/connect';
import { MAX_MESSAGE_BYTES } from './exchange.js';

/** A message of Connect's streaming protocol: a byte of flags, a length of four bytes, and the data. */
export interface Envelope {
  readonly flags: number;
  readonly data: Uint8Array;
}

const HEADER_BYTES = 5;

/** Wraps one uncompressed message. */
export function encodeEnvelope(data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + data.length);
  new DataView(bytes.buffer).setUint32(1, data.length);
  bytes.set(data, HEADER_BYTES);
  return bytes;
}

/**
 * Splits a body into envelopes, and pulls from it only for the next one. A body that ends within an envelope, or
 * without one, just ends: whether it was whole is for the end-of-stream message to say.
 */
export async function* readEnvelopes(body: AsyncIterable<Uint8Array>): AsyncGenerator<Envelope> {
  const buffered = new ByteQueue();
  let header: { readonly flags: number; readonly length: number } | undefined;
  for await (const chunk of body) {
    buffered.push(chunk);
    for (;;) {
      if (header === undefined) {
        if (buffered.length < HEADER_BYTES) break;
        const bytes = buffered.take(HEADER_BYTES);
        const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(1);
        if (length > MAX_MESSAGE_BYTES) {
          throw new ConnectError('the message is too large', Code.ResourceExhausted);
        }
        header = { flags: bytes[0]!, length };
      }
      if (buffered.length < header.length) break;
      const envelope = { flags: header.flags, data: buffered.take(header.length) };
      header = undefined;
      yield envelope;
    }
  }
}

/** Bytes in the order they came, joined only where a read crosses chunks. */
class ByteQueue {
  readonly #chunks: Uint8Array[] = [];
  length = 0;

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    // A plain view: a Buffer's subarrays would be Buffers.
    this.#chunks.push(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    this.length += chunk.length;
  }

  /** Removes the first bytes; there must be as many. */
  take(count: number): Uint8Array {
    this.length -= count;
    const first = this.#chunks[0];
    if (first !== undefined && first.length >= count) {
      if (first.length === count) this.#chunks.shift();
      else this.#chunks[0] = first.subarray(count);
      return first.subarray(0, count);
    }
    const joined = new Uint8Array(count);
    let filled = 0;
    let used = 0;
    while (filled < count) {
      const chunk = this.#chunks[used]!;
      const part = chunk.subarray(0, count - filled);
      joined.set(part, filled);
      filled += part.length;
      if (part.length === chunk.length) used++;
      else this.#chunks[used] = chunk.subarray(part.length);
    }
    this.#chunks.splice(0, used);
    return joined;
  }
}
