import type { DeadMessageRow, Key, QueueRow, StoreOperations } from '../operations.js';
import { slice, startOf } from '../slices.js';
import type { QueueNames } from './queue-names.js';
import { bothOrders, type Sql } from './sql.js';

export function queueAdminOperations(
  sql: Sql,
  names: QueueNames,
): Pick<
  StoreOperations,
  'listQueues' | 'listDeadMessages' | 'reviveMessage' | 'noteDeployment' | 'latestDeployment'
> {
  const queues = sql.prepare<{ id: number; name: string }>(
    'SELECT id, name FROM queues WHERE project = ? AND id > ? ORDER BY id LIMIT ?',
  );
  const counts = sql.prepare<{ ready: number; later: number }>(
    `SELECT count(*) FILTER (WHERE visible_at <= ?) AS ready, count(*) FILTER (WHERE visible_at > ?) AS later
       FROM messages WHERE queue_id = ? AND visible_at IS NOT NULL`,
  );
  const leased = sql.prepare<{ id: number; leased: number }>(
    `SELECT queue_id AS id, count(*) AS leased FROM messages INDEXED BY messages_by_lease
      WHERE lease_id IS NOT NULL AND project = ? AND visible_at > ? GROUP BY queue_id`,
  );
  const dead = sql.prepare<{ dead: number }>(
    'SELECT count(*) AS dead FROM deaths WHERE queue_id = ?',
  );
  const deadColumns = `d.key, m.message_id AS messageId,
    (SELECT q.name FROM queues q WHERE q.id = d.queue_id) AS queueName, m.attempt AS attempts,
    m.enqueued_at AS enqueuedAt, d.died_at AS diedAt, m.last_error AS lastError`;
  const listDead = (condition: string) =>
    bothOrders<DeadMessageRow & { readonly key: Key }>(
      sql,
      `SELECT ${deadColumns} FROM deaths d JOIN messages m ON m.key = d.message_key
        WHERE ${condition} AND d.key {>} ? ORDER BY d.key {ASC} LIMIT ?`,
    );
  const deadOfProject = listDead('d.project = ?');
  const deadOfQueue = listDead('d.queue_id = ?');
  const findDead = sql.prepare<{ key: Key }>(
    'SELECT key FROM messages WHERE project = ? AND message_id = ? AND visible_at IS NULL',
  );
  const revive = sql.prepare('UPDATE messages SET visible_at = ?, attempt = 0 WHERE key = ?');
  const forgetDeath = sql.prepare('DELETE FROM deaths WHERE message_key = ?');
  const noteDeployment = sql.prepare(
    `INSERT INTO deployments (project, environment, deployment_id, attached_at) VALUES (?, ?, ?, ?)
     ON CONFLICT (project, environment, deployment_id) DO NOTHING`,
  );
  const latest = sql.prepare<{ deploymentId: string; attachedAt: number }>(
    `SELECT deployment_id AS deploymentId, attached_at AS attachedAt FROM deployments
      WHERE project = ? AND environment = ? ORDER BY key DESC LIMIT 1`,
  );

  return {
    listQueues(project, after, limit, now) {
      const rows = queues.all(project, after ?? -1, limit + 1);
      const underLease = new Map(leased.all(project, now).map((row) => [row.id, row.leased]));
      const items = rows.slice(0, limit).map(({ id, name }) => {
        const { ready, later } = counts.get(now, now, id)!;
        const held = underLease.get(id) ?? 0;
        const value: QueueRow = {
          queueName: name,
          ready,
          delayed: later - held,
          leased: held,
          dead: dead.get(id)!.dead,
        };
        return { key: id, value };
      });
      return { items, more: rows.length > limit };
    },
    listDeadMessages(project, queueName, { after, descending, limit, maxBytes }) {
      const start = startOf(after, descending);
      const queueId = queueName === '' ? undefined : (names.find(project, queueName) ?? -1);
      const rows =
        queueId === undefined
          ? deadOfProject(descending).all(project, start, limit + 1)
          : deadOfQueue(descending).all(queueId, start, limit + 1);
      return slice(
        rows,
        limit,
        maxBytes,
        (row) => row.key,
        (row) => row.lastError.length,
        ({ key: _key, ...value }) => value,
      );
    },
    reviveMessage(project, messageId, now) {
      const found = findDead.get(project, messageId);
      if (found === undefined) return false;
      forgetDeath.run(found.key);
      revive.run(now, found.key);
      return true;
    },
    noteDeployment(project, environment, deploymentId, now) {
      noteDeployment.run(project, environment, deploymentId, now);
    },
    latestDeployment(project, environment) {
      return latest.get(project, environment);
    },
  };
}
