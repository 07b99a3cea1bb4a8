import * as zlib from 'node:zlib';
import { EnvelopeError } from './error.js';
import { type CompressionPrefix, knownPrefixOf, PREFIX_BYTES, withPrefix } from './prefix.js';
import { isWholeFrame } from './zstd-frame.js';

/** What a reader allows. */
export interface Limits {
  /** The most bytes that a compressed payload may become. Default: 256 MiB. */
  readonly maxBytes?: number;
}

/** What node:zlib has from Node 22.15 on, and its types for Node 20 have not. */
interface Zstd {
  zstdCompressSync?(data: Uint8Array): Buffer;
  zstdDecompressSync?(data: Uint8Array, options: { maxOutputLength: number }): Buffer;
}

const MAX_BYTES = 256 * 1024 * 1024;
/** The Workflow SDK compresses nothing shorter, and keeps nothing that saves less than a twentieth. */
const WORTH_BYTES = 1024;
const WORTH_RATIO = 0.95;
/** Codes of errors that say that the output, or a decoder's window, would be too large. */
const TOO_LARGE = new Set(['ERR_BUFFER_TOO_LARGE', 'ZSTD_error_frameParameter_windowTooLarge']);

const NOT_WHOLE = 'The payload is not, or not all of, what its prefix says';

const { zstdCompressSync, zstdDecompressSync }: Zstd = zlib as Zstd;

/** Whether this runtime can read and write `zstd`: Node 22.15 and newer. */
export const hasZstd = zstdCompressSync !== undefined && zstdDecompressSync !== undefined;

/**
 * Compresses a payload where it is worth it: one of 1,024 bytes or more that becomes smaller by 5 % at least. Any other
 * comes back as it is. For runs of spec version 5 and above: the SDKs before know nothing of it.
 *
 * @param payload A `devl` payload.
 * @param codec Default: `zstd` where the runtime has it, else `gzip`.
 * @throws EnvelopeError `format` where the payload is sealed or compressed already, `prefix` where it is none.
 */
export function compress(
  payload: Uint8Array,
  codec: CompressionPrefix = hasZstd ? 'zstd' : 'gzip',
): Uint8Array {
  if (knownPrefixOf(payload, 'outermost') !== 'devl')
    throw new EnvelopeError('format', 'The payload is sealed or compressed already');
  if (payload.length < WORTH_BYTES) return payload;
  const compressed = withPrefix(codec, codecOf(codec).compress(payload));
  return compressed.length < payload.length * WORTH_RATIO ? compressed : payload;
}

/**
 * Undoes `compress`: a compressed payload becomes what it holds, any other comes back as it is.
 *
 * @throws EnvelopeError `limit` where it would be longer than `maxBytes`, `format` where it is not what its prefix says,
 * `prefix` where it has none that is known, or is `zstd` and the runtime has not got it.
 */
export function decompress(payload: Uint8Array, { maxBytes = MAX_BYTES }: Limits = {}): Uint8Array {
  const prefix = knownPrefixOf(payload, 'outermost');
  return prefix === 'gzip' || prefix === 'zstd' ? inflate(payload, prefix, maxBytes) : payload;
}

/** What a compressed payload holds: a payload with a prefix of its own. */
export function inflate(
  payload: Uint8Array,
  prefix: CompressionPrefix,
  maxBytes: number = MAX_BYTES,
): Uint8Array {
  const { decompress } = codecOf(prefix);
  const data = payload.subarray(PREFIX_BYTES);
  if (prefix === 'zstd' && !isWholeFrame(data)) throw new EnvelopeError('format', NOT_WHOLE);
  try {
    const inner = decompress(data, { maxOutputLength: maxBytes });
    if (prefix === 'gzip' && !isOneMember(data, inner)) throw new Error('more than one member');
    return inner;
  } catch (cause) {
    if (TOO_LARGE.has((cause as NodeJS.ErrnoException).code ?? ''))
      throw new EnvelopeError('limit', `The payload holds more than ${maxBytes} bytes`, { cause });
    throw new EnvelopeError('format', NOT_WHOLE, { cause });
  }
}

/** node:zlib takes members that follow for more of the first: their length, which stands last, is then not all. */
function isOneMember(data: Uint8Array, inner: Uint8Array): boolean {
  const trailer = new DataView(data.buffer, data.byteOffset + data.length - 4, 4);
  return trailer.getUint32(0, true) === inner.length % 2 ** 32;
}

function codecOf(prefix: CompressionPrefix) {
  if (prefix === 'gzip') return { compress: zlib.gzipSync, decompress: zlib.gunzipSync };
  if (zstdCompressSync === undefined || zstdDecompressSync === undefined)
    throw new EnvelopeError('prefix', 'Payloads with the prefix "zstd" need Node 22.15 or newer');
  return { compress: zstdCompressSync, decompress: zstdDecompressSync };
}
