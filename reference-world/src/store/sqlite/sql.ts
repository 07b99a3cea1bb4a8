import type { Database, Statement } from 'better-sqlite3';
import type { Key, Sliced } from '../operations.js';

/** What a parameter may be. */
export type Bind = string | number | bigint | Uint8Array | null;
/** A prepared statement that returns rows of type R. */
export type Query<R> = Statement<Bind[], R>;

/** Prepares each statement once. */
export class Sql {
  readonly #statements = new Map<string, Statement<Bind[], unknown>>();

  constructor(readonly db: Database) {}

  prepare<R = unknown>(text: string): Query<R> {
    let statement = this.#statements.get(text);
    if (statement === undefined) {
      statement = this.db.prepare<Bind[], unknown>(text);
      this.#statements.set(text, statement);
    }
    return statement as Query<R>;
  }
}

/** Beyond every key, for a descending list from its start. */
export const LAST_KEY = Number.MAX_SAFE_INTEGER;

/** The key that a list goes on after, where none is given: before the first in the list's order. */
export function startOf(after: Key | undefined, descending: boolean): Key {
  return after ?? (descending ? LAST_KEY : -1);
}

/** A statement in both orders: `>` and `ASC` in the text are turned around where they are marked `{>}` and `{ASC}`. */
export function bothOrders<R>(sql: Sql, text: string): (descending: boolean) => Query<R> {
  const ascending = sql.prepare<R>(text.replaceAll('{>}', '>').replaceAll('{ASC}', 'ASC'));
  const descending = sql.prepare<R>(text.replaceAll('{>}', '<').replaceAll('{ASC}', 'DESC'));
  return (down) => (down ? descending : ascending);
}

/** Bits of the numbers given, for `(1 << column) & mask`; every bit where none is given. */
export function maskOf(numbers: readonly number[]): number {
  let mask = 0;
  for (const number of numbers) mask |= 1 << number;
  return numbers.length === 0 ? -1 : mask;
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
