import {
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  type KeyObject,
  randomBytes,
} from 'node:crypto';

/** What RFC 8410 puts in front of a raw scalar; node:crypto takes none without it. */
const PKCS8 = Buffer.from('302e020100300506032b656e04220420', 'hex');
const SCALAR_BYTES = 32;

/**
 * A fresh private key: any 32 bytes are one. Not by generateKeyPairSync, whose job shares a lock with the key: Node waits
 * for itself forever where the job is collected while the key is exported.
 */
export function freshPrivateKey(): KeyObject {
  return privateKeyOf(randomBytes(SCALAR_BYTES));
}

/** The private key of a scalar. It takes ten times as long as everything that is done with it: keep it. */
export function privateKeyOf(scalar: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([PKCS8, scalar]), format: 'der', type: 'pkcs8' });
}

/** The public key of a private one, 32 bytes. */
export function publicKeyOf(privateKey: KeyObject): Uint8Array {
  const { x } = createPublicKey(privateKey).export({ format: 'jwk' });
  return new Uint8Array(Buffer.from(x as string, 'base64url'));
}

/** What a private key and another one's public key share; undefined where the public key is a point of low order. */
export function sharedSecret(privateKey: KeyObject, publicKey: Uint8Array): Uint8Array | undefined {
  const x = Buffer.from(publicKey).toString('base64url');
  const theirs = createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x }, format: 'jwk' });
  try {
    return diffieHellman({ privateKey, publicKey: theirs });
  } catch {
    // OpenSSL refuses a secret that is all zeros, which is the one thing that can be wrong with 32 bytes.
    return undefined;
  }
}
