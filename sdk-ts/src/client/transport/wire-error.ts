import { Code, ConnectError } from '@connectrpc/connect';
import { codeFromHttpStatus, errorFromJsonBytes } from '@connectrpc/connect/protocol-connect';
import { markUnsent } from '../connection-failure.js';

/** How much of a foreign error body, such as a proxy's page, is shown. */
const EXCERPT_BYTES = 200;

/** The error of an HTTP response that is not 200: Connect's JSON form, or else what its status says. */
export function errorFromResponse(
  status: number,
  contentType: string | undefined,
  body: Uint8Array,
): ConnectError {
  const code = codeFromHttpStatus(status);
  if (contentType?.startsWith('application/json')) {
    const fallback = new ConnectError(`HTTP ${status} with an error that cannot be read`, code);
    try {
      return errorFromJsonBytes(body, undefined, fallback);
    } catch {
      return fallback;
    }
  }
  const excerpt = new TextDecoder().decode(body.subarray(0, EXCERPT_BYTES)).trim();
  return new ConnectError(excerpt === '' ? `HTTP ${status}` : `HTTP ${status}: ${excerpt}`, code);
}

/** The error of an exchange that had no response, or only a part of one. */
export function errorFromExchange(error: unknown, requestStarted: boolean): ConnectError {
  if (error instanceof ConnectError) return error;
  const message = error instanceof Error && error.message !== '' ? error.message : String(error);
  const result = new ConnectError(message, exchangeCode(error), undefined, undefined, error);
  return requestStarted ? result : markUnsent(result);
}

/**
 * Errors of sockets, name resolution, TLS and HTTP all carry a code of Node or undici, and mean that the World cannot be
 * reached. So do those of arguments that can never be sent, and faults of code carry none.
 */
function exchangeCode(error: unknown): Code {
  if (!(error instanceof Error && 'code' in error && typeof error.code === 'string')) {
    return Code.Internal;
  }
  return error.code.includes('INVALID_ARG') ? Code.InvalidArgument : Code.Unavailable;
}

export function deadlineExceeded(requestStarted: boolean): ConnectError {
  const error = new ConnectError('the deadline passed', Code.DeadlineExceeded);
  return requestStarted ? error : markUnsent(error);
}

export function abortedBy(signal: AbortSignal): ConnectError {
  return new ConnectError(
    'the call was canceled',
    Code.Canceled,
    undefined,
    undefined,
    signal.reason,
  );
}
