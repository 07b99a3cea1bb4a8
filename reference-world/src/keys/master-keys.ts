import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { KEY_BYTES } from '../core/key-derivation.js';
import type { KeyName, Vault } from '../core/key-rules.js';

const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const BASE64_OF_A_KEY = /^[A-Za-z0-9+/]{43}=?$/;

/**
 * Reads master keys: base64 of 32 bytes each, with white space between them. Fails with words that say nothing of what
 * was read.
 */
export function parseMasterKeys(text: string): Uint8Array[] {
  const words = text.split(/\s+/).filter(Boolean);
  if (words.length === 0) throw new Error('there is none');
  return words.map((word, index) => {
    if (!BASE64_OF_A_KEY.test(word))
      throw new Error(`key ${index + 1} is not the base64 of ${KEY_BYTES} bytes`);
    return new Uint8Array(Buffer.from(word, 'base64'));
  });
}

/** Wraps deployment keys by AES-256-GCM: nonce, ciphertext, tag. The first key wraps, and each of them unwraps. */
export class MasterKeys implements Vault {
  readonly #keys: readonly Uint8Array[];

  /** @param keys 32 bytes each, at least one; those behind the first are former ones. */
  constructor(keys: readonly Uint8Array[]) {
    if (keys.length === 0 || keys.some(({ length }) => length !== KEY_BYTES))
      throw new Error(`a master key has ${KEY_BYTES} bytes`);
    this.#keys = keys;
  }

  wrap(deploymentKey: Uint8Array, name: KeyName): Uint8Array {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(ALGORITHM, this.#keys[0]!, nonce).setAAD(dataOf(name));
    return Buffer.concat([
      nonce,
      cipher.update(deploymentKey),
      cipher.final(),
      cipher.getAuthTag(),
    ]);
  }

  unwrap(wrapped: Uint8Array, name: KeyName): Uint8Array | undefined {
    for (const key of this.#keys) {
      const deploymentKey = decrypt(key, wrapped, name);
      if (deploymentKey !== undefined) return deploymentKey;
    }
    return undefined;
  }
}

function decrypt(key: Uint8Array, wrapped: Uint8Array, name: KeyName): Uint8Array | undefined {
  if (wrapped.length !== NONCE_BYTES + KEY_BYTES + TAG_BYTES) return undefined;
  const tagAt = wrapped.length - TAG_BYTES;
  const decipher = createDecipheriv(ALGORITHM, key, wrapped.subarray(0, NONCE_BYTES))
    .setAAD(dataOf(name))
    .setAuthTag(wrapped.subarray(tagAt));
  const deploymentKey = decipher.update(wrapped.subarray(NONCE_BYTES, tagAt));
  try {
    decipher.final();
  } catch {
    return undefined;
  }
  return new Uint8Array(deploymentKey);
}

/** No project and no key id holds a `|`, so that no two names are one text. */
function dataOf({ project, deploymentId, keyId }: KeyName): Buffer {
  return Buffer.from(`${project}|${deploymentId}|${keyId}`);
}
