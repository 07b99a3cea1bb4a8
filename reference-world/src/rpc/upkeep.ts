import { upkeep } from '../core/index.js';
import type { Runtime } from './runtime.js';

const INTERVAL_MS = 60_000;

/** Removes what is past its time, every minute. Keeps no process alive. Returns what stops it. */
export function keepUp(world: Runtime): () => void {
  const timer = setInterval(() => {
    world.loose(world.write(upkeep, '', {}), 'upkeep');
  }, INTERVAL_MS);
  timer.unref();
  return () => clearInterval(timer);
}
