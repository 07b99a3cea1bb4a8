import { type Check, check } from '../../check.js';
import { acknowledgeAll, attend, delivered, nothingElse, send, textOf, utf8 } from './support.js';

/** Several messages in one call. */
export const batchChecks: readonly Check[] = [
  check(
    'queue/batch-results',
    'A batch is answered message by message, in its order',
    { requirements: ['WW-QUEUE-081'], capabilities: ['QUEUE_BATCH'] },
    async (t) => {
      const { queue, consumer } = await attend(t);
      const other = `${queue}_other`;
      const count = Math.min(30, t.facts.limits.maxQueueBatch || 30);
      const messages = Array.from({ length: count }, (_, index) => ({
        queueName: index % 3 === 0 ? other : queue,
        body: utf8(`${index}`),
      }));
      const { results } = await t.accepted('a batch', () => t.api.queue.enqueueBatch({ messages }));
      const ids = results.map(({ outcome }) =>
        outcome.case === 'enqueued' ? outcome.value.messageId : t.fail('a refusal', '', outcome),
      );
      t.equal(ids.length, count, 'the number of results');
      t.equal(new Set(ids).size, count, 'the number of ids');
      for (let nth = 0; nth < count; nth++) {
        const { delivery } = await consumer.next('the delivery of each message of the batch');
        const index = Number(textOf(delivery));
        t.equal(
          delivery.messageId,
          ids[index] ?? '',
          `the id of the message ${index} of the batch`,
        );
        t.equal(delivery.queueName, messages[index]?.queueName ?? '', 'its queue');
      }
      await acknowledgeAll(t, consumer);
      await nothingElse(t, consumer, queue, 'each message is delivered once');
    },
  ),
  check(
    'queue/batch-refusals',
    'A refused message of a batch is answered as Enqueue would, and the others are accepted',
    { requirements: ['WW-QUEUE-082', 'WW-QUEUE-081'], capabilities: ['QUEUE_BATCH'] },
    async (t) => {
      const { queue, consumer } = await attend(t);
      const good = (text: string) => ({ queueName: queue, body: utf8(text) });
      const bad = [
        { queueName: '', body: utf8('bad') },
        { queueName: queue, body: utf8('bad'), delay: { seconds: -1n } },
      ];
      const refusals = [];
      for (const message of bad)
        refusals.push(
          await t.refused(
            'the same message by Enqueue',
            () => t.api.queue.enqueue({ message }),
            'INVALID_ARGUMENT',
          ),
        );
      const messages = [good('0'), bad[0]!, good('2'), bad[1]!, good('4')];
      const { results } = await t.accepted('a batch of which two are refused', () =>
        t.api.queue.enqueueBatch({ messages }),
      );
      t.equal(
        results.map(({ outcome }) => outcome.case),
        ['enqueued', 'error', 'enqueued', 'error', 'enqueued'],
        'the results',
      );
      const said = results.flatMap(({ outcome }) =>
        outcome.case === 'error'
          ? [{ code: outcome.value.code, reason: outcome.value.reason }]
          : [],
      );
      t.equal(
        said,
        refusals.map(({ code, reason }) => ({ code, reason })),
        'the refusals',
      );
      const texts: string[] = [];
      for (let count = 0; count < 3; count++)
        texts.push(textOf((await consumer.next('each accepted message')).delivery));
      t.equal(texts.sort(), ['0', '2', '4'], 'what is delivered');
      await acknowledgeAll(t, consumer);
      await nothingElse(t, consumer, queue, 'refused messages are not delivered');
    },
  ),
  check(
    'queue/batch-keys',
    'Keys hold within a batch, and between a batch and other calls',
    {
      requirements: ['WW-QUEUE-083', 'WW-QUEUE-024', 'WW-QUEUE-030'],
      capabilities: ['QUEUE_BATCH'],
    },
    async (t) => {
      const { queue, consumer } = await attend(t);
      const [one, two, three] = [t.unique('key'), t.unique('key'), t.unique('key')];
      await send(t, queue, { idempotencyKey: one });
      const { delivery } = await delivered(t, consumer);
      const keys = [one, two, two, undefined, undefined, three, two];
      const { results } = await t.accepted('a batch with keys', () =>
        t.api.queue.enqueueBatch({
          messages: keys.map((idempotencyKey) => ({
            queueName: queue,
            ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
          })),
        }),
      );
      t.equal(results.length, keys.length, 'the number of results');
      const fresh = [3, 4].map((index) => results[index]?.outcome);
      t.ok(
        fresh.every((outcome) => outcome?.case === 'enqueued' && !outcome.value.deduplicated),
        'messages without a key stand for themselves',
        'deduplicated false',
        fresh,
      );
      await send(t, queue, { idempotencyKey: three });
      const came: string[] = [];
      for (let count = 0; count < 4; count++)
        came.push((await consumer.next('each message')).delivery.idempotencyKey ?? '');
      t.equal(came.sort(), ['', '', two, three].sort(), 'the keys that are delivered');
      await consumer.ack(delivery);
      await acknowledgeAll(t, consumer);
      await nothingElse(t, consumer, queue, 'each key is delivered once');
    },
  ),
];
