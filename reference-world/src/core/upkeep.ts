import { store } from './program.js';
import type { Rule } from './scope.js';

/** Rows that one round removes of each kind, so that upkeep never holds a commit for long. */
const ROUND = 5_000;
/** Ended runs that one round takes out of sight, and rows of theirs that it removes: these are larger. */
const RUNS = 200;
const ROWS = 2_000;

/** Removes what is past its time, and runs that ended longer ago than they are kept. Answers whether there is more. */
export const upkeep: Rule<{ readonly keepRunsMs?: number }, { readonly more: boolean }> =
  function* (scope, { keepRunsMs }, context) {
    const before = context.now - scope.limits.requestIdRetentionMs;
    const outcomes = yield* store.pruneOutcomes(before, ROUND);
    const hooks = yield* store.pruneRetainedHooks(context.now, ROUND);
    const runs =
      keepRunsMs === undefined ? 0 : yield* store.hideRuns(context.now - keepRunsMs, RUNS);
    const rows = yield* store.removeHidden(ROWS);
    return { more: outcomes === ROUND || hooks === ROUND || runs === RUNS || rows === ROWS };
  };
