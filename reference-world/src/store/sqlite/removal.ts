import type { Key, StoreOperations } from '../operations.js';
import type { PayloadColumns } from './payloads.js';
import type { Sql } from './sql.js';

/** Runs of which one round removes what it can. */
const RUNS = 100;

interface PayloadRow {
  readonly key: Key;
  readonly input: unknown;
  readonly output: unknown;
  readonly error: unknown;
}

/**
 * Removes runs for good. A run that is hidden has the empty project, which nobody can name, and its key for an id; what
 * it holds goes bit by bit.
 */
export function removalOperations(
  sql: Sql,
  payloads: PayloadColumns,
): Pick<StoreOperations, 'hideRuns' | 'removeHidden'> {
  const old = sql.prepare<{ key: Key; project: string; runId: string }>(
    `SELECT key, project, run_id AS runId FROM runs
      WHERE ended_at < ? AND NOT EXISTS (SELECT 1 FROM hooks WHERE run_key = runs.key AND state = 1)
      ORDER BY ended_at LIMIT ?`,
  );
  const hideStreams = sql.prepare(
    "UPDATE streams SET project = '', run_id = ? WHERE project = ? AND run_id = ?",
  );
  const hide = sql.prepare(
    "UPDATE runs SET project = '', run_id = ?, ended_at = NULL WHERE key = ?",
  );

  const hidden = sql.prepare<PayloadRow>(
    `SELECT key, ${references('runs')} FROM runs WHERE project = '' ORDER BY key LIMIT ${RUNS}`,
  );
  const streams = sql.prepare<{ key: Key }>(
    "SELECT key FROM streams WHERE project = '' AND run_id = ?",
  );
  const removeChunks = sql.prepare(
    `DELETE FROM chunks WHERE id IN
       (SELECT id FROM chunks WHERE id BETWEEN (? << 31) AND (? << 31) | 2147483647 LIMIT ?)`,
  );
  const removeWriters = sql.prepare('DELETE FROM writers WHERE stream_key = ?');
  const removeStream = sql.prepare('DELETE FROM streams WHERE key = ?');
  const steps = sql.prepare<PayloadRow>(
    `SELECT key, ${references('steps')} FROM steps WHERE run_key = ? LIMIT ?`,
  );
  const removeStep = sql.prepare('DELETE FROM steps WHERE key = ?');
  const removeEvents = sql.prepare(
    'DELETE FROM events WHERE key IN (SELECT key FROM events WHERE run_key = ? LIMIT ?)',
  );
  const removeRest = ['run_attributes', 'resumes', 'hooks', 'waits'].map((table) =>
    sql.prepare(`DELETE FROM ${table} WHERE run_key = ?`),
  );
  const removeRun = sql.prepare('DELETE FROM runs WHERE key = ?');

  function drop({ input, output, error }: PayloadRow): void {
    for (const reference of [input, output, error]) payloads.drop(reference);
  }

  /** Removes up to so many rows of what a run holds. Returns how many there were. */
  function empty(key: Key, limit: number): number {
    let left = limit;
    for (const stream of streams.all(String(key))) {
      left -= removeChunks.run(stream.key, stream.key, left).changes;
      if (left <= 0) return limit;
      left -= removeWriters.run(stream.key).changes + removeStream.run(stream.key).changes;
    }
    for (const step of left > 0 ? steps.all(key, left) : []) {
      drop(step);
      left -= removeStep.run(step.key).changes;
    }
    if (left > 0) left -= removeEvents.run(key, left).changes;
    return limit - left;
  }

  return {
    hideRuns(endedBefore, limit) {
      const rows = old.all(endedBefore, limit);
      for (const { key, project, runId } of rows) {
        hideStreams.run(String(key), project, runId);
        hide.run(String(key), key);
      }
      return rows.length;
    },
    removeHidden(limit) {
      let removed = 0;
      for (const row of hidden.all()) {
        removed += empty(row.key, limit - removed);
        if (removed >= limit) return limit;
        for (const statement of removeRest) removed += statement.run(row.key).changes;
        drop(row);
        removed += removeRun.run(row.key).changes;
      }
      return Math.min(removed, limit);
    },
  };
}

/** The payload columns of a table where they refer to a payload that lies elsewhere. */
function references(table: string): string {
  return ['input', 'output', 'error']
    .map((name) => `iif(typeof(${table}.${name}) = 'integer', ${table}.${name}, NULL) AS ${name}`)
    .join(', ');
}
