import { createHash } from 'node:crypto';

/** Longer texts are kept as their hash. */
const LONGEST_KEPT = 120;

/** Bytes as a short text; equal for equal bytes. */
export function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('base64url').slice(0, 22);
}

/** Several texts as one key, short whatever they are. */
export function keyOf(...parts: readonly string[]): string {
  const key = JSON.stringify(parts);
  return key.length > LONGEST_KEPT ? digest(Buffer.from(key)) : key;
}
