import { plainBytes } from '../records.js';
import { packed } from './many-rows.js';
import type { Answers, Together } from './operations.js';
import type { Sql } from './sql.js';

interface Row {
  readonly n: number;
  readonly fingerprint: string;
  readonly response: Uint8Array;
}

/** Takes the locks of the requests that $1 and $2 name: a repetition of one waits until the first has come to its end. */
export const LOCK_REQUESTS = `SELECT count(pg_advisory_xact_lock(lock)) FROM (
  SELECT hashtextextended(project || '/' || id, 0) AS lock
    FROM unnest($1::text[], $2::text[]) c (project, id) ORDER BY 1) locks`;

export function outcomesTogether(sql: Sql): Together<'getOutcome' | 'putOutcome'> {
  return {
    async getOutcome(calls) {
      const projects = calls.map(([project]) => project);
      const requestIds = calls.map(([, requestId]) => requestId);
      // A request and its repetition at the same time: the second waits here, for the first one's outcome.
      const locked = sql.locking ? sql.run(LOCK_REQUESTS, projects, requestIds) : undefined;
      const [rows] = await Promise.all([
        sql.all<Row>(
          `SELECT n, fingerprint, response FROM unnest($1::text[], $2::text[]) WITH ORDINALITY c (project, id, n)
             JOIN worldwire.outcomes o ON o.project = c.project AND o.request_id = c.id`,
          projects,
          requestIds,
        ),
        locked,
      ]);
      const found = new Map(rows.map((row) => [row.n, row]));
      return calls.map((_, index) => {
        const row = found.get(index + 1);
        return row && { fingerprint: row.fingerprint, response: plainBytes(row.response) };
      });
    },
    async putOutcome(calls) {
      await sql.run(
        `INSERT INTO worldwire.outcomes (project, request_id, created_at, fingerprint, response)
         SELECT project, id, at, fingerprint, substring($5::bytea FROM start FOR length)
           FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $6::integer[], $7::integer[])
             c (project, id, at, fingerprint, start, length)`,
        calls.map(([project]) => project),
        calls.map(([, requestId]) => requestId),
        calls.map(([, , , now]) => now),
        calls.map(([, , { fingerprint }]) => fingerprint),
        ...packed(calls.map(([, , { response }]) => response)),
      );
      return calls.map(() => undefined);
    },
  };
}

export function outcomeOperations(sql: Sql): Answers<'pruneOutcomes'> {
  return {
    // Outcomes are stored roughly in the order of time: the oldest are found without an index on it.
    pruneOutcomes: (before, limit) =>
      sql.run(
        `DELETE FROM worldwire.outcomes WHERE key = ANY (ARRAY(
           SELECT key FROM (SELECT key, created_at FROM worldwire.outcomes ORDER BY key LIMIT $2) oldest
            WHERE created_at < $1))`,
        before,
        limit,
      ),
  };
}
