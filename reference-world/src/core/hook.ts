import { create } from '@bufbuild/protobuf';
import {
  type Hook,
  HookConflictSchema,
  type HookCreated,
  type HookReceived,
  type HookRunContext,
  HookRunContextSchema,
  HookSchema,
  type Run,
} from '@worldwire/proto';
import type { TokenRow } from '../store/operations.js';
import { Rejection } from './rejection.js';
import { isEnded, requireRun, runAlreadyEnded, runGone } from './run.js';
import type { Decision, EventCommand, EventState } from './state.js';
import { millisOf } from './time.js';

const DAY_MS = 86_400_000;

/** Whether the run of a token's holder has ended, and the retention of the token with it. */
export function isLapsed(holder: TokenRow, now: number): boolean {
  return isEnded(holder.runStatus) && holder.retainedUntil <= now;
}

/** No live hook has this id. */
export function hookNotFound(hookId: string): Rejection {
  return new Rejection('HOOK_NOT_FOUND', `there is no live hook ${hookId}`, { hook_id: hookId });
}

/** What a hook tells about its run. */
export function hookRunContext(run: Run): HookRunContext {
  const context = create(HookRunContextSchema, {
    deploymentId: run.deploymentId,
    workflowName: run.workflowName,
    specVersion: run.specVersion,
  });
  if (run.executionContext !== undefined) context.executionContext = run.executionContext;
  if (run.encryptionPublicKey !== undefined) context.encryptionPublicKey = run.encryptionPublicKey;
  if (run.encryptionKeyId !== undefined) context.encryptionKeyId = run.encryptionKeyId;
  return context;
}

/**
 * hook_created: takes the token and inserts the hook, once for each id. A token that another hook holds makes the event
 * a hook_conflict; a holder whose run has ended and whose retention is over gives way.
 */
export function createHook(state: EventState, command: EventCommand, data: HookCreated): Decision {
  const run = requireRun(state, command.runId);
  if (isEnded(run.status)) throw runAlreadyEnded(run);
  if (state.hook !== undefined)
    throw new Rejection(
      'HOOK_ALREADY_EXISTS',
      `run ${command.runId} has created hook ${command.correlationId} before`,
      { run_id: command.runId, hook_id: command.correlationId },
    );
  refuseLongRetention(command, data);
  const next = create(HookSchema, {
    runId: command.runId,
    hookId: command.correlationId,
    token: data.token,
    createdAt: command.at,
    specVersion: command.specVersion,
    run: hookRunContext(run),
  });
  if (data.metadata !== undefined) next.metadata = data.metadata;
  if (data.isWebhook !== undefined) next.isWebhook = data.isWebhook;
  if (data.isSystem !== undefined) next.isSystem = data.isSystem;
  if (data.tokenRetentionUntil !== undefined) next.tokenRetentionUntil = data.tokenRetentionUntil;

  const holder = state.token;
  if (holder === undefined) return { records: [command.data], hook: { next, state: 'live' } };
  if (isLapsed(holder, command.now))
    return { records: [command.data], hook: { next, state: 'live' }, dropToken: data.token };
  const conflict = create(HookConflictSchema, {
    token: data.token,
    conflictingRunId: holder.runId,
  });
  return {
    records: [{ case: 'hookConflict', value: conflict }],
    hook: { next: withoutMetadata(next), state: 'conflicted' },
  };
}

/** A hook that never existed keeps no payload. */
function withoutMetadata({ metadata: _metadata, ...hook }: Hook): Hook {
  return hook;
}

/** hook_received: appends a payload for a live hook; under a resume_id, once. */
export function receiveHook(
  state: EventState,
  command: EventCommand,
  data: HookReceived,
): Decision {
  const { resumeId, correlationId, runId } = command;
  const digest = command.resumePayloadDigest ?? '';
  if (state.resume !== undefined) {
    if (state.resume.hookId === correlationId && state.resume.digest === digest)
      return { records: [], repeated: state.resume.position };
    throw new Rejection(
      'RESUME_CONFLICT',
      `resume ${resumeId} went to another hook or carried another payload`,
      { run_id: runId, resume_id: resumeId ?? '' },
    );
  }
  const run = state.row?.run;
  if (run === undefined || state.hook?.state !== 'live') throw hookNotFound(correlationId);
  if (isEnded(run.status)) throw runGone(run);
  return {
    records: [{ case: 'hookReceived', value: data }],
    ...(resumeId === undefined ? {} : { resume: { hookId: correlationId, digest } }),
  };
}

/** hook_disposed: removes a live hook and frees its token. */
export function disposeHook(state: EventState, command: EventCommand): Decision {
  const run = state.row?.run;
  if (run === undefined || state.hook?.state !== 'live' || isEnded(run.status))
    throw hookNotFound(command.correlationId);
  return { records: [command.data], disposeHook: true };
}

function refuseLongRetention(command: EventCommand, data: HookCreated): void {
  if (data.tokenRetentionUntil === undefined) return;
  const days = command.limits.maxHookRetentionDays;
  if (millisOf(data.tokenRetentionUntil) > command.now + days * DAY_MS)
    throw new Rejection(
      'HOOK_RETENTION_TOO_LONG',
      `a token may be retained for at most ${days} days`,
      { maximum_days: String(days) },
    );
}
