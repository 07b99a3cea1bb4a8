import type { Mutant } from '../mutant.js';

const WAIT = 'core/wait.js';
const STORE = 'store/sqlite/waits.js';

/** Worlds with faulty waits. */
export const waitMutants: readonly Mutant[] = [
  {
    name: 'wait-completes-by-itself',
    says: 'a wait whose time has come is completed without an event',
    patches: [
      {
        file: STORE,
        find: 'return row && decodeWait(row.data);',
        replace: `if (!row) return undefined;
            const wait = decodeWait(row.data);
            return Number(wait.resumeAt.seconds) * 1000 > Date.now() ? wait : { ...wait, status: 2, completedAt: wait.resumeAt };`,
      },
    ],
    kills: ['runs/nothing-by-itself'],
  },
  {
    name: 'wait-time-in-seconds',
    says: 'resume_at is kept in whole seconds',
    patches: [
      {
        file: 'core/validate-event.js',
        find: '{ ...data.value, resumeAt: wholeMillis(resumeAt) }',
        replace: '{ ...data.value, resumeAt: { ...wholeMillis(resumeAt), nanos: 0 } }',
      },
    ],
    kills: ['waits/resume-at-on-every-read', 'waits/answers', 'waits/reads'],
  },
  {
    name: 'wait-completed-without-time',
    says: 'a completed wait has no completed_at',
    patches: [{ file: WAIT, find: 'completedAt: command.at,', replace: '' }],
    kills: ['waits/answers', 'waits/reads', 'transitions/wait-completed-of-waiting-in-active'],
  },
  {
    name: 'wait-without-end',
    says: 'a wait may be created without resume_at',
    patches: [
      {
        file: WAIT,
        find: "throw invalid('event.wait_created.resume_at', 'is required');",
        replace: ';',
      },
    ],
    kills: ['waits/without-time-refused'],
  },
  {
    name: 'wait-completes-again',
    says: 'a completed wait is completed again',
    patches: [
      {
        file: WAIT,
        find: 'if (state.wait.status === WaitStatus.COMPLETED)',
        replace: 'if (false)',
      },
    ],
    kills: [
      'waits/many-in-a-run',
      'waits/completion-race',
      'transitions/wait-completed-of-completed-in-active',
    ],
  },
  {
    name: 'wait-ids-global',
    says: 'wait ids are taken for unique across runs',
    patches: [
      {
        file: STORE,
        find: 'SELECT key, data FROM waits WHERE run_key = ? AND wait_id = ?',
        replace: 'SELECT key, data FROM waits WHERE ? IS NOT NULL AND wait_id = ?',
      },
    ],
    kills: ['waits/same-id-in-two-runs'],
  },
  {
    name: 'wait-duplicate-is-a-fault',
    says: 'a second creation of a wait fails in the store',
    patches: [{ file: WAIT, find: 'if (state.wait !== undefined)', replace: 'if (false)' }],
    kills: [
      'waits/creation-race',
      'waits/many-in-a-run',
      'transitions/wait-created-of-waiting-in-active',
      'transitions/wait-created-of-completed-in-active',
    ],
  },
  {
    name: 'wait-completed-before-created',
    says: 'a wait that is not there may be completed',
    patches: [
      {
        file: WAIT,
        find: 'if (state.wait === undefined || isEnded(run.status))',
        replace: 'if (isEnded(run.status))',
      },
      {
        file: WAIT,
        find: 'if (state.wait.status === WaitStatus.COMPLETED)',
        replace:
          'if (state.wait === undefined)\n        return { records: [command.data] };\n    if (state.wait.status === WaitStatus.COMPLETED)',
      },
    ],
    kills: ['waits/completion-meets-creation', 'transitions/wait-completed-of-absent-in-active'],
  },
];
