import { type Event, RunStatus, StepStatus, WaitStatus } from '@worldwire/proto';
import { msOf } from './events.js';
import { failureDigest, type PayloadMember, payloadsOf } from './payloads.js';

/** A run as its log makes it. */
export interface ReplayedRun {
  status: RunStatus;
  workflowName: string;
  deploymentId: string;
  specVersion: number;
  attributes: Map<string, string>;
  errorCode: string | undefined;
  input: string | undefined;
  output: string | undefined;
  error: string | undefined;
  started: boolean;
  lastPosition: bigint;
}

/** A step as its log makes it. Undefined members may be anything. */
export interface ReplayedStep {
  status: StepStatus;
  stepName: string;
  attempt: number;
  input: string | undefined;
  output: string | undefined;
  error: string | undefined;
  /** The retry time that must be told, in milliseconds; "none" where none may be. */
  retryAfter: number | 'none' | undefined;
}

/** A hook that no event has removed. */
export interface ReplayedHook {
  token: string;
  metadata: string | undefined;
  isWebhook: boolean | undefined;
  /** Whether it may stay beyond the run's end. */
  retained: boolean;
}

/** A wait as its log makes it. */
export interface ReplayedWait {
  status: WaitStatus;
  resumeAt: number | undefined;
}

/** What a whole log makes of a run. */
export interface Replay {
  readonly run: ReplayedRun;
  readonly steps: Map<string, ReplayedStep>;
  readonly hooks: Map<string, ReplayedHook>;
  readonly waits: Map<string, ReplayedWait>;
}

/** Whether a run has ended. */
export function isEnded(status: RunStatus): boolean {
  return [RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELLED].includes(status);
}

/** Makes the records that a log leads to; undefined for a log that does not begin with run_created. */
export function replay(log: readonly Event[]): Replay | undefined {
  const [first] = log;
  if (first?.data.case !== 'runCreated') return undefined;
  const { workflowName, deploymentId, attributes } = first.data.value;
  const made: Replay = {
    run: {
      status: RunStatus.PENDING,
      workflowName,
      deploymentId,
      specVersion: first.specVersion,
      attributes: new Map(Object.entries(attributes)),
      errorCode: undefined,
      input: payload(first, 'input'),
      output: undefined,
      error: undefined,
      started: false,
      lastPosition: first.position,
    },
    steps: new Map(),
    hooks: new Map(),
    waits: new Map(),
  };
  for (const event of log.slice(1)) apply(made, event);
  return made;
}

function apply({ run, steps, hooks, waits }: Replay, event: Event): void {
  const { data, correlationId: id } = event;
  run.lastPosition = event.position;
  const step = steps.get(id);
  const wait = waits.get(id);
  switch (data.case) {
    case 'runStarted':
      run.started = true;
      if (!isEnded(run.status)) run.status = RunStatus.RUNNING;
      break;
    case 'runCompleted':
      end(run, RunStatus.COMPLETED, event);
      break;
    case 'runFailed':
      if (!isEnded(run.status)) run.errorCode = data.value.errorCode;
      end(run, RunStatus.FAILED, event);
      break;
    case 'runCancelled':
      end(run, RunStatus.CANCELLED, event);
      break;
    case 'attrSet':
      for (const { key, value } of data.value.changes)
        if (value === undefined) run.attributes.delete(key);
        else run.attributes.set(key, value);
      break;
    case 'stepCreated':
      steps.set(id, {
        status: StepStatus.PENDING,
        stepName: data.value.stepName,
        attempt: 0,
        input: payload(event, 'input'),
        output: undefined,
        error: undefined,
        retryAfter: 'none',
      });
      break;
    case 'stepStarted':
      if (step === undefined) break;
      Object.assign(step, { status: StepStatus.RUNNING, attempt: step.attempt + 1 });
      // The error of the try before may be shown or not.
      Object.assign(step, { error: undefined, retryAfter: 'none' });
      break;
    case 'stepCompleted':
      if (step === undefined) break;
      Object.assign(step, { status: StepStatus.COMPLETED, output: payload(event, 'result') });
      Object.assign(step, { error: undefined, retryAfter: undefined });
      break;
    case 'stepFailed':
      if (step === undefined) break;
      Object.assign(step, { status: StepStatus.FAILED, error: payload(event, 'error') });
      step.retryAfter = undefined;
      break;
    case 'stepRetrying':
      if (step === undefined) break;
      Object.assign(step, { status: StepStatus.PENDING, error: payload(event, 'error') });
      step.retryAfter = msOf(data.value.retryAfter);
      break;
    case 'hookCreated':
      hooks.set(id, {
        token: data.value.token,
        metadata: payload(event, 'metadata'),
        isWebhook: data.value.isWebhook,
        retained: data.value.tokenRetentionUntil !== undefined,
      });
      break;
    case 'hookDisposed':
      hooks.delete(id);
      break;
    case 'waitCreated':
      waits.set(id, { status: WaitStatus.WAITING, resumeAt: msOf(data.value.resumeAt) });
      break;
    case 'waitCompleted':
      if (wait !== undefined) wait.status = WaitStatus.COMPLETED;
      break;
    default:
      // Payloads, conflicts and held positions change no record.
      break;
  }
}

/** The first ending counts; another one is for those who judge logs. */
function end(run: ReplayedRun, status: RunStatus, event: Event): void {
  if (isEnded(run.status)) return;
  run.status = status;
  const { data } = event;
  if (data.case === 'runCompleted') run.output = payload(event, 'output');
  if (data.case === 'runFailed' && data.value.error !== undefined)
    run.error = failureDigest(data.value.error);
}

function payload(event: Event, member: PayloadMember): string | undefined {
  return payloadsOf(event)?.get(member);
}
