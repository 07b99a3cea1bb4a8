import {
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hkdfSync,
  type KeyObject,
} from 'node:crypto';

/** What chapter 18 says of keys and seals, for the suite to open what a client sealed. */

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const NO_SALT = new Uint8Array(KEY_BYTES);

/** DER of X25519 keys before their 32 bytes. */
const PRIVATE = Buffer.from('302e020100300506032b656e04220420', 'hex');
const PUBLIC = Buffer.from('302a300506032b656e032100', 'hex');

/** The keys of a run, 32 bytes each. */
export interface RunKeys {
  readonly runKey: Uint8Array;
  readonly scalar: Uint8Array;
  readonly publicKey: Uint8Array;
}

/** Derives them from a deployment key. */
export function deriveKeys(deploymentKey: Uint8Array, project: string, runId: string): RunKeys {
  const runKey = hkdf(deploymentKey, Buffer.from(`${project}|${runId}`));
  const scalar = hkdf(runKey, Buffer.from('workflow/encp/x25519/v1'));
  const spki = createPublicKey(privateKey(scalar)).export({ type: 'spki', format: 'der' });
  return { runKey, scalar, publicKey: new Uint8Array(spki.subarray(PUBLIC.length)) };
}

/** The key of a sealed box, for the run that it was sealed to. */
export function contentKeyOf(
  scalar: Uint8Array,
  ephemeral: Uint8Array,
  publicKey: Uint8Array,
): Uint8Array {
  const secret = diffieHellman({
    privateKey: privateKey(scalar),
    publicKey: createPublicKey({
      key: Buffer.concat([PUBLIC, ephemeral]),
      type: 'spki',
      format: 'der',
    }),
  });
  const info = Buffer.concat([Buffer.from('workflow/encp/aes256gcm/v1'), ephemeral, publicKey]);
  return hkdf(secret, info);
}

/** What nonce, ciphertext and tag hold; undefined where they do not belong to the key. */
export function decrypt(key: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
  const end = sealed.length - TAG_BYTES;
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE_BYTES));
  decipher.setAuthTag(sealed.subarray(end));
  try {
    return new Uint8Array(
      Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, end)), decipher.final()]),
    );
  } catch {
    return undefined;
  }
}

function privateKey(scalar: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([PRIVATE, scalar]), type: 'pkcs8', format: 'der' });
}

function hkdf(secret: Uint8Array, info: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, NO_SALT, info, KEY_BYTES));
}
