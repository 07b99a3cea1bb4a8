import type { DeploymentKeyRow, Key, StoreOperations } from '../operations.js';
import { plainBytes } from '../records.js';
import { slice, startOf } from '../slices.js';
import { KEY_ACCESS_COLUMNS, keyAccessOf, type StoredKeyAccess } from './key-access.js';
import { bothOrders, type Sql } from './sql.js';

const COLUMNS =
  'key_id AS keyId, deployment_id AS deploymentId, escrowed_at AS escrowedAt, wrapped';

const rowOf = ({ keyId, deploymentId, escrowedAt, wrapped }: DeploymentKeyRow) => ({
  keyId,
  deploymentId,
  escrowedAt,
  wrapped: plainBytes(wrapped),
});

export function keyOperations(
  sql: Sql,
): Pick<
  StoreOperations,
  | 'putDeploymentKey'
  | 'findDeploymentKey'
  | 'latestDeploymentKey'
  | 'listDeploymentKeys'
  | 'latestKeyAccess'
  | 'appendKeyAccess'
  | 'listKeyAccess'
> {
  const put = sql.prepare(
    `INSERT INTO deployment_keys (project, key_id, deployment_id, escrowed_at, wrapped) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (project, key_id, deployment_id) DO UPDATE SET wrapped = excluded.wrapped`,
  );
  const find = sql.prepare<DeploymentKeyRow>(
    `SELECT ${COLUMNS} FROM deployment_keys WHERE project = ? AND key_id = ? LIMIT 1`,
  );
  const latest = sql.prepare<DeploymentKeyRow>(
    `SELECT ${COLUMNS} FROM deployment_keys WHERE project = ? AND deployment_id = ? ORDER BY key DESC LIMIT 1`,
  );
  const list = bothOrders<DeploymentKeyRow & { readonly key: Key }>(
    sql,
    `SELECT key, ${COLUMNS} FROM deployment_keys WHERE project = ? AND key {>} ? ORDER BY key {ASC} LIMIT ?`,
  );
  const end = sql.prepare<{ sequence: number; hash: Uint8Array }>(
    'SELECT sequence, hash FROM key_access WHERE project = ? ORDER BY sequence DESC LIMIT 1',
  );
  const append = sql.prepare(
    `INSERT INTO key_access (project, sequence, at, method, run_id, deployment_id, key_id, caller, reason, outcome, hash)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const access = (condition: string) =>
    bothOrders<StoredKeyAccess>(
      sql,
      `SELECT ${KEY_ACCESS_COLUMNS} FROM key_access
        WHERE project = ? AND ${condition} AND sequence {>} ? ORDER BY sequence {ASC} LIMIT ?`,
    );
  const accessOfProject = access("? = ''");
  const accessOfRun = access("run_id = ? AND run_id <> ''");

  return {
    putDeploymentKey(project, { keyId, deploymentId, escrowedAt, wrapped }) {
      put.run(project, keyId, deploymentId, escrowedAt, wrapped);
    },
    findDeploymentKey(project, keyId) {
      const row = find.get(project, keyId);
      return row && rowOf(row);
    },
    latestDeploymentKey(project, deploymentId) {
      const row = latest.get(project, deploymentId);
      return row && rowOf(row);
    },
    listDeploymentKeys(project, { after, descending, limit, maxBytes }) {
      const rows = list(descending).iterate(project, startOf(after, descending), limit + 1);
      return slice(
        rows,
        limit,
        maxBytes,
        (row) => row.key,
        (row) => row.wrapped.length,
        rowOf,
      );
    },
    latestKeyAccess(project) {
      const row = end.get(project);
      return row && { sequence: row.sequence, hash: plainBytes(row.hash) };
    },
    appendKeyAccess(project, entry) {
      const { sequence, at, method, runId, deploymentId, keyId, caller, reason, outcome } = entry;
      append.run(
        ...[project, sequence, at, method, runId, deploymentId],
        ...[keyId, caller, reason, outcome, entry.hash],
      );
    },
    listKeyAccess(project, runId, { after, descending, limit, maxBytes }) {
      const rows = (runId === '' ? accessOfProject : accessOfRun)(descending).iterate(
        project,
        runId,
        startOf(after, descending),
        limit + 1,
      );
      return slice(
        rows,
        limit,
        maxBytes,
        (row) => row.sequence,
        (row) => row.reason.length,
        keyAccessOf,
      );
    },
  };
}
