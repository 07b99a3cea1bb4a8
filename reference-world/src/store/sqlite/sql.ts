import type { Database, Statement } from 'better-sqlite3';

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
