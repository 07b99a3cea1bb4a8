import type { Mutant } from '../mutant.js';

const STEP = 'core/step.js';
const STORE = 'store/sqlite/steps.js';
const OUTCOME = 'core/event-outcome.js';

/** Milliseconds since a time of a record, in the code of a mutant. */
const since = (time: string) =>
  `(command.now - Number(${time}.seconds) * 1000 - ${time}.nanos / 1e6)`;

/** Worlds with faulty steps. */
export const stepMutants: readonly Mutant[] = [
  {
    name: 'step-renamed-by-start',
    says: 'a start renames its step',
    patches: [
      {
        file: STEP,
        find: '...step,\n        status: StepStatus.RUNNING,',
        replace:
          '...step,\n        stepName: command.data.value.stepName ?? step.stepName,\n        status: StepStatus.RUNNING,',
      },
    ],
    kills: ['steps/record-as-created'],
  },
  {
    name: 'step-retry-error-lost',
    says: 'a step that was sent back does not show why',
    patches: [
      {
        file: STEP,
        find: 'const { error, retryAfter } = command.data.value;',
        replace: 'const { retryAfter } = command.data.value;\n    const error = undefined;',
      },
    ],
    kills: ['steps/state-on-every-read', 'runs/errors-untouched', 'steps/pending-may-end'],
  },
  {
    name: 'step-started-at-moves',
    says: 'each start sets started_at of its step anew',
    patches: [
      {
        file: STEP,
        find: 'startedAt: step.startedAt ?? command.at,',
        replace: 'startedAt: command.at,',
      },
    ],
    kills: ['steps/times-stand'],
  },
  {
    name: 'step-ids-global',
    says: 'step ids are taken for unique across runs',
    patches: [
      {
        file: STORE,
        find: 'FROM steps s WHERE s.run_key = ? AND s.step_id = ?',
        replace: 'FROM steps s WHERE ? IS NOT NULL AND s.step_id = ?',
      },
    ],
    kills: ['steps/same-id-in-two-runs'],
  },
  {
    name: 'step-created-started',
    says: 'a created step has started_at',
    patches: [
      {
        file: STEP,
        find: 'status: StepStatus.PENDING,\n        createdAt: command.at,',
        replace:
          'status: StepStatus.PENDING,\n        startedAt: command.at,\n        createdAt: command.at,',
      },
    ],
    kills: [
      'steps/created-pending',
      'steps/times-stand',
      'transitions/step-created-of-absent-in-active',
    ],
  },
  {
    name: 'step-without-name',
    says: 'a step may be created without a name',
    patches: [
      {
        file: 'core/validate-event.js',
        find: "checkName('event.step_created.step_name', data.value.stepName, limits.maxNameLength);",
        replace: '',
      },
    ],
    kills: ['steps/unnamed-refused'],
  },
  {
    name: 'step-start-answers-without-input',
    says: 'the answer to a start lacks the input',
    patches: [
      {
        file: 'core/append.js',
        find: "const choice = payloads ? 'all' : 'none';",
        replace: "const choice = 'none';",
      },
    ],
    kills: ['steps/start-answers-whole', 'steps/answer-is-the-step'],
  },
  {
    name: 'step-answers-without-error',
    says: 'the answers to what follows a retry lack the error of the try',
    patches: [
      {
        file: 'core/append.js',
        find: "const choice = payloads ? 'all' : 'none';",
        replace: "const choice = payloads ? 'input' : 'none';",
      },
    ],
    kills: ['steps/answer-is-the-step', 'steps/batch-answers-the-steps'],
  },
  {
    name: 'step-answers-again-without-error',
    says: 'a start that comes again is answered without the error of the try before',
    patches: [{ file: OUTCOME, find: '            ...error,\n', replace: '' }],
    kills: ['steps/answer-repeated'],
  },
  {
    name: 'step-answers-again-with-last-error',
    says: 'a start that comes again is answered with the error that the step has now',
    patches: [
      {
        file: OUTCOME,
        find: 'yield* errorAt(row.key, stepId, Number(kept.event?.position ?? 0))',
        replace: 'yield* errorAt(row.key, stepId, 1e9)',
      },
    ],
    kills: ['steps/answer-repeated'],
  },
  {
    name: 'step-attempt-of-writer',
    says: 'attempt is taken from the request',
    patches: [
      {
        file: STEP,
        find: 'attempt: step.attempt + 1,',
        replace: 'attempt: command.data.value.attempt ?? step.attempt + 1,',
      },
    ],
    kills: ['steps/attempt-is-counted', 'steps/attempt-in-events'],
  },
  {
    name: 'step-owner-dropped',
    says: 'owner_message_id of a start is not kept',
    patches: [
      {
        file: STEP,
        find: 'delete record.input;',
        replace: 'delete record.input;\n    delete record.ownerMessageId;',
      },
    ],
    kills: ['steps/owner-is-kept'],
  },
  {
    name: 'step-compute-instance-of-first',
    says: 'compute_instance_id of a step is that of its first start',
    patches: [
      {
        file: STEP,
        find: 'next.computeInstanceId = command.computeInstanceId;',
        replace: 'next.computeInstanceId ??= command.computeInstanceId;',
      },
    ],
    kills: ['steps/compute-instance-of-latest'],
  },
  {
    name: 'step-creation-untold',
    says: 'a start that created its step does not say so',
    patches: [{ file: STEP, find: 'stepCreated: true,', replace: '' }],
    kills: [
      'steps/lazy-creation',
      'steps/lazy-empty-input',
      'transitions/step-started-input-of-absent-in-active',
    ],
  },
  {
    name: 'step-lazy-without-name',
    says: 'a start with an input creates a step without a name',
    patches: [
      {
        file: STEP,
        find: "throw invalid('event.step_started.step_name', 'is required where input is given');",
        replace: "data = { ...data, stepName: 'unnamed' };",
      },
    ],
    kills: ['steps/lazy-without-name'],
  },
  {
    name: 'step-lazy-empty-input',
    says: 'a start with an empty input does not create its step',
    patches: [
      {
        file: STEP,
        find: 'if (data.input !== undefined)\n        return createStarted',
        replace: 'if (data.input?.length)\n        return createStarted',
      },
    ],
    kills: ['steps/lazy-empty-input'],
  },
  {
    name: 'step-creation-race-lost',
    says: 'creations of a step that come within 40 ms of the first are answered as if they had created it',
    patches: [
      {
        file: STEP,
        find: "if (state.step !== undefined)\n        throw new Rejection('STEP_ALREADY_EXISTS'",
        replace: `if (state.step !== undefined && ${since('state.step.createdAt')} > 40)\n        throw new Rejection('STEP_ALREADY_EXISTS'`,
      },
      {
        file: STEP,
        find: 'return { records: [command.data], step: { next, payloads: {}, insert: true } };',
        replace:
          'return { records: [command.data], step: { next, payloads: {}, insert: state.step === undefined } };',
      },
      {
        file: STEP,
        find: '        step: { next, payloads: {}, insert: true },\n        stepCreated: true,',
        replace:
          '        step: { next, payloads: {}, insert: state.step === undefined },\n        stepCreated: true,',
      },
    ],
    kills: ['steps/creation-race', 'steps/creation-race-winner', 'steps/lazy-race'],
  },
  {
    name: 'step-too-early-without-time',
    says: 'a start that comes too early is not told how long to wait',
    patches: [{ file: STEP, find: '}, retryAt - command.now);', replace: '});' }],
    kills: ['steps/too-early', 'transitions/step-started-of-delayed-in-active'],
  },
  {
    name: 'step-retry-time-stays',
    says: 'a start leaves the retry time of its step',
    patches: [
      {
        file: STEP,
        find: 'delete next.retryAfter;\n    if (command.computeInstanceId',
        replace: 'if (command.computeInstanceId',
      },
    ],
    kills: ['steps/retry-time-kept', 'transitions/step-started-of-due-in-active'],
  },
  {
    name: 'step-old-retry-time',
    says: 'a step_retrying without a retry time leaves the one before',
    patches: [
      {
        file: STEP,
        find: 'if (retryAfter === undefined)\n        delete next.retryAfter;\n    else',
        replace: 'if (retryAfter !== undefined)',
      },
    ],
    kills: ['steps/last-retry-time-counts'],
  },
  {
    name: 'step-retry-time-loose',
    says: 'a start is accepted up to a minute before the retry time',
    patches: [
      { file: STEP, find: 'retryAt > command.now)', replace: 'retryAt > command.now + 60_000)' },
    ],
    kills: ['steps/retry-time-comes', 'steps/too-early'],
  },
  {
    name: 'step-delayed-cannot-end',
    says: 'a step whose retry time is ahead takes no result',
    patches: [
      {
        file: STEP,
        find: 'const step = requireStep(state, command);\n    refuseEnded(step);\n    const run = requireRun(state, command.runId);\n    if (run.expiredAt',
        replace:
          "const step = requireStep(state, command);\n    refuseEnded(step);\n    if (step.retryAfter && millisOf(step.retryAfter) > command.now)\n        throw new Rejection('TOO_EARLY', 'the step waits', {}, 1000);\n    const run = requireRun(state, command.runId);\n    if (run.expiredAt",
      },
    ],
    kills: ['steps/delayed-may-end'],
  },
  {
    name: 'step-pending-cannot-end',
    says: 'a step that was never started takes no result',
    patches: [
      {
        file: STEP,
        find: 'const step = requireStep(state, command);\n    refuseEnded(step);\n    const run = requireRun(state, command.runId);\n    if (run.expiredAt',
        replace:
          "const step = requireStep(state, command);\n    refuseEnded(step);\n    if (step.attempt === 0)\n        throw new Rejection('STEP_NOT_FOUND', 'the step was not started', {});\n    const run = requireRun(state, command.runId);\n    if (run.expiredAt",
      },
    ],
    kills: ['steps/pending-may-end'],
  },
  {
    name: 'step-ends-again',
    says: 'a step takes events after its end',
    patches: [
      {
        file: STEP,
        find: "if (status !== undefined)\n        throw new Rejection('STEP_ALREADY_ENDED'",
        replace: "if (false)\n        throw new Rejection('STEP_ALREADY_ENDED'",
      },
    ],
    kills: [
      'steps/ended-stays',
      'steps/endings-race',
      'steps/nothing-behind-completed',
      'steps/nothing-behind-failed',
    ],
  },
  {
    name: 'step-end-race-lost',
    says: 'events of a step that come within 40 ms of its ending are accepted',
    patches: [
      {
        file: STEP,
        find: "if (status !== undefined)\n        throw new Rejection('STEP_ALREADY_ENDED'",
        replace:
          "if (status !== undefined && Date.now() - millisOf(step.completedAt) > 40)\n        throw new Rejection('STEP_ALREADY_ENDED'",
      },
    ],
    kills: ['steps/endings-race', 'steps/nothing-behind-completed', 'steps/nothing-behind-failed'],
  },
  {
    name: 'step-updates-all',
    says: 'a start changes every step of its run',
    patches: [
      {
        file: STORE,
        find: 'UPDATE steps SET data = ? WHERE run_key = ? AND step_id = ?',
        replace: 'UPDATE steps SET data = ? WHERE run_key = ? AND ? IS NOT NULL',
      },
    ],
    kills: ['steps/steps-apart'],
  },
  {
    name: 'step-starts-uncounted',
    says: 'starts that come within 40 ms of another are not counted',
    patches: [
      {
        file: STEP,
        find: 'attempt: step.attempt + 1,',
        replace: `attempt: step.status === StepStatus.RUNNING && ${since('step.updatedAt')} < 40 ? step.attempt : step.attempt + 1,`,
      },
    ],
    kills: ['steps/starts-race'],
  },
];
