import { store } from './program.js';
import type { Rule } from './scope.js';

/** Rows that one round removes of each kind, so that upkeep never holds a commit for long. */
const ROUND = 5_000;

/** Removes what is past its time; answers how much. A full round means that there may be more. */
export const upkeep: Rule<Record<never, never>, number> = function* (scope, _request, context) {
  const before = context.now - scope.limits.requestIdRetentionMs;
  const outcomes = yield* store.pruneOutcomes(before, ROUND);
  const hooks = yield* store.pruneRetainedHooks(context.now, ROUND);
  return outcomes + hooks;
};
