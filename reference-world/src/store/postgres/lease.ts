import type { Key, LeasedMessage, LeaseRequest } from '../operations.js';
import { plainBytes } from '../records.js';
import { digestOf } from './digest.js';
import type { Sql } from './sql.js';

/** A message that could be leased, and nobody else can lease before the commit. Where it was leased, what it is. */
interface Candidate {
  readonly candidate: Key;
  /** Deliveries before this one. */
  readonly attempts: number;
  readonly queue_id: Key;
  /** Queues that hold due messages. */
  readonly queues: number;
  readonly size: number;
  readonly place: number | null;
  readonly message_id: string;
  readonly queue_name: string;
  readonly deployment_id: string;
  readonly idempotency_key: string | null;
  readonly enqueued_at: number;
  readonly content_type: string;
  readonly headers: string;
  readonly body: Uint8Array;
  readonly lease_id: string;
}

/** Where the next lease of a project begins its round, so that no queue is always first. */
export type Rounds = Map<string, Key>;

/** The most messages in one lease; who wants more asks again. */
const MAX_BATCH = 512;
/** The most messages that one lease makes dead before it takes a break. */
const MAX_BURIALS = 1_000;

/** The digests of the deployments whose messages a consumer of one may take. */
export function deploymentsOf(deploymentId: string): string[] {
  return deploymentId === '' ? [digestOf('')] : [digestOf(deploymentId), digestOf('')];
}

/**
 * Takes candidates: of each queue that holds due messages an equal share of those that are wanted, the oldest. Leases of
 * them, the queues in turn from the one behind the last that was served, as many as are wanted and as the bytes allow.
 */
const LEASE = `WITH busy AS (
    SELECT q.id, count(*) OVER () AS queues FROM worldwire.queues q
     WHERE q.project = $1 AND EXISTS (SELECT 1 FROM unnest($2::text[]) p WHERE starts_with(q.name, p))
       AND EXISTS (SELECT 1 FROM unnest($3::uuid[]) d (deployment)
             CROSS JOIN LATERAL (SELECT m.visible_at FROM worldwire.messages m
                WHERE m.queue_id = q.id AND m.deployment = d.deployment AND m.visible_at IS NOT NULL
                ORDER BY m.visible_at LIMIT 1) first WHERE first.visible_at <= $4)),
  candidates AS MATERIALIZED (
    SELECT c.*, busy.queues FROM busy CROSS JOIN unnest($3::uuid[]) d (deployment)
      CROSS JOIN LATERAL (
        SELECT m.key, m.queue_id, m.visible_at, m.attempt, octet_length(m.body) AS size FROM worldwire.messages m
         WHERE m.queue_id = busy.id AND m.deployment = d.deployment AND m.visible_at <= $4
         ORDER BY m.visible_at, m.key LIMIT ($5 + busy.queues - 1) / busy.queues FOR UPDATE SKIP LOCKED) c),
  turns AS (
    SELECT key, queue_id, size, row_number() OVER (PARTITION BY queue_id ORDER BY visible_at, key) AS turn
      FROM candidates WHERE attempt < $6),
  placed AS (
    SELECT key, row_number() OVER round AS place, sum(size) OVER round AS bytes
      FROM turns WINDOW round AS (ORDER BY turn, queue_id <= $7, queue_id)),
  taken AS (
    UPDATE worldwire.messages m SET visible_at = $8, consumer_id = $9, lease_id = ($10::text[])[p.place],
        attempt = m.attempt + 1
      FROM placed p, worldwire.queues q
     WHERE m.key = p.key AND q.id = m.queue_id AND p.place <= $5 AND (p.bytes <= $11::bigint OR p.place = $12)
     RETURNING p.place, m.key, m.message_id, q.name AS queue_name, m.deployment_id, m.idempotency_key, m.enqueued_at,
       m.content_type, m.headers, m.body, m.lease_id)
  SELECT c.key AS candidate, c.attempt AS attempts, c.queue_id, c.queues, c.size, place, message_id, queue_name,
         deployment_id, idempotency_key, enqueued_at, content_type, headers, body, lease_id
    FROM candidates c LEFT JOIN taken ON taken.key = c.key ORDER BY place`;

/** Leases messages, fairly between queues. Messages that another transaction is about to take are passed over. */
export class Leasing {
  constructor(
    private readonly sql: Sql,
    private readonly rounds: Rounds,
    private readonly bury: (keys: readonly Key[], now: number) => Promise<void>,
  ) {}

  async lease(request: LeaseRequest): Promise<LeasedMessage[]> {
    const limit = Math.min(request.limit, MAX_BATCH);
    const taken: Candidate[] = [];
    let burials = 0;
    while (taken.length < limit && burials < MAX_BURIALS) {
      const wanted = limit - taken.length;
      const candidates = await this.#take(request, wanted, taken);
      const isSpent = ({ attempts }: Candidate) => attempts >= request.maxDeliveries;
      const spent = candidates.filter(isSpent).map(({ candidate }) => candidate);
      if (spent.length > 0) await this.bury(spent, request.now);
      burials += spent.length;
      const leased = candidates.filter(({ place }) => place !== null);
      taken.push(...leased);
      const last = leased.at(-1);
      if (last !== undefined) this.rounds.set(request.project, last.queue_id);
      const isFull = leased.length + spent.length < candidates.length;
      if (isFull || isAll(candidates, wanted)) break;
    }
    return taken.map((message) => leasedOf(message, request));
  }

  #take(request: LeaseRequest, wanted: number, before: readonly Candidate[]): Promise<Candidate[]> {
    const { project, queuePrefixes, deploymentId, now, maxDeliveries } = request;
    const bytes = before.reduce((sum, { size }) => sum + size, 0);
    return this.sql.all<Candidate>(
      LEASE,
      ...[project, queuePrefixes, deploymentsOf(deploymentId), now, wanted, maxDeliveries],
      ...[this.rounds.get(project) ?? 0, request.leaseExpiresAt, request.consumerId],
      Array.from({ length: wanted }, () => request.newLeaseId()),
      // One message is returned however large it is.
      ...[request.maxBytes - bytes, before.length === 0 ? 1 : 0],
    );
  }
}

/** Whether no queue holds more than these candidates: each had fewer than its share to give. */
function isAll(candidates: readonly Candidate[], wanted: number): boolean {
  const share = Math.ceil(wanted / (candidates[0]?.queues ?? 1));
  const counts = new Map<Key, number>();
  for (const { queue_id } of candidates) counts.set(queue_id, (counts.get(queue_id) ?? 0) + 1);
  return [...counts.values()].every((count) => count < share);
}

function leasedOf(row: Candidate, request: LeaseRequest): LeasedMessage {
  return {
    messageId: row.message_id,
    queueName: row.queue_name,
    body: plainBytes(row.body),
    contentType: row.content_type,
    headers: JSON.parse(row.headers) as Record<string, string>,
    deploymentId: row.deployment_id,
    idempotencyKey: row.idempotency_key ?? undefined,
    enqueuedAt: row.enqueued_at,
    leaseId: row.lease_id,
    attempt: row.attempts + 1,
    leaseExpiresAt: request.leaseExpiresAt,
  };
}
