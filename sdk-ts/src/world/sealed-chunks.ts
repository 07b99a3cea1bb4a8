import { open, prefixOf, seal, sealToPublicKey } from '../envelope/index.js';
import { keyError } from './errors.js';
import type { Sealer } from './keys/run-key-store.js';
import { isSealed, opens } from './keys/seals.js';
import type { Session } from './session.js';

/**
 * The SDKs seal streams of values, and leave streams of bytes as they are: bodies of requests and of responses too. What
 * comes here unsealed is sealed whole: this prefix, the length of the run's id in a byte, the id, and an envelope whose
 * value is the chunk as a Uint8Array. The id is there because SDK 4 reads streams by their names alone.
 */
const PREFIX = 'seal';
const HEADER_BYTES = PREFIX.length + 1;
const MAX_ID_BYTES = 255;

/** A value of devalue: a Uint8Array in base64. */
const BYTES_VALUE = /^devl\[\["Uint8Array",1\],"([A-Za-z0-9+/]*={0,2})"\]$/;

/** Streams that answer the SDK's health checks belong to no run, and are read by who has no key. */
const HEALTH_CHECK = '__health_check__';

/**
 * The chunks as they are to be stored.
 *
 * @throws WorkflowWorldError where there is no key to seal them with.
 */
export async function sealChunks(
  { keys }: Session,
  runId: string,
  name: string,
  chunks: readonly Uint8Array[],
): Promise<Uint8Array[]> {
  if (name.startsWith(HEALTH_CHECK)) return [...chunks];
  const sealer = await keys.sealerOf(runId);
  if (sealer === undefined) return [...chunks];
  return chunks.map((chunk) =>
    isSealedChunk(chunk, sealer) ? chunk : sealChunk(chunk, runId, sealer),
  );
}

/**
 * A chunk as its writer wrote it.
 *
 * @throws WorkflowWorldError where the key is not here, EnvelopeError where the chunk was altered.
 */
export async function openChunk({ keys }: Session, chunk: Uint8Array): Promise<Uint8Array> {
  const sealed = parseSealedChunk(chunk);
  if (sealed === undefined) return chunk;
  const held = await keys.of(sealed.runId);
  if (held === undefined)
    throw keyError(`a chunk of run ${sealed.runId} is sealed, and there is no key`);
  const { payload } = open(sealed.envelope, held.keys);
  const [, base64] = BYTES_VALUE.exec(Buffer.from(payload).toString('latin1')) ?? [];
  if (base64 === undefined) throw new Error(`a sealed chunk of run ${sealed.runId} holds no bytes`);
  return new Uint8Array(Buffer.from(base64, 'base64'));
}

function sealChunk(chunk: Uint8Array, runId: string, sealer: Sealer): Uint8Array {
  const base64 = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString('base64');
  const value = Buffer.from(`devl[["Uint8Array",1],"${base64}"]`);
  const envelope =
    'keys' in sealer ? seal(value, sealer.keys) : sealToPublicKey(value, sealer.publicKey);
  const id = Buffer.from(runId);
  if (id.length > MAX_ID_BYTES) throw new Error(`run id ${runId} is too long for a sealed chunk`);
  return Buffer.concat([Buffer.from(PREFIX), Buffer.from([id.length]), id, envelope]);
}

/** Whether the SDK sealed a chunk: an envelope, alone or behind its length, that the run opens. */
function isSealedChunk(chunk: Uint8Array, sealer: Sealer): boolean {
  const payload = payloadOf(chunk);
  if ('keys' in sealer) return opens(payload, sealer.keys);
  // What is sealed to a run cannot be tried without its key.
  return prefixOf(payload) === 'encp' && isSealed(payload);
}

function payloadOf(chunk: Uint8Array): Uint8Array {
  if (chunk.length < 4) return chunk;
  const length = new DataView(chunk.buffer, chunk.byteOffset).getUint32(0);
  return length === chunk.length - 4 ? chunk.subarray(4) : chunk;
}

/** Whose run a chunk that was sealed here belongs to, and its envelope; undefined for any other chunk. */
export function parseSealedChunk(
  chunk: Uint8Array,
): { runId: string; envelope: Uint8Array } | undefined {
  if (chunk.length < HEADER_BYTES || prefixOf(chunk) !== PREFIX) return undefined;
  const end = HEADER_BYTES + chunk[PREFIX.length]!;
  const envelope = chunk.subarray(end);
  if (!isSealed(envelope)) return undefined;
  return { runId: Buffer.from(chunk.subarray(HEADER_BYTES, end)).toString(), envelope };
}
