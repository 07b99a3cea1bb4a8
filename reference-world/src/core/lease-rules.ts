import { create } from '@bufbuild/protobuf';
import type { Duration } from '@bufbuild/protobuf/wkt';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { type Delivery, DeliverySchema, type ReceiveRequest } from '@worldwire/proto';
import type { LeasedMessage } from '../store/operations.js';
import { queueTopic } from '../store/store.js';
import { checkName, checkText } from './identifiers.js';
import { checkCount } from './outcomes.js';
import { store } from './program.js';
import { invalid } from './rejection.js';
import type { Rule } from './scope.js';
import { millisOfDuration } from './time.js';

const DEFAULT_LEASE_MS = 30_000;
const MIN_LEASE_MS = 1_000;
const MAX_LEASE_MS = 3_600_000;
const DEFAULT_IN_FLIGHT = 100;
const MAX_IN_FLIGHT = 10_000;
const MAX_PREFIXES = 32;
/** Bodies that one batch of deliveries brings into memory. */
const LEASE_BYTES = 8 * 1024 * 1024;

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

/** Milliseconds of a lease, 30 s where it is not set, or a refusal. */
export function leaseMs(field: string, duration: Duration | undefined): number {
  const ms = duration === undefined ? DEFAULT_LEASE_MS : millisOfDuration(duration);
  if (!(ms >= MIN_LEASE_MS && ms <= MAX_LEASE_MS))
    throw invalid(field, `must be ${MIN_LEASE_MS} to ${MAX_LEASE_MS} ms`);
  return ms;
}
