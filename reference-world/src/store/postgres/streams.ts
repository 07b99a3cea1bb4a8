import type { ChunkRow, Key, StreamRow } from '../operations.js';
import { plainBytes } from '../records.js';
import type { KnownKeys } from './foresight.js';
import { inParts, packed } from './many-rows.js';
import type { Answers } from './operations.js';
import type { Sql } from './sql.js';

const COLUMNS = 'key, run_id AS "runId", name, length, closed, expired';

export function streamOperations(
  sql: Sql,
  keys: KnownKeys,
): Answers<
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
  return {
    /** Of a change, it takes the lock of the stream: its end stays where it is until the commit. */
    async getStream(project, runId, name) {
      const row = await sql.get<StreamRow>(
        `SELECT ${COLUMNS} FROM worldwire.streams WHERE project = $1 AND run_id = $2 AND name = $3
         ${sql.lock('FOR NO KEY UPDATE')}`,
        ...[project, runId, name],
      );
      if (row !== undefined) keys.seen(row.key, project, runId, name);
      return row;
    },
    findStream: (project, name) =>
      sql.get<StreamRow>(
        `SELECT ${COLUMNS} FROM worldwire.streams WHERE project = $1 AND name = $2 ORDER BY key DESC LIMIT 1`,
        project,
        name,
      ),
    async insertStream(project, runId, name, now) {
      const row = await sql.get<StreamRow>(
        `INSERT INTO worldwire.streams (project, run_id, name, created_at, length, closed, expired)
         VALUES ($1, $2, $3, $4, 0, false, false) RETURNING ${COLUMNS}`,
        ...[project, runId, name, now],
      );
      return row!;
    },
    async appendChunks(key, firstIndex, chunks) {
      const rows = chunks.map((data, place) => ({ index: firstIndex + place, data }));
      await Promise.all([
        ...inParts(rows, ({ data }) => data.length).map((part) =>
          sql.run(
            `INSERT INTO worldwire.chunks (stream_key, index, data)
             SELECT $1, index, substring($3::bytea FROM start FOR length)
               FROM unnest($2::bigint[], $4::integer[], $5::integer[]) c (index, start, length)`,
            ...[key, part.map(({ index }) => index)],
            ...packed(part.map(({ data }) => data)),
          ),
        ),
        sql.run(
          'UPDATE worldwire.streams SET length = $2 WHERE key = $1',
          ...[key, firstIndex + chunks.length],
        ),
      ]);
    },
    async closeStream(key) {
      await sql.run('UPDATE worldwire.streams SET closed = true WHERE key = $1', key);
    },
    async getWriter(key, writerId) {
      const row = await sql.get<{ appended: number }>(
        'SELECT appended FROM worldwire.writers WHERE stream_key = $1 AND writer_id = $2',
        key,
        writerId,
      );
      return row?.appended ?? 0;
    },
    async putWriter(key, writerId, appended) {
      await sql.run(
        `INSERT INTO worldwire.writers (stream_key, writer_id, appended) VALUES ($1, $2, $3)
         ON CONFLICT (stream_key, writer_id) DO UPDATE SET appended = excluded.appended`,
        ...[key, writerId, appended],
      );
    },
    async listChunks(key, from, limit, maxBytes) {
      const rows = await sql.all<ChunkRow>(
        `SELECT index, data FROM (
           SELECT index, data, octet_length(data) AS size,
                  sum(octet_length(data)) OVER (ORDER BY index ROWS UNBOUNDED PRECEDING) AS total
             FROM (SELECT index, data FROM worldwire.chunks
                    WHERE stream_key = $1 AND index >= $2 ORDER BY index LIMIT $3) listed) summed
          WHERE total <= $4::bigint OR index = $2 ORDER BY index`,
        ...[key, from, limit, maxBytes],
      );
      return rows.map(({ index, data }) => ({ index, data: plainBytes(data) }));
    },
    async listStreams(project, runId, after, limit) {
      const rows = await sql.all<{ key: Key; name: string }>(
        `SELECT key, name FROM worldwire.streams
          WHERE project = $1 AND run_id = $2 AND key > $3 ORDER BY key LIMIT $4`,
        ...[project, runId, after ?? -1, limit + 1],
      );
      const items = rows.slice(0, limit).map(({ key, name }) => ({ key, value: name }));
      return { items, more: rows.length > limit };
    },
  };
}
