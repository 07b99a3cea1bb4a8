import type { Mutant } from '../../mutant.js';
import { cellsWhere, createsStep, isOver, refuses, writes } from './cells.js';

const STEP = 'core/step.js';
const STEP_RESULTS = ['step_completed', 'step_failed', 'step_retrying'];

/** Worlds with a faulty rule on what becomes of a step. */
export const stepMutants: readonly Mutant[] = [
  {
    name: 'rule-step-created-unguarded',
    says: 'steps are created in ended runs, and a step that exists is a fault of the store',
    patches: [
      {
        file: STEP,
        find: 'if (isEnded(run.status))\n        throw runAlreadyEnded(run);\n    if (state.step !== undefined)',
        replace: 'if (false)',
      },
    ],
    kills: cellsWhere(
      (cell) =>
        cell.table === 'step' && createsStep(cell) && cell.run !== 'absent' && refuses(cell),
    ),
  },
  {
    name: 'rule-step-absent-is-run-absent',
    says: 'a step that does not exist is told as a run that does not exist',
    patches: [
      {
        file: STEP,
        find: "throw new Rejection('STEP_NOT_FOUND'",
        replace: "throw new Rejection('RUN_NOT_FOUND'",
      },
    ],
    kills: cellsWhere(
      (cell) =>
        cell.table === 'step' &&
        cell.state === 'absent' &&
        !createsStep(cell) &&
        cell.run !== 'absent',
    ),
  },
  {
    name: 'rule-step-ended-is-step-exists',
    says: 'an ended step refuses with the reason of its creation',
    patches: [
      {
        file: STEP,
        find: "throw new Rejection('STEP_ALREADY_ENDED'",
        replace: "throw new Rejection('STEP_ALREADY_EXISTS'",
      },
    ],
    kills: cellsWhere(
      (cell) =>
        cell.table === 'step' && !createsStep(cell) && ['completed', 'failed'].includes(cell.state),
    ),
  },
  {
    name: 'rule-starts-uncounted',
    says: 'a start does not count',
    patches: [
      { file: STEP, find: 'attempt: step.attempt + 1,', replace: 'attempt: step.attempt,' },
    ],
    kills: cellsWhere((cell) => cell.event === 'step_started' && writes(cell)),
  },
  {
    name: 'rule-start-of-ended-run-conflicts',
    says: 'a start of a step is refused after the end of its run as a creation is',
    patches: [
      {
        file: STEP,
        find: 'throw runGone(run);\n    const retryAt',
        replace: 'throw runAlreadyEnded(run);\n    const retryAt',
      },
    ],
    kills: cellsWhere(
      (cell) =>
        cell.event === 'step_started' &&
        !createsStep(cell) &&
        isOver(cell) &&
        ['pending', 'delayed', 'due', 'running'].includes(cell.state),
    ),
  },
  {
    name: 'rule-results-count',
    says: 'an ending and a retry of a step count as tries',
    patches: [
      {
        file: STEP,
        find: 'const next = { ...step, status, completedAt: command.at, updatedAt: command.at };',
        replace:
          'const next = { ...step, attempt: step.attempt + 1, status, completedAt: command.at, updatedAt: command.at };',
      },
      {
        file: STEP,
        find: 'const next = { ...step, status: StepStatus.PENDING, updatedAt: command.at };',
        replace:
          'const next = { ...step, attempt: step.attempt + 1, status: StepStatus.PENDING, updatedAt: command.at };',
      },
    ],
    kills: cellsWhere(
      ({ event, outcomes }) => STEP_RESULTS.includes(event) && outcomes[0]?.append !== undefined,
    ),
  },
  {
    name: 'rule-results-of-ended-run-conflict',
    says: 'results of steps that may not follow the end of their run are refused as creations are',
    patches: [
      {
        file: STEP,
        find: 'if (isEnded(run.status) && step.status !== StepStatus.RUNNING)\n        throw runGone(run);',
        replace:
          'if (isEnded(run.status) && step.status !== StepStatus.RUNNING)\n        throw runAlreadyEnded(run);',
      },
      {
        file: STEP,
        find: 'if (run.expiredAt !== undefined)\n        throw runGone(run);',
        replace: 'if (run.expiredAt !== undefined)\n        throw runAlreadyEnded(run);',
      },
    ],
    kills: cellsWhere(
      ({ event, state, outcomes }) =>
        STEP_RESULTS.includes(event) &&
        ['pending', 'delayed', 'due', 'running'].includes(state) &&
        outcomes[0]?.refuse === 'RUN_GONE',
    ),
  },
];
