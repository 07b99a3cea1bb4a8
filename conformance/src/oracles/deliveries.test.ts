import { QueueService } from '@worldwire/proto';
import { expect, it } from 'vitest';
import { deliveries } from './deliveries.js';
import { at, bytes, Trial } from './testing/exchanges.js';

const { receive, settle, reviveMessages } = QueueService.method;
const delivery = (lease: string, attempt: number, more = {}) => ({
  messageId: 'm',
  leaseId: lease,
  attempt,
  queueName: 'q_a',
  body: bytes('body'),
  contentType: 'text/plain',
  headers: { a: '1' },
  enqueuedAt: at(1),
  leaseExpiresAt: at(2),
  ...more,
});

function consumer(trial = new Trial(deliveries)) {
  const message = trial.stream(receive, { queuePrefixes: ['q_', 'r_'] });
  return {
    trial,
    take: (...args: Parameters<typeof delivery>) => message({ deliveries: [delivery(...args)] }),
    retry: (leaseId: string, error: string, settled = true) =>
      trial.call(
        settle,
        { settlements: [{ leaseId, action: { case: 'retry', value: { error } } }] },
        { results: [{ settled }] },
      ),
  };
}

it('accepts deliveries that are counted', () => {
  const { take, retry, trial } = consumer();
  expect(take('1', 1)).toBeUndefined();
  expect(retry('1', 'failed')).toBeUndefined();
  expect(take('2', 2)).toBeUndefined();
  expect(retry('2', '')).toBeUndefined();
  expect(take('3', 1)).toBeUndefined();
  expect(trial.judge.seen).toBe(3);
});

it.each([
  [/message_id/, { messageId: '' }],
  [/lease_id/, { leaseId: '' }],
  [/enqueued_at/, { enqueuedAt: undefined }],
  [/lease_expires_at/, { leaseExpiresAt: undefined }],
  [/not counted/, { attempt: 0 }],
  [/did not ask for/, { queueName: 'other' }],
])('finds %s', (words, more) => {
  expect(consumer().take('1', 1, more)?.message).toMatch(words);
});

it('finds a lease that two deliveries have', () => {
  const { take } = consumer();
  take('1', 1);
  expect(take('1', 2)?.message).toMatch(/one lease/);
});

it.each([
  ['queue_name', { queueName: 'r_b' }],
  ['body', { body: bytes('other') }],
  ['content_type', { contentType: 'x' }],
  ['headers', { headers: { a: '2' } }],
  ['enqueued_at', { enqueuedAt: at(9) }],
])('finds another %s', (member, more) => {
  const { take } = consumer();
  take('1', 1);
  expect(take('2', 2, more)?.message).toMatch(`the ${member} of message m`);
});

it('finds a failure that is not counted, before and after its answer', () => {
  const after = consumer();
  after.take('1', 1);
  after.retry('1', 'failed');
  expect(after.take('2', 1)).toMatchObject({ expected: 'attempt 2', actual: 'attempt 1' });
  const before = consumer();
  before.take('1', 1);
  before.take('2', 1);
  expect(before.retry('1', 'failed')).toBeDefined();
});

it('accuses nobody of a lower count that may be lawful', () => {
  const lost = consumer();
  lost.take('1', 2);
  lost.retry('1', 'failed', false);
  expect(lost.take('2', 1)).toBeUndefined();
  const revived = consumer();
  revived.take('1', 2);
  revived.retry('1', 'failed');
  revived.trial.call(reviveMessages, { messageIds: ['m'] }, { revived: 1 });
  expect(revived.take('2', 1)).toBeUndefined();
  const reviving = consumer();
  reviving.take('1', 2);
  reviving.retry('1', 'failed');
  // Under way, and not answered yet.
  reviving.trial.stream(reviveMessages, { messageIds: ['m'] });
  expect(reviving.take('2', 1)).toBeUndefined();
  const late = consumer();
  late.take('2', 2);
  late.retry('2', 'failed');
  expect(consumer(late.trial).take('1', 1)).toBeUndefined();
});
