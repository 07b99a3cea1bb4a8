import type { Mutant } from '../../mutant.js';
import { cellsWhere, isOver, refuses, writes } from './cells.js';

const RUN = 'core/run.js';
const HOOK = 'core/hook.js';
const ATTRIBUTES = 'core/attributes.js';
const ENDINGS = ['run_completed', 'run_failed'];

/** Worlds with a faulty rule on what becomes of a run and its attributes. */
export const runMutants: readonly Mutant[] = [
  {
    name: 'rule-absent-run-is-a-fault',
    says: 'an event of a run that does not exist fails inside the World',
    patches: [
      { file: RUN, find: 'throw runNotFound(runId);', replace: "throw new TypeError('no run');" },
      {
        file: RUN,
        find: 'throw runNotFound(command.runId);',
        replace: "throw new TypeError('no run');",
      },
      {
        file: HOOK,
        find: "if (run === undefined || state.hook?.state !== 'live')\n        throw",
        replace:
          "if (run === undefined)\n        throw new TypeError('no run');\n    if (state.hook?.state !== 'live')\n        throw",
      },
      {
        file: HOOK,
        find: "if (run === undefined || state.hook?.state !== 'live' || isEnded(run.status))",
        replace:
          "if (state.hook?.state !== 'live' && !run.runId || state.hook?.state !== 'live' || isEnded(run.status))",
      },
    ],
    kills: cellsWhere((cell) => cell.run === 'absent' && refuses(cell)),
  },
  {
    name: 'rule-run-created-again',
    says: 'run_created of a run that exists succeeds without an event',
    patches: [
      {
        file: RUN,
        find: "if (state.row !== undefined)\n        throw new Rejection('RUN_ALREADY_EXISTS'",
        replace:
          "if (state.row !== undefined)\n        return UNCHANGED;\n    if (false)\n        throw new Rejection('RUN_ALREADY_EXISTS'",
      },
    ],
    kills: cellsWhere(({ event, run }) => event === 'run_created' && run !== 'absent'),
  },
  {
    name: 'rule-ended-run-conflicts',
    says: 'a start of an ended run is refused as its endings are',
    patches: [
      {
        file: RUN,
        find: 'throw runGone(run);\n    if (run.status === RunStatus.RUNNING)',
        replace: 'throw runAlreadyEnded(run);\n    if (run.status === RunStatus.RUNNING)',
      },
    ],
    kills: cellsWhere((cell) => cell.event === 'run_started' && isOver(cell)),
  },
  {
    name: 'rule-start-repeats',
    says: 'a start of a running run is written again',
    patches: [
      {
        file: RUN,
        find: 'if (run.status === RunStatus.RUNNING)\n        return UNCHANGED;',
        replace: '',
      },
    ],
    kills: cellsWhere(
      ({ event, run }) => event === 'run_started' && ['running', 'expiring'].includes(run),
    ),
  },
  {
    name: 'rule-start-undated',
    says: 'a started run has no started_at',
    patches: [
      {
        file: RUN,
        find: 'status: RunStatus.RUNNING, startedAt: command.at, updatedAt: command.at }',
        replace: 'status: RunStatus.RUNNING, updatedAt: command.at }',
      },
    ],
    kills: cellsWhere(({ event, run }) => event === 'run_started' && run === 'pending'),
  },
  {
    name: 'rule-end-keeps-everything',
    says: 'the end of a run removes neither its hooks nor its waits',
    patches: [
      { file: 'store/sqlite/runs.js', find: 'releaseHooks.run(key, now);', replace: '' },
      { file: 'store/sqlite/runs.js', find: 'releaseWaits.run(key);', replace: '' },
    ],
    kills: cellsWhere(({ outcomes }) => outcomes.some(({ becomes }) => becomes?.released)),
  },
  {
    name: 'rule-run-ends-again',
    says: 'an ended run takes another ending',
    patches: [
      {
        file: RUN,
        find: 'throw runAlreadyEnded(run);\n    const { data } = command;',
        replace: ';\n    const { data } = command;',
      },
      {
        file: RUN,
        find: 'if (isEnded(run.status))\n        throw runAlreadyEnded(run);\n    const cancelled',
        replace: 'const cancelled',
      },
    ],
    kills: cellsWhere(
      (cell) => [...ENDINGS, 'run_cancelled'].includes(cell.event) && isOver(cell) && refuses(cell),
    ),
  },
  {
    name: 'rule-cancelled-run-conflicts',
    says: 'run_cancelled of a cancelled run is refused',
    patches: [
      {
        file: RUN,
        find: 'if (run.status === RunStatus.CANCELLED)\n        return UNCHANGED;',
        replace: '',
      },
    ],
    kills: cellsWhere(({ event, run }) => event === 'run_cancelled' && run === 'cancelled'),
  },
  {
    name: 'rule-attributes-unguarded',
    says: 'attr_set is accepted by ended runs, again, and with reserved keys',
    patches: [
      {
        file: RUN,
        find: 'if (isEnded(run.status))\n        throw runAlreadyEnded(run);\n    if (state.attributesWritten)',
        replace: 'if (false)',
      },
      {
        file: ATTRIBUTES,
        find: 'if (key.startsWith(RESERVED_PREFIX) && !allowReserved)',
        replace: 'if (false)',
      },
    ],
    kills: cellsWhere((cell) => cell.table === 'attr' && cell.run !== 'absent' && refuses(cell)),
  },
  {
    name: 'rule-attributes-answered-bare',
    says: 'the answer to attr_set carries no run',
    patches: [
      {
        file: 'core/append.js',
        find: "if (kind.startsWith('run') || kind === 'attrSet') {",
        replace: "if (kind.startsWith('run')) {",
      },
    ],
    kills: cellsWhere((cell) => cell.table === 'attr' && writes(cell)),
  },
];
