import type { Mutant } from '../../mutant.js';

/** Worlds whose answers show wrongly what the writer has not seen. */
export const deltaMutants: readonly Mutant[] = [
  {
    name: 'delta-holds-the-event',
    says: 'a delta by position holds the event that was written',
    patches: [
      {
        file: 'core/event-rules.js',
        find: 'event === undefined ? appended.last : Number(event.position) - 1;',
        replace: 'event === undefined ? appended.last : Number(event.position);',
      },
    ],
    kills: ['log/expected-position', 'log/deltas-of-many'],
  },
  {
    name: 'delta-skips-one',
    says: 'a delta by cursor begins one event too late',
    patches: [
      {
        file: 'core/event-rules.js',
        find: 'return openPage(page, eventPaging(scope, runId, [])).slice.after ?? 0;',
        replace: 'return (openPage(page, eventPaging(scope, runId, [])).slice.after ?? 0) + 1;',
      },
    ],
    kills: ['log/since-cursor', 'log/since-cursor-wins', 'log/cursors-of-many'],
  },
  {
    name: 'delta-not-of-a-conflict',
    says: 'a hook_created that becomes hook_conflict is answered without the delta that it asks for',
    patches: [
      {
        file: 'core/event-rules.js',
        find: 'delta = yield* deltaOf(scope, request, since, runId, appended, terms);',
        replace: `if (appended.response.event?.data.case !== 'hookConflict')
            delta = yield* deltaOf(scope, request, since, runId, appended, terms);`,
      },
    ],
    kills: ['log/delta-of-a-conflict'],
  },
  {
    name: 'expected-position-wins',
    says: 'an expected position counts where a cursor is given too',
    patches: [
      {
        file: 'core/event-rules.js',
        find: 'if (preload || since !== undefined)',
        replace: 'if (preload || (since !== undefined && request.expectedPosition === undefined))',
      },
    ],
    kills: ['log/since-cursor-wins'],
  },
  {
    name: 'preload-without-the-run',
    says: 'a payload that asks for the log is answered without the run',
    patches: [
      {
        file: 'core/event-rules.js',
        find: 'return { ...response, run: row.run, maxEvents: scope.limits.maxEvents };',
        replace: 'return response;',
      },
    ],
    kills: ['log/preload'],
  },
  {
    name: 'skip-preload-ignored',
    says: 'a start that wants no events gets them',
    patches: [
      {
        file: 'core/event-rules.js',
        find: "if (request.skipPreload && data.case === 'runStarted')",
        replace: "if (request.skipPreload && data.case === 'never')",
      },
    ],
    kills: ['log/skip-preload'],
  },
  {
    name: 'delta-always-whole',
    says: 'a delta that was cut short says that it is whole',
    patches: [
      {
        file: 'core/event-rules.js',
        find: 'return create(EventDeltaSchema, { events, page: info(read) });',
        replace:
          'return create(EventDeltaSchema, { events, page: { ...info(read), hasMore: false } });',
      },
    ],
    kills: ['log/delta-of-a-long-log'],
  },
  {
    name: 'delta-of-any-cursor',
    says: 'a delta by a cursor that leads nowhere begins at the beginning',
    patches: [
      {
        file: 'core/event-rules.js',
        find: 'return openPage(page, eventPaging(scope, runId, [])).slice.after ?? 0;',
        replace: `try {
        return openPage(page, eventPaging(scope, runId, [])).slice.after ?? 0;
    }
    catch {
        return 0;
    }`,
      },
    ],
    kills: ['log/delta-refused'],
  },
  {
    name: 'delta-unasked',
    says: 'every write is answered with a delta',
    patches: [
      {
        file: 'core/event-rules.js',
        find: `    if (request.expectedPosition === undefined)
        return undefined;`,
        replace: `    if (request.expectedPosition === undefined)
        return create(EventDeltaSchema, { page: create(PageInfoSchema) });`,
      },
    ],
    kills: ['log/no-delta-unasked'],
  },
];
