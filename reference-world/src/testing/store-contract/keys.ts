/** What every engine does with deployment keys and the log of who asked for them. */
import { describe, expect, it } from 'vitest';
import type { DeploymentKeyRow, KeyAccessRow, Slice } from '../../store/operations.js';
import { bytes, type Calls, P, values } from '../store-records.js';

export function keysContract(call: Calls): void {
  describe('keys', () => {
    const aKey = (keyId: string, more: Partial<DeploymentKeyRow> = {}): DeploymentKeyRow => ({
      keyId,
      deploymentId: 'dpl',
      escrowedAt: 1,
      wrapped: bytes(60, 1),
      ...more,
    });
    const all = { after: undefined, descending: false, limit: 10 };

    it('keeps a key once for each deployment of a project', async () => {
      await call.putDeploymentKey(P, aKey('a'));
      await call.putDeploymentKey(P, aKey('b', { escrowedAt: 2 }));
      await call.putDeploymentKey(P, aKey('a', { deploymentId: 'dpl2', escrowedAt: 3 }));
      await call.putDeploymentKey('other', aKey('c'));
      expect(values(await call.listDeploymentKeys(P, all))).toEqual([
        aKey('a'),
        aKey('b', { escrowedAt: 2 }),
        aKey('a', { deploymentId: 'dpl2', escrowedAt: 3 }),
      ]);
      await call.putDeploymentKey(P, aKey('a', { escrowedAt: 9, wrapped: bytes(60, 2) }));
      expect(await call.findDeploymentKey(P, 'a')).toEqual(aKey('a', { wrapped: bytes(60, 2) }));
      expect(await call.findDeploymentKey(P, 'c')).toBeUndefined();
      expect((await call.latestDeploymentKey(P, 'dpl'))?.keyId).toBe('b');
      expect(await call.latestDeploymentKey('other', 'dpl2')).toBeUndefined();
    });

    it('lists keys in both orders, and goes on after each', async () => {
      for (const id of ['a', 'b', 'c']) await call.putDeploymentKey(P, aKey(id));
      for (const descending of [false, true]) {
        const ids: string[] = [];
        const slice = { descending, limit: 1 };
        let after: number | undefined;
        for (let more = true; more; ) {
          const sliced = await call.listDeploymentKeys(P, { ...slice, after });
          after = sliced.items[0]!.key;
          ids.push(sliced.items[0]!.value.keyId);
          more = sliced.more;
        }
        expect(ids).toEqual(descending ? ['c', 'b', 'a'] : ['a', 'b', 'c']);
      }
    });

    it('keeps a log for each project, with one entry at each place', async () => {
      const entry = (sequence: number, runId = ''): KeyAccessRow => ({
        ...{ sequence, at: sequence * 10, method: 'GetRunKey', runId, deploymentId: '' },
        ...{ keyId: 'k', caller: 'c', reason: 'wörds', outcome: 'OK', hash: bytes(32, sequence) },
      });
      expect(await call.latestKeyAccess(P)).toBeUndefined();
      const log = [entry(1, 'r'), entry(2), entry(3, 'r'), entry(4, 'r2')];
      for (const each of log) await call.appendKeyAccess(P, each);
      await call.appendKeyAccess('other', entry(1, 'r'));
      await expect(call.appendKeyAccess(P, entry(4))).rejects.toThrow();
      expect(await call.latestKeyAccess(P)).toEqual({ sequence: 4, hash: bytes(32, 4) });
      const list = async (runId: string, slice: Partial<Slice> = {}) => {
        const { items, more } = await call.listKeyAccess(P, runId, { ...all, ...slice });
        expect(items.every(({ key, value }) => key === value.sequence)).toBe(true);
        return [items.map(({ value }) => value), more];
      };
      expect(await list('')).toEqual([log, false]);
      expect(await list('r')).toEqual([[log[0], log[2]], false]);
      expect(await list('none')).toEqual([[], false]);
      expect(await list('', { after: 1, limit: 2 })).toEqual([[log[1], log[2]], true]);
      expect(await list('r', { descending: true, limit: 1 })).toEqual([[log[2]], true]);
    });
  });
}
