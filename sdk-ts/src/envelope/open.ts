import { inflate, type Limits } from './compression.js';
import { EnvelopeError } from './error.js';
import { type CompressionPrefix, knownPrefixOf, type SealPrefix } from './prefix.js';
import type { RunKeys } from './run-keys.js';
import { unseal } from './unseal.js';

/** An opened payload. */
export interface Opened {
  /** The innermost payload, with its prefix `devl`. */
  readonly payload: Uint8Array;
  /** How it was sealed; undefined where it was not, so that anyone may have written it. */
  readonly seal: SealPrefix | undefined;
  /** How it was compressed. */
  readonly compression: CompressionPrefix | undefined;
}

/**
 * Opens a payload: a seal at most, within it a compression at most, within it a value. Synchronous, and safe for
 * payloads that a stranger wrote.
 *
 * @throws EnvelopeError as its `failure` says.
 */
export function open(payload: Uint8Array, keys: RunKeys, limits: Limits = {}): Opened {
  let inner = payload;
  let prefix = knownPrefixOf(inner, 'outermost');
  let seal: SealPrefix | undefined;
  let compression: CompressionPrefix | undefined;
  if (prefix === 'encr' || prefix === 'encp') {
    seal = prefix;
    inner = unseal(inner, prefix, keys);
    prefix = knownPrefixOf(inner, 'inner');
  }
  if (prefix === 'gzip' || prefix === 'zstd') {
    compression = prefix;
    inner = inflate(inner, prefix, limits.maxBytes);
    prefix = knownPrefixOf(inner, 'inner');
  }
  if (prefix !== 'devl')
    throw new EnvelopeError('format', 'The payload is nested deeper than any writer nests');
  return { payload: inner, seal, compression };
}
