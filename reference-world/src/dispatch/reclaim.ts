import { queueRules } from '../core/index.js';
import { store } from '../core/program.js';
import { isOfDeadProcess } from '../process-tag.js';
import type { Runtime } from '../rpc/runtime.js';

/** How soon the death of a process that shares the folder is noticed. */
const INTERVAL_MS = 3_000;

/**
 * Lets what consumers of dead processes hold come back at once: nobody is left to settle it. Looks now, and again and
 * again while there is a consumer to take it. Keeps no process alive. Returns what stops it.
 */
export function reclaimFromTheDead(world: Runtime): () => void {
  const look = (): void => world.loose(reclaim(world), "the release of a dead process's leases");
  const timer = setInterval(() => {
    if (world.consumers.any) look();
  }, INTERVAL_MS);
  timer.unref();
  look();
  return () => clearInterval(timer);
}

async function reclaim(world: Runtime): Promise<void> {
  const holders = await world.store.read(({ now }) => store.listLeaseHolders(now));
  for (const { project, consumerId } of holders)
    if (isOfDeadProcess(consumerId))
      await world.write(queueRules.releaseConsumer, project, { consumerId, graceMs: 0 });
}
