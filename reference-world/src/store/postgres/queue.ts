import type { Key, LeaseHolder, MessageRow } from '../operations.js';
import { digestOf } from './digest.js';
import { deploymentsOf, Leasing, type Rounds } from './lease.js';
import type { Answers } from './operations.js';
import type { Sql } from './sql.js';

const MESSAGE = `SELECT m.key, m.message_id AS "messageId", m.attempt, q.name AS "queueName"
  FROM worldwire.messages m JOIN worldwire.queues q ON q.id = m.queue_id`;

export function queueOperations(
  sql: Sql,
  rounds: Rounds,
): Answers<
  | 'findMessage'
  | 'insertMessage'
  | 'leaseMessages'
  | 'nextVisibleAt'
  | 'getLease'
  | 'deleteMessage'
  | 'returnMessage'
  | 'buryMessage'
  | 'extendLease'
  | 'releaseConsumer'
  | 'listLeaseHolders'
> {
  async function bury(keys: readonly Key[], now: number, error: string | null = null) {
    await sql.run(
      `UPDATE worldwire.messages SET visible_at = NULL, lease_id = NULL, consumer_id = NULL, idempotency_key = NULL,
         idempotency = NULL, last_error = coalesce($2, last_error) WHERE key = ANY ($1::bigint[])`,
      keys,
      error,
    );
    await sql.run(
      `INSERT INTO worldwire.deaths (project, queue_id, message_key, died_at)
       SELECT m.project, m.queue_id, m.key, $2 FROM unnest($1::bigint[]) WITH ORDINALITY k (key, place)
         JOIN worldwire.messages m ON m.key = k.key ORDER BY k.place`,
      keys,
      now,
    );
  }
  const leasing = new Leasing(sql, rounds, bury);

  return {
    findMessage: (project, queueName, idempotencyKey) =>
      sql.get<MessageRow>(
        `${MESSAGE} WHERE q.digest = $1 AND m.idempotency = $2`,
        digestOf(project, queueName),
        digestOf(idempotencyKey),
      ),
    async insertMessage(project, message) {
      const { queueName, idempotencyKey } = message;
      const queue = digestOf(project, queueName);
      await Promise.all([
        sql.run(
          `INSERT INTO worldwire.queues (project, name, digest)
           SELECT $1, $2, $3 WHERE NOT EXISTS (SELECT 1 FROM worldwire.queues WHERE digest = $3)
           ON CONFLICT (digest) DO NOTHING`,
          ...[project, queueName, queue],
        ),
        sql.run(
          `INSERT INTO worldwire.messages (project, queue_id, message_id, deployment_id, deployment, run_id,
             idempotency_key, idempotency, visible_at, attempt, enqueued_at, last_error, content_type, headers, body)
           SELECT $1, q.id, $3, $4, $5, $6, $7, $8, $9, 0, $10, '', $11, $12, $13
             FROM worldwire.queues q WHERE q.digest = $2`,
          ...[project, queue, message.messageId],
          ...[message.deploymentId, digestOf(message.deploymentId), message.runId],
          ...[
            idempotencyKey ?? null,
            idempotencyKey === undefined ? null : digestOf(idempotencyKey),
          ],
          ...[message.visibleAt, message.enqueuedAt],
          ...[message.contentType, JSON.stringify(message.headers), message.body],
        ),
      ]);
    },
    leaseMessages: (request) => leasing.lease(request),
    async nextVisibleAt(project, queuePrefixes, deploymentId) {
      const row = await sql.get<{ at: number | null }>(
        `SELECT min(next.visible_at) AS at FROM worldwire.queues q
          CROSS JOIN unnest($3::uuid[]) d (deployment)
          CROSS JOIN LATERAL (SELECT m.visible_at FROM worldwire.messages m
             WHERE m.queue_id = q.id AND m.deployment = d.deployment AND m.visible_at IS NOT NULL
             ORDER BY m.visible_at LIMIT 1) next
          WHERE q.project = $1 AND EXISTS (SELECT 1 FROM unnest($2::text[]) p WHERE starts_with(q.name, p))`,
        ...[project, queuePrefixes, deploymentsOf(deploymentId)],
      );
      return row?.at ?? undefined;
    },
    /** Of a change, it takes the lock of the message. */
    getLease: (project, leaseId) =>
      sql.get<MessageRow>(
        `${MESSAGE} WHERE m.lease_id = $1 AND m.project = $2 ${sql.lock('FOR UPDATE OF m')}`,
        leaseId,
        project,
      ),
    async deleteMessage(key) {
      await sql.run('DELETE FROM worldwire.messages WHERE key = $1', key);
    },
    async returnMessage(key, visibleAt, attempts, error) {
      await sql.run(
        `UPDATE worldwire.messages SET visible_at = $2, attempt = $3, lease_id = NULL, consumer_id = NULL,
           last_error = $4 WHERE key = $1`,
        ...[key, visibleAt, attempts, error],
      );
    },
    buryMessage: (key, now, error) => bury([key], now, error),
    async extendLease(key, leaseExpiresAt) {
      await sql.run(
        'UPDATE worldwire.messages SET visible_at = $2 WHERE key = $1',
        key,
        leaseExpiresAt,
      );
    },
    async releaseConsumer(project, consumerId, until) {
      await sql.run(
        'UPDATE worldwire.messages SET visible_at = $3 WHERE project = $1 AND consumer_id = $2 AND visible_at > $3',
        ...[project, consumerId, until],
      );
    },
    listLeaseHolders: (now) =>
      sql.all<LeaseHolder & Record<string, string>>(
        `SELECT DISTINCT project, consumer_id AS "consumerId" FROM worldwire.messages
          WHERE consumer_id IS NOT NULL AND visible_at > $1`,
        now,
      ),
  };
}
