import { Code, ConnectError } from '@connectrpc/connect';
import { codeToHttpStatus, codeToString } from '@connectrpc/connect/protocol-connect';
import { ERROR_DOMAIN, ErrorInfoSchema, errorRules, RetryInfoSchema } from '@worldwire/proto';
import { isConnectionFailure } from './connection-failure.js';
import { durationMs } from './duration.js';

/** What a WorldError is made of. */
export interface WorldErrorInit {
  /** The canonical code in Connect's spelling, such as `not_found`. */
  readonly code: string;
  readonly reason?: string | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/** Why a call failed. The one error that this client throws. */
export class WorldError extends Error {
  override readonly name = 'WorldError';
  /** The canonical code in Connect's spelling, such as `not_found`. */
  readonly code: string;
  /** The registry's name, such as `RUN_NOT_FOUND`; undefined without one, and where this build does not know it. */
  readonly reason: string | undefined;
  /** What the World said beside the reason, such as `run_id`. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Whether the same request, with the same request id, may succeed later unchanged. */
  readonly retryable: boolean;
  /** How long the World asks to wait before another try, in milliseconds. */
  readonly retryAfterMs: number | undefined;
  /** The Workflow SDK's class for this error; `WorkflowWorldError` where the reason has none or is unknown. */
  readonly upstreamClass: string;
  /** The HTTP status that the SDK associates with it; where the registry has none, that of the code. */
  readonly upstreamStatus: number;

  constructor(message: string, init: WorldErrorInit) {
    super(message, { cause: init.cause });
    const rule = init.reason === undefined ? undefined : errorRules.get(init.reason);
    this.code = init.code;
    this.reason = rule?.reason;
    this.metadata = init.metadata ?? {};
    this.retryAfterMs = init.retryAfterMs;
    this.retryable = rule?.retryable ?? RETRYABLE_CODES.has(init.code);
    this.upstreamClass = rule?.upstreamClass ?? 'WorkflowWorldError';
    this.upstreamStatus = rule?.upstreamStatus ?? httpStatus(init.code);
  }

  /** Turns anything thrown into a WorldError; one that is a WorldError already is returned as it is. */
  static from(error: unknown): WorldError {
    if (error instanceof WorldError) return error;
    const connectError = ConnectError.from(error);
    const info = connectError
      .findDetails(ErrorInfoSchema)
      .find((detail) => detail.domain === ERROR_DOMAIN);
    const delay = connectError.findDetails(RetryInfoSchema)[0]?.retryDelay;
    const lost = info === undefined && isConnectionFailure(error);
    return new WorldError(connectError.rawMessage, {
      code: codeToString(lost ? Code.Unavailable : connectError.code),
      reason: info?.reason,
      metadata: info?.metadata,
      retryAfterMs: delay === undefined ? undefined : durationMs(delay),
      cause: error,
    });
  }
}

/**
 * The codes that say by themselves that a later try may succeed. Not `resource_exhausted` and `internal`: without a
 * reason they also mean a message that is too large, or one that cannot be read.
 */
const RETRYABLE_CODES: ReadonlySet<string> = new Set(['unavailable', 'deadline_exceeded']);

const statuses: ReadonlyMap<string, number> = new Map(
  Object.values(Code)
    .filter((code): code is Code => typeof code === 'number')
    .map((code) => [codeToString(code), codeToHttpStatus(code)]),
);

function httpStatus(code: string): number {
  return statuses.get(code) ?? 500;
}
