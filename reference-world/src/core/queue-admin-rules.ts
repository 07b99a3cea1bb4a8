import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  type GetLatestDeploymentRequest,
  type GetLatestDeploymentResponse,
  GetLatestDeploymentResponseSchema,
  type ListDeadMessagesRequest,
  type ListDeadMessagesResponse,
  ListDeadMessagesResponseSchema,
  type ListQueuesRequest,
  type ListQueuesResponse,
  ListQueuesResponseSchema,
  type ReviveMessagesRequest,
  type ReviveMessagesResponse,
  ReviveMessagesResponseSchema,
} from '@worldwire/proto';
import { queueTopic } from '../store/store.js';
import { checkId, checkText } from './identifiers.js';
import type { CoreLimits } from './limits.js';
import { checkCount } from './outcomes.js';
import { openPage, valuesOf } from './pages.js';
import { store } from './program.js';
import { Rejection } from './rejection.js';
import type { Rule } from './scope.js';

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

function listPaging(
  limits: CoreLimits,
  list: string,
  filters: readonly string[],
): import('./pages.js').Paging {
  return { list, filters, defaultLimit: limits.defaultPage, maxLimit: limits.maxPage };
}
