/** What every engine does with commands as a whole. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { Operation } from '../../core/program.js';
import type { Store } from '../../store/store.js';
import { type Calls, P } from '../store-records.js';

export function commandsContract(call: Calls, engine: () => Store): void {
  describe('commands', () => {
    let store: Store;
    beforeEach(() => {
      store = engine();
    });
    const put = (name: string): Operation => ({ name: 'noteDeployment', args: [P, 'e', name, 1] });
    const latest: Operation = { name: 'latestDeployment', args: [P, 'e'] };

    it('sees what those before it did, and leaves nothing of one that rejects', async () => {
      const good = (name: string) =>
        store.execute(function* () {
          const before = yield latest;
          yield put(name);
          return before;
        });
      const bad = store.execute(function* () {
        yield put('bad');
        throw new Error('no');
      });
      const results = await Promise.allSettled([good('1'), bad, good('2')]);
      expect(results).toEqual([
        { status: 'fulfilled', value: undefined },
        { status: 'rejected', reason: new Error('no') },
        { status: 'fulfilled', value: { deploymentId: '1', attachedAt: 1 } },
      ]);
      expect(await call.latestDeployment(P, 'e')).toMatchObject({ deploymentId: '2' });
    });

    it('refuses a change in a read', async () => {
      await expect(
        store.read(function* () {
          yield put('x');
        }),
      ).rejects.toThrow('noteDeployment');
      expect(await call.latestDeployment(P, 'e')).toBeUndefined();
    });

    it('wakes those who watch a topic, after the commit and not after a rejection', async () => {
      let woken = 0;
      const stop = store.watch('t', () => {
        woken++;
      });
      const notify: Operation = { name: 'notify', args: ['t'] };
      await store.execute(function* () {
        yield put('x');
        yield notify;
        yield notify;
      });
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(woken).toBe(1);
      await store
        .execute(function* () {
          yield notify;
          throw new Error('no');
        })
        .catch(() => {});
      await store.execute(function* () {
        yield { name: 'notify', args: ['other'] };
      });
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(woken).toBe(1);
      stop();
      await call.notify('t');
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(woken).toBe(1);
    });
  });
}
