import type { Mutant } from '../../mutant.js';

/** Worlds whose reads answer wrongly, or change something. */
export const readMutants: readonly Mutant[] = [
  {
    name: 'lists-from-a-cache',
    says: 'a list of runs is read from a cache that is some milliseconds old',
    patches: [
      {
        file: 'core/run-rules.js',
        find: 'const sliced = yield* store.listRuns(scope.project, filter, page.slice, choice);',
        replace: `const cache = (globalThis.runCache ??= new Map());
    const name = JSON.stringify([scope.project, filter, page.slice, choice]);
    let entry = cache.get(name);
    if (entry === undefined || performance.now() - entry.at > 40) {
        entry = { sliced: yield* store.listRuns(scope.project, filter, page.slice, choice), at: performance.now() };
        cache.set(name, entry);
    }
    const { sliced } = entry;`,
      },
    ],
    kills: ['paging/read-your-writes'],
  },
  {
    name: 'reads-touch-runs',
    says: 'a run that is read one by one was changed at the time of the read',
    patches: [
      {
        file: 'core/run-rules.js',
        find: 'return create(GetRunResponseSchema, { run: row.run });',
        replace:
          'return create(GetRunResponseSchema, { run: { ...row.run, updatedAt: timestampFromMs(Date.now()) } });',
      },
    ],
    kills: ['paging/reads-change-nothing', 'paging/same-record'],
  },
  {
    name: 'no-event-is-no-run',
    says: 'an event that does not exist is refused as a run that does not exist',
    patches: [
      {
        file: 'core/event-rules.js',
        find: "throw new Rejection('EVENT_NOT_FOUND'",
        replace: "throw new Rejection('RUN_NOT_FOUND'",
      },
    ],
    kills: ['paging/no-such-record'],
  },
  {
    name: 'no-wait-is-an-answer',
    says: 'a wait that does not exist is answered with nothing',
    patches: [
      {
        file: 'core/read-rules.js',
        find: '        throw waitNotFound(request.runId, request.waitId);',
        replace: '        return create(GetWaitResponseSchema, {});',
      },
    ],
    kills: ['paging/no-such-wait'],
  },
  {
    name: 'project-lists-disposed-hooks',
    says: 'the list of all hooks of a project holds disposed ones',
    patches: [
      {
        file: 'store/sqlite/hooks.js',
        find: 'WHERE h.state = 1 AND h.project = ? AND h.key {>} ?',
        replace: 'WHERE h.state IN (1, 2) AND h.project = ? AND h.key {>} ?',
      },
    ],
    kills: ['paging/hooks-of-project'],
  },
];
