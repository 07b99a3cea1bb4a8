import type { Mutant } from '../../mutant.js';

const RULES = 'core/stream-rules.js';
const STORE = 'store/sqlite/streams.js';

/** Worlds that take one stream for another. */
export const whichMutants: readonly Mutant[] = [
  {
    name: 'stream-needs-a-run',
    says: 'a stream is only taken where its run exists',
    patches: [
      {
        file: RULES,
        find: "return row?.run.expiredAt === undefined ? undefined : 'gone';",
        replace:
          "if (row === undefined) throw new Rejection('RUN_NOT_FOUND', 'there is no such run', { run_id: runId });\n    return undefined;",
      },
    ],
    kills: ['streams/without-a-run'],
  },
  {
    name: 'stream-of-ended-run-discarded',
    says: 'new streams of a run that has ended are discarded',
    patches: [
      {
        file: RULES,
        find: "return row?.run.expiredAt === undefined ? undefined : 'gone';",
        replace: "return row?.run.completedAt === undefined ? undefined : 'gone';",
      },
    ],
    kills: ['streams/of-an-ended-run'],
  },
  {
    name: 'stream-names-cut',
    says: 'a stream is looked for by the beginning of its name',
    patches: [
      {
        file: STORE,
        find: 'WHERE project = ? AND run_id = ? AND name = ?',
        replace: 'WHERE project = ? AND run_id = ? AND substr(name, 1, 21) = substr(?, 1, 21)',
      },
    ],
    kills: ['streams/names-that-begin-alike'],
  },
  {
    name: 'stream-read-by-name-alone',
    says: 'a read looks for the name and not for the run',
    patches: [{ file: RULES, find: "return runId === ''", replace: 'return runId !== undefined' }],
    kills: ['streams/same-name-in-two-runs'],
  },
  {
    name: 'stream-read-needs-run-id',
    says: 'a read without a run id is refused',
    patches: [{ file: RULES, find: "if (request.runId !== '')", replace: 'if (true)' }],
    kills: ['streams/by-name-alone'],
  },
  {
    name: 'stream-list-of-all-runs',
    says: 'the streams of every run are listed',
    patches: [
      {
        file: STORE,
        find: 'run_id = ? AND key > ? ORDER BY key',
        replace: '(run_id = ? OR 1) AND key > ? ORDER BY key',
      },
    ],
    kills: ['streams/list-of-streams'],
  },
  {
    name: 'stream-list-by-name',
    says: 'streams are listed in the order of their names',
    patches: [
      {
        file: STORE,
        find: 'run_id = ? AND key > ? ORDER BY key',
        replace: 'run_id = ? AND key > ? ORDER BY name',
      },
    ],
    kills: ['streams/list-by-creation'],
  },
];
