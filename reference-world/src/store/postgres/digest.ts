import { createHash } from 'node:crypto';

const BYTES = 16;

/** A digest of texts, in the form of a uuid: what stands for names of free length in indexes and notifications. */
export function digestOf(...parts: readonly string[]): string {
  const hex = createHash('sha256').update(JSON.stringify(parts)).digest('hex');
  return hex.slice(0, 2 * BYTES).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
