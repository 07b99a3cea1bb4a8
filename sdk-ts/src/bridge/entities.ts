import type { MessageInitShape } from '@bufbuild/protobuf';
import {
  type HookRunContextSchema,
  type HookSchema,
  ResolveData,
  type RunSchema,
  RunStatusSchema,
  type StepSchema,
  StepStatusSchema,
  upstreamNames,
  type WaitSchema,
  WaitStatusSchema,
} from '@worldwire/proto';
import { fromWorldError, fromWorldPayload, text, toJsonObject, toTimestamp } from './payloads.js';
import type { Loose } from './upstream-world.js';

export const runStatuses = upstreamNames(RunStatusSchema);
const stepStatuses = upstreamNames(StepStatusSchema);
const waitStatuses = upstreamNames(WaitStatusSchema);

/** Whether a run of the World has ended. */
export function hasEnded(run: Loose): boolean {
  return ['completed', 'failed', 'cancelled'].includes(run?.status);
}

/**
 * A run or a step as it is shown without payloads. Upstream leaves out its input and output and keeps its error, which is
 * a payload here, but for the code within it.
 */
export function shown<T extends { error?: Loose; errorCode?: Loose }>(
  entity: T,
  resolveData: ResolveData,
): T {
  if (resolveData !== ResolveData.NONE) return entity;
  return {
    ...entity,
    errorCode: text(entity.errorCode) ?? text(entity.error?.code),
    error: undefined,
  };
}

/** A run of the World. */
export function fromWorldRun(run: Loose, lastPosition = 0n): MessageInitShape<typeof RunSchema> {
  // Below spec version 5 a run's error code is kept within its error.
  const errorCode = text(run.errorCode) ?? text(run.error?.code);
  const error = run.error?.code === errorCode ? withoutCode(run.error) : run.error;
  return {
    runId: String(run.runId ?? ''),
    status: runStatuses.valueOf(run.status) ?? 0,
    workflowName: text(run.workflowName) ?? '',
    deploymentId: text(run.deploymentId) ?? '',
    specVersion: Number(run.specVersion ?? 0),
    executionContext: toJsonObject(run.executionContext),
    input: fromWorldPayload(run.input),
    output: fromWorldPayload(run.output),
    error: fromWorldError(error),
    errorCode,
    cancelReason: text(run.cancelReason),
    attributes: run.attributes ?? {},
    encryptionPublicKey: text(run.encryptionPublicKey),
    expiredAt: toTimestamp(run.expiredAt),
    startedAt: toTimestamp(run.startedAt),
    completedAt: toTimestamp(run.completedAt),
    createdAt: toTimestamp(run.createdAt),
    updatedAt: toTimestamp(run.updatedAt),
    lastPosition,
  };
}

function withoutCode(error: Loose): Loose {
  if (typeof error !== 'object' || error === null || error instanceof Uint8Array) return error;
  const { code: _, ...rest } = error;
  return rest;
}

/** A step of the World. */
export function fromWorldStep(step: Loose): MessageInitShape<typeof StepSchema> {
  return {
    runId: String(step.runId ?? ''),
    stepId: String(step.stepId ?? ''),
    stepName: text(step.stepName) ?? '',
    status: stepStatuses.valueOf(step.status) ?? 0,
    input: fromWorldPayload(step.input),
    output: fromWorldPayload(step.output),
    error: fromWorldError(step.error),
    attempt: Number(step.attempt ?? 0),
    startedAt: toTimestamp(step.startedAt),
    completedAt: toTimestamp(step.completedAt),
    createdAt: toTimestamp(step.createdAt),
    updatedAt: toTimestamp(step.updatedAt),
    retryAfter: toTimestamp(step.retryAfter),
    specVersion: Number(step.specVersion ?? 0),
    computeInstanceId: text(step.computeInstanceId),
  };
}

/** A hook of the World. `run` is the run behind it, where it was read. */
export function fromWorldHook(hook: Loose, run?: Loose): MessageInitShape<typeof HookSchema> {
  return {
    runId: String(hook.runId ?? ''),
    hookId: String(hook.hookId ?? ''),
    token: text(hook.token) ?? '',
    metadata: fromWorldPayload(hook.metadata),
    createdAt: toTimestamp(hook.createdAt),
    specVersion: Number(hook.specVersion ?? 0),
    isWebhook: hook.isWebhook ?? undefined,
    isSystem: hook.isSystem ?? undefined,
    tokenRetentionUntil: toTimestamp(hook.tokenRetentionUntil),
    run: run && contextOf(run),
  };
}

function contextOf(run: Loose): MessageInitShape<typeof HookRunContextSchema> {
  return {
    deploymentId: text(run.deploymentId) ?? '',
    workflowName: text(run.workflowName) ?? '',
    specVersion: Number(run.specVersion ?? 0),
    executionContext: toJsonObject(run.executionContext),
    encryptionPublicKey: text(run.encryptionPublicKey),
  };
}

/** A wait of the World, whose ids there are prefixed with the run's. */
export function fromWorldWait(wait: Loose): MessageInitShape<typeof WaitSchema> {
  const runId = String(wait.runId ?? '');
  const waitId = String(wait.waitId ?? '');
  return {
    runId,
    waitId: waitId.startsWith(`${runId}-`) ? waitId.slice(runId.length + 1) : waitId,
    status: waitStatuses.valueOf(wait.status) ?? 0,
    resumeAt: toTimestamp(wait.resumeAt),
    completedAt: toTimestamp(wait.completedAt),
    createdAt: toTimestamp(wait.createdAt),
    updatedAt: toTimestamp(wait.updatedAt),
    specVersion: Number(wait.specVersion ?? 0),
  };
}
