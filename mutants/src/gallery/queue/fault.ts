import type { Mutant } from '../../mutant.js';

/** A piece of a file and what stands there instead. */
export type Swap = readonly [file: string, find: string, replace: string];

/** A faulty World. */
export function fault(
  name: string,
  says: string,
  kills: readonly string[],
  ...swaps: readonly Swap[]
): Mutant {
  return {
    name: `queue-${name}`,
    says,
    patches: swaps.map(([file, find, replace]) => ({ file, find, replace })),
    kills: kills.map((id) => `queue/${id}`),
  };
}

/** The rules of sending and settling. */
export const RULES = 'core/queue-rules.js';

/** The rules of leases. */
export const LEASES = 'core/lease-rules.js';

/** The messages in the store. */
export const STORE = 'store/sqlite/queue.js';
