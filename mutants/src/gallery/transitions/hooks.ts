import type { Mutant } from '../../mutant.js';
import { cellsWhere, isOver, writes } from './cells.js';

const HOOK = 'core/hook.js';

/** Worlds with a faulty rule on what becomes of a hook. */
export const hookMutants: readonly Mutant[] = [
  {
    name: 'rule-hook-created-answered-bare',
    says: 'the answer to hook_created carries no hook',
    patches: [
      {
        file: 'core/append.js',
        find: "if (decision.hook?.state === 'live') {",
        replace: 'if (false) {',
      },
    ],
    kills: cellsWhere(
      (cell) =>
        cell.event === 'hook_created' &&
        writes(cell) &&
        cell.outcomes.every(({ append }) => append?.includes('hook_created')),
    ),
  },
  {
    name: 'rule-hook-exists-is-run-exists',
    says: 'a hook that exists is told as a run that exists',
    patches: [
      {
        file: HOOK,
        find: "throw new Rejection('HOOK_ALREADY_EXISTS'",
        replace: "throw new Rejection('RUN_ALREADY_EXISTS'",
      },
    ],
    kills: cellsWhere(
      ({ run, outcomes }) => run === 'active' && outcomes[0]?.refuse === 'HOOK_ALREADY_EXISTS',
    ),
  },
  {
    name: 'rule-hook-in-ended-run-is-gone',
    says: 'hook_created of an ended run is refused as a start is',
    patches: [{ file: HOOK, find: 'throw runAlreadyEnded(run);', replace: 'throw runGone(run);' }],
    kills: cellsWhere((cell) => cell.event === 'hook_created' && isOver(cell)),
  },
  {
    name: 'rule-taken-token-is-an-error',
    says: 'hook_created with a taken token is refused',
    patches: [
      {
        file: HOOK,
        find: 'const conflict = create(HookConflictSchema',
        replace:
          "if (holder !== undefined)\n        throw new Rejection('HOOK_ALREADY_EXISTS', 'the token is taken', {});\n    const conflict = create(HookConflictSchema",
      },
    ],
    kills: cellsWhere(
      ({ event, outcomes }) =>
        event === 'hook_created' && outcomes[0]?.append?.includes('hook_conflict') === true,
    ),
  },
  {
    name: 'rule-retention-unbounded',
    says: 'a token may be retained for any time',
    patches: [
      {
        file: HOOK,
        find: 'refuseLongRetention(command, data);\n    const next',
        replace: 'const next',
      },
    ],
    kills: cellsWhere(({ given, run }) => given === 'long retention' && run === 'active'),
  },
  {
    name: 'rule-resume-ids-forgotten',
    says: 'the resume_id of a payload is not kept',
    patches: [
      {
        file: HOOK,
        find: '...(resumeId === undefined ? {} : { resume: { hookId: correlationId, digest } }),',
        replace: '',
      },
    ],
    kills: cellsWhere(
      ({ given, outcomes, run }) =>
        given === 'same resume' ||
        (given === 'new resume' && run === 'active' && outcomes[0]?.append !== undefined),
    ),
  },
  {
    name: 'rule-resume-conflict-is-hook-exists',
    says: 'a resume_id that was used otherwise is refused for another reason',
    patches: [
      {
        file: HOOK,
        find: "throw new Rejection('RESUME_CONFLICT'",
        replace: "throw new Rejection('HOOK_ALREADY_EXISTS'",
      },
    ],
    kills: cellsWhere(({ given }) => ['other digest', 'other hook'].includes(given)),
  },
  {
    name: 'rule-hook-takes-one-payload',
    says: 'a payload disposes of its hook',
    patches: [
      {
        file: HOOK,
        find: "records: [{ case: 'hookReceived', value: data }],",
        replace: "records: [{ case: 'hookReceived', value: data }],\n        disposeHook: true,",
      },
    ],
    kills: cellsWhere(
      ({ event, run, outcomes }) =>
        event === 'hook_received' && run === 'active' && outcomes[0]?.append !== undefined,
    ),
  },
  {
    name: 'rule-hook-absent-is-step-absent',
    says: 'a hook that is not there is told as a step that is not there',
    patches: [
      {
        file: HOOK,
        find: "new Rejection('HOOK_NOT_FOUND'",
        replace: "new Rejection('STEP_NOT_FOUND'",
      },
    ],
    kills: cellsWhere(({ outcomes }) => outcomes[0]?.refuse === 'HOOK_NOT_FOUND'),
  },
  {
    name: 'rule-retained-hook-conflicts',
    says: 'a payload for a hook whose token is retained is refused as an ending is',
    patches: [{ file: HOOK, find: 'throw runGone(run);', replace: 'throw runAlreadyEnded(run);' }],
    kills: cellsWhere(({ event, state }) => event === 'hook_received' && state === 'retained'),
  },
  {
    name: 'rule-hook-stays',
    says: 'hook_disposed leaves its hook',
    patches: [
      {
        file: HOOK,
        find: 'return { records: [command.data], disposeHook: true };',
        replace: 'return { records: [command.data] };',
      },
    ],
    kills: cellsWhere((cell) => cell.event === 'hook_disposed' && writes(cell)),
  },
];
