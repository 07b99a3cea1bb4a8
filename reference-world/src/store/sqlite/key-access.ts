import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { KeyAccessRow } from '../operations.js';
import { plainBytes } from '../records.js';
import { FILE_NAME, isOurs } from './database.js';

/** A row of the log as the driver returns it. */
export type StoredKeyAccess = KeyAccessRow;

/** The columns of the log by the names of their fields. */
export const KEY_ACCESS_COLUMNS = `sequence, at, method, run_id AS runId, deployment_id AS deploymentId, key_id AS keyId,
  caller, reason, outcome, hash`;

export function keyAccessOf(row: StoredKeyAccess): KeyAccessRow {
  const { sequence, at, method, runId, deploymentId, keyId, caller, reason, outcome } = row;
  const hash = plainBytes(row.hash);
  return { sequence, at, method, runId, deploymentId, keyId, caller, reason, outcome, hash };
}

/**
 * Reads the logs of all projects out of a data folder, of which a server may be at work: each project's from its first
 * entry on, as one snapshot. Changes nothing. Fails where there is no World's file.
 */
export function* readKeyAccess(
  dataDir: string,
): Generator<{ readonly project: string; readonly entry: KeyAccessRow }> {
  const path = join(dataDir, FILE_NAME);
  const db = new Database(path, { readonly: true, fileMustExist: true });
  try {
    if (!isOurs(db)) throw new Error(`${path} is a database of another program`);
    const rows = db
      .prepare<[], StoredKeyAccess & { readonly project: string }>(
        `SELECT project, ${KEY_ACCESS_COLUMNS} FROM key_access ORDER BY project, sequence`,
      )
      .iterate();
    for (const row of rows) yield { project: row.project, entry: keyAccessOf(row) };
  } finally {
    db.close();
  }
}
