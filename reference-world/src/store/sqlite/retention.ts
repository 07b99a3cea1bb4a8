import type { Key, StoreOperations } from '../operations.js';
import { decodeEvent, encodeEvent } from '../records.js';
import type { Sql } from './sql.js';

interface EventRow {
  readonly key: Key;
  readonly data: Uint8Array;
}

/** Removes payloads for good. */
export function retentionOperations(sql: Sql): Pick<StoreOperations, 'purgeRun'> {
  const dropOutOfLine = (table: string, key: string) =>
    sql.prepare(
      `DELETE FROM payloads WHERE id IN (
         SELECT v.value FROM ${table} t, json_each(json_array(
             iif(typeof(t.input) = 'integer', t.input, NULL),
             iif(typeof(t.output) = 'integer', t.output, NULL),
             iif(typeof(t.error) = 'integer', t.error, NULL))) v
          WHERE t.${key} = ? AND v.value IS NOT NULL)`,
    );
  const cleared = 'input = NULL, output = NULL, error = NULL';
  const statements = [
    dropOutOfLine('runs', 'key'),
    dropOutOfLine('steps', 'run_key'),
    sql.prepare(`UPDATE runs SET ${cleared} WHERE key = ?`),
    sql.prepare(`UPDATE steps SET ${cleared} WHERE run_key = ?`),
    sql.prepare('UPDATE hooks SET metadata = NULL WHERE run_key = ? AND metadata IS NOT NULL'),
    sql.prepare('UPDATE events SET payload = NULL WHERE run_key = ? AND payload IS NOT NULL'),
  ];
  const events = sql.prepare<EventRow>('SELECT key, data FROM events WHERE run_key = ?');
  const strip = sql.prepare('UPDATE events SET data = ? WHERE key = ?');
  const streams = sql.prepare<{ key: Key }>(
    'SELECT key FROM streams WHERE project = ? AND run_id = ?',
  );
  const removeChunks = sql.prepare(
    'DELETE FROM chunks WHERE id BETWEEN (? << 31) AND (? << 31) | 2147483647',
  );
  const expire = sql.prepare('UPDATE streams SET closed = 1, expired = 1 WHERE key = ?');
  return {
    purgeRun(project, key, runId) {
      for (const statement of statements) statement.run(key);
      for (const row of events.all(key)) {
        const { data } = encodeEvent(decodeEvent(row.data, null, false));
        if (data.length < row.data.length) strip.run(data, row.key);
      }
      for (const stream of streams.all(project, runId)) {
        removeChunks.run(stream.key, stream.key);
        expire.run(stream.key);
      }
    },
  };
}
