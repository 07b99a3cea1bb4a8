/** Node's and undici's error codes of a connection that could not be made, so that nothing was sent. */
const NOT_CONNECTED: ReadonlySet<string> = new Set([
  'EAI_AGAIN',
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** The codes of a connection that broke, when what was sent may have arrived. */
const BROKEN: ReadonlySet<string> = new Set([
  'ECONNABORTED',
  'ECONNRESET',
  'EPIPE',
  'ERR_HTTP2_INVALID_SESSION',
  'ERR_HTTP2_SESSION_ERROR',
  'ERR_HTTP2_STREAM_ERROR',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ETIMEDOUT',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
  'UND_ERR_SOCKET',
]);

/** Longer chains of causes are not searched; a chain may be a circle. */
const MAX_CAUSES = 8;

/** Whether an error, or a cause of it, is that of a connection which could not be made, or which broke. */
export function isConnectionFailure(error: unknown): boolean {
  return causes(error).some(({ code }) => NOT_CONNECTED.has(code) || BROKEN.has(code));
}

/** Whether the call that failed with this error cannot have reached the server. */
export function isUnsent(error: unknown): boolean {
  return causes(error).some(
    ({ error, code }) => unsentErrors.has(error) || NOT_CONNECTED.has(code),
  );
}

const unsentErrors = new WeakSet<Error>();

/** Records that the call which failed with this error had not sent anything, whatever the error is. */
export function markUnsent<E extends Error>(error: E): E {
  unsentErrors.add(error);
  return error;
}

/** The error and its causes, each with its code, or an empty one. */
function causes(error: unknown): { readonly error: Error; readonly code: string }[] {
  const chain = [];
  let cause = error;
  while (cause instanceof Error && chain.length < MAX_CAUSES) {
    const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
    chain.push({ error: cause, code });
    cause = cause.cause;
  }
  return chain;
}
