import type { Key } from '../operations.js';
import { decodeWait, encodeWait } from '../records.js';
import { slice, startOf } from '../slices.js';
import { inOrder } from './lists.js';
import type { Answers } from './operations.js';
import type { Sql } from './sql.js';

interface Row {
  readonly key: Key;
  readonly data: Uint8Array;
}

export function waitOperations(
  sql: Sql,
): Answers<'getWait' | 'insertWait' | 'updateWait' | 'listWaits'> {
  return {
    async getWait(key, waitId) {
      const row = await sql.get<Row>(
        'SELECT data FROM worldwire.waits WHERE run_key = $1 AND wait_id = $2',
        key,
        waitId,
      );
      return row && decodeWait(row.data);
    },
    async insertWait(key, wait) {
      await sql.run(
        'INSERT INTO worldwire.waits (run_key, wait_id, status, data) VALUES ($1, $2, $3, $4)',
        ...[key, wait.waitId, wait.status, encodeWait(wait)],
      );
    },
    async updateWait(key, wait) {
      await sql.run(
        'UPDATE worldwire.waits SET status = $3, data = $4 WHERE run_key = $1 AND wait_id = $2',
        ...[key, wait.waitId, wait.status, encodeWait(wait)],
      );
    },
    async listWaits(key, status, { after, descending, limit, maxBytes }) {
      const rows = await sql.all<Row>(
        inOrder(
          `SELECT key, data FROM worldwire.waits WHERE run_key + 0 = $1 AND ($2::smallint = 0 OR status = $2)
              AND key {>} $3 ORDER BY key {ASC} LIMIT $4`,
          descending,
        ),
        ...[key, status, startOf(after, descending), limit + 1],
      );
      return slice(
        rows,
        limit,
        maxBytes,
        (row) => row.key,
        (row) => row.data.length,
        (row) => decodeWait(row.data),
      );
    },
  };
}
