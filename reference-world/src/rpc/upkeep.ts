import { setTimeout as sleep } from 'node:timers/promises';
import { upkeep } from '../core/index.js';
import type { Runtime } from './runtime.js';

const INTERVAL_MS = 60_000;
/** While there is more to remove, it rests so many times as long as it worked: callers come first. */
const REST = 3;
const SHORTEST_REST_MS = 20;

/**
 * Removes what is past its time, every minute, and runs that ended longer than `keepRunsMs` ago, where that is given.
 * Keeps no process alive. Returns what stops it.
 */
export function keepUp(world: Runtime, keepRunsMs?: number): () => void {
  const stopped = new AbortController();
  let busy = false;
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    const work = removeAll(world, keepRunsMs, stopped.signal).finally(() => {
      busy = false;
    });
    world.loose(work, 'upkeep');
  }, intervalOf(keepRunsMs));
  timer.unref();
  return () => {
    clearInterval(timer);
    stopped.abort();
  };
}

/** Runs that are kept for less than the usual interval should not lie about for all of it. */
function intervalOf(keepRunsMs = INTERVAL_MS): number {
  return Math.max(1_000, Math.min(INTERVAL_MS, keepRunsMs));
}

async function removeAll(
  world: Runtime,
  keepRunsMs: number | undefined,
  stopped: AbortSignal,
): Promise<void> {
  const request = keepRunsMs === undefined ? {} : { keepRunsMs };
  for (;;) {
    const began = performance.now();
    const { more } = await world.write(upkeep, '', request);
    if (!more || stopped.aborted) return;
    const rest = Math.max(SHORTEST_REST_MS, REST * (performance.now() - began));
    await sleep(rest, undefined, { ref: false, signal: stopped }).catch(() => {});
    if (stopped.aborted) return;
  }
}
