import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { live } from './live.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('waits less for the first message than for the next', async () => {
  const abort = new AbortController();
  const cuts: number[] = [];
  const began = Date.now();
  let opened = 0;
  const reading = live({
    async *open(signal) {
      if (++opened === 2) yield 'attached';
      await new Promise((_, reject) => signal.addEventListener('abort', reject));
    },
    hasContent: () => true,
    endIsComplete: false,
    retry: { budgetMs: Number.POSITIVE_INFINITY, initialDelayMs: 0, maxDelayMs: 0 },
    idleMs: 60_000,
    signals: [abort.signal],
    onCut: () => cuts.push(Date.now() - began),
  });
  const first = reading.next();
  await vi.advanceTimersByTimeAsync(10_010);
  expect(await first).toMatchObject({ value: 'attached' });
  const second = reading.next().catch(() => 'ended');
  await vi.advanceTimersByTimeAsync(60_010);
  expect(cuts).toHaveLength(2);
  expect(cuts[0]).toBe(10_000);
  expect(cuts[1]! - cuts[0]!).toBeGreaterThanOrEqual(60_000);
  abort.abort();
  expect(await second).toBe('ended');
});
