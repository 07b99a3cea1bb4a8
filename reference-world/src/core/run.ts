import { create } from '@bufbuild/protobuf';
import {
  type AttrSet,
  type Run,
  RunCompletedSchema,
  type RunCreated,
  RunSchema,
  RunStartedSchema,
  RunStatus,
} from '@worldwire/proto';
import { applyAttributes, checkAttributeEventSize, RETENTION_ATTRIBUTE } from './attributes.js';
import { Rejection } from './rejection.js';
import {
  type Decision,
  type EventCommand,
  type EventState,
  type Recorded,
  UNCHANGED,
} from './state.js';

const STATUS_NAMES: Readonly<Record<number, string>> = {
  [RunStatus.COMPLETED]: 'completed',
  [RunStatus.FAILED]: 'failed',
  [RunStatus.CANCELLED]: 'cancelled',
};

/** Whether a run in this state can change no more. */
export function isEnded(status: RunStatus): boolean {
  return (
    status === RunStatus.COMPLETED || status === RunStatus.FAILED || status === RunStatus.CANCELLED
  );
}

/** Returns the run of a state, or refuses with RUN_NOT_FOUND. */
export function requireRun(state: EventState, runId: string): Run {
  if (state.row === undefined) throw runNotFound(runId);
  return state.row.run;
}

/** No run has this id. */
export function runNotFound(runId: string): Rejection {
  return new Rejection('RUN_NOT_FOUND', `there is no run ${runId} in this project`, {
    run_id: runId,
  });
}

/** The run has ended, and the event cannot follow its end. */
export function runAlreadyEnded(run: Run): Rejection {
  const status = STATUS_NAMES[run.status] ?? 'ended';
  return new Rejection('RUN_ALREADY_ENDED', `run ${run.runId} is ${status} already`, {
    run_id: run.runId,
    status,
  });
}

/** The run has ended, and there is nothing left to execute. */
export function runGone(run: Run): Rejection {
  const status = STATUS_NAMES[run.status] ?? 'ended';
  return new Rejection('RUN_GONE', `run ${run.runId} is ${status}: drop its work`, {
    run_id: run.runId,
    status,
  });
}

/** run_created: inserts a pending run; an existing one is refused. */
export function createRun(state: EventState, command: EventCommand, data: RunCreated): Decision {
  if (state.row !== undefined)
    throw new Rejection('RUN_ALREADY_EXISTS', `run ${command.runId} exists already`, {
      run_id: command.runId,
    });
  return {
    records: [{ case: 'runCreated', value: data }],
    newRun: { run: newRun(command, data), created: data },
  };
}

/** run_started: pending to running; creates an absent run first where the event says how. */
export function startRun(
  state: EventState,
  command: EventCommand,
  creation: RunCreated | undefined,
): Decision {
  const started: Recorded = { case: 'runStarted', value: create(RunStartedSchema) };
  if (state.row === undefined) {
    if (creation === undefined) throw runNotFound(command.runId);
    const run = newRun(command, creation);
    run.status = RunStatus.RUNNING;
    run.startedAt = command.at;
    return {
      records: [{ case: 'runCreated', value: creation }, started],
      newRun: { run, created: creation },
    };
  }
  const { run } = state.row;
  if (isEnded(run.status)) throw runGone(run);
  if (run.status === RunStatus.RUNNING) return UNCHANGED;
  return {
    records: [started],
    run: {
      next: { ...run, status: RunStatus.RUNNING, startedAt: command.at, updatedAt: command.at },
      payloads: {},
    },
  };
}

/** run_completed and run_failed: the first ending of a run wins. */
export function finishRun(state: EventState, command: EventCommand): Decision {
  const run = requireRun(state, command.runId);
  if (isEnded(run.status)) throw runAlreadyEnded(run);
  const { data } = command;
  if (data.case === 'runCompleted') {
    const { output } = data.value;
    return ending(run, command, { ...run, status: RunStatus.COMPLETED }, output && { output });
  }
  if (data.case !== 'runFailed') throw new TypeError(`${data.case} ends no run`);
  const { error, errorCode } = data.value;
  const failed: Run = { ...run, status: RunStatus.FAILED };
  if (errorCode !== undefined) failed.errorCode = errorCode;
  return ending(run, command, failed, error && { error });
}

/** run_cancelled: ends an active run; a cancelled one stays as it is. */
export function cancelRun(
  state: EventState,
  command: EventCommand,
  cancelReason: string | undefined,
): Decision {
  const run = requireRun(state, command.runId);
  if (run.status === RunStatus.CANCELLED) return UNCHANGED;
  if (isEnded(run.status)) throw runAlreadyEnded(run);
  const cancelled: Run = { ...run, status: RunStatus.CANCELLED };
  if (cancelReason !== undefined) cancelled.cancelReason = cancelReason;
  return ending(run, command, cancelled, undefined);
}

/** attr_set: merges changes into an active run's attributes, once for each write of the workflow. */
export function setAttributes(state: EventState, command: EventCommand, data: AttrSet): Decision {
  const run = requireRun(state, command.runId);
  if (isEnded(run.status)) throw runAlreadyEnded(run);
  if (state.attributesWritten)
    throw new Rejection(
      'ATTRIBUTES_ALREADY_SET',
      `the workflow has written ${command.correlationId} before`,
      { run_id: run.runId, correlation_id: command.correlationId },
    );
  checkAttributeEventSize(data, command.limits);
  const attributes = applyAttributes(
    run.attributes,
    data.changes,
    data.allowReservedAttributes,
    command.limits,
  );
  return {
    records: [{ case: 'attrSet', value: data }],
    run: { next: { ...run, attributes, updatedAt: command.at }, payloads: {} },
  };
}

function newRun(command: EventCommand, data: RunCreated): Run {
  const attributes = applyAttributes(
    {},
    Object.entries(data.attributes).map(([key, value]) => ({ key, value })),
    data.allowReservedAttributes,
    command.limits,
  );
  const run = create(RunSchema, {
    runId: command.runId,
    status: RunStatus.PENDING,
    workflowName: data.workflowName,
    deploymentId: data.deploymentId,
    specVersion: command.specVersion,
    attributes,
    createdAt: command.at,
    updatedAt: command.at,
  });
  if (data.executionContext !== undefined) run.executionContext = data.executionContext;
  if (data.input !== undefined) run.input = data.input;
  if (data.encryptionPublicKey !== undefined) run.encryptionPublicKey = data.encryptionPublicKey;
  if (data.encryptionKeyId !== undefined) run.encryptionKeyId = data.encryptionKeyId;
  return run;
}

function ending(
  before: Run,
  command: EventCommand,
  after: Run,
  payloads: import('../store/operations.js').Payloads | undefined,
): Decision {
  const purge = before.attributes[RETENTION_ATTRIBUTE] === '0';
  const next: Run = { ...after, completedAt: command.at, updatedAt: command.at };
  if (purge) next.expiredAt = command.at;
  const record =
    command.data.case === 'runCompleted' && command.data.value.output === undefined
      ? ({ case: 'runCompleted', value: create(RunCompletedSchema) } as const)
      : command.data;
  return {
    records: [record],
    run: { next, payloads: payloads ?? {} },
    ended: true,
    purge,
  };
}
