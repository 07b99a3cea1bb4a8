import { create } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import { codeFromString } from '@connectrpc/connect/protocol-connect';
import { ERROR_DOMAIN, ErrorInfoSchema, errorRules, RetryInfoSchema } from '@worldwire/proto';
import { type Reason, Rejection } from '../core/rejection.js';
import { durationFromMs } from './duration.js';
import type { Log } from './log.js';

/** Makes the error of a reason: its code by the registry, one ErrorInfo, and RetryInfo where a wait is known. */
export function refusal(
  reason: Reason,
  message: string,
  metadata: Readonly<Record<string, string>> = {},
  retryAfterMs?: number,
): ConnectError {
  const code = codeFromString(errorRules.get(reason)!.code) ?? Code.Unknown;
  const error = new ConnectError(message, code);
  const all = { ...metadata };
  if (retryAfterMs !== undefined) all.retry_after_ms ??= String(Math.ceil(retryAfterMs));
  error.details.push({
    desc: ErrorInfoSchema,
    value: create(ErrorInfoSchema, { reason, domain: ERROR_DOMAIN, metadata: all }),
  });
  if (retryAfterMs !== undefined)
    error.details.push({
      desc: RetryInfoSchema,
      value: create(RetryInfoSchema, { retryDelay: durationFromMs(Math.ceil(retryAfterMs)) }),
    });
  return error;
}

/** The reason's name that an error carries, or undefined. */
export function reasonOf(error: ConnectError): string | undefined {
  return error.findDetails(ErrorInfoSchema).find((info) => info.domain === ERROR_DOMAIN)?.reason;
}

/** Turns whatever was thrown into an error with exactly one ErrorInfo. Faults are logged and named, never told. */
export function toConnectError(thrown: unknown, log: Log): ConnectError {
  if (thrown instanceof Rejection)
    return refusal(thrown.reason, thrown.message, thrown.metadata, thrown.retryAfterMs);
  if (thrown instanceof ConnectError)
    return reasonOf(thrown) === undefined ? explain(thrown, log) : thrown;
  return fault(thrown, log);
}

/** An error of the World's own making, under a number that its log knows. */
export function fault(thrown: unknown, log: Log): ConnectError {
  const incident = crypto.randomUUID();
  log.error({ incident, err: thrown }, 'a request failed for a fault of the World');
  return refusal(
    'INTERNAL',
    `the World failed; its operator finds the cause in its log under incident ${incident}`,
    { incident },
  );
}

/** Gives an error of the RPC library the reason that it lacks. Those of gRPC's own services have none. */
export function explain(error: ConnectError, log: Log): ConnectError {
  const message = error.rawMessage;
  switch (error.code) {
    case Code.InvalidArgument:
    case Code.DataLoss:
    case Code.Unimplemented:
      return malformed(message);
    case Code.ResourceExhausted:
      return message.includes('readMaxBytes')
        ? tooLarge(Number(/readMaxBytes (\d+)/.exec(message)?.[1]), /size (\d+)/.exec(message)?.[1])
        : refusal('THROTTLED', message, {}, 1_000);
    case Code.DeadlineExceeded:
      return deadlineExceeded();
    case Code.Canceled:
    case Code.Aborted:
      return cancelled();
    case Code.NotFound:
      return error;
    case Code.Unavailable:
      return refusal('UNAVAILABLE', message);
    default:
      if (message.startsWith('parse binary: '))
        return malformed(message.slice('parse binary: '.length));
      // The library knows broken bytes for the caller's fault, but not those that are cut off.
      return message === 'decompression failed' ? malformed(message) : fault(error, log);
  }
}

/** The request is not what its content type says. */
export function malformed(problem: string): ConnectError {
  return refusal('INVALID_ARGUMENT', `the request is malformed: ${problem}`, {
    field: 'request',
    problem,
  });
}

/** The request has more bytes than the World takes. `actual` is absent where they were not counted to the end. */
export function tooLarge(maximum: number, actual?: string): ConnectError {
  return refusal('PAYLOAD_TOO_LARGE', `a request has at most ${maximum} bytes`, {
    limit: 'max_request_bytes',
    maximum: String(maximum),
    actual: actual ?? `more than ${maximum}`,
  });
}

/** The caller's deadline has passed. */
export function deadlineExceeded(): ConnectError {
  return refusal('DEADLINE_EXCEEDED', 'the deadline passed before the World could answer');
}

/** The caller went away. */
export function cancelled(): ConnectError {
  return refusal('CANCELLED', 'the caller went away');
}

/** The server stops. */
export function shuttingDown(): ConnectError {
  return refusal('SHUTTING_DOWN', 'the server is stopping: connect again');
}

/** No such method. */
export function methodNotFound(method: string): ConnectError {
  return refusal('METHOD_NOT_FOUND', `this World has no method ${method}`, { method });
}
