import type { Mutant } from '../../mutant.js';
import { cellsWhere, isOver, writes } from './cells.js';

const WAIT = 'core/wait.js';

/** Worlds with a faulty rule on what becomes of a wait. */
export const waitMutants: readonly Mutant[] = [
  {
    name: 'rule-wait-in-ended-run-absent',
    says: 'wait_created of an ended run is refused as wait_completed is',
    patches: [
      {
        file: WAIT,
        find: 'throw runAlreadyEnded(run);',
        replace: 'throw waitNotFound(command.runId, command.correlationId);',
      },
    ],
    kills: cellsWhere((cell) => cell.event === 'wait_created' && isOver(cell)),
  },
  {
    name: 'rule-wait-forgets-its-time',
    says: 'a wait has no resume_at',
    patches: [{ file: WAIT, find: 'resumeAt,\n        createdAt', replace: 'createdAt' }],
    kills: cellsWhere((cell) => cell.event === 'wait_created' && writes(cell)),
  },
  {
    name: 'rule-wait-absent-is-hook-absent',
    says: 'a wait that is not there is told as a hook that is not there',
    patches: [
      {
        file: WAIT,
        find: "new Rejection('WAIT_NOT_FOUND'",
        replace: "new Rejection('HOOK_NOT_FOUND'",
      },
    ],
    kills: cellsWhere(
      ({ event, run, outcomes }) =>
        event === 'wait_completed' && run !== 'absent' && outcomes[0]?.refuse === 'WAIT_NOT_FOUND',
    ),
  },
];
