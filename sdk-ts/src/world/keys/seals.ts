import { EnvelopeError, prefixOf, type RunKeys, type SealPrefix } from '../../envelope/index.js';
import { unseal } from '../../envelope/unseal.js';

/** Whether a payload says of itself that it is sealed. */
export function isSealed(payload: Uint8Array): boolean {
  return sealOf(payload) !== undefined;
}

/** Whether a payload is sealed, and by these keys or to them. */
export function opens(payload: Uint8Array, keys: RunKeys): boolean {
  const prefix = sealOf(payload);
  if (prefix === undefined) return false;
  try {
    unseal(payload, prefix, keys);
    return true;
  } catch (error) {
    if (error instanceof EnvelopeError) return false;
    throw error;
  }
}

function sealOf(payload: Uint8Array): SealPrefix | undefined {
  const prefix = prefixOf(payload);
  return prefix === 'encr' || prefix === 'encp' ? prefix : undefined;
}
