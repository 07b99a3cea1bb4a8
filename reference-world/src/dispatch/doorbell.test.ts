import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Doorbell } from './doorbell.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('remembers a ring that nobody waited for, once', async () => {
  const bell = new Doorbell();
  bell.ring();
  bell.ring();
  expect(await bell.wait(1_000)).toBe(true);
  const next = bell.wait(1_000);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await next).toBe(false);
});

it('wakes who waits, and leaves no timer behind', async () => {
  const bell = new Doorbell();
  const waiting = bell.wait(1_000);
  bell.ring();
  expect(await waiting).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
});

it('fails every wait once it is broken', async () => {
  const bell = new Doorbell();
  const waiting = bell.wait(1_000);
  bell.break(new Error('first'));
  bell.break(new Error('second'));
  await expect(waiting).rejects.toThrow('first');
  await expect(bell.wait(0)).rejects.toThrow('first');
});
