import type { Context } from 'hono';

export interface ErrorDescription {
  name: string;
  message: string;
  code?: string;
  cause?: ErrorDescription;
}

/** SDK 4 hangs the failure's code on the cause, SDK 5 on the error itself. */
export function describeError(error: unknown): ErrorDescription {
  if (!(error instanceof Error)) return { name: typeof error, message: String(error) };
  const { errorCode, code } = error as { errorCode?: string; code?: string };
  const { name, message, cause } = error;
  return {
    name,
    message,
    code: errorCode ?? code,
    cause: cause === undefined ? undefined : describeError(cause),
  };
}

const NOT_FOUND = new Set(['HookNotFoundError', 'WorkflowRunNotFoundError']);

export function errorResponse(c: Context, error: unknown): Response {
  const description = describeError(error);
  return c.json({ error: description }, NOT_FOUND.has(description.name) ? 404 : 500);
}
