import type { ChunkRow, Key, StoreOperations, StreamRow } from '../operations.js';
import { plainBytes } from '../records.js';
import type { Sql } from './sql.js';

interface Row {
  readonly key: Key;
  readonly runId: string;
  readonly name: string;
  readonly length: number;
  readonly closed: number;
  readonly expired: number;
}

function streamOf(row: Row | undefined): StreamRow | undefined {
  return row && { ...row, closed: row.closed === 1, expired: row.expired === 1 };
}

/** The greatest index of a chunk: the lower half of a chunk's id. */
const LAST_INDEX = 0x7fffffff;

export function streamOperations(
  sql: Sql,
): Pick<
  StoreOperations,
  | 'getStream'
  | 'findStream'
  | 'insertStream'
  | 'appendChunks'
  | 'closeStream'
  | 'getWriter'
  | 'putWriter'
  | 'listChunks'
  | 'listStreams'
> {
  const columns = 'key, run_id AS runId, name, length, closed, expired';
  const get = sql.prepare<Row>(
    `SELECT ${columns} FROM streams WHERE project = ? AND run_id = ? AND name = ?`,
  );
  const newest = sql.prepare<Row>(
    `SELECT ${columns} FROM streams WHERE project = ? AND name = ? ORDER BY key DESC LIMIT 1`,
  );
  const insert = sql.prepare(
    'INSERT INTO streams (project, run_id, name, created_at, length, closed, expired) VALUES (?, ?, ?, ?, 0, 0, 0)',
  );
  const insertChunk = sql.prepare('INSERT INTO chunks (id, data) VALUES ((? << 31) | ?, ?)');
  const setLength = sql.prepare('UPDATE streams SET length = ? WHERE key = ?');
  const close = sql.prepare('UPDATE streams SET closed = 1 WHERE key = ?');
  const getWriter = sql.prepare<{ appended: number }>(
    'SELECT appended FROM writers WHERE stream_key = ? AND writer_id = ?',
  );
  const putWriter = sql.prepare(
    `INSERT INTO writers (stream_key, writer_id, appended) VALUES (?, ?, ?)
     ON CONFLICT (stream_key, writer_id) DO UPDATE SET appended = excluded.appended`,
  );
  const chunks = sql.prepare<{ index: number; data: Uint8Array }>(
    `SELECT id & ${LAST_INDEX} AS "index", data FROM chunks
      WHERE id BETWEEN (? << 31) | ? AND (? << 31) | ${LAST_INDEX} ORDER BY id LIMIT ?`,
  );
  const list = sql.prepare<{ key: Key; name: string }>(
    'SELECT key, name FROM streams WHERE project = ? AND run_id = ? AND key > ? ORDER BY key LIMIT ?',
  );
  return {
    getStream(project, runId, name) {
      return streamOf(get.get(project, runId, name));
    },
    findStream(project, name) {
      return streamOf(newest.get(project, name));
    },
    insertStream(project, runId, name, now) {
      const key = Number(insert.run(project, runId, name, now).lastInsertRowid);
      return { key, runId, name, length: 0, closed: false, expired: false };
    },
    appendChunks(key, firstIndex, given) {
      if (firstIndex + given.length > LAST_INDEX)
        throw new RangeError(`a stream holds at most ${LAST_INDEX} chunks`);
      let index = firstIndex;
      for (const chunk of given) insertChunk.run(key, index++, chunk);
      setLength.run(index, key);
    },
    closeStream(key) {
      close.run(key);
    },
    getWriter(key, writerId) {
      return getWriter.get(key, writerId)?.appended ?? 0;
    },
    putWriter(key, writerId, appended) {
      putWriter.run(key, writerId, appended);
    },
    listChunks(key, from, limit, maxBytes) {
      const taken: ChunkRow[] = [];
      if (from > LAST_INDEX) return taken;
      let bytes = 0;
      for (const { index, data } of chunks.iterate(key, from, key, limit)) {
        bytes += data.length;
        if (taken.length > 0 && bytes > maxBytes) break;
        taken.push({ index, data: plainBytes(data) });
      }
      return taken;
    },
    listStreams(project, runId, after, limit) {
      const rows = list.all(project, runId, after ?? -1, limit + 1);
      const items = rows.slice(0, limit).map(({ key, name }) => ({ key, value: name }));
      return { items, more: rows.length > limit };
    },
  };
}
