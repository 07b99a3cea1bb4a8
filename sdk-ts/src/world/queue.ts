import type { MessageInitShape } from '@bufbuild/protobuf';
import { Capability, type NewMessageSchema } from '@worldwire/proto';
import { durationFromMs } from '../client/duration.js';
import { WorldError } from '../client/error.js';
import { encodeMessage } from './codec.js';
import { toUpstreamError, translated } from './errors.js';
import { type Connect, declares, type Session } from './session.js';
import type { Payload, UpstreamQueueOptions } from './upstream.js';
import type { Worker } from './worker.js';

type MessageInit = MessageInitShape<typeof NewMessageSchema>;

type QueueBatchResult =
  | { messageId: string | null }
  | { messageId: null; error: string; retryable: boolean };

/** The sending half of `world.queue` of both SDK lines. */
export function createQueue(connect: Connect, worker: Worker) {
  const toMessage = (
    session: Session,
    queueName: string,
    message: unknown,
    opts: UpstreamQueueOptions = {},
  ): MessageInit => {
    announceRun(session, message);
    return {
      queueName: worker.consumedName(queueName),
      ...encodeMessage(message, opts.specVersion),
      headers: opts.headers,
      deploymentId: opts.deploymentId ?? session.config.deploymentId,
      idempotencyKey: opts.idempotencyKey,
      delay: opts.delaySeconds ? durationFromMs(Math.ceil(opts.delaySeconds * 1000)) : undefined,
      runId: runIdOf(message),
    };
  };

  return {
    /** Sends one message; it is durable when the promise resolves. */
    queue: (
      queueName: string,
      message: unknown,
      opts?: UpstreamQueueOptions,
    ): Promise<{ messageId: string }> =>
      translated(async () => {
        const session = await connect();
        const { messageId } = await session.client.queue.enqueue({
          message: toMessage(session, queueName, message, opts),
        });
        return { messageId };
      }),

    /** Sends several messages, with one result for each, in order. */
    queueBatch: (
      queueName: string,
      entries: readonly { message: unknown; opts?: UpstreamQueueOptions }[],
    ): Promise<QueueBatchResult[]> =>
      translated(async () => {
        if (entries.length === 0) return [];
        const session = await connect();
        const messages = entries.map(({ message, opts }) =>
          toMessage(session, queueName, message, opts),
        );
        if (!declares(session, Capability.QUEUE_BATCH)) {
          return Promise.all(messages.map((message) => sendAlone(session, message)));
        }
        const size = session.info.limits?.maxQueueBatch || messages.length;
        const results: QueueBatchResult[] = [];
        for (let at = 0; at < messages.length; at += size) {
          const response = await session.client.queue.enqueueBatch({
            messages: messages.slice(at, at + size),
          });
          for (const { outcome } of response.results) {
            results.push(
              outcome.case === 'enqueued'
                ? { messageId: outcome.value.messageId }
                : {
                    messageId: null,
                    error: outcome.value?.message ?? 'the World gave no outcome',
                    retryable: outcome.value?.retryable ?? true,
                  },
            );
          }
        }
        return results;
      }),

    getDeploymentId: async (): Promise<string> => worker.config().deploymentId,

    /** The deployment of this environment whose consumer attached last. */
    resolveLatestDeploymentId: (): Promise<string> =>
      translated(async () => {
        const { client, config } = await connect();
        try {
          const { deploymentId } = await client.queue.getLatestDeployment({
            environment: config.environment ?? '',
          });
          return deploymentId;
        } catch (error) {
          // Nobody has attached yet: whoever asks is the newest there is.
          if (error instanceof WorldError && error.reason === 'DEPLOYMENT_NOT_FOUND') {
            return config.deploymentId;
          }
          throw error;
        }
      }),

    /** A World holds messages for deployments that have not attached yet, so none is ever unavailable. */
    isDeploymentUnavailableError: (_error: unknown): boolean => false,
  };
}

async function sendAlone(session: Session, message: MessageInit): Promise<QueueBatchResult> {
  try {
    const { messageId } = await session.client.queue.enqueue({ message });
    return { messageId };
  } catch (error) {
    const { message: text } = toUpstreamError(error) as Error;
    return {
      messageId: null,
      error: text,
      retryable: error instanceof WorldError && error.retryable,
    };
  }
}

/** The run that a message wakes: none for a health check, which may name a run that does not exist. */
function runIdOf(message: unknown): string {
  if (typeof message !== 'object' || message === null) return '';
  const { __healthCheck, runId, workflowRunId } = message as Record<string, Payload>;
  if (__healthCheck) return '';
  const id = runId ?? workflowRunId;
  return typeof id === 'string' ? id : '';
}

/** SDK 5 asks another deployment by a health check for the public key of a run that it is about to create there. */
function announceRun({ keys }: Session, message: unknown): void {
  const { __healthCheck, runId } = (message ?? {}) as Record<string, Payload>;
  if (__healthCheck && typeof runId === 'string') keys.announce(runId);
}
