/** How engines cut slices out of lists. */
import type { Key, Sliced } from './operations.js';

/** Beyond every key, for a descending list from its start. */
const LAST_KEY = Number.MAX_SAFE_INTEGER;

/** The key that a list goes on after, where none is given: before the first in the list's order. */
export function startOf(after: Key | undefined, descending: boolean): Key {
  return after ?? (descending ? LAST_KEY : -1);
}

/**
 * Takes a slice from rows, of which the statement returns one more than the limit. Reads no further than the bytes
 * allow.
 */
export function slice<R, T>(
  rows: Iterable<R>,
  limit: number,
  maxBytes: number | undefined,
  keyOf: (row: R) => Key,
  sizeOf: (row: R) => number,
  itemOf: (row: R) => T,
): Sliced<T> {
  const items: { key: Key; value: T }[] = [];
  let bytes = 0;
  for (const row of rows) {
    if (items.length >= limit) return { items, more: true };
    if (maxBytes !== undefined) {
      bytes += sizeOf(row);
      if (items.length > 0 && bytes > maxBytes) return { items, more: true };
    }
    items.push({ key: keyOf(row), value: itemOf(row) });
  }
  return { items, more: false };
}
