import type { DeploymentKeyRow, Key, KeyAccessRow } from '../operations.js';
import { plainBytes } from '../records.js';
import { slice, startOf } from '../slices.js';
import { digestOf } from './digest.js';
import { inOrder } from './lists.js';
import type { Answers } from './operations.js';
import type { Sql } from './sql.js';

const COLUMNS =
  'key_id AS "keyId", deployment_id AS "deploymentId", escrowed_at AS "escrowedAt", wrapped';
const ACCESS_COLUMNS = `sequence, at, method, run_id AS "runId", deployment_id AS "deploymentId", key_id AS "keyId",
  caller, reason, outcome, hash`;

const keyOf = ({ keyId, deploymentId, escrowedAt, wrapped }: DeploymentKeyRow) => ({
  keyId,
  deploymentId,
  escrowedAt,
  wrapped: plainBytes(wrapped),
});
const accessOf = (row: KeyAccessRow): KeyAccessRow => ({ ...row, hash: plainBytes(row.hash) });

export function keyOperations(
  sql: Sql,
): Answers<
  | 'putDeploymentKey'
  | 'findDeploymentKey'
  | 'latestDeploymentKey'
  | 'listDeploymentKeys'
  | 'latestKeyAccess'
  | 'appendKeyAccess'
  | 'listKeyAccess'
> {
  return {
    async putDeploymentKey(project, { keyId, deploymentId, escrowedAt, wrapped }) {
      await sql.run(
        `INSERT INTO worldwire.deployment_keys (project, key_id, deployment_id, deployment, escrowed_at, wrapped)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (project, key_id, deployment) DO UPDATE SET wrapped = excluded.wrapped`,
        ...[project, keyId, deploymentId, digestOf(deploymentId), escrowedAt, wrapped],
      );
    },
    async findDeploymentKey(project, keyId) {
      const row = await sql.get<DeploymentKeyRow>(
        `SELECT ${COLUMNS} FROM worldwire.deployment_keys WHERE project = $1 AND key_id = $2 ORDER BY key LIMIT 1`,
        project,
        keyId,
      );
      return row && keyOf(row);
    },
    async latestDeploymentKey(project, deploymentId) {
      const row = await sql.get<DeploymentKeyRow>(
        `SELECT ${COLUMNS} FROM worldwire.deployment_keys WHERE project = $1 AND deployment = $2
          ORDER BY key DESC LIMIT 1`,
        project,
        digestOf(deploymentId),
      );
      return row && keyOf(row);
    },
    async listDeploymentKeys(project, { after, descending, limit, maxBytes }) {
      const rows = await sql.all<DeploymentKeyRow & { readonly key: Key }>(
        inOrder(
          `SELECT key, ${COLUMNS} FROM worldwire.deployment_keys
            WHERE project = $1 AND key {>} $2 ORDER BY key {ASC} LIMIT $3`,
          descending,
        ),
        ...[project, startOf(after, descending), limit + 1],
      );
      return slice(
        rows,
        limit,
        maxBytes,
        (row) => row.key,
        (row) => row.wrapped.length,
        keyOf,
      );
    },
    async latestKeyAccess(project) {
      // Entries are chained: one change of the log at a time.
      await sql.hold(digestOf('key_access', project));
      const row = await sql.get<{ sequence: number; hash: Uint8Array }>(
        'SELECT sequence, hash FROM worldwire.key_access WHERE project = $1 ORDER BY sequence DESC LIMIT 1',
        project,
      );
      return row && { sequence: row.sequence, hash: plainBytes(row.hash) };
    },
    async appendKeyAccess(project, entry) {
      const { sequence, at, method, runId, deploymentId, keyId, caller, reason, outcome } = entry;
      await sql.run(
        `INSERT INTO worldwire.key_access
           (project, sequence, at, method, run_id, deployment_id, key_id, caller, reason, outcome, hash)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
        ...[project, sequence, at, method, runId, deploymentId],
        ...[keyId, caller, reason, outcome, entry.hash],
      );
    },
    async listKeyAccess(project, runId, { after, descending, limit, maxBytes }) {
      const of = runId === '' ? "$2 = ''" : "run_id = $2 AND run_id <> ''";
      const rows = await sql.all<KeyAccessRow>(
        inOrder(
          `SELECT ${ACCESS_COLUMNS} FROM worldwire.key_access
            WHERE project = $1 AND ${of} AND sequence {>} $3 ORDER BY sequence {ASC} LIMIT $4`,
          descending,
        ),
        ...[project, runId, startOf(after, descending), limit + 1],
      );
      return slice(
        rows,
        limit,
        maxBytes,
        (row) => row.sequence,
        (row) => row.reason.length,
        accessOf,
      );
    },
  };
}
