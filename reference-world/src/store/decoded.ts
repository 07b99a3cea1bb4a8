import type { Key } from './operations.js';

/** Records that are remembered: about as many runs as are active at a time. */
const MAX_RECORDS = 1_024;
/** Larger ones are not worth the memory. */
const MAX_BYTES = 16 * 1_024;

/**
 * Remembers decoded records by their key and exact bytes, because a run is read for each of its events and rarely
 * changes. It cannot be stale: the bytes are read every time, and other bytes are decoded.
 */
export class Decoded<T extends object> {
  readonly #known = new Map<Key, { readonly data: Uint8Array; readonly record: T }>();

  constructor(private readonly decode: (data: Uint8Array) => T) {}

  /** The record of these bytes; a shallow copy, whose own fields the caller may set. */
  get(key: Key, data: Uint8Array): T {
    const known = this.#known.get(key);
    if (known !== undefined && Buffer.compare(known.data, data) === 0) return { ...known.record };
    const record = this.decode(data);
    this.#known.delete(key);
    if (data.length > MAX_BYTES) return record;
    this.#known.set(key, { data, record });
    if (this.#known.size > MAX_RECORDS) this.#known.delete(this.#known.keys().next().value!);
    return { ...record };
  }
}
