import type { Mutant } from '../../mutant.js';

/** Worlds whose events are kept, read or refused wrongly. */
export const eventMutants: readonly Mutant[] = [
  {
    name: 'event-forgets-its-entity',
    says: 'long correlation ids are cut in the log',
    patches: [
      {
        file: 'store/records.js',
        find: 'const data = toBinary(EventSchema, stripped);',
        replace:
          'const data = toBinary(EventSchema, { ...stripped, correlationId: stripped.correlationId.slice(0, 5) });',
      },
    ],
    kills: ['log/events-as-committed'],
  },
  {
    name: 'payloads-take-names-along',
    says: 'reads without payloads leave out times and attribute changes as well',
    patches: [
      {
        file: 'core/payloads.js',
        find: `export function stripEvent(event) {
    const { data } = event;`,
        replace: `export function stripEvent(event) {
    const { data } = event;
    if (data.case === 'waitCreated') {
        const { resumeAt, ...value } = data.value;
        return { ...event, data: { case: data.case, value } };
    }
    if (data.case === 'attrSet')
        return { ...event, data: { case: data.case, value: { ...data.value, changes: [] } } };`,
      },
    ],
    kills: [
      'log/names-without-payloads',
      'log/attribute-changes-without-payloads',
      'paging/payloads-left-out',
    ],
  },
  {
    name: 'ordered-by-the-writers-time',
    says: 'a log is ordered by the times that writers give',
    patches: [
      {
        file: 'core/event-rules.js',
        find: 'return create(ListEventsResponseSchema, { events: valuesOf(read), page: page.info(read) });',
        replace: `const at = (event) => Number((event.occurredAt ?? event.createdAt).seconds);
    const down = request.page?.sortOrder === 2 ? -1 : 1;
    return create(ListEventsResponseSchema, { events: valuesOf(read).sort((a, b) => down * (at(a) - at(b))), page: page.info(read) });`,
      },
    ],
    kills: ['log/occurred-at-orders-nothing'],
  },
  {
    name: 'writer-notes-dropped',
    says: 'what a writer notes of itself, and timings, are not kept',
    patches: [
      {
        file: 'core/append.js',
        find: 'event.computeInstanceId = source.computeInstanceId;',
        replace: ';',
      },
      {
        file: 'core/validate-event.js',
        find: "checkTimings('event.step_completed.timings', data.value.timings);",
        replace: 'data.value.timings = undefined;',
      },
    ],
    kills: ['log/writer-notes', 'log/accompanying'],
  },
  {
    name: 'entities-of-all-runs',
    says: 'the events of an entity are found in every run, whatever run is asked for',
    patches: [
      {
        file: 'store/sqlite/events.js',
        find: "e.correlation_id <> '' AND e.run_key = ? AND e.position {>} ?",
        replace: "e.correlation_id <> '' AND ? > 0 AND e.position {>} ?",
      },
    ],
    kills: ['log/runs-apart', 'paging/events-of-an-entity'],
  },
  {
    name: 'events-of-the-newest-version',
    says: 'an event without a spec version has the highest, whatever its run has',
    patches: [
      {
        file: 'core/append.js',
        find: 'event.specVersion || state.row?.run.specVersion || scope.limits.maxSpecVersion',
        replace: 'event.specVersion || scope.limits.maxSpecVersion',
      },
    ],
    kills: ['log/spec-version-default'],
  },
  {
    name: 'any-spec-version',
    says: 'events of any spec version are taken',
    patches: [
      {
        file: 'core/validate-event.js',
        find: '    checkSpecVersion(event.specVersion, limits);\n',
        replace: '',
      },
    ],
    kills: ['log/spec-version-outside', 'log/batch-malformed'],
  },
  {
    name: 'errors-become-bytes',
    says: 'structured errors are kept as bytes',
    patches: [
      {
        file: 'core/validate-event.js',
        find: 'const { message, stack, code } = form.value;',
        replace:
          "const { message, stack, code } = form.value;\n    failure.form = { case: 'payload', value: new TextEncoder().encode(message) };",
      },
    ],
    kills: ['log/spec-versions-side-by-side'],
  },
  {
    name: 'type-missing-wrong-reason',
    says: 'an event without a type is refused for another reason',
    patches: [
      {
        file: 'core/validate-event.js',
        find: "new Rejection('EVENT_TYPE_REQUIRED'",
        replace: "new Rejection('INVALID_ARGUMENT'",
      },
    ],
    kills: ['log/type-required', 'log/batch-malformed'],
  },
  {
    name: 'unknown-types-are-stored',
    says: 'an event of a type that clients cannot write is stored as something else',
    patches: [
      {
        file: 'core/validate-event.js',
        find: "import { checkStruct } from './struct.js';",
        replace: `import { checkStruct } from './struct.js';
import { create } from '@bufbuild/protobuf';
import { WaitCreatedSchema } from '@worldwire/proto';`,
      },
      {
        file: 'core/validate-event.js',
        find: `    if (data.case === undefined)
        throw`,
        replace: `    if (data.case === undefined && event.$unknown?.length > 0)
        return { case: 'waitCreated', value: create(WaitCreatedSchema) };
    if (data.case === undefined)
        throw`,
      },
    ],
    kills: ['log/world-written', 'log/type-required'],
  },
  {
    name: 'correlation-id-may-be-empty',
    says: 'events of entities are taken without a correlation id',
    patches: [
      {
        file: 'core/validate-event.js',
        find: "checkId('event.correlation_id', correlationId, limits);",
        replace:
          "if (correlationId !== '') checkId('event.correlation_id', correlationId, limits);",
      },
    ],
    kills: ['log/correlation-id-required'],
  },
  {
    name: 'run-id-may-be-empty',
    says: 'any event without a run id makes one up',
    patches: [
      {
        file: 'core/event-rules.js',
        find: "if (runId === '' && kind === 'runCreated')",
        replace: "if (runId === '')",
      },
    ],
    kills: ['log/run-id-required'],
  },
];
