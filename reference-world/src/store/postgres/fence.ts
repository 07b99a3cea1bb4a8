import type { Operation } from '../../core/program.js';

/**
 * Keys are drawn before their transactions commit, so that a smaller one may show after a greater one, and a reader who
 * pages upwards would miss it. Every writer holds this lock in shared mode; a read that may go on from a cursor takes
 * its snapshot while nobody does.
 */
export const FENCE = 0x57776972;

/** Lists over a whole project, in ascending order: within one run or stream, a row lock orders the keys already. */
export function needsFence({ name, args }: Operation): boolean {
  switch (name) {
    case 'listRuns':
    case 'listDeadMessages':
      return !args[2].descending;
    case 'listProjectEvents':
      return !args[3].descending;
    case 'listHooks':
      return args[1] === undefined && !args[2].descending;
    case 'listDeploymentKeys':
      return !args[1].descending;
    case 'listQueues':
      return true;
    default:
      return false;
  }
}
