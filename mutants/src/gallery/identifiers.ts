import type { Mutant } from '../mutant.js';

const IDS = 'core/identifiers.js';
const VALIDATE = 'core/validate-event.js';
const TIME = 'core/time.js';

const ANY_ID = { file: IDS, find: 'if (!ID.test(value))', replace: 'if (false)' };

/** Worlds that take ids, names and texts for something else. */
const textMutants: readonly Mutant[] = [
  {
    name: 'id-begins-with-a-letter',
    says: 'an id may not begin with an underscore',
    patches: [
      { file: IDS, find: 'const ID = /^[A-Za-z0-9_]', replace: 'const ID = /^[A-Za-z0-9]' },
    ],
    kills: ['identifiers/plain-ids'],
  },
  {
    name: 'id-of-any-characters',
    says: 'ids may hold anything',
    patches: [ANY_ID],
    kills: ['identifiers/nul', 'identifiers/strict-ids'],
  },
  {
    name: 'id-as-path',
    says: 'ids are resolved as paths',
    patches: [
      ANY_ID,
      {
        file: 'core/read-rules.js',
        find: 'yield* store.getStep(row.key, request.stepId, choice)',
        replace:
          "yield* store.getStep(row.key, request.stepId.split('/').filter((part) => part !== '' && part !== '.').at(-1), choice)",
      },
    ],
    kills: ['identifiers/path-characters'],
  },
  {
    name: 'name-empty',
    says: 'names may be empty',
    patches: [
      {
        file: IDS,
        find: "if (value === '')\n        throw invalid(field, 'is required');\n    if (value.length > maxLength)",
        replace: 'if (value.length > maxLength)',
      },
    ],
    kills: ['identifiers/required'],
  },
  {
    name: 'token-normalized',
    says: 'tokens are brought into one normalization',
    patches: [
      {
        file: VALIDATE,
        find: 'return inMillis(data);',
        replace:
          "if (data.case === 'hookCreated') data.value.token = data.value.token.normalize('NFC');\n    return inMillis(data);",
      },
    ],
    kills: ['identifiers/names-exact'],
  },
  {
    name: 'stream-name-of-any-case',
    says: 'stream names are compared without regard to case',
    patches: [
      {
        file: 'store/sqlite/streams.js',
        find: 'WHERE project = ? AND run_id = ? AND name = ?',
        replace: 'WHERE project = ? AND run_id = ? AND name = ? COLLATE NOCASE',
      },
    ],
    kills: ['identifiers/case-of-ids'],
  },
  {
    name: 'id-in-a-plain-object',
    says: 'steps are looked up in an object with a prototype',
    patches: [
      {
        file: 'core/read-rules.js',
        find: 'yield* store.getStep(row.key, request.stepId, choice)',
        replace: '({})[request.stepId] ?? (yield* store.getStep(row.key, request.stepId, choice))',
      },
    ],
    kills: ['identifiers/words-of-languages'],
  },
  {
    name: 'token-cut-at-nul',
    says: 'a token ends at its first NUL character',
    patches: [
      {
        file: IDS,
        find: 'if (CONTROL.test(value) || !isWellFormed(value))',
        replace: 'if (!isWellFormed(value))',
      },
      {
        file: VALIDATE,
        find: 'return inMillis(data);',
        replace:
          "if (data.case === 'hookCreated') data.value.token = data.value.token.split('\\0')[0];\n    return inMillis(data);",
      },
    ],
    kills: ['identifiers/nul-in-names'],
  },
  {
    name: 'text-repaired',
    says: 'bytes that are no UTF-8 become replacement characters',
    patches: [{ file: 'rpc/utf8.js', find: 'fatal: true', replace: 'fatal: false' }],
    kills: ['identifiers/broken-text'],
  },
];

/** Worlds with faulty ids of runs and events. */
const idMutants: readonly Mutant[] = [
  {
    name: 'run-id-of-the-second',
    says: 'two runs that are made at the same time have one id',
    patches: [
      {
        file: 'core/event-rules.js',
        find: 'return `wrun_${context.newId()}`;',
        replace: 'return `wrun_${context.newId().slice(0, 7)}0000000000000000000`;',
      },
    ],
    kills: ['identifiers/run-id-made'],
  },
  {
    name: 'run-id-of-another-kind',
    says: 'the World makes run ids of another form',
    patches: [
      {
        file: 'core/event-rules.js',
        find: 'return `wrun_${context.newId()}`;',
        replace: 'return `run-${context.newId().toLowerCase()}`;',
      },
    ],
    kills: ['identifiers/run-id-made-as-sdks-do'],
  },
  {
    name: 'run-id-lower-case',
    says: 'the run id of a client is brought into lower case',
    patches: [
      {
        file: 'core/event-rules.js',
        find: "        return `wrun_${context.newId()}`;\n    return checkId('run_id', runId, scope.limits);",
        replace:
          "        return `wrun_${context.newId()}`;\n    return checkId('run_id', runId, scope.limits).toLowerCase();",
      },
    ],
    kills: ['identifiers/run-id-kept'],
  },
  {
    name: 'run-id-of-sdks-only',
    says: 'run ids of another form are refused',
    patches: [
      {
        file: IDS,
        find: 'if (ulid === undefined)\n        return;',
        replace:
          "if (ulid === undefined)\n        throw new Rejection('INVALID_ID', 'is no run id', { field: 'run_id' });",
      },
    ],
    kills: ['identifiers/run-id-of-another-form'],
  },
  {
    name: 'run-id-of-half-a-day',
    says: 'run ids of more than half a day ago are refused',
    patches: [
      {
        file: IDS,
        find: 'const RUN_ID_PAST_MS = 24 * 3_600_000;',
        replace: 'const RUN_ID_PAST_MS = 12 * 3_600_000;',
      },
    ],
    kills: ['identifiers/run-id-of-another-time'],
  },
  {
    name: 'run-id-tag-as-time',
    says: 'the region of a run id is taken for its time',
    patches: [{ file: IDS, find: 'if (time >= RUN_ID_TAG)', replace: 'if (false)' }],
    kills: ['identifiers/run-id-with-a-region'],
  },
  {
    name: 'event-id-of-the-first',
    says: 'the first event of a log is not found by its id',
    patches: [{ file: IDS, find: 'position > 0 ? position', replace: 'position > 1 ? position' }],
    kills: ['identifiers/event-found-by-id'],
  },
  {
    name: 'event-ids-backwards',
    says: 'event ids sort against the log',
    patches: [
      {
        file: IDS,
        find: 'String(position).padStart',
        replace: 'String(999_999_999 - position).padStart',
      },
      { file: IDS, find: 'Number(digits)', replace: '999_999_999 - Number(digits)' },
    ],
    kills: ['identifiers/event-ids-sort'],
  },
];

/** Worlds that change times. */
const timeMutants: readonly Mutant[] = [
  {
    name: 'times-in-nanoseconds',
    says: 'answers to writes carry times finer than what is kept',
    patches: [
      {
        file: 'core/append.js',
        find: 'createdAt: command.at,',
        replace: 'createdAt: { ...command.at, nanos: command.at.nanos + 7 },',
      },
    ],
    kills: ['identifiers/whole-milliseconds'],
  },
  {
    name: 'times-of-single-events-in-seconds',
    says: 'an event that is read alone has its time in seconds',
    patches: [
      {
        file: 'core/event-rules.js',
        find: 'return create(GetEventResponseSchema, { event: read });',
        replace:
          'event.createdAt.nanos = 0;\n    return create(GetEventResponseSchema, { event: read });',
      },
    ],
    kills: ['identifiers/times-stay', 'identifiers/event-found-by-id'],
  },
  {
    name: 'data-of-one-process',
    says: 'each process has data of its own',
    patches: [
      {
        file: 'cli.js',
        find: '            dataDir,\n',
        replace: "            dataDir: dataDir + '/' + process.pid,\n",
      },
    ],
    kills: ['identifiers/restart-keeps-all', 'streams/chunks-survive', 'streams/closings-survive'],
  },
  {
    name: 'times-rounded',
    says: 'times are rounded to milliseconds',
    patches: [
      {
        file: TIME,
        find: 'Math.floor(timestamp.nanos / 1_000_000)',
        replace: 'Math.round(timestamp.nanos / 1_000_000)',
      },
    ],
    kills: ['identifiers/given-times'],
  },
  {
    name: 'occurred-at-of-the-world',
    says: 'the World puts its own time for that of the writer',
    patches: [
      {
        file: 'core/append.js',
        find: 'event.occurredAt = wholeMillis(source.occurredAt);',
        replace: 'event.occurredAt = command.at;',
      },
    ],
    kills: ['identifiers/occurred-at'],
  },
  {
    name: 'time-of-any-nanoseconds',
    says: 'nanoseconds may be anything',
    patches: [
      {
        file: TIME,
        find: 'time <= MAX_TIME_MS && nanos >= 0 && nanos <= MAX_NANOS',
        replace: 'time <= MAX_TIME_MS',
      },
    ],
    kills: ['identifiers/time-out-of-range'],
  },
];

/** Worlds with faulty ids and times. */
export const identifierMutants: readonly Mutant[] = [...textMutants, ...idMutants, ...timeMutants];
