import type { Key } from '../operations.js';
import type { Answers } from './operations.js';
import type { Sql } from './sql.js';

/** Runs of which one round removes what it can. */
const RUNS = 100;

const STREAMS = `SELECT key FROM worldwire.streams
  WHERE project = '' AND run_id = ANY (SELECT k::text FROM unnest($1::bigint[]) k)`;
/** What a run holds, and by what it is found; what refers to another stands before it. */
const HOLDINGS: readonly (readonly [table: string, condition: string])[] = [
  ['chunks', `stream_key IN (${STREAMS})`],
  ['writers', `stream_key IN (${STREAMS})`],
  ['streams', `key IN (${STREAMS})`],
  ...['events', 'steps', 'run_attributes', 'resumes', 'hooks', 'waits'].map(
    (table) => [table, 'run_key = ANY ($1::bigint[])'] as const,
  ),
];

/**
 * Removes runs for good. A run that is hidden has the empty project, which nobody can name, and its key for an id; what
 * it holds goes bit by bit. Each server takes runs that no other one is at.
 */
export function removalOperations(sql: Sql): Answers<'hideRuns' | 'removeHidden'> {
  return {
    hideRuns: (endedBefore, limit) =>
      sql.run(
        `WITH old AS (
           SELECT key, project, run_id FROM worldwire.runs r
            WHERE ended_at < $1
              AND NOT EXISTS (SELECT 1 FROM worldwire.hooks h WHERE h.run_key = r.key AND h.state = 1)
            ORDER BY ended_at LIMIT $2 FOR UPDATE SKIP LOCKED),
         streams AS (
           UPDATE worldwire.streams s SET project = '', run_id = old.key::text
             FROM old WHERE s.project = old.project AND s.run_id = old.run_id)
         UPDATE worldwire.runs r SET project = '', run_id = r.key::text, ended_at = NULL
           FROM old WHERE r.key = old.key`,
        endedBefore,
        limit,
      ),
    async removeHidden(limit) {
      const rows = await sql.all<{ key: Key }>(
        `SELECT key FROM worldwire.runs WHERE project = '' ORDER BY key LIMIT ${RUNS} FOR UPDATE SKIP LOCKED`,
      );
      if (rows.length === 0) return 0;
      const keys = rows.map(({ key }) => key);
      let removed = 0;
      for (const [table, condition] of HOLDINGS) {
        removed += await sql.run(
          `DELETE FROM worldwire.${table} WHERE ctid = ANY (ARRAY(
             SELECT ctid FROM worldwire.${table} WHERE ${condition} LIMIT $2))`,
          keys,
          limit - removed,
        );
        if (removed >= limit) return limit;
      }
      removed += await sql.run('DELETE FROM worldwire.runs WHERE key = ANY ($1::bigint[])', keys);
      return Math.min(removed, limit);
    },
  };
}
