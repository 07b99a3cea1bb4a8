import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { codeToString } from '@connectrpc/connect/protocol-connect';
import { ErrorInfoSchema, errorRules, type NewMessage, type QueueService } from '@worldwire/proto';
import { durationMs } from '../client/duration.js';
import { asked, type Bridged, type Handlers } from './bridged.js';
import { type Broker, checkSettlement } from './broker.js';
import { sealMessage } from './envelope.js';
import { explain } from './errors.js';
import { toWorldQueueName } from './queue-names.js';
import { invalid } from './refusal.js';
import type { Loose } from './upstream-world.js';
import type { Wakes } from './wakes.js';

const MAX_SETTLEMENTS = 1000;
/** Ids of keyed messages that are remembered, to tell a World's answer for an earlier one. */
const MAX_REMEMBERED = 10_000;

/** QueueService: sends by `queue` of the World, and hands out what the World delivers. */
export function queueHandlers(
  bridged: Bridged,
  broker: Broker,
  wakes: Wakes,
): Handlers<typeof QueueService> {
  const { world, traits } = bridged;
  const remembered = new Set<string>();

  const nameOf = (message: NewMessage) => toWorldQueueName(message.queueName, !traits.v5);

  function optionsOf({ deploymentId, idempotencyKey, delay }: NewMessage): Loose {
    return {
      specVersion: traits.specVersion,
      ...(deploymentId && { deploymentId }),
      ...(idempotencyKey !== undefined && { idempotencyKey }),
      ...(delay !== undefined && { delaySeconds: durationMs(delay) / 1000 }),
    };
  }

  /** Worlds answer with an id and do not say whether it is that of an earlier message. */
  function accepted({ idempotencyKey }: NewMessage, answer: Loose) {
    const messageId = String(answer?.messageId ?? '');
    const deduplicated = idempotencyKey !== undefined && remembered.has(messageId);
    if (idempotencyKey !== undefined) remembered.add(messageId);
    if (remembered.size > MAX_REMEMBERED) remembered.delete(remembered.values().next().value!);
    return { messageId, deduplicated };
  }

  return {
    async enqueue({ message }) {
      if (message === undefined) throw invalid('message', 'must be given');
      const answer = await asked(bridged, {}, () =>
        world.queue(nameOf(message), sealMessage(message), optionsOf(message)),
      );
      return accepted(message, answer);
    },

    async enqueueBatch({ messages }) {
      const results: Loose[] = new Array(messages.length);
      const byQueue = groupBy(messages);
      for (const indexes of byQueue.values()) {
        const batch = indexes.map((index) => messages[index]!);
        const answers: Loose[] = await asked(bridged, {}, () =>
          world.queueBatch!(
            nameOf(batch[0]!),
            batch.map((message) => ({ message: sealMessage(message), opts: optionsOf(message) })),
          ),
        );
        for (const [nth, index] of indexes.entries())
          results[index] = await outcomeOf(batch[nth]!, answers[nth]);
      }
      return { results };
    },

    receive: (request, { signal }) => broker.receive(request, signal),

    async settle({ settlements }) {
      if (settlements.length === 0 || settlements.length > MAX_SETTLEMENTS)
        throw invalid('settlements', `must be 1 to ${MAX_SETTLEMENTS}`);
      // One that is none keeps the others from being settled, so that all can be sent again.
      for (const settlement of settlements) checkSettlement(settlement);
      return {
        results: settlements.map((settlement) => {
          const { settled, leaseExpiresAt } = broker.settle(settlement);
          return {
            settled,
            ...(leaseExpiresAt !== undefined && {
              leaseExpiresAt: timestampFromMs(leaseExpiresAt),
            }),
          };
        }),
      };
    },

    wakeRuns: async (request) => {
      if (request.deploymentId === '') throw invalid('deployment_id', 'must be given');
      return { woken: await asked(bridged, {}, () => wakes.wake(request)) };
    },

    async getLatestDeployment() {
      const deploymentId = await asked(bridged, {}, () => world.resolveLatestDeploymentId!());
      return { deploymentId };
    },
  };

  async function outcomeOf(message: NewMessage, answer: Loose) {
    if (answer?.error === undefined)
      return { outcome: { case: 'enqueued' as const, value: accepted(message, answer) } };
    const error = await explain(world, answer.error, {});
    const reason = error.findDetails(ErrorInfoSchema)[0]?.reason ?? '';
    return {
      outcome: {
        case: 'error' as const,
        value: {
          code: codeToString(error.code),
          reason,
          message: error.rawMessage,
          retryable: answer.retryable ?? errorRules.get(reason)?.retryable ?? false,
        },
      },
    };
  }
}

function groupBy(messages: readonly NewMessage[]): Map<string, number[]> {
  const groups = new Map<string, number[]>();
  for (const [index, { queueName }] of messages.entries())
    groups.set(queueName, [...(groups.get(queueName) ?? []), index]);
  return groups;
}
