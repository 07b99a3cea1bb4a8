import { WorldError } from './error.js';
import type { RetryOptions } from './types.js';

/** RetryOptions with every field given. */
export type RetrySettings = Required<RetryOptions>;

/** Five minutes outlast a restart or a network cut; two seconds at most between tries notice its end soon. */
export const DEFAULT_RETRY: RetrySettings = {
  budgetMs: 300_000,
  initialDelayMs: 50,
  maxDelayMs: 2_000,
};

/** Milliseconds as Node's timers take them: what is longer than 24 days would fire at once. */
export function timerMs(ms: number): number {
  return Math.min(ms, 2 ** 31 - 1);
}

/** Counts the failures of one call or live read in a row, and waits between its tries. */
export class Backoff {
  readonly #settings: RetrySettings;
  #failures = 0;
  #budgetEnd = Number.POSITIVE_INFINITY;

  constructor(settings: RetrySettings) {
    this.#settings = settings;
  }

  /** Forgets the failures: something came through. */
  reset(): void {
    this.#failures = 0;
    this.#budgetEnd = Number.POSITIVE_INFINITY;
  }

  /**
   * Waits before the next try: a random time below a bound that doubles, on top of what the World asks for. Throws
   * `error` itself where the wait would end after the budget or after `end` (in the time of `performance.now()`), and
   * `canceled` when a signal aborts.
   */
  async wait(
    error: WorldError,
    signals: readonly (AbortSignal | undefined)[],
    end = Number.POSITIVE_INFINITY,
  ): Promise<void> {
    const { budgetMs, initialDelayMs, maxDelayMs } = this.#settings;
    const now = performance.now();
    if (this.#failures === 0) this.#budgetEnd = now + budgetMs;
    const bound = Math.min(maxDelayMs, initialDelayMs * 2 ** this.#failures);
    const delay = Math.random() * bound + (error.retryAfterMs ?? 0);
    this.#failures++;
    if (now + delay >= Math.min(this.#budgetEnd, end)) throw error;
    await sleep(delay, signals);
  }
}

/** Resolves after some milliseconds; rejects with `canceled` when a signal aborts. */
export async function sleep(
  ms: number,
  signals: readonly (AbortSignal | undefined)[],
): Promise<void> {
  const abort = linkedAbort(signals);
  try {
    await new Promise<void>((resolve, reject) => {
      const { signal } = abort.controller;
      const cancel = () => {
        clearTimeout(timer);
        reject(canceled(signal.reason));
      };
      const timer = setTimeout(resolve, timerMs(ms));
      if (signal.aborted) cancel();
      else signal.addEventListener('abort', cancel, { once: true });
    });
  } finally {
    abort.unlink();
  }
}

/** The error of a call that its caller gave up. */
export function canceled(reason: unknown): WorldError {
  return new WorldError('the call was canceled', { code: 'canceled', cause: reason });
}

/** An AbortController that follows signals until it is unlinked. Unlike AbortSignal.any it leaves nothing behind. */
export function linkedAbort(signals: readonly (AbortSignal | undefined)[]): {
  readonly controller: AbortController;
  unlink(): void;
} {
  const controller = new AbortController();
  const links: (() => void)[] = [];
  for (const signal of signals) {
    if (signal === undefined) continue;
    const follow = () => controller.abort(signal.reason);
    if (signal.aborted) follow();
    else {
      signal.addEventListener('abort', follow, { once: true });
      links.push(() => signal.removeEventListener('abort', follow));
    }
  }
  return {
    controller,
    unlink() {
      for (const unlink of links) unlink();
    },
  };
}
