/** What every engine does with the outcomes of requests. */
import { describe, expect, it } from 'vitest';
import { bytes, type Calls, P } from '../store-records.js';

export function outcomesContract(call: Calls): void {
  describe('outcomes', () => {
    it('keeps one by project and request, and forgets the old', async () => {
      const outcome = { fingerprint: 'f', response: bytes(4) };
      await call.putOutcome(P, 'a', outcome, 10);
      await call.putOutcome('other', 'a', { ...outcome, fingerprint: 'g' }, 20);
      expect(await call.getOutcome(P, 'a')).toEqual(outcome);
      expect((await call.getOutcome('other', 'a'))?.fingerprint).toBe('g');
      expect(await call.getOutcome(P, 'b')).toBeUndefined();
      await expect(call.putOutcome(P, 'a', outcome, 30)).rejects.toThrow();
      expect(await call.pruneOutcomes(20, 10)).toBe(1);
      expect(await call.getOutcome(P, 'a')).toBeUndefined();
      expect(await call.getOutcome('other', 'a')).toBeDefined();
    });

    it('prunes no more than asked', async () => {
      for (const id of ['a', 'b', 'c'])
        await call.putOutcome(P, id, { fingerprint: '', response: bytes(0) }, 1);
      expect(await call.pruneOutcomes(2, 2)).toBe(2);
      expect(await call.pruneOutcomes(2, 2)).toBe(1);
    });
  });
}
