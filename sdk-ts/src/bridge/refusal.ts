import { create } from '@bufbuild/protobuf';
import { durationFromMs as toDuration } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError } from '@connectrpc/connect';
import { codeFromString } from '@connectrpc/connect/protocol-connect';
import {
  Capability,
  ERROR_DOMAIN,
  ErrorInfoSchema,
  errorRules,
  RetryInfoSchema,
} from '@worldwire/proto';

/** Makes the error of a reason: its code by the registry, one ErrorInfo, and RetryInfo where a wait is known. */
export function refusal(
  reason: string,
  message: string,
  metadata: Readonly<Record<string, string>> = {},
  retryAfterMs?: number,
): ConnectError {
  const rule = errorRules.get(reason);
  const error = new ConnectError(message, codeFromString(rule?.code ?? 'unknown') ?? Code.Unknown);
  const all = { ...metadata };
  if (retryAfterMs !== undefined) all.retry_after_ms = String(retryAfterMs);
  error.details.push({
    desc: ErrorInfoSchema,
    value: create(ErrorInfoSchema, { reason, domain: ERROR_DOMAIN, metadata: all }),
  });
  if (retryAfterMs !== undefined)
    error.details.push({
      desc: RetryInfoSchema,
      value: create(RetryInfoSchema, { retryDelay: toDuration(retryAfterMs) }),
    });
  return error;
}

/** The reason that an error carries, or undefined. */
export function reasonOf(error: ConnectError): string | undefined {
  return error.findDetails(ErrorInfoSchema).find((info) => info.domain === ERROR_DOMAIN)?.reason;
}

/** A field of the request is not what it must be. */
export function invalid(field: string, problem: string): ConnectError {
  return refusal('INVALID_ARGUMENT', `${field} ${problem}`, { field, problem });
}

/** The World lacks what the call needs. */
export function notDeclared(capability: Capability, what: string): ConnectError {
  const name = `CAPABILITY_${Capability[capability]}`;
  return refusal('CAPABILITY_NOT_DECLARED', `this World does not declare ${name}: ${what}`, {
    capability: name,
  });
}
