import pg from 'pg';
import type { KeyAccessRow } from '../operations.js';
import { plainBytes } from '../records.js';
import { connectionTo } from './connection.js';

/** The columns of the log by the names of their fields. */
const COLUMNS = `project, sequence, at, method, run_id AS "runId", deployment_id AS "deploymentId", key_id AS "keyId",
  caller, reason, outcome, hash`;
const AT_A_TIME = 1_000;

/**
 * Reads the logs of all projects out of a database that servers may be at work on: each project's from its first entry
 * on, as one snapshot. Changes nothing. Fails where there is no World's schema.
 */
export async function* readKeyAccess(
  url: string,
): AsyncGenerator<{ readonly project: string; readonly entry: KeyAccessRow }> {
  const client = new pg.Client(connectionTo(url));
  // The connection's end shows in the statement that needs it.
  client.on('error', () => {});
  await client.connect();
  try {
    await client.query(
      `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
       DECLARE entries NO SCROLL CURSOR FOR
         SELECT ${COLUMNS} FROM worldwire.key_access ORDER BY project COLLATE "C", sequence`,
    );
    for (;;) {
      const { rows } = await client.query<KeyAccessRow & { readonly project: string }>(
        `FETCH ${AT_A_TIME} FROM entries`,
      );
      for (const { project, ...row } of rows)
        yield { project, entry: { ...row, hash: plainBytes(row.hash) } };
      if (rows.length < AT_A_TIME) return;
    }
  } finally {
    await client.end();
  }
}
