import { create, type MessageInitShape } from '@bufbuild/protobuf';
import {
  EnqueueBatchRequestSchema,
  EnqueueRequestSchema,
  GetLatestDeploymentRequestSchema,
  ListDeadMessagesRequestSchema,
  ListQueuesRequestSchema,
  type NewMessageSchema,
  ReceiveRequestSchema,
  ReviveMessagesRequestSchema,
  type SettlementSchema,
  SettleRequestSchema,
  SortOrder,
  WakeRunsRequestSchema,
} from '@worldwire/proto';
import { beforeEach, describe, expect, it } from 'vitest';
import { bytes, CREATION, ev, reasonOf, TestWorld } from '../testing/memory/world.js';
import { queueRules } from './index.js';
import { backoffMs } from './queue.js';

type Message = Exclude<MessageInitShape<typeof NewMessageSchema>, { $unknown?: unknown[] }>;
type Settlement = MessageInitShape<typeof SettlementSchema>;
const QUEUE = '__wkf_workflow_workflow//./src/x.ts//fn';

let world: TestWorld;
beforeEach(() => {
  world = new TestWorld();
});

const send = (message: object = {}, requestId = '') =>
  world.call(
    queueRules.enqueue,
    create(EnqueueRequestSchema, {
      message: { queueName: QUEUE, ...message } as Message,
      requestId,
    }),
  );
const receive = (more: object = {}, credit = 100) =>
  world.call(queueRules.lease, {
    request: create(ReceiveRequestSchema, {
      queuePrefixes: ['__wkf_'],
      deploymentId: 'dpl_1',
      ...more,
    }),
    consumerId: 'c1',
    credit,
  });
const settleAll = (...settlements: Settlement[]) =>
  world.call(queueRules.settle, create(SettleRequestSchema, { settlements })).results;
const settle = (leaseId: string, action: Settlement['action']) =>
  settleAll({ leaseId, action } as Settlement)[0]!;
const ack = { case: 'ack' as const, value: {} };
const retry = (value: object = {}) => ({ case: 'retry' as const, value });
const one = () => receive().deliveries[0]!;

describe('a message', () => {
  it('comes as it was sent, until it is acknowledged', () => {
    const { messageId } = send({
      body: bytes('b\0'),
      contentType: 'x/y',
      headers: { constructor: 'c' },
      idempotencyKey: 'k',
    });
    const delivery = one();
    expect(delivery).toMatchObject({
      messageId,
      attempt: 1,
      queueName: QUEUE,
      body: bytes('b\0'),
      headers: { constructor: 'c' },
      idempotencyKey: 'k',
    });
    expect(receive().deliveries).toEqual([]);
    expect(settle(delivery.leaseId, ack).settled).toBe(true);
    expect(settle(delivery.leaseId, ack).settled).toBe(false);
    world.now += 3_600_000;
    expect(receive()).toEqual({ deliveries: [], nextVisibleAt: undefined });
  });

  it('comes again when its lease ends, with one attempt more and the same id', () => {
    send();
    const first = one();
    world.now += 30_000;
    const second = one();
    expect([second.messageId, second.attempt]).toEqual([first.messageId, 2]);
    expect(settle(first.leaseId, ack).settled).toBe(false);
    expect(settle(second.leaseId, ack).settled).toBe(true);
  });

  it('is held longer, or let go after a grace', () => {
    send();
    const { leaseId } = one();
    const until = settle(leaseId, { case: 'extend', value: { lease: { seconds: 60n } } });
    expect(Number(until.leaseExpiresAt!.seconds) * 1_000).toBe(world.now + 60_000);
    world.call(queueRules.releaseConsumer, { consumerId: 'c1', graceMs: 5_000 });
    world.now += 4_999;
    expect(receive().deliveries).toEqual([]);
    world.now += 1;
    expect(one().attempt).toBe(2);
  });

  it('waits for its delay, or comes at once', () => {
    send({ delay: { seconds: 10n } });
    expect(receive()).toEqual({ deliveries: [], nextVisibleAt: world.now + 10_000 });
    world.now += 10_000;
    expect(settle(one().leaseId, retry({ delay: {}, error: 'x' })).settled).toBe(true);
    expect(one().attempt).toBe(2);
  });

  it('begins to count anew where its consumer asks for it again and nothing went wrong', () => {
    const { messageId } = send();
    for (let round = 0; round <= world.limits.maxDeliveries; round++) {
      const delivery = one();
      expect([delivery.messageId, delivery.attempt]).toEqual([messageId, 1]);
      expect(settle(delivery.leaseId, retry({ delay: {} })).settled).toBe(true);
    }
  });

  it('goes to its deployment, of its project', () => {
    send({ deploymentId: 'dpl_2' });
    expect(receive().deliveries).toEqual([]);
    world.project = 'other';
    expect(receive({ deploymentId: 'dpl_2' }).deliveries).toEqual([]);
    world.project = 'default';
    expect(receive({ deploymentId: 'dpl_2' }).deliveries).toHaveLength(1);
  });

  it('backs off, dies after its last attempt, and can be revived', () => {
    world = new TestWorld({ maxDeliveries: 3 });
    const { messageId } = send({ idempotencyKey: 'k' });
    for (const attempt of [1, 2, 3]) {
      const delivery = one();
      expect(delivery.attempt).toBe(attempt);
      settle(delivery.leaseId, retry({ error: `e${attempt}` }));
      world.now += backoffMs(attempt) - 1;
      expect(receive().deliveries).toEqual([]);
      world.now += 1;
    }
    expect(receive().deliveries).toEqual([]);
    const dead = world.call(queueRules.listDeadMessages, create(ListDeadMessagesRequestSchema, {}));
    expect(dead.messages).toMatchObject([{ messageId, attempts: 3, lastError: 'e3' }]);
    expect(send({ idempotencyKey: 'k' }).deduplicated).toBe(false);
    const revive = (ids: string[]) =>
      world.call(
        queueRules.reviveMessages,
        create(ReviveMessagesRequestSchema, { messageIds: ids }),
      ).revived;
    expect(revive([messageId, 'msg_unknown'])).toBe(1);
    expect(revive([messageId])).toBe(0);
    expect(reasonOf(() => revive(['../x']))).toBe('INVALID_ID');
    expect(receive().deliveries.map((d) => [d.messageId, d.attempt])).toContainEqual([
      messageId,
      1,
    ]);
  });

  it('backs off from a second to a minute', () => {
    expect([1, 2, 3, 6, 7, 100, 1e9].map(backoffMs)).toEqual([1e3, 2e3, 4e3, 32e3, 6e4, 6e4, 6e4]);
  });
});

describe('an idempotency key', () => {
  it('keeps a second message out while the first is undelivered or leased, never after', () => {
    const first = send({ idempotencyKey: 'k' });
    expect(send({ idempotencyKey: 'k' })).toMatchObject({
      messageId: first.messageId,
      deduplicated: true,
    });
    expect(send({ queueName: 'other', idempotencyKey: 'k' }).deduplicated).toBe(false);
    const { leaseId } = one();
    expect(send({ idempotencyKey: 'k' }).deduplicated).toBe(true);
    settle(leaseId, retry({ delay: { seconds: 9n } }));
    expect(send({ idempotencyKey: 'k' }).deduplicated).toBe(true);
    world.now += 9_000;
    settle(one().leaseId, ack);
    expect(send({ idempotencyKey: 'k' })).toMatchObject({ deduplicated: false });
    expect(send().deduplicated || send().deduplicated).toBe(false);
  });
});

describe('request_id', () => {
  it('sends once, also after the message is done', () => {
    const first = send({}, 'r');
    settle(one().leaseId, ack);
    expect(send({}, 'r')).toEqual(first);
    expect(receive().deliveries).toEqual([]);
    expect(reasonOf(() => send({ queueName: 'q2' }, 'r'))).toBe('REQUEST_ID_REUSED');
    expect(reasonOf(() => send({ idempotencyKey: 'k' }, 'r'))).toBe('REQUEST_ID_REUSED');
  });
});

describe('EnqueueBatch', () => {
  const batch = (messages: object[], requestId = '') =>
    world.call(
      queueRules.enqueueBatch,
      create(EnqueueBatchRequestSchema, { messages: messages as Message[], requestId }),
    );

  it('sends what is in order, and says why of the rest', () => {
    const messages = [
      { queueName: QUEUE },
      { queueName: 'a\0' },
      { queueName: QUEUE, idempotencyKey: 'k' },
      { queueName: QUEUE, idempotencyKey: 'k' },
    ];
    const first = batch(messages, 'r');
    expect(first.results.map(({ outcome }) => outcome.case)).toEqual([
      'enqueued',
      'error',
      'enqueued',
      'enqueued',
    ]);
    expect(first.results[1]!.outcome.value).toMatchObject({
      code: 'invalid_argument',
      reason: 'INVALID_ID',
      retryable: false,
    });
    expect(first.results[3]!.outcome.value).toMatchObject({ deduplicated: true });
    expect(batch(messages, 'r')).toEqual(first);
    expect(receive().deliveries).toHaveLength(2);
    expect(reasonOf(() => batch([]))).toBe('INVALID_ARGUMENT');
  });
});

describe('malformed messages', () => {
  it.each<[string, object, string]>([
    ['no queue', { queueName: '' }, 'INVALID_ARGUMENT'],
    ['a queue with a control character', { queueName: 'a\u0007' }, 'INVALID_ID'],
    ['a long queue', { queueName: 'q'.repeat(1_025) }, 'INVALID_ID'],
    ['an odd run', { runId: 'a/b' }, 'INVALID_ID'],
    ['a negative delay', { delay: { seconds: -1n } }, 'INVALID_ARGUMENT'],
    ['a delay that is a little negative', { delay: { nanos: -1 } }, 'INVALID_ARGUMENT'],
    [
      'a delay that is no duration',
      { delay: { seconds: 5n, nanos: -2_000_000_000 } },
      'INVALID_ARGUMENT',
    ],
    ['a delay without end', { delay: { seconds: 2n ** 63n - 1n } }, 'INVALID_ARGUMENT'],
    ['101 years', { delay: { seconds: 101n * 365n * 86_400n } }, 'INVALID_ARGUMENT'],
    ['a header of odd Unicode', { headers: { a: '\ud800' } }, 'INVALID_ARGUMENT'],
    [
      'a header that maps lose',
      { headers: Object.fromEntries([['__proto__', 'x']]) },
      'INVALID_ARGUMENT',
    ],
    [
      '65 headers',
      { headers: Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`h${i}`, ''])) },
      'INVALID_ARGUMENT',
    ],
    ['an empty key', { idempotencyKey: '' }, 'INVALID_ARGUMENT'],
    ['a large body', { body: new Uint8Array(51 * 1024 * 1024) }, 'PAYLOAD_TOO_LARGE'],
  ])('%s', (_what, message, reason) => {
    expect(reasonOf(() => send(message))).toBe(reason);
  });

  it('none at all', () => {
    expect(reasonOf(() => world.call(queueRules.enqueue, create(EnqueueRequestSchema)))).toBe(
      'INVALID_ARGUMENT',
    );
  });
});

describe('Settle', () => {
  it('refuses what is malformed before it settles anything', () => {
    send();
    const { leaseId } = one();
    const bad: Settlement[] = [
      { leaseId: '' },
      { leaseId, action: { case: undefined } },
      { leaseId, action: { case: 'extend', value: { lease: { nanos: 1 } } } },
      { leaseId, action: { case: 'retry', value: { delay: { seconds: -1n } } } },
    ];
    for (const settlement of bad)
      expect(reasonOf(() => settleAll({ leaseId, action: ack }, settlement))).toBe(
        'INVALID_ARGUMENT',
      );
    expect(reasonOf(() => settleAll())).toBe('INVALID_ARGUMENT');
    expect(settle(leaseId, ack).settled).toBe(true);
  });

  it('keeps what can be kept of an error that nobody foresaw', () => {
    world = new TestWorld({ maxDeliveries: 1 });
    send();
    settle(one().leaseId, retry({ error: `\0\ud800${'😀'.repeat(3_000)}` }));
    const { messages } = world.call(
      queueRules.listDeadMessages,
      create(ListDeadMessagesRequestSchema, {}),
    );
    const { lastError } = messages[0]!;
    expect(lastError.startsWith('\ufffd\ufffd😀')).toBe(true);
    expect(lastError.length).toBe(4_096);
    expect(encodeURIComponent(lastError)).toBeTruthy();
  });
});

describe('WakeRuns', () => {
  const wake = () =>
    world.call(
      queueRules.wakeRuns,
      create(WakeRunsRequestSchema, { queuePrefix: '__wkf_workflow_', deploymentId: 'dpl_1' }),
    ).woken;

  it('wakes each active run that nothing would wake, once', () => {
    world.start('wrun_1');
    world.start('wrun_2');
    world.write('wrun_3', ev('runCreated', CREATION));
    world.write('wrun_2', ev('runCompleted', {}));
    world.start('wrun_4', { deploymentId: 'dpl_2' });
    send({ runId: 'wrun_3' });
    expect([wake(), wake()]).toEqual([1, 0]);
    const woken = receive().deliveries.find((d) => d.contentType === 'application/json')!;
    expect(woken).toMatchObject({
      queueName: QUEUE,
      deploymentId: 'dpl_1',
      body: bytes('{"runId":"wrun_1"}'),
    });
    expect(wake()).toBe(0);
    settle(woken.leaseId, ack);
    expect(wake()).toBe(1);
  });

  it('leaves none out because there are many', () => {
    // Directly: a thousand commands with their snapshots would take long.
    world.start('wrun_0');
    const { run } = { run: world.store.getRun('default', 'wrun_0', 'none')!.run };
    for (let i = 1; i <= 1_500; i += 1)
      world.store.insertRun('default', { ...run, runId: `wrun_${i}` });
    expect(wake()).toBe(1_501);
  }, 60_000);
});

describe('consumers and queues', () => {
  const attach = (more: object = {}) =>
    world.call(
      queueRules.attach,
      create(ReceiveRequestSchema, { queuePrefixes: ['__'], deploymentId: 'dpl_1', ...more }),
    );
  const latest = (environment: string) =>
    world.call(
      queueRules.getLatestDeployment,
      create(GetLatestDeploymentRequestSchema, { environment }),
    );

  it('make their deployment known', () => {
    expect(reasonOf(() => latest(''))).toBe('DEPLOYMENT_NOT_FOUND');
    attach();
    attach({ deploymentId: 'dpl_2' });
    attach();
    expect(latest('').deploymentId).toBe('dpl_2');
    expect(reasonOf(() => latest('prod'))).toBe('DEPLOYMENT_NOT_FOUND');
  });

  it.each([
    ['no prefix', { queuePrefixes: [] }],
    ['too much credit', { maxInFlight: 10_001 }],
    ['less than no credit', { maxInFlight: -1 }],
    ['a short lease', { lease: { nanos: 999_000_000 } }],
    ['a long lease', { lease: { seconds: 3_601n } }],
  ])('are refused with %s', (_what, more) => {
    expect(reasonOf(() => attach(more))).toBe('INVALID_ARGUMENT');
  });

  it('are counted', () => {
    send();
    send({ delay: { seconds: 5n } });
    send();
    receive({}, 1);
    const list = (page: object = {}) =>
      world.call(queueRules.listQueues, create(ListQueuesRequestSchema, { page }));
    expect(list().queues).toMatchObject([
      { queueName: QUEUE, ready: 1n, delayed: 1n, leased: 1n, dead: 0n },
    ]);
    expect(reasonOf(() => list({ sortOrder: SortOrder.DESCENDING }))).toBe('INVALID_ARGUMENT');
  });
});
