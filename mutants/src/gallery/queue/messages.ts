import type { Mutant } from '../../mutant.js';
import { fault, LEASES, RULES, STORE } from './fault.js';

const CHECK_NAME = "checkName('message.queue_name', message.queueName, limits.maxNameLength);";
const DELAY = 'const ms = message.delay === undefined ? 0 : millisOfDuration(message.delay);';
const RETRY_DELAY = 'const ms = delay === undefined ? 0 : millisOfDuration(delay);';
const VISIBLE_AT = 'visibleAt: context.now + delayMs(message, scope.limits),';
const FIND_KEY = 'WHERE m.queue_id = ? AND m.idempotency_key = ?';
const STANDING =
  'const standing = yield* store.findMessage(scope.project, queueName, idempotencyKey);';

/** Worlds that are wrong about what is sent, when, and by which key. */
export const messageMutants: readonly Mutant[] = [
  fault(
    'bodies-are-text',
    'bodies pass through a text',
    ['body-bytes'],
    [
      RULES,
      'body: message.body,',
      'body: new TextEncoder().encode(new TextDecoder().decode(message.body)),',
    ],
  ),
  fault(
    'names-cleaned',
    'queue names lose what a file system would not take',
    ['names-exact', 'names-accepted'],
    [
      LEASES,
      'queueName: message.queueName,',
      "queueName: message.queueName.replace(/[^\\w-]/g, '_'),",
    ],
  ),
  fault(
    'names-strict',
    'only queue names of the usual form are taken',
    ['names-accepted'],
    [
      RULES,
      CHECK_NAME,
      `${CHECK_NAME} if (!/^[\\w\\-./@()[\\]]+$/.test(message.queueName)) throw invalid('message.queue_name', 'is odd');`,
    ],
  ),
  fault(
    'names-unchecked',
    'a message needs no queue name',
    ['names-refused', 'batch-refusals'],
    [RULES, CHECK_NAME, ''],
  ),
  fault(
    'headers-lower-case',
    'header names become those of HTTP',
    ['headers-exact'],
    [
      LEASES,
      'headers: { ...message.headers },',
      'headers: Object.fromEntries(Object.entries(message.headers).map(([k, v]) => [k.toLowerCase(), v.trim()])),',
    ],
  ),
  fault(
    'headers-added',
    'deliveries carry a header of the World',
    ['headers-exact'],
    [
      LEASES,
      'headers: { ...message.headers },',
      "headers: { ...message.headers, 'x-attempt': String(message.attempt) },",
    ],
  ),
  fault(
    'sent-when-delivered',
    'enqueued_at is the time of the delivery',
    ['message-facts'],
    [LEASES, 'timestampFromMs(message.enqueuedAt)', 'timestampFromMs(Date.now())'],
  ),
  fault(
    'id-per-delivery',
    'a message that comes again has another id',
    ['message-facts', 'lease-runs-out', 'attempts'],
    [
      LEASES,
      'messageId: message.messageId,',
      "messageId: message.attempt === 1 && Number(message.enqueuedAt) > Date.now() - 150 ? message.messageId : message.messageId + '_' + message.leaseId,",
    ],
  ),
  fault(
    'retry-drops-headers',
    'a message that is sent back loses its headers',
    ['message-facts'],
    [
      STORE,
      'consumer_id = NULL, last_error = ? WHERE key = ?',
      "consumer_id = NULL, headers = \\'{}\\', last_error = ? WHERE key = ?",
    ],
  ),
  fault(
    'alike-are-one',
    'a run has one message at a time, key or not',
    ['alike-messages'],
    [
      RULES,
      'const { queueName, idempotencyKey } = message;',
      'const { queueName } = message; const idempotencyKey = message.idempotencyKey ?? (message.runId || undefined);',
    ],
  ),
  fault(
    'delay-ignored',
    'messages come at once whatever their delay',
    ['delay', 'long-delay', 'delays-survive-death'],
    [RULES, VISIBLE_AT, 'visibleAt: context.now,'],
  ),
  fault(
    'delay-in-seconds',
    'a delay is cut to whole seconds',
    ['delay', 'message-facts'],
    [
      RULES,
      VISIBLE_AT,
      'visibleAt: context.now + Math.floor(delayMs(message, scope.limits) / 1000) * 1000,',
    ],
  ),
  fault(
    'delay-overflows',
    'a delay is a number of 32 bits',
    ['long-delay'],
    [RULES, VISIBLE_AT, 'visibleAt: context.now + (delayMs(message, scope.limits) | 0),'],
  ),
  fault(
    'retry-delay-overflows',
    'the delay of a retry is a number of 32 bits',
    ['long-delay'],
    [
      RULES,
      'backoffMs(message.attempt) : millisOfDuration(delay)',
      'backoffMs(message.attempt) : millisOfDuration(delay) | 0',
    ],
  ),
  fault(
    'delay-capped',
    'no delay is longer than 15 minutes',
    ['long-delay'],
    [RULES, DELAY, `${DELAY} if (ms > 900_000) throw invalid('message.delay', 'is too long');`],
  ),
  fault(
    'negative-delay',
    'a negative delay is none',
    ['negative-delay', 'batch-refusals'],
    [
      RULES,
      DELAY,
      DELAY.replace(
        '0 : millisOfDuration(message.delay)',
        '0 : Math.max(0, millisOfDuration(message.delay))',
      ),
    ],
  ),
  fault(
    'negative-retry',
    'a negative delay of a retry is none',
    ['negative-delay'],
    [
      RULES,
      RETRY_DELAY,
      RETRY_DELAY.replace(
        '0 : millisOfDuration(delay)',
        '0 : Math.max(0, millisOfDuration(delay))',
      ),
    ],
  ),
  fault(
    'delay-blocks',
    'a delayed message stands before the later ones of its queue',
    ['delay', 'retry-later'],
    [
      STORE,
      'AND (visible_at, key) > (?, ?)',
      `AND (visible_at, key) > (?, ?) AND NOT EXISTS (SELECT 1 FROM messages o
         WHERE o.queue_id = messages.queue_id AND o.key < messages.key AND o.lease_id IS NULL AND o.visible_at > messages.visible_at + 100)`,
    ],
  ),
  fault(
    'delay-needs-a-call',
    'delayed messages come when another call reminds the World of them',
    ['unreminded'],
    ['dispatch/project-queue.js', 'next = Math.min(next, group.nextAt ?? next);', ''],
    ['store/sqlite/watchers.js', 'const SWEEP_MS = 500;', 'const SWEEP_MS = 1e9;'],
  ),
  fault(
    'delay-polled',
    'delayed messages are looked for every now and then',
    ['delay-punctual'],
    [
      'dispatch/project-queue.js',
      'Math.max(next - this.owner.world.store.now(), 1)',
      'Math.max(next - this.owner.world.store.now() + 3_000, 1)',
    ],
  ),
  fault(
    'keys-dropped',
    'idempotency keys are not kept',
    ['key-undelivered', 'key-leased', 'key-race', 'key-answer', 'batch-keys', 'survives-death'],
    [STORE, 'message.idempotencyKey ?? null', 'null'],
  ),
  fault(
    'key-free-when-leased',
    'a key is free as soon as its message is delivered',
    ['key-leased', 'key-race', 'key-answer', 'leases-survive-death'],
    [
      STORE,
      'attempt = attempt + 1 WHERE key = ?',
      'attempt = attempt + 1, idempotency_key = NULL WHERE key = ?',
    ],
  ),
  fault(
    'key-free-when-sent-back',
    'a key is free while its message waits for a retry',
    ['key-over-retries'],
    [
      STORE,
      'consumer_id = NULL, last_error = ? WHERE key = ?',
      'consumer_id = NULL, idempotency_key = NULL, last_error = ? WHERE key = ?',
    ],
  ),
  fault(
    'key-free-when-lost',
    'a key is free when the consumer of its message is lost',
    ['key-over-retries'],
    [
      STORE,
      'UPDATE messages SET visible_at = ? WHERE project = ?',
      'UPDATE messages SET visible_at = ?, idempotency_key = NULL WHERE project = ?',
    ],
  ),
  fault(
    'key-spent',
    'a key is never free again',
    ['key-is-free-again', 'dead-key'],
    [
      RULES,
      STANDING,
      `const spent = (globalThis.spentKeys ??= new Set());
       let standing = yield* store.findMessage(scope.project, queueName, idempotencyKey);
       if (standing === undefined && spent.has(queueName + idempotencyKey)) standing = { messageId: 'msg_spent' };
       spent.add(queueName + idempotencyKey);`,
    ],
  ),
  fault(
    'key-of-the-dead',
    'a dead message keeps its key',
    ['dead-key'],
    [STORE, 'consumer_id = NULL, idempotency_key = NULL,\n', 'consumer_id = NULL,\n'],
  ),
  fault(
    'key-answer-made-up',
    'a suppressed message is answered with an id of its own',
    ['key-answer'],
    [
      RULES,
      'messageId: standing.messageId, deduplicated: true',
      "messageId: 'msg_duplicate', deduplicated: true",
    ],
  ),
  fault(
    'key-claims-duplicate',
    'every message with a key is said to be a duplicate',
    ['key-undelivered', 'key-is-free-again', 'negative-delay'],
    [
      RULES,
      'return create(EnqueueResponseSchema, { messageId });',
      'return create(EnqueueResponseSchema, { messageId, deduplicated: idempotencyKey !== undefined });',
    ],
  ),
  fault(
    'keys-of-all-queues',
    'a key is taken in every queue of the project',
    ['keys-of-queues'],
    [STORE, FIND_KEY, 'WHERE (m.queue_id = ? OR 1) AND m.idempotency_key = ?'],
    [
      STORE,
      'id === undefined ? undefined : find.get(id, idempotencyKey)',
      'find.get(id ?? -1, idempotencyKey)',
    ],
  ),
];
