import type { Mutant } from '../mutant.js';

const TERMS = 'core/terms.js';
const READABLE = 'core/readable.js';
const EVENTS = 'core/event-rules.js';

/** Worlds that answer readers in other terms than theirs. */
export const readerMutants: readonly Mutant[] = [
  {
    name: 'unset-bounds-are-empty',
    says: 'takes a reader without event types for one that knows none',
    patches: [{ file: TERMS, find: 'eventTypes.length > 0 ?', replace: 'true ?' }],
    kills: ['readers/what-is-read', 'readers/cursors', 'readers/errors-in-logs'],
  },
  {
    name: 'refuses-unknown-names',
    says: 'refuses a reader that names an event type from the future',
    patches: [
      {
        file: TERMS,
        find: '    if (maxSpecVersion < 0)',
        replace: `    if (eventTypes.some((name) => eventTypeNames.valueOf(name) === undefined))
        throw invalid('reader.event_types', 'holds an unknown type');
    if (maxSpecVersion < 0)`,
      },
    ],
    kills: ['readers/what-is-read', 'readers/unknown-names'],
  },
  {
    name: 'leaves-gaps-for-all',
    says: 'leaves an attr_set out where a noop could stand for it',
    patches: [
      { file: READABLE, find: 'if (!reads(terms.eventTypes, NOOP))', replace: 'if (true)' },
    ],
    kills: [
      'readers/noop-in-place',
      'readers/entities-over-runs',
      'readers/watch-passes-over',
      'readers/deltas-pass-over',
    ],
  },
  {
    name: 'noop-of-nobody',
    says: 'puts a noop without the correlation id of the event in its place',
    patches: [
      {
        file: READABLE,
        find: 'return { ...event, data: { case: NOOP',
        replace: "return { ...event, correlationId: '', data: { case: NOOP",
      },
    ],
    kills: ['readers/noop-in-place', 'readers/watch-passes-over'],
  },
  {
    name: 'noops-for-all',
    says: 'sends a noop to readers that do not know one',
    patches: [
      {
        file: READABLE,
        find: '        if (!reads(terms.eventTypes, NOOP))\n            return undefined;\n',
        replace: '',
      },
      {
        file: TERMS,
        find: 'if (eventTypes === undefined || eventTypes.has(NOOP))',
        replace: 'if (true)',
      },
    ],
    kills: [
      'readers/left-out',
      'readers/entities-over-runs',
      'readers/watch-passes-over',
      'readers/deltas-pass-over',
      'readers/one-skippable-event',
    ],
  },
  {
    name: 'leaves-out-behind-the-page',
    says: 'pages first and leaves out afterwards, so that pages that have more hold nothing',
    patches: [
      {
        file: TERMS,
        find: 'if (eventTypes === undefined || eventTypes.has(NOOP))',
        replace: 'if (true)',
      },
    ],
    kills: ['readers/left-out'],
  },
  {
    name: 'entities-for-everyone',
    says: 'lists the events of an entity as if there were no reader',
    patches: [
      {
        file: EVENTS,
        find: `    const read = yield* readablePage(scope, terms, sliced);
    return create(ListEventsByCorrelationResponseSchema, {`,
        replace: `    const read = sliced;
    return create(ListEventsByCorrelationResponseSchema, {`,
      },
    ],
    kills: ['readers/entities-over-runs'],
  },
  {
    name: 'part-of-a-log-for-the-whole',
    says: 'ends a log before an unread event as if nothing followed',
    patches: [
      {
        file: READABLE,
        find: 'return { items, more: true, refusal: read };',
        replace: 'return { items, more: false, refusal: items.length > 0 ? undefined : read };',
      },
    ],
    kills: ['readers/page-ends-before', 'readers/errors-in-logs', 'readers/deltas'],
  },
  {
    name: 'passes-over-cancellations',
    says: 'takes every event type for skippable',
    patches: [
      { file: READABLE, find: 'if (!skippableEventTypes.has(name))', replace: 'if (false)' },
    ],
    kills: [
      'readers/page-ends-before',
      'readers/unknown-names',
      'readers/one-event',
      'readers/watch-ends-before',
      'readers/deltas',
    ],
  },
  {
    name: 'errors-in-any-form',
    says: 'sends events with errors in a form that the reader does not read',
    patches: [
      {
        file: READABLE,
        find: 'const lack = lackOf(terms, specVersion, error);',
        replace: 'const lack = lackOf(terms, specVersion, undefined);',
      },
    ],
    kills: ['readers/errors-in-logs', 'readers/one-event'],
  },
  {
    name: 'judges-events-by-their-stamp',
    says: 'judges an event by its own spec version and not by that of its run',
    patches: [
      {
        file: READABLE,
        find: 'inTerms(terms, value, versions.get(runId))',
        replace: 'inTerms(terms, value, value.specVersion)',
      },
    ],
    kills: ['readers/newer-logs'],
  },
  {
    name: 'too-new-without-payloads',
    says: 'refuses newer runs although no payload was asked for',
    patches: [
      {
        file: TERMS,
        find: 'return payloads && maxSpecVersion !== undefined',
        replace: 'return maxSpecVersion !== undefined',
      },
    ],
    kills: ['readers/newer-logs', 'readers/newer-records'],
  },
  {
    name: 'any-event-by-its-id',
    says: 'returns any event by its id, whoever reads',
    patches: [
      {
        file: EVENTS,
        find: 'const read = readableEvent(terms, event, row.run.specVersion);',
        replace: 'const read = event;',
      },
    ],
    kills: ['readers/one-event', 'readers/one-skippable-event', 'readers/noop-in-place'],
  },
  {
    name: 'cursors-of-one-reader',
    says: 'binds a cursor to whether there is a reader',
    patches: [
      {
        file: EVENTS,
        find: 'eventPaging(scope, request.runId, wanted)',
        replace: 'eventPaging(scope, request.runId, request.reader ? [...wanted, 99] : wanted)',
      },
    ],
    kills: ['readers/cursors'],
  },
  {
    name: 'watch-ends-silently',
    says: 'ends a watch with success where the reader does not read what follows',
    patches: [
      {
        file: EVENTS,
        find: `    const read = yield* readablePage(scope, terms, sliced);
    return { events: valuesOf(read), ended: !read.more && isEnded(row.run.status) };`,
        replace: `    const read = yield* readableSlice(scope, terms, sliced);
    return { events: valuesOf(read), ended: read.refusal !== undefined || (!read.more && isEnded(row.run.status)) };`,
      },
    ],
    kills: ['readers/watch-ends-before'],
  },
  {
    name: 'watch-for-everyone',
    says: 'watches as if there were no reader',
    patches: [{ file: 'dispatch/watch-events.js', find: 'reader: request.reader,', replace: '' }],
    kills: ['readers/watch-ends-before', 'readers/watch-passes-over'],
  },
  {
    name: 'refuses-for-a-delta',
    says: 'refuses a write because its delta would begin with an unread event',
    patches: [
      {
        file: EVENTS,
        find: 'const read = yield* readableSlice(scope, terms, sliced, versions);',
        replace: 'const read = yield* readablePage(scope, terms, sliced);',
      },
    ],
    kills: ['readers/deltas'],
  },
  {
    name: 'deltas-for-everyone',
    says: 'sends deltas as if there were no reader',
    patches: [
      {
        file: EVENTS,
        find: 'const read = yield* readableSlice(scope, terms, sliced, versions);',
        replace: 'const read = sliced;',
      },
      {
        file: EVENTS,
        find: 'until === undefined ? typesFor(terms, []) : []',
        replace: '[]',
      },
    ],
    kills: ['readers/deltas', 'readers/deltas-pass-over'],
  },
  {
    name: 'records-for-everyone',
    says: 'returns a run and a step by their ids as if there were no reader',
    patches: [
      {
        file: READABLE,
        find: `    if (lack !== undefined)
        throw notRead(lack, run.runId);`,
        replace: '',
      },
    ],
    kills: ['readers/newer-records', 'readers/errors-of-records', 'readers/unknown-names'],
  },
  {
    name: 'one-run-fails-the-list',
    says: 'refuses a list that holds a run which is too new for the reader',
    patches: [
      {
        file: READABLE,
        find: 'return stripRun(run);',
        replace: "throw notRead('spec_version:' + run.specVersion, run.runId);",
      },
    ],
    kills: ['readers/lists-of-records', 'readers/other-writes'],
  },
  {
    name: 'no-error-no-input',
    says: 'leaves out the input of a record together with an unread error',
    patches: [
      {
        file: READABLE,
        find: 'const { error: _error, ...rest } = record;',
        replace: 'const { error: _error, input: _input, ...rest } = record;',
      },
    ],
    kills: ['readers/lists-of-records', 'readers/starts-with-errors'],
  },
  {
    name: 'anyone-may-start',
    says: 'lets somebody start a run that it cannot read',
    patches: [
      {
        file: TERMS,
        find: `    if (maxSpecVersion !== undefined && specVersion > maxSpecVersion)
        throw notRead`,
        replace: `    if (false)
        throw notRead`,
      },
    ],
    kills: ['readers/starts'],
  },
  {
    name: 'too-new-before-gone',
    says: 'refuses a start of an ended run for its reader',
    patches: [
      {
        file: 'core/append.js',
        find: 'const decision = decide(state, command);',
        replace: `if (data.case === 'runStarted')
        checkExecutor(terms, runId, state.row?.run.specVersion ?? 0);
    const decision = decide(state, command);`,
      },
    ],
    kills: ['readers/starts-of-ended-runs'],
  },
  {
    name: 'newer-runs-cannot-be-cancelled',
    says: 'refuses every write to a run that is too new for the reader',
    patches: [
      {
        file: 'core/append.js',
        find: "if (data.case === 'runStarted' || data.case === 'stepStarted')",
        replace: 'if (true)',
      },
    ],
    kills: ['readers/other-writes'],
  },
  {
    name: 'features-without-their-kind',
    says: 'names what the reader lacks without saying what it is',
    patches: [
      {
        file: TERMS,
        find: '{ run_id: runId, feature,',
        replace: "{ run_id: runId, feature: feature.split(':')[1],",
      },
    ],
    kills: [
      'readers/page-ends-before',
      'readers/newer-records',
      'readers/errors-of-records',
      'readers/starts',
    ],
  },
  {
    name: 'negative-versions',
    says: 'takes a negative spec version for a bound',
    patches: [{ file: TERMS, find: 'if (maxSpecVersion < 0)', replace: 'if (false)' }],
    kills: ['readers/negative-version'],
  },
  {
    name: 'takes-readers-undeclared',
    says: 'does not declare that it serves readers, and takes them',
    patches: [{ file: 'rpc/world.js', find: '    Capability.READERS,\n', replace: '' }],
    kills: ['capabilities/undeclared-field-*-reader'],
  },
];
