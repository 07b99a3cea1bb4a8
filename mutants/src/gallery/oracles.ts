import type { Mutant } from '../mutant.js';

/**
 * Worlds whose fault an oracle sees while checks of something else run. Faults that a check is about as well stand with
 * the mutants of that check.
 */
export const oracleMutants: readonly Mutant[] = [
  {
    name: 'oracle-sees-a-gap',
    says: 'a log begins at position 2',
    patches: [
      {
        file: 'core/append.js',
        find: 'return Number(row?.run.lastPosition ?? 0);',
        replace: 'return Number(row?.run.lastPosition || 1);',
      },
    ],
    kills: ['oracle/positions-dense'],
    during: ['log/names-without-payloads'],
  },
  {
    name: 'oracle-sees-an-event-change',
    says: 'long correlation ids are cut in the log',
    patches: [
      {
        file: 'store/records.js',
        find: 'const data = toBinary(EventSchema, stripped);',
        replace:
          'const data = toBinary(EventSchema, { ...stripped, correlationId: stripped.correlationId.slice(0, 5) });',
      },
    ],
    kills: ['oracle/events-never-change'],
    during: ['log/names-without-payloads'],
  },
  {
    name: 'oracle-sees-an-event-vanish',
    says: 'every fifth event is answered with success and not written',
    patches: [
      {
        file: 'core/append.js',
        find: `    if (events.length > 0)
        yield* store.appendEvents(key, events, end);`,
        replace: `    if (events.length > 0 && end.lastPosition % 5 !== 0)
        yield* store.appendEvents(key, events, end);`,
      },
    ],
    kills: ['oracle/logs-only-grow'],
    during: ['log/names-without-payloads'],
  },
  {
    name: 'oracle-sees-a-record-without-its-event',
    says: 'the record of a step does not change when it ends',
    patches: [
      {
        file: 'core/append.js',
        find: `    else if (step !== undefined)
        yield* store.updateStep(`,
        replace: `    else if (step !== undefined && events.at(-1)?.data.case !== 'stepCompleted')
        yield* store.updateStep(`,
      },
    ],
    kills: ['oracle/records-follow-log'],
    during: ['log/events-as-committed'],
  },
  {
    name: 'oracle-sees-two-endings',
    says: 'a step that has ended may end again',
    patches: [
      {
        file: 'core/step.js',
        find: 'function refuseEnded(step) {',
        replace: 'function refuseEnded(step) {\n    return;',
      },
    ],
    kills: ['oracle/one-ending'],
    during: ['log/refusals-change-nothing'],
  },
  {
    name: 'oracle-sees-microseconds',
    says: 'events have times in microseconds',
    patches: [
      {
        file: 'core/append.js',
        find: 'createdAt: command.at,',
        replace: 'createdAt: { ...command.at, nanos: command.at.nanos + 1_000 },',
      },
    ],
    kills: ['oracle/times'],
    during: ['log/names-without-payloads'],
  },
  {
    name: 'oracle-sees-another-time',
    says: 'a run was created five milliseconds later than its event says',
    patches: [
      {
        file: 'store/records.js',
        find: '    const run = { ...record, lastPosition: BigInt(lastPosition) };',
        replace: `    const at = Number(record.createdAt.seconds) * 1000 + record.createdAt.nanos / 1e6 - 5;
    const createdAt = { ...record.createdAt, seconds: BigInt(Math.floor(at / 1000)), nanos: Math.round(at % 1000) * 1e6 };
    const run = { ...record, createdAt, lastPosition: BigInt(lastPosition) };`,
      },
    ],
    kills: ['oracle/times-of-events'],
    during: ['log/names-without-payloads'],
  },
  {
    name: 'oracle-sees-a-field-missing',
    says: 'hooks come without the run behind them',
    patches: [
      {
        file: 'store/records.js',
        find: `    if (run)
        hook.run = run;`,
        replace: '',
      },
    ],
    kills: ['oracle/answers-complete'],
    during: ['hooks/record'],
  },
  {
    name: 'oracle-sees-what-was-not-asked',
    says: 'the events of an entity are found in every run, whatever run is asked for',
    patches: [
      {
        file: 'store/sqlite/events.js',
        find: "e.correlation_id <> '' AND e.run_key = ? AND e.position {>} ?",
        replace: "e.correlation_id <> '' AND ? > 0 AND e.position {>} ?",
      },
    ],
    kills: ['oracle/answers-asked'],
    during: ['log/runs-apart'],
  },
  {
    name: 'oracle-sees-another-code',
    says: 'a hook that does not exist is refused with another code than its reason has',
    patches: [
      {
        file: 'rpc/errors.js',
        find: 'const code = codeFromString(errorRules.get(reason).code) ?? Code.Unknown;',
        replace:
          "const code = reason === 'HOOK_NOT_FOUND' ? Code.FailedPrecondition : (codeFromString(errorRules.get(reason).code) ?? Code.Unknown);",
      },
    ],
    kills: ['oracle/errors-complete'],
    during: ['hooks/token-exact'],
  },
  {
    name: 'oracle-sees-a-page-without-a-cursor',
    says: 'the last page of a list has no cursor',
    patches: [
      {
        file: 'core/pages.js',
        find: 'cursor: last === undefined ? cursor : encodeCursor(scope, last.key),',
        replace:
          "cursor: !more ? '' : last === undefined ? cursor : encodeCursor(scope, last.key),",
      },
    ],
    kills: ['oracle/pages-honest'],
    during: ['log/names-without-payloads'],
  },
  {
    name: 'oracle-sees-an-unwanted-payload',
    says: 'a list of hooks returns metadata that are not wanted',
    patches: [
      {
        file: 'core/read-rules.js',
        find: 'const sliced = yield* store.listHooks(scope.project, key, page.slice, payloads);',
        replace:
          'const sliced = yield* store.listHooks(scope.project, key, page.slice, payloads || true);',
      },
    ],
    kills: ['oracle/payloads-on-demand'],
    during: ['hooks/record'],
  },
  {
    name: 'oracle-sees-other-chunks',
    says: 'what a chunk is depends on where its read begins',
    patches: [
      {
        file: 'store/sqlite/streams.js',
        find: 'taken.push({ index, data: plainBytes(data) });',
        replace:
          'taken.push({ index, data: taken.length === 0 ? plainBytes(data) : Buffer.concat([data, Buffer.from([0])]) });',
      },
    ],
    kills: ['oracle/stream-indexes'],
    during: ['streams/*chunk*', 'streams/*read*'],
  },
  {
    name: 'oracle-sees-an-uncounted-delivery',
    says: 'every delivery of a message is the first',
    patches: [
      {
        file: 'store/sqlite/queue.js',
        find: 'taken.push(leased(row, leaseId, candidate.attempt + 1, request));',
        replace: 'taken.push(leased(row, leaseId, 1, request));',
      },
    ],
    kills: ['oracle/deliveries'],
    during: ['queue/failed-later', 'queue/retry-now', 'queue/key-over-retries'],
  },
];
