import { type Check, check } from '../../check.js';
import { DEPLOYMENT } from '../../fixtures/new-event.js';
import {
  acknowledgeAll,
  attend,
  CLOCK_MS,
  delivered,
  millisOf,
  nothingElse,
  send,
  utf8,
} from './support.js';

/** What a message carries from its sender to its consumer. */
export const sendingChecks: readonly Check[] = [
  check(
    'queue/body-bytes',
    'Bodies arrive byte for byte',
    { requirements: ['WW-QUEUE-007', 'WW-QUEUE-001'] },
    async (t) => {
      const { queue, consumer } = await attend(t);
      const bodies = [
        new Uint8Array(),
        Uint8Array.from({ length: 256 }, (_, byte) => byte),
        Uint8Array.of(0, 0, 0),
        utf8('a\0b'),
        Uint8Array.of(0xff, 0xfe, 0xc0, 0x80, 0xed, 0xa0, 0x80),
        utf8(' {"a" : 1.0}\r\n'),
        utf8('"text"'),
        t.random.bytes(70_000),
      ];
      const sent = new Map<string, Uint8Array>();
      for (const body of bodies) sent.set((await send(t, queue, { body })).messageId, body);
      for (const _ of bodies) {
        const { delivery } = await consumer.next('the delivery of each body');
        t.equal(delivery.body, sent.get(delivery.messageId), 'the delivered body');
      }
      await acknowledgeAll(t, consumer);
    },
  ),
  check(
    'queue/names-exact',
    'Queue names arrive as they were sent',
    { requirements: ['WW-QUEUE-008'] },
    async (t) => {
      const prefix = t.queueName();
      const other = t.unique('q');
      const consumer = await t.consumer({
        queuePrefixes: [prefix, `__acme_wkf_workflow_${other}`, `__wkf_step_${other}`, other],
      });
      await send(t, prefix);
      const { delivery: plain } = await consumer.next('the delivery of a plain queue');
      t.equal(plain.queueName, prefix, 'the plain queue name');
      // Only some Worlds take the others.
      const names = [
        ...['/a/b.c', '@scope/name//step', '(group)/[id]', 'Case', 'CASE', '.', '-_.', '%2F%00'],
      ].map((suffix) => `${prefix}${suffix}`);
      names.push(`__acme_wkf_workflow_${other}`, `__wkf_step_${other}`, `${other} ü日本 😀?#&"'\\`);
      const sent = new Map<string, string>();
      for (const queueName of names) {
        const answer = await t.outcome(() => t.api.queue.enqueue({ message: { queueName } }));
        if ('value' in answer) sent.set(answer.value.messageId, queueName);
      }
      for (const _ of sent) {
        const { delivery } = await consumer.next('the delivery of each accepted name');
        t.equal(delivery.queueName, sent.get(delivery.messageId) ?? '', 'the queue name');
      }
      await acknowledgeAll(t, consumer);
    },
  ),
  check(
    'queue/names-accepted',
    'Queue names may be of 1 to 1,024 characters of any kind but controls',
    { requirements: ['WW-QUEUE-016'] },
    async (t) => {
      const name = t.unique('q');
      // Ideographs, so that one character is the prefix of no other queue.
      const single = String.fromCodePoint(0x4e00 + t.random.below(20_000));
      const consumer = await t.consumer({ queuePrefixes: [name, single] });
      const names = [
        ...[single, name, name.padEnd(1_024, 'x'), `${name} two words`],
        ...[`${name}/ü日本😀`, `${name}:;,?#&%"'\\<>{}|$*+=!~^\``],
      ];
      for (const queueName of names) {
        await t.accepted(`a message to ${queueName}`, () =>
          t.api.queue.enqueue({ message: { queueName } }),
        );
        const { delivery } = await consumer.next(`the delivery of ${queueName}`);
        t.equal(delivery.queueName, queueName, 'the queue name');
      }
      await acknowledgeAll(t, consumer);
    },
  ),
  check(
    'queue/names-refused',
    'A message needs a queue name, and one with a NUL is refused or kept whole',
    { requirements: ['WW-QUEUE-014', 'WW-QUEUE-015'] },
    async (t) => {
      const { queue, consumer } = await attend(t);
      const to = (queueName: string) => t.api.queue.enqueue({ message: { queueName } });
      await t.refused('a message without a queue name', () => to(''), 'INVALID_ARGUMENT');
      await t.refused('no message', () => t.api.queue.enqueue({}), 'INVALID_ARGUMENT');
      for (const queueName of [`${queue}\0`, `${queue}\0b`]) {
        const answer = await t.outcome(() => to(queueName));
        if ('refusal' in answer) {
          await t.refused('a name that holds a NUL', () => to(queueName), 'INVALID_ID');
        } else {
          const { delivery } = await consumer.next('the message of a name that holds a NUL');
          t.equal(delivery.queueName, queueName, 'the name that holds a NUL');
        }
      }
      await t.accepted('a message to a plain queue', () => to(queue));
      const { delivery } = await delivered(t, consumer);
      t.equal(delivery.queueName, queue, 'the name of the accepted message');
      await acknowledgeAll(t, consumer);
    },
  ),
  check(
    'queue/headers-exact',
    'Content type and headers arrive as they were sent, and no others',
    { requirements: ['WW-QUEUE-009'] },
    async (t) => {
      const { queue, consumer } = await attend(t);
      const messages: { contentType: string; headers: Record<string, string> }[] = [
        { contentType: '', headers: {} },
        { contentType: 'application/cbor', headers: { a: '1' } },
        {
          contentType: 'Text/Plain; charset="utf-8"',
          headers: {
            'X-Case': 'Upper',
            'x-case': 'lower',
            empty: '',
            spaced: '  two  ',
            'content-type': 'a header of this name',
            'x-vqs-message-id': 'mine',
            constructor: 'c',
            'ü 日本': 'ü 日本 😀 "\\',
            long: 'x'.repeat(4_000),
          },
        },
      ];
      const sent = new Map<string, (typeof messages)[number]>();
      for (const message of messages) sent.set((await send(t, queue, message)).messageId, message);
      for (const _ of messages) {
        const { delivery } = await consumer.next('the delivery of each message');
        const { contentType, headers, messageId } = delivery;
        t.equal(contentType, sent.get(messageId)?.contentType, 'the content type');
        t.equal({ ...headers }, { ...sent.get(messageId)?.headers }, 'the headers');
      }
      await acknowledgeAll(t, consumer);
    },
  ),
  check(
    'queue/message-facts',
    'Every delivery of a message carries what was sent, with its id and the time of its acceptance',
    {
      requirements: ['WW-QUEUE-010', 'WW-QUEUE-012', 'WW-QUEUE-065', 'WW-QUEUE-066'],
    },
    async (t) => {
      const { queue, consumer } = await attend(t);
      const idempotencyKey = t.unique('key');
      const delayMs = 600;
      const full = {
        body: utf8('{"a":1}'),
        headers: { a: 'b' },
        deploymentId: DEPLOYMENT,
        idempotencyKey,
        delay: { nanos: delayMs * 1e6 },
        runId: t.unique('wrun'),
      };
      for (const message of [{}, full]) {
        const { messageId } = await send(t, queue, message);
        t.ok(messageId !== '', 'Enqueue answers with an id', 'an id', 'none');
        const { delivery: first } = await delivered(t, consumer);
        t.equal(first.messageId, messageId, 'the id of the delivery');
        t.equal(first.attempt, 1, 'the attempt of the first delivery');
        t.equal(
          first.idempotencyKey,
          'idempotencyKey' in message ? idempotencyKey : undefined,
          'the key',
        );
        t.equal(first.deploymentId, 'deploymentId' in message ? DEPLOYMENT : '', 'the deployment');
        // Both times are the World's: a lease of 30 s began no sooner than the delay was over.
        const leasedAt = millisOf(first.leaseExpiresAt) - 30_000;
        const early = 'delay' in message ? delayMs : 0;
        t.ok(
          leasedAt - millisOf(first.enqueuedAt) >= early - CLOCK_MS,
          'enqueued_at is not the time at which the message was accepted',
          `${early} ms or more before the lease began`,
          first,
        );
        let last = first;
        for (const error of ['', 'it broke', '']) {
          await consumer.retry(last, { delayMs: 0, error });
          const { delivery: again } = await delivered(t, consumer, 'another delivery');
          const same = ({ attempt: _a, leaseId: _l, leaseExpiresAt: _e, ...rest }: typeof again) =>
            rest;
          t.equal(same(again), same(first), 'what a later delivery carries');
          last = again;
        }
        await consumer.ack(last);
      }
    },
  ),
  check(
    'queue/alike-messages',
    'Messages that are alike are each delivered under an id of their own',
    {
      requirements: ['WW-QUEUE-013', 'WW-QUEUE-011', 'WW-QUEUE-001', 'WW-QUEUE-030'],
    },
    async (t) => {
      const { queue, consumer } = await attend(t, { maxInFlight: 200 });
      const clients = ['a', 'b', 'c', 'd'].map((name) => t.client(name));
      const count = 80;
      const answers = await Promise.all(
        Array.from({ length: count }, (_, index) =>
          send(t, queue, { body: utf8('alike'), runId: 'wrun_alike' }, clients[index % 4]),
        ),
      );
      const ids = new Set(answers.map(({ messageId }) => messageId));
      t.equal(ids.size, count, 'the number of ids');
      t.ok(
        answers.every(({ deduplicated }) => !deduplicated),
        'no message without a key stands for another',
        'deduplicated false',
        answers.find(({ deduplicated }) => deduplicated),
      );
      const seen = new Set<string>();
      for (let index = 0; index < count; index++) {
        const { delivery } = await consumer.next('the delivery of each message');
        t.ok(
          ids.has(delivery.messageId),
          'a delivery of a message that was sent',
          [...ids],
          delivery,
        );
        seen.add(delivery.messageId);
      }
      t.equal(seen.size, count, 'the number of messages that were delivered');
      await acknowledgeAll(t, consumer);
      await nothingElse(t, consumer, queue, 'each message is delivered once');
    },
  ),
];
