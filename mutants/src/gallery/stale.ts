import type { Patch } from '../mutant.js';

/** For so many milliseconds a decision may rest on what was read before: a check that comes before the write. */
const WINDOW_MS = 5;

/** A memory of what was read, for decisions that then rest on it. */
export const REMEMBERS: Patch = {
  file: 'core/append.js',
  find: 'const EVENT_OVERHEAD_BYTES = 200;',
  replace: `const EVENT_OVERHEAD_BYTES = 200;
const seen = new Map();
function stale(key, fresh, keep) {
    const held = seen.get(key);
    if (held !== undefined && performance.now() - held.at < ${WINDOW_MS}) return held.value;
    if (keep) seen.set(key, { value: fresh, at: performance.now() });
    return fresh;
}`,
};

/** An index of the store that no longer keeps what it indexes unique. */
export function notUnique(index: string): Patch {
  return {
    file: 'store/sqlite/migrations/0001-initial.js',
    find: `CREATE UNIQUE INDEX ${index} ON`,
    replace: `CREATE INDEX ${index} ON`,
  };
}
