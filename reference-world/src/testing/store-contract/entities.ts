/** What every engine does with steps, hooks and waits. */
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { RunStatus, type Step, StepStatus, WaitStatus } from '@worldwire/proto';
import { describe, expect, it } from 'vitest';
import {
  aHook,
  aRun,
  aStep,
  aWait,
  bytes,
  type Calls,
  everything,
  failure,
  P,
  values,
} from '../store-records.js';

export function entitiesContract(call: Calls): void {
  describe('steps', () => {
    it.each([3, 5_000])(
      'replaces the record and keeps payloads of %i bytes that are not given',
      async (size) => {
        const key = await call.insertRun(P, aRun('r'));
        const input = bytes(size, 1);
        await call.insertStep(key, aStep('r', 's', { input }));
        const running = aStep('r', 's', { status: StepStatus.RUNNING, attempt: 1 });
        await call.updateStep(key, running, { error: failure(size) });
        await call.updateStep(key, running, { error: failure(size + 1) });
        const output = bytes(size, 2);
        const done = aStep('r', 's', { status: StepStatus.COMPLETED, attempt: 1 });
        await call.updateStep(key, done, { output });
        const all: Step = { ...done, input, output, error: failure(size + 1) };
        expect(await call.getStep(key, 's', 'all')).toEqual(all);
        expect(await call.getStep(key, 's', 'input')).toEqual({ ...done, input });
        expect(await call.getStep(key, 's', 'none')).toEqual(done);
        expect(values(await call.listSteps(key, everything, 'all'))).toEqual([all]);
        expect(await call.getStep(key, 'x', 'all')).toBeUndefined();
        await expect(call.insertStep(key, aStep('r', 's'))).rejects.toThrow();
      },
    );

    it('lists them by creation, whatever their ids', async () => {
      const key = await call.insertRun(P, aRun('r'));
      const other = await call.insertRun(P, aRun('other'));
      for (const id of ['c', 'a', 'd', 'b']) {
        await call.insertStep(other, aStep('other', id));
        await call.insertStep(key, aStep('r', id, { input: bytes(100) }));
      }
      const first = await call.listSteps(key, { ...everything, limit: 3 }, 'none');
      expect(values(first).map((s) => s.stepId)).toEqual(['c', 'a', 'd']);
      const rest = await call.listSteps(key, { ...everything, after: first.items[2]!.key }, 'none');
      expect(values(rest).map((s) => s.stepId)).toEqual(['b']);
      const down = await call.listSteps(
        key,
        { after: first.items[2]!.key, descending: true, limit: 9, maxBytes: 250 },
        'all',
      );
      expect([values(down).map((s) => s.stepId), down.more]).toEqual([['a', 'c'], false]);
    });
  });

  describe('hooks', () => {
    it('gives a token to one live hook, and frees it with the hook', async () => {
      const run = aRun('r', {
        executionContext: { features: ['x'] },
        encryptionPublicKey: 'pk',
        encryptionKeyId: 'id',
      });
      const key = await call.insertRun(P, run);
      const other = await call.insertRun(P, aRun('r2'));
      const hook = aHook('r', 'h', 'tok', { metadata: bytes(2) });
      await call.insertHook(P, key, hook, 'live');
      await expect(call.insertHook(P, other, aHook('r2', 'h', 'tok'), 'live')).rejects.toThrow();
      await call.insertHook(P, other, aHook('r2', 'h', 'tok'), 'conflicted');
      await call.insertHook('other', other, aHook('r2', 'h9', 'tok'), 'live');
      expect(await call.getHook(key, 'h')).toMatchObject({ state: 'live', hook: { token: 'tok' } });
      expect((await call.getHook(key, 'h'))?.hook.metadata).toBeUndefined();
      expect((await call.getHook(other, 'h'))?.state).toBe('conflicted');
      expect(await call.readHookByToken(P, 'tok', true)).toMatchObject({
        hookId: 'h',
        metadata: bytes(2),
        run: {
          workflowName: 'flow',
          deploymentId: 'dpl',
          specVersion: 6,
          executionContext: { features: ['x'] },
          encryptionPublicKey: 'pk',
          encryptionKeyId: 'id',
        },
      });
      expect((await call.readHookByToken(P, 'tok', false))?.metadata).toBeUndefined();
      await call.disposeHook(key, 'h');
      expect((await call.getHook(key, 'h'))?.state).toBe('disposed');
      expect(await call.getToken(P, 'tok')).toBeUndefined();
      expect(await call.readHook(P, key, 'h', true)).toBeUndefined();
      await call.insertHook(P, key, aHook('r', 'h2', 'tok'), 'live');
      expect((await call.getToken(P, 'tok'))?.hookId).toBe('h2');
      await expect(call.insertHook(P, key, aHook('r', 'h', 'free'), 'live')).rejects.toThrow();
    });

    it('finds the newest of an id, and lists by run and by project', async () => {
      const a = await call.insertRun(P, aRun('a'));
      const b = await call.insertRun(P, aRun('b'));
      await call.insertHook(P, a, aHook('a', 'h', '1'), 'live');
      await call.insertHook(P, b, aHook('b', 'h', '2', { metadata: bytes(1) }), 'live');
      await call.insertHook(P, a, aHook('a', 'i', '3'), 'live');
      expect((await call.readHook(P, undefined, 'h', false))?.runId).toBe('b');
      expect((await call.readHook(P, a, 'h', false))?.runId).toBe('a');
      const tokens = async (key?: number, after?: number, descending = false, limit = 9) => {
        const page = await call.listHooks(P, key, { after, descending, limit }, true);
        for (const hook of values(page)) expect(hook.run?.workflowName).toBe('flow');
        return [values(page).map((hook) => hook.token), page.more];
      };
      expect(await tokens()).toEqual([['1', '2', '3'], false]);
      expect(await tokens(undefined, undefined, true, 2)).toEqual([['3', '2'], true]);
      expect(await tokens(a)).toEqual([['1', '3'], false]);
    });

    it('prunes retained hooks of ended runs once their time is over', async () => {
      const ended = await call.insertRun(P, aRun('a', { status: RunStatus.FAILED }));
      const active = await call.insertRun(P, aRun('b'));
      const until = (ms: number) => ({ tokenRetentionUntil: timestampFromMs(ms) });
      await call.insertHook(P, ended, aHook('a', 'h1', '1', until(100)), 'live');
      await call.insertHook(P, ended, aHook('a', 'h2', '2', until(200)), 'live');
      await call.insertHook(P, active, aHook('b', 'h3', '3', until(100)), 'live');
      expect(await call.pruneRetainedHooks(150, 10)).toBe(1);
      expect(await call.getToken(P, '1')).toBeUndefined();
      expect(await call.getToken(P, '2')).toMatchObject({ runStatus: RunStatus.FAILED });
      expect(await call.getToken(P, '3')).toBeDefined();
      await call.dropTokenHolder(P, '2');
      expect(await call.getToken(P, '2')).toBeUndefined();
      expect(await call.getHook(ended, 'h2')).toBeUndefined();
    });

    it('keeps what landed under a resume id', async () => {
      const key = await call.insertRun(P, aRun('r'));
      const resume = { hookId: 'h', digest: 'd', position: 4 };
      await call.insertResume(key, 'x', resume);
      expect(await call.getResume(key, 'x')).toEqual(resume);
      expect(await call.getResume(key, 'y')).toBeUndefined();
      await expect(call.insertResume(key, 'x', resume)).rejects.toThrow();
    });
  });

  it('waits: keeps, replaces, lists by state', async () => {
    const key = await call.insertRun(P, aRun('r'));
    for (const id of ['b', 'a', 'c']) await call.insertWait(key, aWait('r', id));
    await expect(call.insertWait(key, aWait('r', 'a'))).rejects.toThrow();
    const done = aWait('r', 'a', { status: WaitStatus.COMPLETED });
    await call.updateWait(key, done);
    expect(await call.getWait(key, 'a')).toEqual(done);
    const ids = async (status: WaitStatus, descending = false) =>
      values(await call.listWaits(key, status, { ...everything, descending })).map((w) => w.waitId);
    expect(await ids(0)).toEqual(['b', 'a', 'c']);
    expect(await ids(WaitStatus.WAITING, true)).toEqual(['c', 'b']);
    expect(await ids(WaitStatus.COMPLETED)).toEqual(['a']);
  });
}
