/** What every engine does with queues. */
import { describe, expect, it } from 'vitest';
import type { LeaseRequest } from '../../store/operations.js';
import { aMessage, bytes, type Calls, everything, MIB, P, values } from '../store-records.js';

export function queuesContract(call: Calls): void {
  describe('queues', () => {
    let leases = 0;
    const request = (fields: Partial<LeaseRequest> = {}): LeaseRequest => ({
      project: P,
      queuePrefixes: [''],
      deploymentId: 'dpl',
      limit: 10,
      now: 2_000,
      leaseExpiresAt: 5_000,
      consumerId: 'me',
      newLeaseId: () => `lease-${leases++}`,
      maxDeliveries: 3,
      maxBytes: MIB,
      ...fields,
    });
    const lease = async (fields: Partial<LeaseRequest> = {}) => call.leaseMessages(request(fields));
    const ids = async (fields: Partial<LeaseRequest> = {}) =>
      (await lease(fields)).map((message) => message.messageId);

    it('delivers a message as it was sent, once per lease', async () => {
      const message = aMessage('m', {
        body: bytes(5_000, 7),
        headers: { a: 'ü"\\', b: '' },
        deploymentId: 'dpl',
        idempotencyKey: 'k',
      });
      await call.insertMessage(P, message);
      const [delivery] = await lease();
      const { visibleAt: _visibleAt, runId: _runId, ...sent } = message;
      expect(delivery).toEqual({
        ...sent,
        leaseId: delivery?.leaseId,
        attempt: 1,
        leaseExpiresAt: 5_000,
      });
      expect(await ids()).toEqual([]);
      expect(await ids({ now: 4_999 })).toEqual([]);
      const [again] = await lease({ now: 5_000, leaseExpiresAt: 9_000 });
      expect(again).toMatchObject({ messageId: 'm', attempt: 2 });
      expect(await call.getLease(P, delivery!.leaseId)).toBeUndefined();
      expect(await call.getLease('other', again!.leaseId)).toBeUndefined();
      const held = (await call.getLease(P, again!.leaseId))!;
      expect(held).toMatchObject({ messageId: 'm', queueName: 'q', attempt: 2 });
      await call.deleteMessage(held.key);
      expect(await call.getLease(P, again!.leaseId)).toBeUndefined();
      expect(await ids({ now: 99_000 })).toEqual([]);
    });

    it('knows an idempotency key while its message lives', async () => {
      const send = (id: string, queueName = 'q') =>
        call.insertMessage(P, aMessage(id, { idempotencyKey: 'k', queueName }));
      await send('a');
      await send('b', 'q2');
      await expect(send('c')).rejects.toThrow();
      const found = (await call.findMessage(P, 'q', 'k'))!;
      expect(found.messageId).toBe('a');
      expect(await call.findMessage('other', 'q', 'k')).toBeUndefined();
      await call.buryMessage(found.key, 1, 'e');
      expect(await call.findMessage(P, 'q', 'k')).toBeUndefined();
      await send('d');
      expect((await call.findMessage(P, 'q', 'k'))?.messageId).toBe('d');
    });

    it('takes turns between queues, oldest first within one', async () => {
      for (let i = 0; i < 5; i++)
        await call.insertMessage(P, aMessage(`a${i}`, { queueName: 'a', visibleAt: 1_000 - i }));
      for (let i = 0; i < 2; i++)
        await call.insertMessage(
          P,
          aMessage(`b${i}`, { queueName: 'b', visibleAt: 1_000 + i, deploymentId: i ? '' : 'dpl' }),
        );
      expect(await ids({ limit: 3 })).toEqual(['a4', 'b0', 'a3']);
      expect(await ids({ limit: 10 })).toEqual(['b1', 'a2', 'a1', 'a0']);
    });

    it('takes only from queues of a prefix and messages of the deployment or of none', async () => {
      await call.insertMessage(P, aMessage('1', { queueName: 'wf_%a' }));
      await call.insertMessage(P, aMessage('2', { queueName: 'wf_xa', deploymentId: 'dpl' }));
      await call.insertMessage(P, aMessage('3', { queueName: 'wf_xa', deploymentId: 'other' }));
      await call.insertMessage('other', aMessage('4', { queueName: 'wf_xa' }));
      await call.insertMessage(P, aMessage('5', { queueName: 'WF_' }));
      expect(await ids({ queuePrefixes: ['wf_%'] })).toEqual(['1']);
      expect(await ids({ queuePrefixes: ['wf', 'wf_'] })).toEqual(['2']);
      expect(await ids({ deploymentId: '' })).toEqual(['5']);
      expect(await call.nextVisibleAt(P, ['WF'], 'dpl')).toBe(5_000);
      expect(await call.nextVisibleAt(P, ['wf'], 'other')).toBe(1_000);
      expect(await call.nextVisibleAt(P, ['none'], 'other')).toBeUndefined();
    });

    it('bounds a batch by bytes, with one message at least', async () => {
      for (const id of ['a', 'b', 'c'])
        await call.insertMessage(P, aMessage(id, { body: bytes(2_000) }));
      expect(await ids({ maxBytes: 1 })).toEqual(['a']);
      expect(await ids({ maxBytes: 4_000 })).toEqual(['b', 'c']);
    });

    it('returns, extends and ends leases', async () => {
      for (const id of ['a', 'b', 'c']) await call.insertMessage(P, aMessage(id));
      const [a, b, c] = await lease();
      const keyOf = async (leaseId: string) => (await call.getLease(P, leaseId))!.key;
      await call.returnMessage(await keyOf(a!.leaseId), 3_000, 1, 'oops');
      expect(await call.getLease(P, a!.leaseId)).toBeUndefined();
      await call.extendLease(await keyOf(b!.leaseId), 50_000);
      expect(await ids({ now: 2_999 })).toEqual([]);
      expect(await ids({ now: 5_000, limit: 9 })).toEqual(['a', 'c']);
      await call.releaseConsumer(P, 'nobody', 6_000);
      expect(await ids({ now: 49_999, leaseExpiresAt: 60_000 })).toEqual(['a', 'c']);
      await call.releaseConsumer(P, 'me', 7_000);
      expect(await ids({ now: 7_000 })).toEqual(['b']);
      expect(c).toBeDefined();
    });

    it('lists who holds leases', async () => {
      const holders = async (now: number) =>
        (await call.listLeaseHolders(now)).map((holder) => Object.values(holder).join(' ')).sort();
      expect(await holders(0)).toEqual([]);
      for (const id of ['a', 'b', 'c', 'd', 'e']) await call.insertMessage(P, aMessage(id));
      await call.insertMessage('other', aMessage('f'));
      await lease({ limit: 2, consumerId: 'two' });
      await lease({ limit: 1, consumerId: 'later', leaseExpiresAt: 9_000 });
      await lease({ limit: 1, consumerId: 'gone' });
      await lease({ project: 'other', consumerId: 'two' });
      await call.releaseConsumer(P, 'gone', 3_000);
      expect(await holders(2_999)).toEqual(
        ['other two', `${P} gone`, `${P} later`, `${P} two`].sort(),
      );
      expect(await holders(3_000)).toEqual(['other two', `${P} later`, `${P} two`].sort());
      expect(await holders(5_000)).toEqual([`${P} later`]);
      const [again] = await lease({ now: 9_000, limit: 1, leaseExpiresAt: 10_000 });
      expect(await holders(9_000)).toEqual([`${P} me`]);
      const held = (await call.getLease(P, again!.leaseId))!;
      await call.returnMessage(held.key, 9_000, 1, '');
      expect(await holders(9_000)).toEqual([]);
    });

    it('makes a message dead after its deliveries, and lists and revives it', async () => {
      await call.insertMessage(P, aMessage('m', { idempotencyKey: 'k', body: bytes(3_000) }));
      let now = 2_000;
      for (let attempt = 1; attempt <= 3; attempt++) {
        const [delivery] = await lease({ now, leaseExpiresAt: now + 10 });
        expect(delivery?.attempt).toBe(attempt);
        const held = await call.getLease(P, delivery!.leaseId);
        await call.returnMessage(held!.key, now + 5, attempt, `error ${attempt}`);
        now += 5;
      }
      expect(await ids({ now })).toEqual([]);
      const dead = await call.listDeadMessages(P, '', everything);
      expect(values(dead)).toEqual([
        {
          messageId: 'm',
          queueName: 'q',
          attempts: 3,
          enqueuedAt: 1_000,
          diedAt: now,
          lastError: 'error 3',
        },
      ]);
      expect(await call.reviveMessage('other', 'm', now)).toBe(false);
      expect(await call.reviveMessage(P, 'm', now)).toBe(true);
      expect(await call.reviveMessage(P, 'm', now)).toBe(false);
      expect(values(await call.listDeadMessages(P, '', everything))).toEqual([]);
      expect(await lease({ now })).toMatchObject([
        { messageId: 'm', attempt: 1, body: bytes(3_000) },
      ]);
    });

    it('lists the dead by death', async () => {
      for (const id of ['a', 'b', 'c', 'd'])
        await call.insertMessage(
          P,
          aMessage(id, { idempotencyKey: id, queueName: id === 'd' ? 'z' : 'q' }),
        );
      for (const id of ['c', 'd', 'a', 'b'])
        await call.buryMessage(
          (await call.findMessage(P, id === 'd' ? 'z' : 'q', id))!.key,
          10,
          id,
        );
      const dead = async (queue: string, after?: number, limit = 9, descending = false) =>
        call.listDeadMessages(P, queue, { after, limit, descending });
      const first = await dead('', undefined, 2);
      expect([values(first).map((m) => m.messageId), first.more]).toEqual([['c', 'd'], true]);
      expect(values(await dead('', first.items[1]!.key)).map((m) => m.messageId)).toEqual([
        'a',
        'b',
      ]);
      expect(values(await dead('q', undefined, 9, true)).map((m) => m.messageId)).toEqual([
        'b',
        'a',
        'c',
      ]);
      expect(values(await dead('unknown'))).toEqual([]);
    });

    it('counts what is ready, delayed, leased and dead', async () => {
      for (const id of ['a', 'b', 'c', 'd', 'e'])
        await call.insertMessage(P, aMessage(id, { idempotencyKey: id }));
      await call.insertMessage(P, aMessage('later', { visibleAt: 9_000 }));
      await call.insertMessage(P, aMessage('z', { queueName: 'a-queue' }));
      await lease({ limit: 1, queuePrefixes: ['q'] });
      await lease({ limit: 1, queuePrefixes: ['q'], leaseExpiresAt: 2_001 });
      await call.buryMessage((await call.findMessage(P, 'q', 'c'))!.key, 1, '');
      const queues = await call.listQueues(P, undefined, 1, 2_500);
      expect(queues).toMatchObject({
        items: [{ value: { queueName: 'q', ready: 3, delayed: 1, leased: 1, dead: 1 } }],
        more: true,
      });
      expect(values(await call.listQueues(P, queues.items[0]!.key, 9, 2_500))).toEqual([
        { queueName: 'a-queue', ready: 1, delayed: 0, leased: 0, dead: 0 },
      ]);
    });

    it('finds the few queues that hold messages among many', async () => {
      for (let i = 0; i < 40; i++)
        await call.insertMessage(
          P,
          aMessage(`m${i}`, { queueName: `queue-${i}`, idempotencyKey: 'k' }),
        );
      for (let i = 0; i < 40; i++)
        if (i !== 7 && i !== 23)
          await call.deleteMessage((await call.findMessage(P, `queue-${i}`, 'k'))!.key);
      expect(await call.nextVisibleAt(P, ['queue-'], 'dpl')).toBe(1_000);
      expect(await ids()).toEqual(['m7', 'm23']);
    });

    it('remembers the deployment that first attached last', async () => {
      expect(await call.latestDeployment(P, 'prod')).toBeUndefined();
      await call.noteDeployment(P, 'prod', 'd1', 1);
      await call.noteDeployment(P, 'prod', 'd2', 2);
      await call.noteDeployment(P, 'prod', 'd1', 3);
      await call.noteDeployment(P, '', 'd3', 4);
      expect(await call.latestDeployment(P, 'prod')).toEqual({ deploymentId: 'd2', attachedAt: 2 });
    });
  });
}
