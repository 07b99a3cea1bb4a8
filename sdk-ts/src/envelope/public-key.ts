import { createHash } from 'node:crypto';
import { checkKey } from './derive.js';
import { EnvelopeError } from './error.js';

/** A public key as a run's record shows it: base64 with padding. */
export function publicKeyText(publicKey: Uint8Array): string {
  checkKey(publicKey, 'A public key');
  return Buffer.from(publicKey).toString('base64');
}

/**
 * The 32 bytes of a public key that a run's record shows.
 *
 * @throws EnvelopeError `key` where the text is not the base64 of 32 bytes; padding may be left out.
 */
export function publicKeyFromText(text: string): Uint8Array {
  const publicKey = Buffer.from(text, 'base64');
  // Buffer skips what is no base64, so that only what comes out the same again was all of it.
  const padded = publicKey.toString('base64');
  if (text !== padded && text !== padded.replace(/=+$/, ''))
    throw new EnvelopeError('key', 'A public key is not base64');
  checkKey(publicKey, 'A public key');
  return new Uint8Array(publicKey);
}

/**
 * A short name for a key by its public half, fit for logs: 16 hexadecimal digits of its SHA-256. Who has lost a run's
 * key can still tell by the run's record which one it was.
 */
export function fingerprintOf(publicKey: Uint8Array): string {
  checkKey(publicKey, 'A public key');
  return createHash('sha256').update(publicKey).digest('hex').slice(0, 16);
}
