import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { DatabaseClock } from './database-clock.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('does not go back when an answer has waited', () => {
  const clock = new DatabaseClock();
  clock.seen(50_000);
  vi.advanceTimersByTime(700);
  expect(clock.now()).toBe(50_700);
  // Its time was taken 600 ms ago.
  clock.seen(50_100);
  expect(clock.now()).toBe(50_700);
  vi.advanceTimersByTime(4_900);
  clock.seen(55_000);
  expect(clock.now()).toBe(55_600);
});

it('follows a clock that was set, forwards at once and backwards soon', () => {
  const clock = new DatabaseClock();
  clock.seen(50_000);
  clock.seen(90_000);
  expect(clock.now()).toBe(90_000);
  for (let i = 1; i <= 11; i++) {
    vi.advanceTimersByTime(1_000);
    clock.seen(50_000 + i * 1_000);
  }
  expect(clock.now()).toBe(61_000);
});
