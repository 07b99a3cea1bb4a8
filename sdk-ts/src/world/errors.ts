import { pathToFileURL } from 'node:url';
import type { WorldError } from '../client/error.js';
import { resolveFromApp } from './app.js';

/** The fields that the SDK's error classes have between them. */
interface Fields {
  status?: number | undefined;
  code?: string | undefined;
  /** Seconds. */
  retryAfter?: number | undefined;
  runId?: string | undefined;
  runStatus?: string | undefined;
  token?: string | undefined;
  streamId?: string | undefined;
  field?: string | undefined;
  runSpecVersion?: number | undefined;
  worldSpecVersion?: number | undefined;
  cause?: unknown;
}

/** Codes with which the SDK marks an outcome as unknown, so that it tries again. */
const TRANSPORT = 'TRANSPORT';
const UNAVAILABLE_STATUS = 503;

type Prototypes = Map<string, object>;

/** Bundlers copy this module; every copy finds the classes that one has loaded. */
const PROTOTYPES = Symbol.for('@worldwire/sdk//errorPrototypes');

function prototypes(): Prototypes {
  const store = globalThis as { [PROTOTYPES]?: Prototypes };
  store[PROTOTYPES] ??= new Map();
  return store[PROTOTYPES];
}

/**
 * Loads the application's own error classes, so that `instanceof` holds for what this World throws. Where
 * there are none (a bundled application), errors are told by their name alone, as `X.is(error)` does.
 */
export async function loadErrorClasses(): Promise<void> {
  for (const specifier of ['@workflow/errors', '@workflow/world/attributes-validation.js']) {
    const file = resolveFromApp(specifier);
    if (file === undefined) continue;
    try {
      const loaded = (await import(pathToFileURL(file).href)) as Record<string, unknown>;
      for (const [name, value] of Object.entries(loaded)) {
        if (typeof value === 'function' && value.prototype instanceof Error) {
          prototypes().set(name, value.prototype as object);
        }
      }
    } catch {
      // Their classes are a convenience: names are what the SDK goes by.
    }
  }
}

function makeError(name: string, message: string, { cause, ...fields }: Fields): Error {
  const error = new Error(message, cause === undefined ? undefined : { cause });
  const prototype = prototypes().get(name);
  if (prototype !== undefined) Object.setPrototypeOf(error, prototype);
  Object.defineProperty(error, 'name', {
    value: name,
    writable: true,
    configurable: true,
  });
  for (const [key, value] of Object.entries(fields)) {
    if (value !== undefined) (error as unknown as Record<string, unknown>)[key] = value;
  }
  return error;
}

/** A `WorkflowWorldError`, the SDK's class for everything that has no class of its own. */
export function worldError(message: string, fields: Pick<Fields, 'status' | 'cause'> = {}): Error {
  return makeError('WorkflowWorldError', message, fields);
}

/** Marks the want of a key. */
const KEY_MISSING = 'KEY_MISSING';

/**
 * The error for a key that is not here. Both lines of the SDK take it for an outage, and try again instead of failing
 * the run.
 */
export function keyError(message: string, cause?: unknown): Error {
  return makeError('WorkflowWorldError', message, {
    status: UNAVAILABLE_STATUS,
    code: KEY_MISSING,
    cause,
  });
}

/** Whether an error is one of `keyError`. */
export function isKeyError(error: unknown): error is Error {
  return error instanceof Error && (error as { code?: unknown }).code === KEY_MISSING;
}

/**
 * The error that the Workflow SDK expects for a failed call: its class by name, with that class's fields
 * and the original as `cause`. Anything but a WorldError is returned as it is.
 */
export function toUpstreamError(error: unknown): unknown {
  if (!(error instanceof Error) || error.name !== 'WorldError') return error;
  const cause = error as WorldError;
  const { metadata } = cause;
  const name = cause.upstreamClass;
  const of = (fields: Fields) => makeError(name, cause.message, { ...fields, cause });
  switch (name) {
    case 'WorkflowRunNotFoundError':
      return of({ runId: metadata.run_id });
    case 'HookNotFoundError':
      return of({ token: metadata.token ?? metadata.hook_id });
    case 'EntityConflictError':
      return of({ status: cause.upstreamStatus, code: cause.reason });
    case 'RunExpiredError':
      return of({
        status: cause.upstreamStatus,
        code: 'run-expired',
        runId: metadata.run_id,
        runStatus: metadata.status,
      });
    case 'TooEarlyError':
    case 'ThrottleError':
      return of({ status: cause.upstreamStatus, retryAfter: retryAfterSeconds(cause) });
    case 'StreamExpiredError':
      return of({
        status: cause.upstreamStatus,
        code: 'stream-expired',
        runId: metadata.run_id,
        streamId: metadata.name,
      });
    case 'RunNotSupportedError':
      return of({
        runSpecVersion: numberOf(metadata.spec_version),
        worldSpecVersion: numberOf(metadata.maximum),
      });
    case 'AttributeValidationError':
      return of({ status: cause.upstreamStatus, field: metadata.key });
    default:
      return of({
        status: statusOf(cause),
        code: cause.reason ?? (isTransport(cause) ? TRANSPORT : undefined),
        retryAfter: cause.retryAfterMs === undefined ? undefined : retryAfterSeconds(cause),
      });
  }
}

/** The SDK counts in whole seconds; less than one would be a busy loop. */
function retryAfterSeconds(error: WorldError): number {
  const ms = error.retryAfterMs ?? numberOf(error.metadata.retry_after_ms) ?? 0;
  return Math.max(1, Math.ceil(ms / 1000));
}

function numberOf(text: string | undefined): number | undefined {
  const value = Number(text);
  return text === undefined || Number.isNaN(value) ? undefined : value;
}

/** No answer came: the World is away, or this client was closed under the call. */
function isTransport(error: WorldError): boolean {
  return error.reason === undefined && (error.retryable || error.code === 'canceled');
}

/** A call that was cut off must look retryable, or the SDK would fail the run for it. */
function statusOf(error: WorldError): number {
  return isTransport(error) ? UNAVAILABLE_STATUS : error.upstreamStatus;
}

/** Runs calls to the World and throws what the SDK expects. */
export async function translated<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw toUpstreamError(error);
  }
}
