import { hkdfSync } from 'node:crypto';

/** Bytes of every key. */
export const KEY_BYTES = 32;
const KEY_ID_BYTES = 8;
const SALT = new Uint8Array(32);

/** The fingerprint of a deployment key: 16 characters of lowercase hexadecimal. */
export function keyIdOf(deploymentKey: Uint8Array): string {
  return Buffer.from(derive(deploymentKey, 'worldwire/key-id/v1'))
    .subarray(0, KEY_ID_BYTES)
    .toString('hex');
}

/** The key of a run, 32 bytes. */
export function runKeyOf(deploymentKey: Uint8Array, project: string, runId: string): Uint8Array {
  return derive(deploymentKey, `${project}|${runId}`);
}

function derive(deploymentKey: Uint8Array, info: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', deploymentKey, SALT, info, KEY_BYTES));
}
