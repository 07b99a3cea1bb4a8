import type { OutcomeRow, StoreOperations } from '../operations.js';
import { plainBytes } from '../records.js';
import type { Sql } from './sql.js';

export function outcomeOperations(
  sql: Sql,
): Pick<StoreOperations, 'getOutcome' | 'putOutcome' | 'pruneOutcomes'> {
  const get = sql.prepare<OutcomeRow>(
    'SELECT fingerprint, response FROM outcomes WHERE project = ? AND request_id = ?',
  );
  const insert = sql.prepare(
    'INSERT INTO outcomes (project, request_id, created_at, fingerprint, response) VALUES (?, ?, ?, ?, ?)',
  );
  // Outcomes are stored in the order of time: the oldest are found without an index on it.
  const prune = sql.prepare(
    'DELETE FROM outcomes WHERE created_at < ? AND key IN (SELECT key FROM outcomes ORDER BY key LIMIT ?)',
  );
  return {
    getOutcome(project, requestId) {
      const row = get.get(project, requestId);
      return row && { fingerprint: row.fingerprint, response: plainBytes(row.response) };
    },
    putOutcome(project, requestId, outcome, now) {
      insert.run(project, requestId, now, outcome.fingerprint, outcome.response);
    },
    pruneOutcomes(before, limit) {
      return prune.run(before, limit).changes;
    },
  };
}
