import type { Key, StoreOperations } from '../operations.js';
import { decodeWait, encodeWait } from '../records.js';
import { slice, startOf } from '../slices.js';
import { bothOrders, maskOf, type Sql } from './sql.js';

interface Row {
  readonly key: Key;
  readonly data: Uint8Array;
}

export function waitOperations(
  sql: Sql,
): Pick<StoreOperations, 'getWait' | 'insertWait' | 'updateWait' | 'listWaits'> {
  const get = sql.prepare<Row>('SELECT key, data FROM waits WHERE run_key = ? AND wait_id = ?');
  const insert = sql.prepare(
    'INSERT INTO waits (run_key, wait_id, status, data) VALUES (?, ?, ?, ?)',
  );
  const update = sql.prepare(
    'UPDATE waits SET status = ?, data = ? WHERE run_key = ? AND wait_id = ?',
  );
  const list = bothOrders<Row>(
    sql,
    `SELECT key, data FROM waits
      WHERE run_key = ? AND key {>} ? AND (1 << status) & ? ORDER BY key {ASC} LIMIT ?`,
  );
  return {
    getWait(key, waitId) {
      const row = get.get(key, waitId);
      return row && decodeWait(row.data);
    },
    insertWait(key, wait) {
      insert.run(key, wait.waitId, wait.status, encodeWait(wait));
    },
    updateWait(key, wait) {
      update.run(wait.status, encodeWait(wait), key, wait.waitId);
    },
    listWaits(key, status, { after, descending, limit, maxBytes }) {
      const rows = list(descending).iterate(
        key,
        startOf(after, descending),
        maskOf(status === 0 ? [] : [status]),
        limit + 1,
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
