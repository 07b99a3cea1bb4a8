import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  type EnqueueBatchRequest,
  type EnqueueBatchResponse,
  EnqueueBatchResponseSchema,
  type EnqueueBatchResult,
  EnqueueBatchResultSchema,
  EnqueueErrorSchema,
  type EnqueueRequest,
  type EnqueueResponse,
  EnqueueResponseSchema,
  errorRules,
  type NewMessage,
  type Settlement,
  type SettleRequest,
  type SettleResponse,
  SettleResponseSchema,
  type SettleResult,
  SettleResultSchema,
  type WakeRunsRequest,
  type WakeRunsResponse,
  WakeRunsResponseSchema,
} from '@worldwire/proto';
import type { Key, StrandedRun } from '../store/operations.js';
import { queueTopic } from '../store/store.js';
import { UNCARRIED } from './attributes.js';
import { fingerprint } from './cursor.js';
import { checkId, checkName, checkText, isWellFormed } from './identifiers.js';
import { leaseMs } from './lease-rules.js';
import type { CoreLimits } from './limits.js';
import { checkCount, once } from './outcomes.js';
import { type Context, type Program, store } from './program.js';
import { backoffMs } from './queue.js';
import { invalid, Rejection } from './rejection.js';
import type { Rule, Scope } from './scope.js';
import { millisOfDuration } from './time.js';
import { checkPayloadSize } from './validate-event.js';

const MAX_HEADERS = 64;
const MAX_HEADER_LENGTH = 8_192;
const MAX_IDEMPOTENCY_KEY = 1_024;
const MAX_ERROR_LENGTH = 4_096;
const REPLACEMENT = '\ufffd';
/** Stranded runs that are read at a time. */
const WAKE_PAGE = 1_000;

/** QueueService.Enqueue. */
export const enqueue: Rule<EnqueueRequest, EnqueueResponse> = function* (scope, request, context) {
  const message = checkMessage(request.message, scope.limits);
  return yield* once(
    scope,
    request.requestId,
    `Enqueue ${fingerprint(subjectOf(message))}`,
    EnqueueResponseSchema,
    context,
    () => send(scope, message, context),
  );
};

/** What tells one message of a request_id from another, cheaply. */
function subjectOf({ queueName, idempotencyKey, runId }: NewMessage): string[] {
  return [queueName, idempotencyKey ?? '', runId];
}

/** QueueService.EnqueueBatch. */
export const enqueueBatch: Rule<EnqueueBatchRequest, EnqueueBatchResponse> = function* (
  scope,
  request,
  context,
) {
  const { messages } = request;
  checkCount('messages', messages.length, scope.limits.maxQueueBatch);
  return yield* once(
    scope,
    request.requestId,
    `EnqueueBatch ${messages.length} ${fingerprint(messages.flatMap(subjectOf))}`,
    EnqueueBatchResponseSchema,
    context,
    function* () {
      const results: EnqueueBatchResult[] = [];
      for (const message of messages) results.push(yield* sendItem(scope, message, context));
      return create(EnqueueBatchResponseSchema, { results });
    },
  );
};

/** QueueService.Settle. */
export const settle: Rule<SettleRequest, SettleResponse> = function* (scope, request, context) {
  const { settlements } = request;
  checkCount('settlements', settlements.length, scope.limits.maxSettlements);
  for (const settlement of settlements) checkSettlement(settlement, scope.limits);
  const results: SettleResult[] = [];
  for (const settlement of settlements) results.push(yield* settleOne(scope, settlement, context));
  // An acknowledged or extended message gives nobody work.
  if (settlements.some(({ action }) => action.case === 'retry'))
    yield* store.notify(queueTopic(scope.project));
  return create(SettleResponseSchema, { results });
};

/** QueueService.WakeRuns. */
export const wakeRuns: Rule<WakeRunsRequest, WakeRunsResponse> = function* (
  scope,
  request,
  context,
) {
  const { queuePrefix, deploymentId } = request;
  checkName('queue_prefix', queuePrefix, scope.limits.maxNameLength);
  checkName('deployment_id', deploymentId, scope.limits.maxNameLength);
  let woken = 0;
  let after: Key | undefined;
  for (;;) {
    const runs = yield* store.listStrandedRuns(scope.project, deploymentId, after, WAKE_PAGE);
    for (const run of runs) yield* wake(scope, queuePrefix, deploymentId, run, context);
    woken += runs.length;
    if (runs.length < WAKE_PAGE) break;
    after = runs.at(-1)!.key;
  }
  if (woken > 0) yield* store.notify(queueTopic(scope.project));
  return create(WakeRunsResponseSchema, { woken });
};

function wake(
  scope: Scope,
  queuePrefix: string,
  deploymentId: string,
  { runId, workflowName }: StrandedRun,
  context: Context,
): Program<void> {
  return store.insertMessage(scope.project, {
    messageId: `msg_${context.newId()}`,
    queueName: `${queuePrefix}${workflowName}`,
    body: new TextEncoder().encode(JSON.stringify({ runId })),
    contentType: 'application/json',
    headers: {},
    deploymentId,
    idempotencyKey: undefined,
    runId,
    enqueuedAt: context.now,
    visibleAt: context.now,
  });
}

function* send(scope: Scope, message: NewMessage, context: Context): Program<EnqueueResponse> {
  const { queueName, idempotencyKey } = message;
  if (idempotencyKey !== undefined) {
    const standing = yield* store.findMessage(scope.project, queueName, idempotencyKey);
    if (standing !== undefined)
      return create(EnqueueResponseSchema, { messageId: standing.messageId, deduplicated: true });
  }
  const messageId = `msg_${context.newId()}`;
  yield* store.insertMessage(scope.project, {
    messageId,
    queueName,
    body: message.body,
    contentType: message.contentType,
    headers: message.headers,
    deploymentId: message.deploymentId,
    idempotencyKey,
    runId: message.runId,
    enqueuedAt: context.now,
    visibleAt: context.now + delayMs(message, scope.limits),
  });
  yield* store.notify(queueTopic(scope.project));
  return create(EnqueueResponseSchema, { messageId });
}

function* sendItem(
  scope: Scope,
  message: NewMessage,
  context: Context,
): Program<EnqueueBatchResult> {
  try {
    const value = yield* send(scope, checkMessage(message, scope.limits), context);
    return create(EnqueueBatchResultSchema, { outcome: { case: 'enqueued', value } });
  } catch (error) {
    if (!(error instanceof Rejection)) throw error;
    const rule = errorRules.get(error.reason);
    const value = create(EnqueueErrorSchema, {
      code: rule?.code ?? 'unknown',
      reason: error.reason,
      message: error.message,
      retryable: rule?.retryable ?? false,
    });
    return create(EnqueueBatchResultSchema, { outcome: { case: 'error', value } });
  }
}

function* settleOne(
  scope: Scope,
  { leaseId, action }: Settlement,
  context: Context,
): Program<SettleResult> {
  const message = yield* store.getLease(scope.project, leaseId);
  if (message === undefined) return create(SettleResultSchema, { settled: false });
  if (action.case === 'ack') yield* store.deleteMessage(message.key);
  else if (action.case === 'extend') {
    const until = context.now + leaseMs('extend.lease', action.value.lease);
    yield* store.extendLease(message.key, until);
    return create(SettleResultSchema, { settled: true, leaseExpiresAt: timestampFromMs(until) });
  } else if (action.case === 'retry') {
    const { delay } = action.value;
    const error = errorText(action.value.error);
    const failed = error !== '';
    if (failed && message.attempt >= scope.limits.maxDeliveries)
      yield* store.buryMessage(message.key, context.now, error);
    else {
      const wait = delay === undefined ? backoffMs(message.attempt) : millisOfDuration(delay);
      const attempts = failed ? message.attempt : 0;
      yield* store.returnMessage(message.key, context.now + wait, attempts, error);
    }
  }
  return create(SettleResultSchema, { settled: true });
}

function checkMessage(message: NewMessage | undefined, limits: CoreLimits): NewMessage {
  if (message === undefined) throw invalid('message', 'is required');
  checkName('message.queue_name', message.queueName, limits.maxNameLength);
  if (message.deploymentId !== '')
    checkName('message.deployment_id', message.deploymentId, limits.maxNameLength);
  if (message.runId !== '') checkId('message.run_id', message.runId, limits);
  checkText('message.content_type', message.contentType, limits.maxNameLength);
  if (message.idempotencyKey !== undefined)
    checkName('message.idempotency_key', message.idempotencyKey, MAX_IDEMPOTENCY_KEY);
  const headers = Object.entries(message.headers);
  if (headers.length > MAX_HEADERS) throw invalid('message.headers', `may hold ${MAX_HEADERS}`);
  for (const [name, value] of headers) {
    checkName('message.headers', name, limits.maxNameLength);
    if (name === UNCARRIED)
      throw invalid('message.headers', 'holds a name that JavaScript clients cannot carry');
    checkText('message.headers', value, MAX_HEADER_LENGTH);
  }
  delayMs(message, limits);
  checkPayloadSize('message.body', message.body.length, limits);
  return message;
}

/**
 * What is kept of a consumer's error, for a person who looks at dead messages. Cut and cleaned rather than refused: the
 * other settlements of the call must not suffer from what one handler threw.
 */
function errorText(error: string): string {
  const cut = error.slice(0, MAX_ERROR_LENGTH).replaceAll('\0', REPLACEMENT);
  return isWellFormed(cut) ? cut : cut.replace(/\p{Surrogate}/gu, REPLACEMENT);
}

function delayMs(message: NewMessage, limits: CoreLimits): number {
  const ms = message.delay === undefined ? 0 : millisOfDuration(message.delay);
  if (!(ms >= 0 && ms <= limits.maxDelayMs))
    throw invalid('message.delay', `must be 0 to ${limits.maxDelayMs} ms`);
  return ms;
}

function checkSettlement({ leaseId, action }: Settlement, limits: CoreLimits): void {
  checkId('settlements.lease_id', leaseId, limits);
  if (action.case === undefined) throw invalid('settlements.action', 'is required');
  if (action.case === 'extend') leaseMs('settlements.extend.lease', action.value.lease);
  if (action.case !== 'retry') return;
  const { delay } = action.value;
  const ms = delay === undefined ? 0 : millisOfDuration(delay);
  if (!(ms >= 0 && ms <= limits.maxDelayMs))
    throw invalid('settlements.retry.delay', `must be 0 to ${limits.maxDelayMs} ms`);
}
