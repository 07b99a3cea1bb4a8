import { type Check, check } from '../../check.js';
import type { Api } from '../../wire/api.js';
import { acknowledgeAll, attend, delivered, nothingElse, textOf, utf8 } from './support.js';

/** One message, or one batch, in several calls. */
export const requestIdChecks: readonly Check[] = [
  check(
    'queue/request-id',
    'A repeated Enqueue sends once, and answers with the one id for ever',
    { requirements: ['WW-QUEUE-084'], capabilities: ['REQUEST_IDS'] },
    async (t) => {
      const { queue, consumer } = await attend(t);
      const enqueue = (requestId: string, api = t.api) =>
        t.accepted('Enqueue', () =>
          api.queue.enqueue({ message: { queueName: queue, body: utf8('once') }, requestId }),
        );
      const requestId = t.unique('request');
      const first = await enqueue(requestId);
      t.equal(await enqueue(requestId), first, 'the answer to the same request');
      const { delivery } = await delivered(t, consumer);
      t.equal(delivery.messageId, first.messageId, 'the id of the delivery');
      t.equal(await enqueue(requestId), first, 'the answer while the message is leased');
      await consumer.ack(delivery);
      t.equal(await enqueue(requestId), first, 'the answer after the acknowledgement');
      const clients = ['a', 'b', 'c', 'd', 'e'].map((name) => t.client(name));
      for (let round = 0; round < 15; round++) {
        const raced = t.unique('request');
        const answers = await Promise.all(
          clients.map((api) =>
            // A World may refuse to decide while another call with the id is under way.
            t.outcome(() => enqueueOnce(api, queue, raced)),
          ),
        );
        const ids = new Set(
          answers.flatMap((each) => ('value' in each ? each.value.messageId : [])),
        );
        t.equal(ids.size, 1, 'the ids that requests at one time are answered with');
        const one = await delivered(t, consumer);
        t.ok(ids.has(one.delivery.messageId), 'the message is delivered', [...ids], one.delivery);
        await consumer.ack(one.delivery);
      }
      await nothingElse(t, consumer, queue, 'one request sends one message');
    },
  ),
  check(
    'queue/request-id-reused',
    'A request id cannot be used for a message to another queue',
    { requirements: ['WW-QUEUE-085'], capabilities: ['REQUEST_IDS'] },
    async (t) => {
      const [one, two] = [await attend(t), await attend(t)];
      const requestId = t.unique('request');
      const to = (queueName: string) =>
        t.api.queue.enqueue({ message: { queueName, body: utf8('one') }, requestId });
      const first = await t.accepted('a message with a request id', () => to(one.queue));
      await t.refused(
        'the same request id for another queue',
        () => to(two.queue),
        'REQUEST_ID_REUSED',
        {
          request_id: requestId,
        },
      );
      t.equal(await to(one.queue), first, 'the answer to the first request');
      const { delivery } = await delivered(t, one.consumer);
      await one.consumer.ack(delivery);
      await nothingElse(t, two.consumer, two.queue, 'the refused request sends nothing');
    },
  ),
  check(
    'queue/request-id-of-a-batch',
    'A repeated EnqueueBatch sends once, and answers with its first results for ever',
    { requirements: ['WW-QUEUE-099'], capabilities: ['REQUEST_IDS', 'QUEUE_BATCH'] },
    async (t) => {
      const { queue, consumer } = await attend(t);
      const clients = ['a', 'b', 'c', 'd'].map((name) => t.client(name));
      for (let round = 0; round < 10; round++) {
        const request = {
          requestId: t.unique('request'),
          messages: [
            { queueName: queue, body: utf8('plain') },
            { queueName: '', body: utf8('refused') },
            { queueName: queue, body: utf8('with a key'), idempotencyKey: t.unique('key') },
          ],
        };
        const enqueue = (api: Api) =>
          t.accepted('a batch with a request id', () => api.queue.enqueueBatch(request));
        const [first] = await Promise.all(clients.map(enqueue));
        t.equal(
          first?.results.map(({ outcome }) => outcome.case),
          ['enqueued', 'error', 'enqueued'],
          'the results',
        );
        const again = async (when: string) =>
          t.equal(await enqueue(t.api), first, `the answer ${when}`);
        await again('to the same request');
        const deliveries = [await delivered(t, consumer), await delivered(t, consumer)];
        t.equal(
          deliveries.map(({ delivery }) => textOf(delivery)).sort(),
          ['plain', 'with a key'],
          'what is delivered',
        );
        await again('while the messages are leased');
        await acknowledgeAll(t, consumer);
        await again('after the acknowledgement');
      }
      await nothingElse(t, consumer, queue, 'one request sends each message once');
    },
  ),
  check(
    'queue/request-id-of-a-batch-reused',
    'The request id of a batch cannot be used for other messages',
    { requirements: ['WW-QUEUE-100'], capabilities: ['REQUEST_IDS', 'QUEUE_BATCH'] },
    async (t) => {
      const [one, two] = [await attend(t), await attend(t)];
      const requestId = t.unique('request');
      const to = (...queues: string[]) =>
        t.api.queue.enqueueBatch({
          messages: queues.map((queueName) => ({ queueName, body: utf8('one') })),
          requestId,
        });
      const first = await t.accepted('a batch with a request id', () => to(one.queue, one.queue));
      for (const [what, queues] of [
        ['a batch to other queues', [two.queue, two.queue]],
        ['a batch to another queue as well', [one.queue, two.queue]],
        ['a shorter batch', [one.queue]],
        ['a longer batch', [one.queue, one.queue, one.queue]],
      ] as const)
        await t.refused(what, () => to(...queues), 'REQUEST_ID_REUSED', { request_id: requestId });
      t.equal(await to(one.queue, one.queue), first, 'the answer to the first request');
      for (let count = 0; count < 2; count++) await delivered(t, one.consumer);
      await acknowledgeAll(t, one.consumer);
      await nothingElse(t, one.consumer, one.queue, 'the refused requests send nothing');
      await nothingElse(t, two.consumer, two.queue, 'the refused requests send nothing');
    },
  ),
];
function enqueueOnce(api: Api, queueName: string, requestId: string) {
  return api.queue.enqueue({ message: { queueName }, requestId });
}
