import { hkdfSync, type KeyObject } from 'node:crypto';
import { EnvelopeError } from './error.js';
import { privateKeyOf, publicKeyOf } from './x25519.js';

/** Bytes of every key: deployment keys, run keys, scalars, public keys and content keys. */
export const KEY_BYTES = 32;

const NO_SALT = new Uint8Array(32);
const SCALAR_INFO = 'workflow/encp/x25519/v1';
const CONTENT_KEY_INFO = 'workflow/encp/aes256gcm/v1';
const KEY_ID_INFO = 'worldwire/key-id/v1';
const KEY_ID_BYTES = 8;

/** A run's X25519 pair. */
export interface KeyPair {
  /** The private half, 32 bytes. Secret. */
  readonly scalar: Uint8Array;
  /** The private half as node:crypto has it. */
  readonly privateKey: KeyObject;
  /** The public half, 32 bytes, which the run's record shows. */
  readonly publicKey: Uint8Array;
}

/**
 * The key of a run: what seals its own payloads, and what its key pair is made of. 32 bytes.
 *
 * @param deploymentKey 32 secret bytes of the deployment that the run belongs to.
 * @param projectId The project, which must not be empty.
 */
export function deriveRunKey(
  deploymentKey: Uint8Array,
  projectId: string,
  runId: string,
): Uint8Array {
  checkKey(deploymentKey, 'A deployment key');
  if (projectId === '') throw new EnvelopeError('key', 'A run key cannot do without a project');
  return hkdf(deploymentKey, Buffer.from(`${projectId}|${runId}`));
}

/** The pair of a run's key, with which others seal to the run and the run opens what they sealed. */
export function deriveKeyPair(runKey: Uint8Array): KeyPair {
  checkKey(runKey, 'A run key');
  const scalar = hkdf(runKey, Buffer.from(SCALAR_INFO));
  const privateKey = privateKeyOf(scalar);
  return { scalar, privateKey, publicKey: publicKeyOf(privateKey) };
}

/** The key of a sealed box, bound to both public keys. */
export function deriveContentKey(
  sharedSecret: Uint8Array,
  ephemeralPublicKey: Uint8Array,
  recipientPublicKey: Uint8Array,
): Uint8Array {
  const info = [Buffer.from(CONTENT_KEY_INFO), ephemeralPublicKey, recipientPublicKey];
  return hkdf(sharedSecret, Buffer.concat(info));
}

/** The fingerprint of a deployment key, by which a run's record names it: 16 hexadecimal digits. */
export function keyIdOf(deploymentKey: Uint8Array): string {
  checkKey(deploymentKey, 'A deployment key');
  const bytes = hkdf(deploymentKey, Buffer.from(KEY_ID_INFO)).subarray(0, KEY_ID_BYTES);
  return Buffer.from(bytes).toString('hex');
}

/** @throws EnvelopeError `key` where a key is not one of 32 bytes. */
export function checkKey(key: Uint8Array, what: string): void {
  if (key.length !== KEY_BYTES)
    throw new EnvelopeError('key', `${what} has ${KEY_BYTES} bytes, not ${key.length}`);
}

function hkdf(secret: Uint8Array, info: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, NO_SALT, info, KEY_BYTES));
}
