import { create } from '@bufbuild/protobuf';
import type { Duration } from '@bufbuild/protobuf/wkt';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  type Delivery,
  DeliverySchema,
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
  type GetLatestDeploymentRequest,
  type GetLatestDeploymentResponse,
  GetLatestDeploymentResponseSchema,
  type ListDeadMessagesRequest,
  type ListDeadMessagesResponse,
  ListDeadMessagesResponseSchema,
  type ListQueuesRequest,
  type ListQueuesResponse,
  ListQueuesResponseSchema,
  type NewMessage,
  type ReceiveRequest,
  type ReviveMessagesRequest,
  type ReviveMessagesResponse,
  ReviveMessagesResponseSchema,
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
import type { Key, LeasedMessage, StrandedRun } from '../store/operations.js';
import { queueTopic } from '../store/store.js';
import { UNCARRIED } from './attributes.js';
import { fingerprint } from './cursor.js';
import { checkId, checkName, checkText, isWellFormed } from './identifiers.js';
import type { CoreLimits } from './limits.js';
import { checkCount, once } from './outcomes.js';
import { openPage, valuesOf } from './pages.js';
import { type Context, type Program, store } from './program.js';
import { backoffMs } from './queue.js';
import { invalid, Rejection } from './rejection.js';
import type { Rule, Scope } from './scope.js';
import { millisOfDuration } from './time.js';
import { checkPayloadSize } from './validate-event.js';

const DEFAULT_LEASE_MS = 30_000;
const MIN_LEASE_MS = 1_000;
const MAX_LEASE_MS = 3_600_000;
const DEFAULT_IN_FLIGHT = 100;
const MAX_IN_FLIGHT = 10_000;
const MAX_PREFIXES = 32;
const MAX_HEADERS = 64;
const MAX_HEADER_LENGTH = 8_192;
const MAX_IDEMPOTENCY_KEY = 1_024;
const MAX_ERROR_LENGTH = 4_096;
const REPLACEMENT = '\ufffd';
/** Bodies that one batch of deliveries brings into memory. */
const LEASE_BYTES = 8 * 1024 * 1024;
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

/** QueueService.ListQueues. */
export const listQueues: Rule<ListQueuesRequest, ListQueuesResponse> = function* (
  scope,
  request,
  context,
) {
  const page = openPage(request.page, {
    ...listPaging(scope.limits, 'queues', []),
    oneOrder: true,
  });
  const { after, limit } = page.slice;
  const sliced = yield* store.listQueues(scope.project, after, limit, context.now);
  return create(ListQueuesResponseSchema, {
    queues: valuesOf(sliced).map((queue) => ({
      queueName: queue.queueName,
      ready: BigInt(queue.ready),
      delayed: BigInt(queue.delayed),
      leased: BigInt(queue.leased),
      dead: BigInt(queue.dead),
    })),
    page: page.info(sliced),
  });
};

/** QueueService.ListDeadMessages. */
export const listDeadMessages: Rule<ListDeadMessagesRequest, ListDeadMessagesResponse> = function* (
  scope,
  request,
) {
  checkText('queue_name', request.queueName, scope.limits.maxNameLength);
  const page = openPage(request.page, listPaging(scope.limits, 'dead', [request.queueName]));
  const sliced = yield* store.listDeadMessages(scope.project, request.queueName, page.slice);
  return create(ListDeadMessagesResponseSchema, {
    messages: valuesOf(sliced).map((message) => ({
      messageId: message.messageId,
      queueName: message.queueName,
      attempts: message.attempts,
      enqueuedAt: timestampFromMs(message.enqueuedAt),
      diedAt: timestampFromMs(message.diedAt),
      lastError: message.lastError,
    })),
    page: page.info(sliced),
  });
};

/** QueueService.ReviveMessages. */
export const reviveMessages: Rule<ReviveMessagesRequest, ReviveMessagesResponse> = function* (
  scope,
  request,
  context,
) {
  checkCount('message_ids', request.messageIds.length, scope.limits.maxSettlements);
  for (const messageId of request.messageIds) checkId('message_ids', messageId, scope.limits);
  let revived = 0;
  for (const messageId of request.messageIds)
    if (yield* store.reviveMessage(scope.project, messageId, context.now)) revived += 1;
  if (revived > 0) yield* store.notify(queueTopic(scope.project));
  return create(ReviveMessagesResponseSchema, { revived });
};

/** QueueService.GetLatestDeployment. */
export const getLatestDeployment: Rule<GetLatestDeploymentRequest, GetLatestDeploymentResponse> =
  function* (scope, { environment }) {
    checkText('environment', environment, scope.limits.maxNameLength);
    const latest = yield* store.latestDeployment(scope.project, environment);
    if (latest === undefined)
      throw new Rejection(
        'DEPLOYMENT_NOT_FOUND',
        'no deployment has attached a consumer in this environment: start one',
        { environment },
      );
    return create(GetLatestDeploymentResponseSchema, {
      deploymentId: latest.deploymentId,
      attachedAt: timestampFromMs(latest.attachedAt),
    });
  };

/** Validates a consumer and notes its deployment. */
export const attach: Rule<ReceiveRequest, void> = function* (scope, request, context) {
  const { queuePrefixes, deploymentId, environment, maxInFlight, consumerId } = request;
  checkCount('queue_prefixes', queuePrefixes.length, MAX_PREFIXES);
  for (const prefix of queuePrefixes)
    checkName('queue_prefixes', prefix, scope.limits.maxNameLength);
  if (deploymentId !== '') checkName('deployment_id', deploymentId, scope.limits.maxNameLength);
  checkText('environment', environment, scope.limits.maxNameLength);
  checkText('consumer_id', consumerId, scope.limits.maxNameLength);
  if (maxInFlight < 0 || maxInFlight > MAX_IN_FLIGHT)
    throw invalid('max_in_flight', `must be 1 to ${MAX_IN_FLIGHT}`);
  leaseMs('lease', request.lease);
  if (deploymentId !== '')
    yield* store.noteDeployment(scope.project, environment, deploymentId, context.now);
};

/** How many deliveries of a consumer may be unsettled. */
export function inFlightOf(request: ReceiveRequest): number {
  return request.maxInFlight || DEFAULT_IN_FLIGHT;
}

/** Leases up to `credit` messages for a consumer. */
export const lease: Rule<
  { readonly request: ReceiveRequest; readonly consumerId: string; readonly credit: number },
  { readonly deliveries: Delivery[]; readonly nextVisibleAt: number | undefined }
> = function* (scope, { request, consumerId, credit }, context) {
  const leased = yield* store.leaseMessages({
    project: scope.project,
    queuePrefixes: request.queuePrefixes,
    deploymentId: request.deploymentId,
    limit: credit,
    now: context.now,
    leaseExpiresAt: context.now + leaseMs('lease', request.lease),
    consumerId,
    newLeaseId: () => `lease_${context.newId()}`,
    maxDeliveries: scope.limits.maxDeliveries,
    maxBytes: LEASE_BYTES,
  });
  const nextVisibleAt = yield* store.nextVisibleAt(
    scope.project,
    request.queuePrefixes,
    request.deploymentId,
  );
  return { deliveries: leased.map(toDelivery), nextVisibleAt };
};

/** Lets what a lost consumer holds come back after a grace. */
export const releaseConsumer: Rule<
  { readonly consumerId: string; readonly graceMs: number },
  void
> = function* (scope, { consumerId, graceMs }, context) {
  yield* store.releaseConsumer(scope.project, consumerId, context.now + graceMs);
  yield* store.notify(queueTopic(scope.project));
};

function toDelivery(message: LeasedMessage): Delivery {
  const delivery = create(DeliverySchema, {
    messageId: message.messageId,
    leaseId: message.leaseId,
    attempt: message.attempt,
    queueName: message.queueName,
    body: message.body,
    contentType: message.contentType,
    headers: { ...message.headers },
    deploymentId: message.deploymentId,
    enqueuedAt: timestampFromMs(message.enqueuedAt),
    leaseExpiresAt: timestampFromMs(message.leaseExpiresAt),
  });
  if (message.idempotencyKey !== undefined) delivery.idempotencyKey = message.idempotencyKey;
  return delivery;
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

function leaseMs(field: string, duration: Duration | undefined): number {
  const ms = duration === undefined ? DEFAULT_LEASE_MS : millisOfDuration(duration);
  if (!(ms >= MIN_LEASE_MS && ms <= MAX_LEASE_MS))
    throw invalid(field, `must be ${MIN_LEASE_MS} to ${MAX_LEASE_MS} ms`);
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

function listPaging(
  limits: CoreLimits,
  list: string,
  filters: readonly string[],
): import('./pages.js').Paging {
  return { list, filters, defaultLimit: limits.defaultPage, maxLimit: limits.maxPage };
}
