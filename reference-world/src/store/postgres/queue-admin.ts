import type { DeadMessageRow, Key, QueueRow } from '../operations.js';
import { slice, startOf } from '../slices.js';
import { digestOf } from './digest.js';
import { inOrder } from './lists.js';
import type { Answers } from './operations.js';
import type { Sql } from './sql.js';

export function queueAdminOperations(
  sql: Sql,
): Answers<
  'listQueues' | 'listDeadMessages' | 'reviveMessage' | 'noteDeployment' | 'latestDeployment'
> {
  return {
    async listQueues(project, after, limit, now) {
      const rows = await sql.all<QueueRow & { readonly id: Key }>(
        `SELECT q.id, q.name AS "queueName", c.ready, c.delayed, c.leased,
                (SELECT count(*) FROM worldwire.deaths d WHERE d.queue_id = q.id) AS dead
           FROM (SELECT id, name FROM worldwire.queues WHERE project = $1 AND id > $2 ORDER BY id LIMIT $3) q
           CROSS JOIN LATERAL (
             SELECT count(*) FILTER (WHERE visible_at <= $4) AS ready,
                    count(*) FILTER (WHERE visible_at > $4 AND lease_id IS NULL) AS delayed,
                    count(*) FILTER (WHERE visible_at > $4 AND lease_id IS NOT NULL) AS leased
               FROM worldwire.messages m WHERE m.queue_id = q.id AND m.visible_at IS NOT NULL) c
          ORDER BY q.id`,
        ...[project, after ?? -1, limit + 1, now],
      );
      const items = rows.slice(0, limit).map(({ id, ...value }) => ({ key: id, value }));
      return { items, more: rows.length > limit };
    },
    async listDeadMessages(project, queueName, { after, descending, limit, maxBytes }) {
      const of =
        queueName === ''
          ? 'd.project = $1'
          : 'd.queue_id = (SELECT id FROM worldwire.queues WHERE digest = $1)';
      const rows = await sql.all<DeadMessageRow & { readonly key: Key }>(
        inOrder(
          `SELECT d.key, m.message_id AS "messageId", q.name AS "queueName", m.attempt AS attempts,
                  m.enqueued_at AS "enqueuedAt", d.died_at AS "diedAt", m.last_error AS "lastError"
             FROM worldwire.deaths d JOIN worldwire.messages m ON m.key = d.message_key
             JOIN worldwire.queues q ON q.id = d.queue_id
            WHERE ${of} AND d.key {>} $2 ORDER BY d.key {ASC} LIMIT $3`,
          descending,
        ),
        queueName === '' ? project : digestOf(project, queueName),
        startOf(after, descending),
        limit + 1,
      );
      return slice(
        rows,
        limit,
        maxBytes,
        (row) => row.key,
        (row) => row.lastError.length,
        ({ key: _key, ...value }) => value,
      );
    },
    async reviveMessage(project, messageId, now) {
      const row = await sql.get<{ key: Key }>(
        `UPDATE worldwire.messages SET visible_at = $3, attempt = 0
          WHERE project = $1 AND message_id = $2 AND visible_at IS NULL RETURNING key`,
        ...[project, messageId, now],
      );
      if (row === undefined) return false;
      await sql.run('DELETE FROM worldwire.deaths WHERE message_key = $1', row.key);
      return true;
    },
    async noteDeployment(project, environment, deploymentId, now) {
      await sql.run(
        `INSERT INTO worldwire.deployments (environment, deployment_id, deployment, attached_at)
         VALUES ($1, $2, $3, $4) ON CONFLICT (environment, deployment) DO NOTHING`,
        ...[digestOf(project, environment), deploymentId, digestOf(deploymentId), now],
      );
    },
    latestDeployment: (project, environment) =>
      sql.get<{ deploymentId: string; attachedAt: number }>(
        `SELECT deployment_id AS "deploymentId", attached_at AS "attachedAt" FROM worldwire.deployments
          WHERE environment = $1 ORDER BY key DESC LIMIT 1`,
        digestOf(project, environment),
      ),
  };
}
