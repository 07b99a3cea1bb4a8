import type { Client } from '@connectrpc/connect';
import type { StreamService } from '@worldwire/proto';
import { WorldError } from './error.js';
import type { StreamWriter, StreamWriterOptions, WriteResult } from './types.js';

/** The protocol's bound on the chunks of one append. */
const MAX_CHUNKS = 1000;
/** Keeps an append well below any World's request limit, and its retry cheap. A larger chunk travels alone. */
const MAX_BYTES = 4 * 1024 * 1024;
/** What may wait because its writer does not; a writer that gets here would fill the memory. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024;
/** What a waiting chunk takes beside its bytes, so that empty ones are bounded too. */
const CHUNK_OVERHEAD_BYTES = 64;

interface Waiting {
  readonly chunk: Uint8Array;
  /** Settles the write that the chunk is the last of. */
  readonly landed: PromiseWithResult | undefined;
}

interface PromiseWithResult {
  resolve(result: WriteResult): void;
  reject(error: WorldError): void;
}

/**
 * Writes one stream: one append at a time, and in it whatever waits. To a World that is known to take no writers it
 * appends without a name; an append whose fate is unknown is then not repeated, and fails the writer.
 */
export function createStreamWriter(
  streams: Client<typeof StreamService>,
  { runId, name, writerId = crypto.randomUUID(), sequence: first = 0 }: StreamWriterOptions,
  takesNoWriters: () => Promise<boolean> = async () => false,
): StreamWriter {
  const waiting: Waiting[] = [];
  let waitingBytes = 0;
  let accepted = first;
  let sent = first;
  let pumping = false;
  let failure: WorldError | undefined;
  let closing: { promise: Promise<WriteResult>; landed: PromiseWithResult } | undefined;
  let closed = false;
  let last: WriteResult = { tailIndex: -1, wasClosed: false };

  /** Appends what fits into one request, and settles the writes that end in it. */
  async function appendSome(): Promise<void> {
    const writer = (await takesNoWriters()) ? {} : { writerId, sequence: BigInt(sent) };
    const count = batchSize(waiting);
    const close = closing !== undefined && count === waiting.length;
    const batch = waiting.slice(0, count);
    const { tailIndex, wasClosed } = await streams.append({
      runId,
      name,
      ...writer,
      chunks: batch.map(({ chunk }) => chunk),
      close,
    });
    last = { tailIndex: Number(tailIndex), wasClosed };
    waiting.splice(0, count);
    sent += count;
    for (const { chunk, landed } of batch) {
      waitingBytes -= chunk.length + CHUNK_OVERHEAD_BYTES;
      landed?.resolve(last);
    }
    if (close) finish();
  }

  function finish(): void {
    closed = true;
    closing?.landed.resolve(last);
  }

  async function pump(): Promise<void> {
    if (pumping) return;
    pumping = true;
    try {
      while (waiting.length > 0) await appendSome();
      if (closing !== undefined && !closed) {
        const { tailIndex } = await streams.close({ runId, name });
        last = { tailIndex: Number(tailIndex), wasClosed: last.wasClosed };
        finish();
      }
    } catch (error) {
      failure = WorldError.from(error);
      for (const { landed } of waiting.splice(0)) landed?.reject(failure);
      closing?.landed.reject(failure);
    } finally {
      pumping = false;
    }
  }

  return {
    writerId,
    get sequence() {
      return accepted;
    },
    async write(input) {
      const chunks = input instanceof Uint8Array ? [input] : input;
      if (failure !== undefined) throw failure;
      if (closing !== undefined) {
        throw new WorldError('the writer was closed', { code: 'failed_precondition' });
      }
      if (waitingBytes > MAX_WAITING_BYTES) {
        throw new WorldError('too many writes wait; await some', { code: 'resource_exhausted' });
      }
      if (chunks.length === 0) return last;
      accepted += chunks.length;
      return new Promise((resolve, reject) => {
        for (const [i, chunk] of chunks.entries()) {
          const landed = i === chunks.length - 1 ? { resolve, reject } : undefined;
          waiting.push({ chunk, landed });
          waitingBytes += chunk.length + CHUNK_OVERHEAD_BYTES;
        }
        void pump();
      });
    },
    close() {
      if (closing === undefined) {
        if (failure !== undefined) return Promise.reject(failure);
        let landed: PromiseWithResult | undefined;
        const promise = new Promise<WriteResult>((resolve, reject) => {
          landed = { resolve, reject };
        });
        closing = { promise, landed: landed! };
        void pump();
      }
      return closing.promise;
    },
  };
}

/** How many of the waiting chunks go into one request: at least one. */
function batchSize(waiting: readonly Waiting[]): number {
  let bytes = 0;
  let count = 0;
  for (const { chunk } of waiting) {
    bytes += chunk.length;
    if (count > 0 && (count === MAX_CHUNKS || bytes > MAX_BYTES)) break;
    count++;
  }
  return count;
}
