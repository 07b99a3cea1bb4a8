/**
 * What a World threw, as the reason of the registry.
 *
 * The class is taken from the error's name, or from its status where the name is general (`WorkflowWorldError`, and
 * `WorkflowAPIError` of the 4.1.0 betas):
 *
 * | class, or status of a general one | reason |
 * |---|---|
 * | EntityConflictError, 409 | by the event type, and by a read of the run and of the step after the refusal: see `conflict` |
 * | RunExpiredError, 410 | RUN_GONE |
 * | WorkflowRunNotFoundError | RUN_NOT_FOUND |
 * | HookNotFoundError | HOOK_NOT_FOUND |
 * | TooEarlyError, 425 | TOO_EARLY, with its `retryAfter` |
 * | ThrottleError, 429 | THROTTLED, with its `retryAfter` |
 * | RunNotSupportedError | RUN_NOT_SUPPORTED |
 * | AttributeValidationError | ATTRIBUTE_INVALID |
 * | StreamExpiredError | STREAM_EXPIRED |
 * | 404, or a message that says "not found" | what the call was about: the run, step, hook, wait or event; RUN_NOT_FOUND for a step, wait or event whose run does not exist |
 * | UnsafeEntityIdError, or a message that says that an id is invalid | INVALID_ID; RUN_ID_TIME_OUT_OF_RANGE where it is the time within |
 * | ZodError, 400, 422, or a message that says what is invalid or required | INVALID_ARGUMENT; INVALID_CURSOR, HOOK_RETENTION_TOO_LONG |
 * | anything else | INTERNAL, with the World's own message |
 *
 * Messages are read of errors of the World's own making only: never of a TypeError, nor of an error with a code, which
 * come from the runtime, the file system or the database.
 *
 * A disposal that lost against another is an EntityConflictError upstream. The registry has no conflict for it; what
 * the caller finds is a hook that is not there, HOOK_NOT_FOUND.
 */
import { ConnectError } from '@connectrpc/connect';
import { errorRules } from '@worldwire/proto';
import { hasEnded } from './entities.js';
import { refusal } from './refusal.js';
import type { Loose, UpstreamWorld } from './upstream-world.js';

/** What a call was about. */
export interface About {
  /** The kind of thing that may be missing. */
  readonly kind?: 'run' | 'step' | 'hook' | 'wait' | 'event' | 'stream';
  readonly runId?: string;
  /** The step, hook, wait or event, or the id of an attribute write. */
  readonly id?: string;
  /** The SDK's name of the type of the event that was refused. */
  readonly eventType?: string;
  /** Whether a step_started was to create its step. */
  readonly lazy?: boolean;
  readonly resumeId?: string;
  readonly cursor?: string;
  readonly token?: string;
}

const GENERAL = new Set(['WorkflowWorldError', 'WorkflowAPIError', 'Error']);
const CLASS_BY_STATUS: Readonly<Record<number, string>> = {
  409: 'EntityConflictError',
  410: 'RunExpiredError',
  425: 'TooEarlyError',
  429: 'ThrottleError',
};

/** Turns what a World threw into an error with a reason. */
export async function explain(
  world: UpstreamWorld,
  thrown: unknown,
  about: About,
): Promise<ConnectError> {
  if (thrown instanceof ConnectError) return thrown;
  const error = (typeof thrown === 'object' && thrown !== null ? thrown : {}) as Loose;
  const message = messageOf(thrown);
  const reason = await reasonFor(world, error, message, about);
  const incident: Record<string, string> =
    reason === 'INTERNAL' ? { incident: crypto.randomUUID() } : {};
  return refusal(
    reason,
    message,
    { ...(await metadataOf(world, reason, about)), ...incident },
    retryAfterMs(reason, error),
  );
}

function messageOf(thrown: unknown): string {
  if (thrown instanceof Error) return `${thrown.name}: ${thrown.message}`;
  const message = (thrown as Loose)?.message;
  return typeof message === 'string' ? message : String(thrown);
}

async function reasonFor(
  world: UpstreamWorld,
  error: Loose,
  message: string,
  about: About,
): Promise<string> {
  const name = String(error.name ?? '');
  const general = GENERAL.has(name);
  switch (general ? (CLASS_BY_STATUS[error.status] ?? name) : name) {
    case 'EntityConflictError':
      return conflict(world, about);
    case 'RunExpiredError':
      return 'RUN_GONE';
    case 'WorkflowRunNotFoundError':
      return 'RUN_NOT_FOUND';
    case 'HookNotFoundError':
      return 'HOOK_NOT_FOUND';
    case 'TooEarlyError':
      return 'TOO_EARLY';
    case 'ThrottleError':
      return 'THROTTLED';
    case 'RunNotSupportedError':
      return 'RUN_NOT_SUPPORTED';
    case 'AttributeValidationError':
      return 'ATTRIBUTE_INVALID';
    case 'StreamExpiredError':
      return 'STREAM_EXPIRED';
    case 'UnsafeEntityIdError':
      return 'INVALID_ID';
    case 'ZodError':
    case '$ZodError':
      return 'INVALID_ARGUMENT';
  }
  if (!general || error.code !== undefined) return 'INTERNAL';
  if (error.status === 404 || (error.status === undefined && /\bnot found\b/i.test(message)))
    return missing(world, about, message);
  if (error.status === 400 || error.status === 422 || error.status === undefined)
    return (
      badInput(message, about) ?? (error.status === undefined ? 'INTERNAL' : 'INVALID_ARGUMENT')
    );
  return 'INTERNAL';
}

/** Which of the conflicts it was: decided by what can be read after it. */
async function conflict(world: UpstreamWorld, about: About): Promise<string> {
  const ended = async () => hasEnded(await readRun(world, about));
  switch (about.eventType) {
    case 'run_created':
      return 'RUN_ALREADY_EXISTS';
    case 'run_started':
    case 'run_completed':
    case 'run_failed':
    case 'run_cancelled':
      return 'RUN_ALREADY_ENDED';
    case 'attr_set':
      return (await ended()) ? 'RUN_ALREADY_ENDED' : 'ATTRIBUTES_ALREADY_SET';
    case 'step_created':
      return (await ended()) ? 'RUN_ALREADY_ENDED' : 'STEP_ALREADY_EXISTS';
    case 'step_started':
      if (about.lazy) return (await ended()) ? 'RUN_ALREADY_ENDED' : 'STEP_ALREADY_EXISTS';
      return endedStepOrRun(world, about);
    case 'step_completed':
    case 'step_failed':
    case 'step_retrying':
      return endedStepOrRun(world, about);
    case 'hook_created':
      return (await ended()) ? 'RUN_ALREADY_ENDED' : 'HOOK_ALREADY_EXISTS';
    case 'hook_received':
      if (about.resumeId !== undefined && !(await ended())) return 'RESUME_CONFLICT';
      return 'RUN_ALREADY_ENDED';
    case 'hook_disposed':
      return 'HOOK_NOT_FOUND';
    case 'wait_created':
      return (await ended()) ? 'RUN_ALREADY_ENDED' : 'WAIT_ALREADY_EXISTS';
    case 'wait_completed':
      return 'WAIT_ALREADY_COMPLETED';
    default:
      return 'INTERNAL';
  }
}

async function endedStepOrRun(world: UpstreamWorld, about: About): Promise<string> {
  if (hasEnded(await readStep(world, about))) return 'STEP_ALREADY_ENDED';
  return hasEnded(await readRun(world, about)) ? 'RUN_ALREADY_ENDED' : 'STEP_ALREADY_ENDED';
}

async function missing(world: UpstreamWorld, about: About, message: string): Promise<string> {
  if (/\brun\b[^.]*\bnot found\b/i.test(message) && !/\b(step|event)\b/i.test(message))
    return about.kind === 'hook' && about.eventType !== 'hook_created'
      ? 'HOOK_NOT_FOUND'
      : 'RUN_NOT_FOUND';
  switch (about.kind) {
    case 'hook':
      return 'HOOK_NOT_FOUND';
    case 'step':
    case 'wait':
    case 'event':
      if (await runIsMissing(world, about.runId)) return 'RUN_NOT_FOUND';
      return `${about.kind.toUpperCase()}_NOT_FOUND`;
    case 'run':
      return 'RUN_NOT_FOUND';
    default:
      return 'INTERNAL';
  }
}

function badInput(message: string, about: About): string | undefined {
  if (/timestamp/i.test(message) && /run ?id/i.test(message)) return 'RUN_ID_TIME_OUT_OF_RANGE';
  const worded =
    /\b(invalid|unsafe|malformed|required|requires?|must (be|not|match|contain|start))\b/i;
  if (/\bretention\b/i.test(message) && about.eventType === 'hook_created')
    return 'HOOK_RETENTION_TOO_LONG';
  if (!worded.test(message)) return undefined;
  if (/\bcursor\b/i.test(message)) return 'INVALID_CURSOR';
  if (/\b(invalid|unsafe|malformed)\b[^.]*\b(id|name|path|\w+Id)\b/i.test(message)) {
    return /\bqueue name\b/i.test(message) ? 'INVALID_ARGUMENT' : 'INVALID_ID';
  }
  return 'INVALID_ARGUMENT';
}

function retryAfterMs(reason: string, error: Loose): number | undefined {
  if (reason !== 'TOO_EARLY' && reason !== 'THROTTLED') return undefined;
  // The oldest Worlds put the moment beside the error, as text.
  const retryAfter = error.retryAfter ?? error.meta?.retryAfter;
  if (retryAfter instanceof Date) return Math.max(0, retryAfter.getTime() - Date.now());
  const seconds = Number(retryAfter ?? Number.NaN);
  if (Number.isNaN(seconds) && !Number.isNaN(Date.parse(retryAfter)))
    return Math.max(0, Date.parse(retryAfter) - Date.now());
  return Number.isFinite(seconds) ? Math.max(0, Math.round(seconds * 1000)) : undefined;
}

/** What the registry wants told beside a reason, as far as it is known here. */
async function metadataOf(
  world: UpstreamWorld,
  reason: string,
  about: About,
): Promise<Record<string, string>> {
  const metadata: Record<string, string> = {};
  if (about.runId) metadata.run_id = about.runId;
  if (about.token !== undefined) metadata.token = about.token;
  const entity = /^(STEP|HOOK|WAIT|EVENT)_/.exec(reason)?.[1]?.toLowerCase();
  if (about.id && entity !== undefined) metadata[`${entity}_id`] = about.id;
  if (about.id && reason === 'TOO_EARLY') metadata.step_id = about.id;
  if (about.id && reason === 'ATTRIBUTES_ALREADY_SET') metadata.correlation_id = about.id;
  if (about.resumeId !== undefined && reason === 'RESUME_CONFLICT')
    metadata.resume_id = about.resumeId;
  if (about.cursor !== undefined && reason === 'INVALID_CURSOR') metadata.cursor = about.cursor;
  if (reason === 'RUN_GONE' || reason === 'RUN_ALREADY_ENDED')
    metadata.status = String((await readRun(world, about))?.status ?? '');
  if (reason === 'STEP_ALREADY_ENDED')
    metadata.status = String((await readStep(world, about))?.status ?? '');
  return metadata;
}

/** Whether the World says that there is no such run. */
export async function runIsMissing(
  world: UpstreamWorld,
  runId: string | undefined,
): Promise<boolean> {
  if (!runId) return false;
  try {
    await world.runs.get(runId, { resolveData: 'none' });
    return false;
  } catch (error) {
    // Any other failure says nothing of the run; the call that it is asked for has an answer of its own.
    return saysNoRun(error);
  }
}

/** A run as it is now, without payloads; undefined where the World says that there is none. Throws what else it throws. */
export async function runIfAny(world: UpstreamWorld, runId: string): Promise<Loose> {
  try {
    return await world.runs.get(runId, { resolveData: 'none' });
  } catch (error) {
    if (saysNoRun(error)) return undefined;
    throw error;
  }
}

function saysNoRun(error: unknown): boolean {
  const { name, status, message } = (error ?? {}) as Loose;
  if (name === 'WorkflowRunNotFoundError') return true;
  return GENERAL.has(name) && (status === 404 || /\bnot found\b/i.test(String(message)));
}

/** A run after a refusal, which is told whether or not this read works. */
export async function readRun(world: UpstreamWorld, { runId }: About): Promise<Loose> {
  if (!runId) return undefined;
  return world.runs.get(runId, { resolveData: 'none' }).catch(() => undefined);
}

async function readStep(world: UpstreamWorld, { runId, id }: About): Promise<Loose> {
  if (!runId || !id) return undefined;
  // As with the run: the refusal is told all the same.
  return world.steps.get(runId, id, { resolveData: 'none' }).catch(() => undefined);
}

/** The class of the SDK that a status of `createBatch` stands for. */
export function errorOfStatus(status: number, code: string, message: string): Loose {
  const rule = [...errorRules.values()].find(
    ({ upstreamStatus, upstreamClass }) =>
      upstreamStatus === status && upstreamClass !== undefined && status !== 404,
  );
  return {
    name: rule?.upstreamClass ?? 'WorkflowWorldError',
    status,
    message: `${message} (${code})`,
  };
}
