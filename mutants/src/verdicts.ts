import type { CheckVerdict } from './judge.js';
import type { Mutant } from './mutant.js';

const KILLED: ReadonlySet<string> = new Set(['fail', 'warn']);
const HARMLESS: ReadonlySet<string> = new Set(['pass', 'not applicable']);

/** Whether an id is one that a pattern names. */
export function matches(pattern: string, id: string): boolean {
  const escaped = pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*');
  return new RegExp(`^${escaped}$`).test(id);
}

/** The checks that the World did not pass. */
export function departures(checks: readonly CheckVerdict[]): CheckVerdict[] {
  return checks.filter(({ verdict }) => !HARMLESS.has(verdict));
}

/** The checks that should have killed the mutant and did not. */
export function misses(mutant: Mutant, checks: readonly CheckVerdict[]): CheckVerdict[] {
  return mutant.kills.flatMap((pattern) => {
    const meant = checks.filter(({ id }) => matches(pattern, id));
    if (meant.length === 0)
      return [{ id: pattern, verdict: 'absent', message: 'no such check ran' }];
    return meant.filter(({ verdict }) => !KILLED.has(verdict));
  });
}
