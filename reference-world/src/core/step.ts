import { create } from '@bufbuild/protobuf';
import {
  type Run,
  type Step,
  StepCreatedSchema,
  StepSchema,
  type StepStarted,
  StepStartedSchema,
  StepStatus,
} from '@worldwire/proto';
import { invalid, Rejection } from './rejection.js';
import { isEnded, requireRun, runAlreadyEnded, runGone } from './run.js';
import type { Decision, EventCommand, EventState } from './state.js';
import { millisOf } from './time.js';

const STATUS_NAMES: Readonly<Record<number, string>> = {
  [StepStatus.COMPLETED]: 'completed',
  [StepStatus.FAILED]: 'failed',
  [StepStatus.CANCELLED]: 'cancelled',
};

/** step_created: inserts a pending step, once, while the run is active. */
export function createStep(state: EventState, command: EventCommand): Decision {
  if (command.data.case !== 'stepCreated') throw new TypeError('not a step_created');
  const data = command.data.value;
  refuseExisting(state, command);
  const next = newStep(command, data.stepName, data.input);
  return { records: [command.data], step: { next, payloads: {}, insert: true } };
}

/**
 * step_started: begins a try. With a name and an input it creates the step as well. A running step may be started
 * again, because the try before may have died with its process.
 */
export function startStep(state: EventState, command: EventCommand, data: StepStarted): Decision {
  if (data.input !== undefined) return createStarted(state, command, data);
  const run = requireRun(state, command.runId);
  const step = requireStep(state, command);
  refuseEnded(step);
  if (isEnded(run.status)) throw runGone(run);
  const retryAt = step.retryAfter ? millisOf(step.retryAfter) : 0;
  if (step.status === StepStatus.PENDING && retryAt > command.now)
    throw new Rejection(
      'TOO_EARLY',
      `step ${step.stepId} may start again in ${retryAt - command.now} ms`,
      {
        run_id: step.runId,
        step_id: step.stepId,
        retry_after_ms: String(retryAt - command.now),
      },
      retryAt - command.now,
    );
  const next = started(step, command);
  return {
    records: [{ case: 'stepStarted', value: startedRecord(data, next.attempt) }],
    step: { next, payloads: {}, insert: false },
  };
}

/** step_completed: ends a step with a result. A step that was never started may end too. */
export function completeStep(state: EventState, command: EventCommand): Decision {
  if (command.data.case !== 'stepCompleted') throw new TypeError('not a step_completed');
  const step = requireOpenStep(state, command);
  const { result } = command.data.value;
  return {
    records: [command.data],
    step: {
      next: ended(step, command, StepStatus.COMPLETED),
      payloads: result === undefined ? {} : { output: result },
      insert: false,
    },
  };
}

/** step_failed: ends a step with an error. After the run's end only a step whose try is under way may fail. */
export function failStep(state: EventState, command: EventCommand): Decision {
  if (command.data.case !== 'stepFailed') throw new TypeError('not a step_failed');
  const step = requireOpenStep(state, command);
  const run = requireRun(state, command.runId);
  if (isEnded(run.status) && step.status !== StepStatus.RUNNING) throw runGone(run);
  const { error } = command.data.value;
  return {
    records: [command.data],
    step: {
      next: ended(step, command, StepStatus.FAILED),
      payloads: error === undefined ? {} : { error },
      insert: false,
    },
  };
}

/** step_retrying: back to pending, until its retry time where it has one. */
export function retryStep(state: EventState, command: EventCommand): Decision {
  if (command.data.case !== 'stepRetrying') throw new TypeError('not a step_retrying');
  const step = requireOpenStep(state, command);
  const { error, retryAfter } = command.data.value;
  const next: Step = { ...step, status: StepStatus.PENDING, updatedAt: command.at };
  if (retryAfter === undefined) delete next.retryAfter;
  else next.retryAfter = retryAfter;
  return {
    records: [command.data],
    step: { next, payloads: error === undefined ? {} : { error }, insert: false },
  };
}

function createStarted(state: EventState, command: EventCommand, data: StepStarted): Decision {
  if (data.stepName === undefined)
    throw invalid('event.step_started.step_name', 'is required where input is given');
  refuseExisting(state, command);
  const created = create(StepCreatedSchema, { stepName: data.stepName });
  if (data.workflowName !== undefined) created.workflowName = data.workflowName;
  if (data.input !== undefined) created.input = data.input;
  const next = started(newStep(command, data.stepName, data.input), command);
  return {
    records: [
      { case: 'stepCreated', value: created },
      { case: 'stepStarted', value: startedRecord(data, next.attempt) },
    ],
    step: { next, payloads: {}, insert: true },
    stepCreated: true,
  };
}

function newStep(command: EventCommand, stepName: string, input: Uint8Array | undefined): Step {
  const step = create(StepSchema, {
    runId: command.runId,
    stepId: command.correlationId,
    stepName,
    status: StepStatus.PENDING,
    createdAt: command.at,
    updatedAt: command.at,
    specVersion: command.specVersion,
  });
  if (input !== undefined) step.input = input;
  return step;
}

function started(step: Step, command: EventCommand): Step {
  const next: Step = {
    ...step,
    status: StepStatus.RUNNING,
    attempt: step.attempt + 1,
    startedAt: step.startedAt ?? command.at,
    updatedAt: command.at,
  };
  delete next.retryAfter;
  if (command.computeInstanceId === undefined) delete next.computeInstanceId;
  else next.computeInstanceId = command.computeInstanceId;
  return next;
}

function ended(step: Step, command: EventCommand, status: StepStatus): Step {
  const next: Step = { ...step, status, completedAt: command.at, updatedAt: command.at };
  delete next.retryAfter;
  return next;
}

/** The start as it is stored: with the World's own count, without the input that the creation carries. */
function startedRecord(data: StepStarted, attempt: number): StepStarted {
  const record: StepStarted = { ...data, attempt };
  delete record.input;
  return create(StepStartedSchema, record);
}

function refuseExisting(state: EventState, command: EventCommand): void {
  const run: Run = requireRun(state, command.runId);
  if (isEnded(run.status)) throw runAlreadyEnded(run);
  if (state.step !== undefined)
    throw new Rejection('STEP_ALREADY_EXISTS', `step ${command.correlationId} exists already`, {
      run_id: command.runId,
      step_id: command.correlationId,
    });
}

function requireStep(state: EventState, command: EventCommand): Step {
  requireRun(state, command.runId);
  if (state.step === undefined)
    throw new Rejection(
      'STEP_NOT_FOUND',
      `run ${command.runId} has no step ${command.correlationId}`,
      { run_id: command.runId, step_id: command.correlationId },
    );
  return state.step;
}

function requireOpenStep(state: EventState, command: EventCommand): Step {
  const step = requireStep(state, command);
  refuseEnded(step);
  const run = requireRun(state, command.runId);
  if (run.expiredAt !== undefined) throw runGone(run);
  return step;
}

function refuseEnded(step: Step): void {
  const status = STATUS_NAMES[step.status];
  if (status !== undefined)
    throw new Rejection('STEP_ALREADY_ENDED', `step ${step.stepId} is ${status} already`, {
      run_id: step.runId,
      step_id: step.stepId,
      status,
    });
}
