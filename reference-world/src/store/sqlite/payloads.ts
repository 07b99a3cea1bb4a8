import type { Bind, Sql } from './sql.js';

/** Payloads up to this stay in the row that they belong to: three of them still fit on one page with it. */
const INLINE_BYTES = 1_024;

/** Columns that hold a small payload themselves and refer to a large one. */
export interface PayloadColumns {
  /** What the column is to hold for a payload. */
  put(payload: Uint8Array | null | undefined): Bind;
  /** Removes what a column's value refers to, if it does. */
  drop(value: unknown): void;
}

export function payloadColumns(sql: Sql): PayloadColumns {
  const insert = sql.prepare('INSERT INTO payloads (data) VALUES (?)');
  const remove = sql.prepare('DELETE FROM payloads WHERE id = ?');
  return {
    put(payload) {
      if (payload === undefined || payload === null) return null;
      if (payload.byteLength <= INLINE_BYTES) return payload;
      return BigInt(insert.run(payload).lastInsertRowid);
    },
    drop(value) {
      if (typeof value === 'number') remove.run(value);
    },
  };
}

/** The payload that a column holds or refers to, as an expression. */
export function payloadIn(column: string): string {
  return `iif(typeof(${column}) = 'integer', (SELECT p.data FROM payloads p WHERE p.id = ${column}), ${column})`;
}
