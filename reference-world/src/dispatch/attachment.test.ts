import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { defaultLimits } from '../core/limits.js';
import { Call } from '../rpc/call.js';
import { faultsOnly } from '../rpc/log.js';
import { Runtime } from '../rpc/runtime.js';
import type { Store } from '../store/store.js';
import { Attachment } from './attachment.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function worldOf(watch: Store['watch']) {
  return new Runtime({ watch } as Store, defaultLimits, faultsOnly);
}

it('asks for a sign of life when nothing was sent for 5 seconds, whatever wakes it meanwhile', async () => {
  let wake = (): void => {};
  const world = worldOf((_topic, callback) => {
    wake = callback;
    return () => {};
  });
  const attachment = new Attachment(world, new Call('p'), 'topic');
  const woken = attachment.news();
  await vi.advanceTimersByTimeAsync(3_000);
  wake();
  expect(await woken).toBe(true);
  const news = attachment.news();
  await vi.advanceTimersByTimeAsync(2_000);
  expect(await news).toBe(false);
  attachment.sent({});
  const later = attachment.news();
  await vi.advanceTimersByTimeAsync(4_900);
  wake();
  expect(await later).toBe(true);
});

it('lets go when its caller goes away while nothing runs', () => {
  const stop = vi.fn();
  const call = new Call('p');
  const attachment = new Attachment(
    worldOf(() => stop),
    call,
    'topic',
  );
  const end = vi.fn();
  attachment.onEnd(end);
  call.abort();
  expect([stop.mock.calls.length, end.mock.calls.length]).toEqual([1, 1]);
  expect(() => attachment.check()).toThrow('went away');
  attachment.end();
  expect(end).toHaveBeenCalledOnce();
});

it('holds nothing where the server stops already', () => {
  const watch = vi.fn(() => () => {});
  const world = worldOf(watch);
  world.stop();
  const attachment = new Attachment(world, new Call('p'), 'topic');
  const end = vi.fn();
  attachment.onEnd(end);
  expect(watch).not.toHaveBeenCalled();
  expect(end).toHaveBeenCalledOnce();
  expect(() => attachment.check()).toThrow('stopping');
});
