/** The rules of the queue that need no store. Pure. */

const FIRST_BACKOFF_MS = 1_000;
const MAX_BACKOFF_MS = 60_000;

/** How long a message waits after its nth delivery failed: 1 s, doubling, at most a minute. */
export function backoffMs(attempt: number): number {
  return Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(30, Math.max(0, attempt - 1)));
}
