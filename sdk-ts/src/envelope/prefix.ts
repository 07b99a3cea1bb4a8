import { EnvelopeError } from './error.js';

/** The prefixes of seals: AES-256-GCM with the run's key, and a sealed box to the run's public key. */
export type SealPrefix = 'encr' | 'encp';
/** The prefixes of compressed payloads. */
export type CompressionPrefix = 'gzip' | 'zstd';
/** Every prefix that is known here; `devl` is a value as the `devalue` library writes it. */
export type Prefix = 'devl' | SealPrefix | CompressionPrefix;

/** Bytes of a prefix. */
export const PREFIX_BYTES = 4;

const KNOWN: ReadonlySet<string> = new Set<Prefix>(['devl', 'encr', 'encp', 'gzip', 'zstd']);

/** The prefix of a payload, be it known or not; undefined where it begins with none. */
export function prefixOf(payload: Uint8Array): string | undefined {
  const text = String.fromCharCode(...payload.subarray(0, PREFIX_BYTES));
  return /^[a-z0-9]{4}$/.test(text) ? text : undefined;
}

/**
 * The prefix of a payload.
 *
 * @throws EnvelopeError `prefix` where there is none, or an unknown one. It names the prefix only of the outermost
 * layer: inside, four bytes of a payload without a prefix would be four bytes of a secret.
 */
export function knownPrefixOf(payload: Uint8Array, layer: 'outermost' | 'inner'): Prefix {
  const prefix = prefixOf(payload);
  if (prefix !== undefined && KNOWN.has(prefix)) return prefix as Prefix;
  const where = layer === 'outermost' ? 'The payload' : 'What the payload holds';
  if (prefix === undefined) throw new EnvelopeError('prefix', `${where} begins with no prefix`);
  const named = layer === 'outermost' ? ` "${prefix}"` : '';
  throw new EnvelopeError('prefix', `${where} has a prefix${named} that is unknown here`);
}

/** A payload: a prefix, and the parts that follow it. */
export function withPrefix(prefix: Prefix, ...parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, PREFIX_BYTES);
  const payload = new Uint8Array(length);
  payload.set(Buffer.from(prefix, 'latin1'));
  let at = PREFIX_BYTES;
  for (const part of parts) {
    payload.set(part, at);
    at += part.length;
  }
  return payload;
}
