import { create } from '@bufbuild/protobuf';
import { type Wait, WaitSchema, WaitStatus } from '@worldwire/proto';
import { invalid, Rejection } from './rejection.js';
import { isEnded, requireRun, runAlreadyEnded } from './run.js';
import type { Decision, EventCommand, EventState } from './state.js';

/** The run has no such wait. */
export function waitNotFound(runId: string, waitId: string): Rejection {
  return new Rejection('WAIT_NOT_FOUND', `run ${runId} has no wait ${waitId}`, {
    run_id: runId,
    wait_id: waitId,
  });
}

/** wait_created: inserts a wait, once, while the run is active. */
export function createWait(state: EventState, command: EventCommand): Decision {
  if (command.data.case !== 'waitCreated') throw new TypeError('not a wait_created');
  const run = requireRun(state, command.runId);
  if (isEnded(run.status)) throw runAlreadyEnded(run);
  const { resumeAt } = command.data.value;
  if (resumeAt === undefined) throw invalid('event.wait_created.resume_at', 'is required');
  if (state.wait !== undefined)
    throw new Rejection('WAIT_ALREADY_EXISTS', `wait ${command.correlationId} exists already`, {
      run_id: command.runId,
      wait_id: command.correlationId,
    });
  const next = create(WaitSchema, {
    runId: command.runId,
    waitId: command.correlationId,
    status: WaitStatus.WAITING,
    resumeAt,
    createdAt: command.at,
    updatedAt: command.at,
    specVersion: command.specVersion,
  });
  return { records: [command.data], wait: { next, insert: true } };
}

/** wait_completed: completes a wait, once. The end of the run has removed its waits. */
export function completeWait(state: EventState, command: EventCommand): Decision {
  const run = requireRun(state, command.runId);
  if (state.wait === undefined || isEnded(run.status))
    throw waitNotFound(command.runId, command.correlationId);
  if (state.wait.status === WaitStatus.COMPLETED)
    throw new Rejection(
      'WAIT_ALREADY_COMPLETED',
      `wait ${command.correlationId} is completed already`,
      { run_id: command.runId, wait_id: command.correlationId },
    );
  const next: Wait = {
    ...state.wait,
    status: WaitStatus.COMPLETED,
    completedAt: command.at,
    updatedAt: command.at,
  };
  return { records: [command.data], wait: { next, insert: false } };
}
