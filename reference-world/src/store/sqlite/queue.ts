import type {
  Key,
  LeasedMessage,
  LeaseHolder,
  LeaseRequest,
  MessageRow,
  StoreOperations,
} from '../operations.js';
import { plainBytes } from '../records.js';
import { type PayloadColumns, payloadIn } from './payloads.js';
import type { QueueNames } from './queue-names.js';
import type { Sql } from './sql.js';

interface Candidate {
  readonly key: Key;
  readonly visible_at: number;
  readonly attempt: number;
}

interface BodyRow {
  readonly message_id: string;
  readonly queue_name: string;
  readonly deployment_id: string;
  readonly idempotency_key: string | null;
  readonly enqueued_at: number;
  readonly content_type: string;
  readonly headers: string;
  readonly body: Uint8Array;
}

/** How many due messages of a queue are looked at ahead. */
const LOOK_AHEAD = 32;
/** The most messages that one lease makes dead before it takes a break. */
const MAX_BURIALS = 1_000;

/** The due messages of one queue and deployment, oldest first, read as they are needed. */
class Due {
  #ahead: Candidate[] = [];
  #next = 0;
  #more = true;
  #after: readonly [number, Key] = [-1, -1];

  constructor(private readonly read: (visibleAt: number, key: Key) => Candidate[]) {}

  peek(): Candidate | undefined {
    if (this.#next === this.#ahead.length && this.#more) {
      this.#ahead = this.read(...this.#after);
      this.#next = 0;
      this.#more = this.#ahead.length === LOOK_AHEAD;
      const last = this.#ahead.at(-1);
      if (last) this.#after = [last.visible_at, last.key];
    }
    return this.#ahead[this.#next];
  }

  take(): void {
    this.#next++;
  }
}

/** Takes the oldest of two. */
function takeOldest(a: Due, b: Due | undefined): Candidate | undefined {
  const x = a.peek();
  const y = b?.peek();
  const first =
    x && (!y || x.visible_at < y.visible_at || (x.visible_at === y.visible_at && x.key < y.key));
  if (first) a.take();
  else b?.take();
  return first ? x : y;
}

export function queueOperations(
  sql: Sql,
  payloads: PayloadColumns,
  names: QueueNames,
): Pick<
  StoreOperations,
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
  const messageColumns = `m.key, m.message_id AS messageId, m.attempt,
    (SELECT q.name FROM queues q WHERE q.id = m.queue_id) AS queueName`;
  const find = sql.prepare<MessageRow>(
    `SELECT ${messageColumns} FROM messages m WHERE m.queue_id = ? AND m.idempotency_key = ?`,
  );
  const insert = sql.prepare(
    `INSERT INTO messages (project, queue_id, message_id, deployment_id, run_id, idempotency_key, visible_at, attempt,
       enqueued_at, last_error, content_type, headers, body) VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?, '', ?, ?, ?)`,
  );
  const due = sql.prepare<Candidate>(
    `SELECT key, visible_at, attempt FROM messages
      WHERE queue_id = ? AND deployment_id = ? AND visible_at <= ? AND (visible_at, key) > (?, ?)
      ORDER BY visible_at, key LIMIT ${LOOK_AHEAD}`,
  );
  const bodyOf = sql.prepare<BodyRow>(
    `SELECT m.message_id, q.name AS queue_name, m.deployment_id, m.idempotency_key, m.enqueued_at, m.content_type,
       m.headers, ${payloadIn('m.body')} AS body
       FROM messages m JOIN queues q ON q.id = m.queue_id WHERE m.key = ?`,
  );
  const lease = sql.prepare(
    'UPDATE messages SET visible_at = ?, lease_id = ?, consumer_id = ?, attempt = attempt + 1 WHERE key = ?',
  );
  const earliest = sql.prepare<{ at: number | null }>(
    'SELECT min(visible_at) AS at FROM messages WHERE queue_id = ? AND deployment_id = ? AND visible_at IS NOT NULL',
  );
  const byLease = sql.prepare<MessageRow>(
    `SELECT ${messageColumns} FROM messages m WHERE m.lease_id = ? AND m.project = ?`,
  );
  const held = sql.prepare<{ body: unknown }>('SELECT body FROM messages WHERE key = ?');
  const remove = sql.prepare('DELETE FROM messages WHERE key = ?');
  const giveBack = sql.prepare(
    'UPDATE messages SET visible_at = ?, attempt = ?, lease_id = NULL, consumer_id = NULL, last_error = ? WHERE key = ?',
  );
  const bury = sql.prepare(
    `UPDATE messages SET visible_at = NULL, lease_id = NULL, consumer_id = NULL, idempotency_key = NULL,
       last_error = ifnull(?, last_error) WHERE key = ?`,
  );
  const noteDeath = sql.prepare(
    'INSERT INTO deaths (project, queue_id, message_key, died_at) SELECT project, queue_id, key, ? FROM messages WHERE key = ?',
  );
  const extend = sql.prepare('UPDATE messages SET visible_at = ? WHERE key = ?');
  const releaseConsumer = sql.prepare(
    'UPDATE messages SET visible_at = ? WHERE project = ? AND consumer_id = ? AND visible_at > ?',
  );
  // From one consumer to the next by the index: how many leases each holds does not matter.
  const leaseHolders = sql.prepare<LeaseHolder>(
    `WITH RECURSIVE held (key) AS (
       SELECT (SELECT key FROM messages
                WHERE consumer_id IS NOT NULL AND (project, consumer_id) > ('', '')
                ORDER BY project, consumer_id LIMIT 1)
       UNION ALL
       SELECT (SELECT n.key FROM messages n
                WHERE n.consumer_id IS NOT NULL AND (n.project, n.consumer_id) > (m.project, m.consumer_id)
                ORDER BY n.project, n.consumer_id LIMIT 1)
         FROM held CROSS JOIN messages m ON m.key = held.key)
     SELECT m.project, m.consumer_id AS consumerId FROM held CROSS JOIN messages m ON m.key = held.key
      WHERE EXISTS (SELECT 1 FROM messages l
                     WHERE l.project = m.project AND l.consumer_id = m.consumer_id AND l.visible_at > ?)`,
  );
  /** Where the next lease of a project begins its round, so that no queue is always first. */
  const rounds = new Map<string, number>();

  function makeDead(key: Key, now: number, error: string | null): void {
    bury.run(error, key);
    noteDeath.run(now, key);
  }

  function dueIn(queueId: number, request: LeaseRequest): () => Candidate | undefined {
    const of = (deployment: string) =>
      new Due((visibleAt, key) => due.all(queueId, deployment, request.now, visibleAt, key));
    const own = of(request.deploymentId);
    const any = request.deploymentId === '' ? undefined : of('');
    return () => takeOldest(own, any);
  }

  function leased(
    row: BodyRow,
    leaseId: string,
    attempt: number,
    request: LeaseRequest,
  ): LeasedMessage {
    return {
      messageId: row.message_id,
      queueName: row.queue_name,
      body: plainBytes(row.body),
      contentType: row.content_type,
      headers: JSON.parse(row.headers) as Record<string, string>,
      deploymentId: row.deployment_id,
      idempotencyKey: row.idempotency_key ?? undefined,
      enqueuedAt: row.enqueued_at,
      leaseId,
      attempt,
      leaseExpiresAt: request.leaseExpiresAt,
    };
  }

  return {
    findMessage(project, queueName, idempotencyKey) {
      const id = names.find(project, queueName);
      return id === undefined ? undefined : find.get(id, idempotencyKey);
    },
    insertMessage(project, message) {
      insert.run(
        project,
        names.findOrAdd(project, message.queueName),
        message.messageId,
        message.deploymentId,
        message.runId,
        message.idempotencyKey ?? null,
        message.visibleAt,
        message.enqueuedAt,
        message.contentType,
        JSON.stringify(message.headers),
        payloads.put(message.body),
      );
    },
    leaseMessages(request) {
      const queues = names.busy(request.project, request.queuePrefixes);
      const start = queues.findIndex((id) => id > (rounds.get(request.project) ?? 0));
      let round = [...queues.slice(Math.max(start, 0)), ...queues.slice(0, Math.max(start, 0))].map(
        (id) => ({ id, next: dueIn(id, request) }),
      );
      const taken: LeasedMessage[] = [];
      let bytes = 0;
      let burials = 0;
      while (round.length > 0) {
        const left: typeof round = [];
        for (const queue of round) {
          if (taken.length >= request.limit || burials >= MAX_BURIALS) return taken;
          let candidate = queue.next();
          while (candidate && candidate.attempt >= request.maxDeliveries && burials < MAX_BURIALS) {
            makeDead(candidate.key, request.now, null);
            burials++;
            candidate = queue.next();
          }
          if (candidate === undefined || candidate.attempt >= request.maxDeliveries) continue;
          const row = bodyOf.get(candidate.key)!;
          bytes += row.body.length;
          if (taken.length > 0 && bytes > request.maxBytes) return taken;
          const leaseId = request.newLeaseId();
          lease.run(request.leaseExpiresAt, leaseId, request.consumerId, candidate.key);
          taken.push(leased(row, leaseId, candidate.attempt + 1, request));
          rounds.set(request.project, queue.id);
          left.push(queue);
        }
        round = left;
      }
      return taken;
    },
    nextVisibleAt(project, queuePrefixes, deploymentId) {
      let next: number | undefined;
      const deployments = deploymentId === '' ? [''] : [deploymentId, ''];
      for (const id of names.busy(project, queuePrefixes))
        for (const deployment of deployments) {
          const at = earliest.get(id, deployment)?.at;
          if (typeof at === 'number' && (next === undefined || at < next)) next = at;
        }
      return next;
    },
    getLease(project, leaseId) {
      return byLease.get(leaseId, project);
    },
    deleteMessage(key) {
      payloads.drop(held.get(key)?.body);
      remove.run(key);
    },
    returnMessage(key, visibleAt, attempts, error) {
      giveBack.run(visibleAt, attempts, error, key);
    },
    buryMessage(key, now, error) {
      makeDead(key, now, error);
    },
    extendLease(key, leaseExpiresAt) {
      extend.run(leaseExpiresAt, key);
    },
    releaseConsumer(project, consumerId, until) {
      releaseConsumer.run(until, project, consumerId, until);
    },
    listLeaseHolders(now) {
      return leaseHolders.all(now);
    },
  };
}
