import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/** Bytes of a nonce, and of an authentication tag. */
export const NONCE_BYTES = 12;
export const TAG_BYTES = 16;

const OPTIONS = { authTagLength: TAG_BYTES };

/** Encrypts with AES-256-GCM under a fresh nonce, without additional data: the nonce, the ciphertext and the tag. */
export function encrypt(key: Uint8Array, plaintext: Uint8Array): readonly Uint8Array[] {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce, OPTIONS);
  const ciphertext = cipher.update(plaintext);
  cipher.final();
  return [nonce, ciphertext, cipher.getAuthTag()];
}

/** Decrypts a nonce, a ciphertext and a tag; undefined where the tag is not that of the key, the nonce and the ciphertext. */
export function decrypt(key: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
  const tagAt = sealed.length - TAG_BYTES;
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE_BYTES), OPTIONS);
  decipher.setAuthTag(sealed.subarray(tagAt));
  const plaintext = decipher.update(sealed.subarray(NONCE_BYTES, tagAt));
  try {
    decipher.final();
  } catch {
    return undefined;
  }
  return plaintext;
}
