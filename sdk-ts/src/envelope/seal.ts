import { encrypt } from './aes-gcm.js';
import { checkKey, deriveContentKey } from './derive.js';
import { EnvelopeError } from './error.js';
import { knownPrefixOf, withPrefix } from './prefix.js';
import type { RunKeys } from './run-keys.js';
import { freshPrivateKey, publicKeyOf, sharedSecret } from './x25519.js';

/**
 * Seals a payload of a run with the run's own key: `encr`, nonce, ciphertext, tag.
 *
 * @param payload A payload with its prefix, compressed or not.
 * @throws EnvelopeError `key` without the run's key, `prefix` and `format` where the payload is none that is to be sealed.
 */
export function seal(payload: Uint8Array, keys: RunKeys): Uint8Array {
  checkUnsealed(payload);
  return withPrefix('encr', ...encrypt(keys.runKey, payload));
}

/**
 * Seals a payload to a run of which only the public key is known: `encp`, ephemeral public key, nonce, ciphertext, tag.
 * Whoever sealed it cannot open it again.
 *
 * @param payload A payload with its prefix, compressed or not.
 * @param publicKey The run's public key, 32 bytes.
 * @throws EnvelopeError `key` where the public key is none, `prefix` and `format` as `seal` does.
 */
export function sealToPublicKey(payload: Uint8Array, publicKey: Uint8Array): Uint8Array {
  checkUnsealed(payload);
  checkKey(publicKey, 'A public key');
  const privateKey = freshPrivateKey();
  const ephemeral = publicKeyOf(privateKey);
  const secret = sharedSecret(privateKey, publicKey);
  if (secret === undefined)
    throw new EnvelopeError('key', 'The public key is a point of low order, which is no key');
  const contentKey = deriveContentKey(secret, ephemeral, publicKey);
  return withPrefix('encp', ephemeral, ...encrypt(contentKey, payload));
}

/** A seal around a seal is what no reader opens. */
function checkUnsealed(payload: Uint8Array): void {
  const prefix = knownPrefixOf(payload, 'outermost');
  if (prefix === 'encr' || prefix === 'encp')
    throw new EnvelopeError('format', 'The payload is sealed already');
}
