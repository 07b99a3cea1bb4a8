import type { Key } from '../operations.js';
import { decodeEvent, encodeEvent } from '../records.js';
import type { Answers } from './operations.js';
import type { Sql } from './sql.js';

const STATEMENTS = [
  'UPDATE worldwire.runs SET input = NULL, output = NULL, error = NULL WHERE key = $1',
  'UPDATE worldwire.steps SET input = NULL, output = NULL, error = NULL WHERE run_key = $1',
  'UPDATE worldwire.hooks SET metadata = NULL WHERE run_key = $1 AND metadata IS NOT NULL',
  'UPDATE worldwire.events SET payload = NULL WHERE run_key = $1 AND payload IS NOT NULL',
];
/** Events that are rewritten at a time. */
const PAGE = 1_000;

/** Removes payloads for good. */
export function retentionOperations(sql: Sql): Answers<'purgeRun'> {
  async function stripEvents(key: Key): Promise<void> {
    let after = 0;
    for (;;) {
      const rows = await sql.all<{ position: number; data: Uint8Array }>(
        `SELECT position, data FROM worldwire.events WHERE run_key = $1 AND position > $2
          ORDER BY position LIMIT ${PAGE}`,
        key,
        after,
      );
      for (const { position, data: before } of rows) {
        const { data } = encodeEvent(decodeEvent(before, null, false));
        if (data.length < before.length)
          await sql.run(
            'UPDATE worldwire.events SET data = $3 WHERE run_key = $1 AND position = $2',
            ...[key, position, data],
          );
        after = position;
      }
      if (rows.length < PAGE) return;
    }
  }

  return {
    async purgeRun(project, key, runId) {
      for (const statement of STATEMENTS) await sql.run(statement, key);
      await stripEvents(key);
      // The lock first: an append that is under way has its chunks removed as well.
      await sql.run(
        'UPDATE worldwire.streams SET closed = true, expired = true WHERE project = $1 AND run_id = $2',
        project,
        runId,
      );
      await sql.run(
        `DELETE FROM worldwire.chunks WHERE stream_key IN
           (SELECT key FROM worldwire.streams WHERE project = $1 AND run_id = $2)`,
        project,
        runId,
      );
    },
  };
}
