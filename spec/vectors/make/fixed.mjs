import { createHash } from 'node:crypto';

/** Bytes that anyone can make again: the first `length` (at most 32) of the SHA-256 of a label. */
export function fixed(label, length = 32) {
  return new Uint8Array(createHash('sha256').update(label).digest().subarray(0, length));
}

export const hex = (bytes) => Buffer.from(bytes).toString('hex');

export const unhex = (text) => new Uint8Array(Buffer.from(text, 'hex'));

const PKCS8_X25519 = unhex('302e020100300506032b656e04220420');

/**
 * Calls `make` while the random source of Web Crypto gives the nonces and the ephemeral key that are named here, and
 * returns what it made with the content keys that it used. Fails where it takes another number of them.
 */
export async function withRandom({ nonces = [], ephemeral }, make) {
  const { subtle } = globalThis.crypto;
  const left = { nonces: [...nonces], ephemerals: ephemeral === undefined ? [] : [ephemeral] };
  const contentKeys = [];
  const importKey = subtle.importKey.bind(subtle);
  globalThis.crypto.getRandomValues = (array) => {
    const nonce = left.nonces.shift();
    if (nonce?.length !== array.length) throw new Error(`random bytes: ${array.length} wanted`);
    array.set(nonce);
    return array;
  };
  subtle.generateKey = async () => {
    const scalar = left.ephemerals.shift();
    if (scalar === undefined) throw new Error('an ephemeral key wanted');
    return x25519KeyPair(scalar, importKey);
  };
  subtle.importKey = (format, key, algorithm, ...rest) => {
    if (format === 'raw' && algorithm === 'AES-GCM') contentKeys.push(hex(key));
    return importKey(format, key, algorithm, ...rest);
  };
  try {
    const made = await make();
    if (left.nonces.length + left.ephemerals.length > 0) throw new Error('random bytes left over');
    return { made, contentKeys };
  } finally {
    delete globalThis.crypto.getRandomValues;
    delete subtle.generateKey;
    delete subtle.importKey;
  }
}

/** The pair of a scalar, as `generateKey` would return it. */
async function x25519KeyPair(scalar, importKey) {
  const { subtle } = globalThis.crypto;
  const algorithm = { name: 'X25519' };
  const pkcs8 = Buffer.concat([PKCS8_X25519, scalar]);
  const privateKey = await importKey('pkcs8', pkcs8, algorithm, true, ['deriveBits']);
  const { x } = await subtle.exportKey('jwk', privateKey);
  const publicKey = await importKey('raw', Buffer.from(x, 'base64url'), algorithm, true, []);
  return { privateKey, publicKey };
}
