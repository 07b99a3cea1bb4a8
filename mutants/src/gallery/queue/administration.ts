import type { Mutant } from '../../mutant.js';
import { fault, RULES, STORE } from './fault.js';

const ADMIN = 'store/sqlite/queue-admin.js';
const ADMIN_RULES = 'core/queue-admin-rules.js';
const RUNS = 'store/sqlite/runs.js';
/** Where the store of a new process comes to life. */
const BIRTH = 'const rounds = new Map();';

const atBirth = (text: string) =>
  `${BIRTH}\n    if (!globalThis.born?.has(sql)) { (globalThis.born ??= new Set()).add(sql); try { sql.prepare(${JSON.stringify(text)}).run(); } catch {} }`;

/** Worlds that are wrong about the dead, counts, batches, wakes, deployments, and their own death. */
export const administrationMutants: readonly Mutant[] = [
  fault(
    'dead-unlisted',
    'dead messages are not listed',
    ['dead-listed'],
    [STORE, 'noteDeath.run(now, key);', ''],
  ),
  fault(
    'dead-without-error',
    'a dead message has lost its error',
    ['dead-listed'],
    [
      STORE,
      'last_error = ifnull(?, last_error)',
      'last_error = substr(ifnull(?, last_error), 1, 0)',
    ],
  ),
  fault(
    'dead-miscounted',
    'a dead message lacks its last delivery',
    ['dead-listed'],
    [ADMIN, 'm.attempt AS attempts', 'm.attempt - 1 AS attempts'],
  ),
  fault(
    'dead-of-all-queues',
    'the dead of every queue are listed',
    ['dead-listed'],
    [
      ADMIN,
      "const queueId = queueName === '' ? undefined : (names.find(project, queueName) ?? -1);",
      'const queueId = undefined;',
    ],
  ),
  fault(
    'dead-come-again',
    'a dead message comes again after a while',
    ['dead-listed', 'revived'],
    [
      STORE,
      'UPDATE messages SET visible_at = NULL, lease_id = NULL',
      'UPDATE messages SET visible_at = enqueued_at, attempt = 0, lease_id = NULL',
    ],
  ),
  fault(
    'revived-old',
    'a revived message counts on',
    ['revived'],
    [
      ADMIN,
      'UPDATE messages SET visible_at = ?, attempt = 0 WHERE key = ?',
      'UPDATE messages SET visible_at = ?, attempt = attempt - 50 WHERE key = ?',
    ],
  ),
  fault(
    'revived-counts-all',
    'revived counts the ids of the request',
    ['revived'],
    [
      ADMIN_RULES,
      'if (yield* store.reviveMessage(scope.project, messageId, context.now))',
      'if ((yield* store.reviveMessage(scope.project, messageId, context.now)) || true)',
    ],
  ),
  fault(
    'leased-counted-twice',
    'a leased message is delayed as well',
    ['counts', 'counts-at-one-moment'],
    [ADMIN, 'delayed: later - held,', 'delayed: later,'],
  ),
  fault(
    'queues-by-name',
    'queues are listed by their names',
    ['queues-in-order'],
    [ADMIN, 'AND id > ? ORDER BY id LIMIT ?', 'AND id > ? ORDER BY name LIMIT ?'],
  ),
  fault(
    'batch-answered-backwards',
    'the results of a batch stand in another order',
    ['batch-results'],
    [
      RULES,
      'create(EnqueueBatchResponseSchema, { results })',
      'create(EnqueueBatchResponseSchema, { results: results.reverse() })',
    ],
  ),
  fault(
    'batch-all-or-nothing',
    'a refused message refuses its batch',
    ['batch-refusals'],
    [RULES, 'if (!(error instanceof Rejection))', 'if (error !== undefined)'],
  ),
  fault(
    'batch-without-reasons',
    'a refused message of a batch has no reason',
    ['batch-refusals'],
    [RULES, 'reason: error.reason,', "reason: '',"],
  ),
  fault(
    'batch-without-keys',
    'the keys of a batch do not count',
    ['batch-keys'],
    [
      RULES,
      'results.push(yield* sendItem(scope, message, context));',
      'results.push(yield* sendItem(scope, { ...message, idempotencyKey: undefined }, context));',
    ],
  ),
  fault(
    'request-id-ignored',
    'each Enqueue sends, whatever its request id',
    ['request-id', 'request-id-reused'],
    [RULES, 'once(scope, request.requestId, `Enqueue ${', "once(scope, '', `Enqueue ${"],
  ),
  fault(
    'batch-request-id-ignored',
    'each EnqueueBatch sends, whatever its request id',
    ['request-id-of-a-batch', 'request-id-of-a-batch-reused'],
    [RULES, 'once(scope, request.requestId, `EnqueueBatch ${', "once(scope, '', `EnqueueBatch ${"],
  ),
  fault(
    'batch-request-id-of-any-batch',
    'a request id stands for any batch',
    ['request-id-of-a-batch-reused'],
    [
      RULES,
      '`EnqueueBatch ${messages.length} ${fingerprint(messages.flatMap(subjectOf))}`',
      "'EnqueueBatch'",
    ],
  ),
  fault(
    'request-id-of-any-queue',
    'a request id stands for a message to any queue',
    ['request-id-reused', 'request-id-of-a-batch-reused'],
    [
      RULES,
      "return [queueName, idempotencyKey ?? '', runId];",
      "return [idempotencyKey ?? '', runId];",
    ],
  ),
  fault(
    'wake-in-other-words',
    'a wake names its run otherwise',
    ['wakes'],
    [RULES, 'JSON.stringify({ runId })', 'JSON.stringify({ run_id: runId })'],
  ),
  fault(
    'wakes-again',
    'every active run is woken each time',
    ['wakes', 'wakes-not-needed', 'wakes-race'],
    [RUNS, "AND m.run_id <> '' AND m.visible_at IS NOT NULL)", 'AND 0)'],
  ),
  fault(
    'wakes-sleepers',
    'a run whose message is delayed or leased is woken',
    ['wakes-not-needed'],
    [
      RUNS,
      "AND m.run_id <> '' AND m.visible_at IS NOT NULL)",
      "AND m.run_id <> '' AND m.visible_at < unixepoch() * 1000 + 60000)",
    ],
  ),
  fault(
    'wakes-the-ended',
    'ended runs are woken',
    ['wakes-not-due'],
    [RUNS, 'FROM runs r INDEXED BY runs_active', 'FROM runs r'],
    [RUNS, 'r.status IN (1, 2) AND r.key > ?', 'r.status > 0 AND r.key > ?'],
  ),
  fault(
    'wakes-every-deployment',
    'the runs of all deployments are woken',
    ['wakes-not-due'],
    [RUNS, 'AND r.deployment_id = ? AND', 'AND (r.deployment_id = ? OR 1) AND'],
  ),
  fault(
    'wakes-one-page',
    'only the first hundred runs are woken',
    ['wakes-race'],
    [RULES, 'const WAKE_PAGE = 1_000;', 'const WAKE_PAGE = 100;'],
    [RULES, 'if (runs.length < WAKE_PAGE)', 'if (runs.length <= WAKE_PAGE)'],
  ),
  fault(
    'wakes-unchecked',
    'WakeRuns needs no deployment',
    ['wakes-refused'],
    [RULES, "checkName('deployment_id', deploymentId, scope.limits.maxNameLength);", ''],
  ),
  fault(
    'latest-by-name',
    'the latest deployment is the last by its name',
    ['latest-deployment'],
    [ADMIN, 'ORDER BY key DESC LIMIT 1', 'ORDER BY deployment_id DESC LIMIT 1'],
  ),
  fault(
    'latest-anywhere',
    'the latest deployment is that of any environment',
    ['environments-apart'],
    [
      ADMIN,
      'WHERE project = ? AND environment = ? ORDER BY',
      'WHERE project = ? AND (environment = ? OR 1) ORDER BY',
    ],
  ),
  fault(
    'latest-attached',
    'the latest deployment is the one that attached last, new or not',
    ['older-deployment', 'latest-deployment'],
    [ADMIN, 'DO NOTHING', 'DO UPDATE SET attached_at = excluded.attached_at'],
    [ADMIN, 'ORDER BY key DESC LIMIT 1', 'ORDER BY attached_at DESC, key LIMIT 1'],
  ),
  fault(
    'in-memory',
    'messages die with the process',
    ['survives-death', 'delays-survive-death', 'leases-survive-death'],
    [STORE, BIRTH, atBirth('DELETE FROM messages')],
  ),
  fault(
    'timers-in-memory',
    'delays pass with the death of the process',
    ['delays-survive-death'],
    [STORE, BIRTH, atBirth('UPDATE messages SET visible_at = 0 WHERE visible_at IS NOT NULL')],
  ),
  fault(
    'attempts-in-memory',
    'attempts count anew after the death of the process',
    ['leases-survive-death'],
    [STORE, BIRTH, atBirth('UPDATE messages SET attempt = 0')],
  ),
  fault(
    'keys-in-memory',
    'keys are free after the death of the process',
    ['survives-death', 'leases-survive-death'],
    [STORE, BIRTH, atBirth('UPDATE messages SET idempotency_key = NULL')],
  ),
  fault(
    'acknowledgements-in-memory',
    'what was acknowledged comes again after the death of the process',
    ['survives-death'],
    [
      RULES,
      'yield* store.deleteMessage(message.key);',
      'yield* store.extendLease(message.key, context.now + 1e12);',
    ],
    [STORE, BIRTH, atBirth('UPDATE messages SET visible_at = 0 WHERE lease_id IS NOT NULL')],
  ),
];
