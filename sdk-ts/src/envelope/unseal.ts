import { decrypt, NONCE_BYTES, TAG_BYTES } from './aes-gcm.js';
import { deriveContentKey, KEY_BYTES } from './derive.js';
import { EnvelopeError } from './error.js';
import { PREFIX_BYTES, type SealPrefix } from './prefix.js';
import type { RunKeys } from './run-keys.js';
import { sharedSecret } from './x25519.js';

/** What a sealed payload holds: a payload with a prefix of its own. */
export function unseal(payload: Uint8Array, prefix: SealPrefix, keys: RunKeys): Uint8Array {
  const sealed = payload.subarray(PREFIX_BYTES);
  const atLeast = (prefix === 'encp' ? KEY_BYTES : 0) + NONCE_BYTES + TAG_BYTES;
  if (sealed.length < atLeast)
    throw new EnvelopeError('format', 'The sealed payload is cut short', keys.described);
  const plaintext = prefix === 'encr' ? decrypt(keys.runKey, sealed) : openSealedBox(sealed, keys);
  if (plaintext === undefined)
    throw new EnvelopeError(
      'authentication',
      'The sealed payload was altered, or sealed with another key',
      keys.described,
    );
  return plaintext;
}

function openSealedBox(sealed: Uint8Array, keys: RunKeys): Uint8Array | undefined {
  const { privateKey, publicKey } = keys.pair;
  const ephemeral = sealed.subarray(0, KEY_BYTES);
  const secret = sharedSecret(privateKey, ephemeral);
  if (secret === undefined)
    throw new EnvelopeError(
      'format',
      'The sealed payload has a point of low order for a public key',
      keys.described,
    );
  return decrypt(deriveContentKey(secret, ephemeral, publicKey), sealed.subarray(KEY_BYTES));
}
