import type { Mutant } from '../mutant.js';

const RUN = 'core/run.js';
const APPEND = 'core/append.js';
const RULES = 'core/run-rules.js';
const STORE = 'store/sqlite/runs.js';

/** Milliseconds since a time of a record, in the code of a mutant. */
const since = (time: string) =>
  `(command.now - Number(${time}.seconds) * 1000 - ${time}.nanos / 1e6)`;

/** Worlds with faulty runs. */
export const runMutants: readonly Mutant[] = [
  {
    name: 'run-clock-of-client',
    says: 'an event is dated by the time that its writer sent',
    patches: [
      {
        file: APPEND,
        find: 'createdAt: command.at,',
        replace: 'createdAt: source.occurredAt ?? command.at,',
      },
    ],
    kills: ['runs/own-clock'],
  },
  {
    name: 'run-empty-input-is-none',
    says: 'an empty input is taken for none',
    patches: [
      { file: RUN, find: 'if (data.input !== undefined)', replace: 'if (data.input?.length)' },
    ],
    kills: ['runs/payloads-untouched'],
  },
  {
    name: 'run-context-dropped',
    says: 'the execution context of a run is not kept',
    patches: [
      {
        file: RUN,
        find: 'run.executionContext = data.executionContext;',
        replace: 'run.executionContext = {};',
      },
    ],
    kills: ['runs/record-as-created', 'runs/created-by-start-alike'],
  },
  {
    name: 'run-public-key-dropped',
    says: 'the public key of a run is not kept',
    patches: [
      {
        file: RUN,
        find: 'run.encryptionPublicKey = data.encryptionPublicKey;',
        replace: "run.encryptionPublicKey = '';",
      },
    ],
    kills: ['runs/public-key'],
  },
  {
    name: 'run-started-again',
    says: 'each start of a running run sets started_at anew',
    patches: [
      {
        file: RUN,
        find: 'if (run.status === RunStatus.RUNNING)\n        return UNCHANGED;',
        replace:
          'if (run.status === RunStatus.RUNNING)\n        return { records: [], run: { next: { ...run, startedAt: command.at, updatedAt: command.at }, payloads: {} } };',
      },
    ],
    kills: [
      'runs/times-stand',
      'runs/start-of-running',
      'transitions/run-started-in-running',
      'transitions/run-started-*in-expiring',
    ],
  },
  {
    name: 'run-start-logged-twice',
    says: 'starts that come within 40 ms of the first are logged as well',
    patches: [
      {
        file: RUN,
        find: 'if (run.status === RunStatus.RUNNING)',
        replace: `if (run.status === RunStatus.RUNNING && ${since('run.startedAt')} > 40)`,
      },
    ],
    kills: ['runs/start-race'],
  },
  {
    name: 'run-position-behind',
    says: 'GetRun returns the position before the last',
    patches: [
      {
        file: RULES,
        find: 'return create(GetRunResponseSchema, { run: row.run });',
        replace:
          'return create(GetRunResponseSchema, { run: { ...row.run, lastPosition: row.run.lastPosition - 1n } });',
      },
    ],
    kills: ['runs/last-position'],
  },
  {
    name: 'run-batch-read-stale',
    says: 'BatchGetRuns shows ended runs as running',
    patches: [
      {
        file: RULES,
        find: 'run === undefined ? {} : { run })',
        replace: 'run === undefined ? {} : { run: { ...run, status: run.startedAt ? 2 : 1 } })',
      },
    ],
    kills: ['runs/state-on-every-read'],
  },
  {
    name: 'run-created-started',
    says: 'a created run has started_at',
    patches: [
      {
        file: RUN,
        find: '        updatedAt: command.at,\n    });\n    if (data.executionContext',
        replace:
          '        updatedAt: command.at,\n        startedAt: command.at,\n    });\n    if (data.executionContext',
      },
    ],
    kills: ['runs/created-pending', 'transitions/run-created-in-absent'],
  },
  {
    name: 'run-ids-collide',
    says: 'the ids that the World makes differ by the second only',
    patches: [
      {
        file: 'core/event-rules.js',
        find: 'return `wrun_${context.newId()}`;',
        replace: "return `wrun_${context.newId().slice(0, 8)}${'0'.repeat(18)}`;",
      },
    ],
    kills: ['runs/id-by-world'],
  },
  {
    name: 'run-creation-race-lost',
    says: 'creations that come within 40 ms of the first are answered as if they had created the run',
    patches: [
      {
        file: RUN,
        find: "if (state.row !== undefined)\n        throw new Rejection('RUN_ALREADY_EXISTS'",
        replace:
          "if (state.row !== undefined && command.now - state.row.lastEventAt < 40)\n        return UNCHANGED;\n    if (state.row !== undefined)\n        throw new Rejection('RUN_ALREADY_EXISTS'",
      },
    ],
    kills: ['runs/creation-race'],
  },
  {
    name: 'run-without-deployment',
    says: 'a run may be created without a deployment',
    patches: [
      {
        file: 'core/validate-event.js',
        find: 'checkName(`${field}.deployment_id`, data.deploymentId, limits.maxNameLength);',
        replace: '',
      },
    ],
    kills: ['runs/creation-incomplete'],
  },
  {
    name: 'run-start-before-creation',
    says: 'a start that creates its run logs the start first',
    patches: [
      {
        file: RUN,
        find: "records: [{ case: 'runCreated', value: creation }, started],",
        replace: "records: [started, { case: 'runCreated', value: creation }],",
      },
    ],
    kills: [
      'runs/never-without-creation',
      'runs/start-creates',
      'transitions/run-started-create-in-absent',
    ],
  },
  {
    name: 'run-start-keeps-create',
    says: 'a stored start carries what it would have created',
    patches: [
      {
        file: RUN,
        find: 'value: create(RunStartedSchema) }',
        replace:
          'value: create(RunStartedSchema, creation === undefined ? {} : { create: creation }) }',
      },
    ],
    kills: ['runs/start-creates', 'runs/start-ignores-create'],
  },
  {
    name: 'run-max-events-untold',
    says: 'the answer to a start does not say how many events the log may hold',
    patches: [{ file: APPEND, find: 'response.maxEvents = scope.limits.maxEvents;', replace: '' }],
    kills: ['runs/max-events-told'],
  },
  {
    name: 'run-large-output-lost',
    says: 'outputs of 1,000 bytes and more are not kept',
    patches: [
      {
        file: RUN,
        find: 'output && { output })',
        replace: 'output && output.length < 1000 ? { output } : undefined)',
      },
    ],
    kills: ['runs/output', 'runs/payloads-untouched'],
  },
  {
    name: 'run-error-code-fixed',
    says: 'every failed run has the same error code',
    patches: [
      {
        file: RUN,
        find: 'failed.errorCode = errorCode;',
        replace: "failed.errorCode = 'USER_ERROR';",
      },
    ],
    kills: ['runs/error'],
  },
  {
    name: 'run-cancel-reason-lost',
    says: 'the reason of a cancellation is not kept on the run',
    patches: [{ file: RUN, find: 'cancelled.cancelReason = cancelReason;', replace: ';' }],
    kills: ['runs/cancel-reason', 'runs/cancel-many-reason'],
  },
  {
    name: 'run-ends-again',
    says: 'a run takes endings after its end',
    patches: [
      {
        file: RUN,
        find: 'throw runAlreadyEnded(run);\n    const { data } = command;',
        replace: ';\n    const { data } = command;',
      },
    ],
    kills: ['runs/ended-stays', 'runs/endings-race'],
  },
  {
    name: 'run-end-race-lost',
    says: 'endings that come within 40 ms of the first are accepted',
    patches: [
      {
        file: RUN,
        find: 'if (isEnded(run.status))\n        throw runAlreadyEnded(run);\n    const { data } = command;',
        replace: `if (isEnded(run.status) && ${since('run.completedAt')} > 40)\n        throw runAlreadyEnded(run);\n    const { data } = command;`,
      },
    ],
    kills: ['runs/endings-race'],
  },
  {
    name: 'run-end-leaves-hooks',
    says: 'the end of a run leaves its hooks and their tokens',
    patches: [{ file: STORE, find: 'releaseHooks.run(key, now);', replace: '' }],
    kills: [
      'runs/end-releases',
      'runs/end-is-one-commit',
      'runs/cancel-many-as-one',
      'transitions/run-completed-in-expiring',
    ],
  },
  {
    name: 'run-end-leaves-waits',
    says: 'the end of a run leaves its waits',
    patches: [{ file: STORE, find: 'releaseWaits.run(key);', replace: '' }],
    kills: ['runs/end-removes-waits', 'transitions/run-completed-in-running'],
  },
  {
    name: 'run-attributes-behind-the-end',
    says: 'attr_set is accepted within 40 ms of the end of the run',
    patches: [
      {
        file: RUN,
        find: 'if (isEnded(run.status))\n        throw runAlreadyEnded(run);\n    if (state.attributesWritten)',
        replace: `if (isEnded(run.status) && ${since('run.completedAt')} > 40)\n        throw runAlreadyEnded(run);\n    if (state.attributesWritten)`,
      },
    ],
    kills: ['runs/nothing-behind-the-end'],
  },
  {
    name: 'run-resumed-behind-the-end',
    says: 'a hook takes payloads after the end of its run',
    patches: [
      { file: STORE, find: 'releaseHooks.run(key, now);', replace: '' },
      { file: 'core/hook.js', find: 'throw runGone(run);', replace: ';' },
    ],
    kills: ['runs/no-resume-behind-the-end', 'runs/ended-stays'],
  },
  {
    name: 'run-retention-forgotten',
    says: 'a run with $retention=0 is said to have expired and keeps its payloads',
    patches: [
      { file: APPEND, find: 'yield* store.purgeRun(project, key, command.runId);', replace: ';' },
    ],
    kills: [
      'runs/retention-removes-payloads',
      'runs/retention-set-later',
      'transitions/run-completed-in-expiring',
      'transitions/run-failed-in-expiring',
      'transitions/run-cancelled-in-expiring',
    ],
  },
  {
    name: 'run-retention-any-value',
    says: 'any value of $retention removes the payloads of a run',
    patches: [
      {
        file: RUN,
        find: "before.attributes[RETENTION_ATTRIBUTE] === '0'",
        replace: 'before.attributes[RETENTION_ATTRIBUTE] !== undefined',
      },
    ],
    kills: ['runs/retention-keeps-the-rest'],
  },
  {
    name: 'run-cancellations-out-of-order',
    says: 'CancelRuns answers in another order',
    patches: [
      {
        file: RULES,
        find: 'results: runIds.map((id) => results.get(id))',
        replace: 'results: runIds.toReversed().map((id) => results.get(id))',
      },
    ],
    kills: ['runs/cancel-many-outcomes'],
  },
  {
    name: 'run-cancellation-told-twice',
    says: 'CancelRuns says of a cancelled run that it cancelled it',
    patches: [
      {
        file: RULES,
        find: 'outcome: CancelOutcome.ALREADY_CANCELLED,',
        replace: 'outcome: CancelOutcome.CANCELLED,',
      },
    ],
    kills: ['runs/cancel-many-outcomes', 'runs/cancel-many-race'],
  },
  {
    name: 'run-cancelled-twice-in-one-call',
    says: 'CancelRuns takes an id twice',
    patches: [
      { file: RULES, find: 'if (new Set(runIds).size < runIds.length)', replace: 'if (false)' },
    ],
    kills: ['runs/cancel-many-refused'],
  },
];
