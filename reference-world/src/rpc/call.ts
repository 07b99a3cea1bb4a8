import { Code, ConnectError } from '@connectrpc/connect';
import type { Caller } from '../core/key-rules.js';
import { cancelled, deadlineExceeded } from './errors.js';

/** The longest that a timer of Node waits; a deadline beyond it is none. */
export const MAX_TIMER_MS = 2_147_483_647;

/** Whoever calls a World that wants no credential, or a method that needs none. */
export const ANYONE: Caller = { fingerprint: '', permissions: new Set() };

/** Who calls, and until when. */
export interface CallContext {
  /** The project that the call is for. */
  readonly project: string;
  /** Who calls it. */
  readonly caller: Caller;
  /** Aborts, with an error that has a reason, when the caller goes away or its deadline passes. */
  readonly signal: AbortSignal;
}

/** The call of one request: aborts when its caller goes away or its deadline passes. Made cheap for the calls that end first. */
export class Call implements CallContext {
  #controller: AbortController | undefined;
  #timer: NodeJS.Timeout | undefined;
  #aborted: Error | undefined;
  #ended = false;
  #reject: ((error: Error) => void) | undefined;

  constructor(
    readonly project: string,
    timeoutMs?: number,
    readonly caller: Caller = ANYONE,
  ) {
    if (timeoutMs !== undefined && timeoutMs <= MAX_TIMER_MS)
      this.#timer = setTimeout(() => this.abort(deadlineExceeded()), Math.max(0, timeoutMs));
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#aborted !== undefined) this.#controller.abort(this.#aborted);
    }
    return this.#controller.signal;
  }

  /** Ends the call before its answer. */
  abort(error?: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#aborted = error ?? cancelled();
    clearTimeout(this.#timer);
    this.#controller?.abort(this.#aborted);
    this.#reject?.(this.#aborted);
  }

  /** The call has its answer, or needs none. */
  end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#reject = undefined;
  }

  /** Waits for the work, but no longer than the call lives. */
  race<T>(work: Promise<T>): Promise<T> {
    if (this.#aborted !== undefined) {
      work.catch(() => {});
      return Promise.reject(this.#aborted);
    }
    return new Promise<T>((resolve, reject) => {
      this.#reject = reject;
      work.then(resolve, reject);
    });
  }

  /** Aborts as another signal does; returns what ends that. */
  follow(signal: AbortSignal | undefined): () => void {
    if (signal === undefined) return () => {};
    const listener = (): void => {
      const late =
        signal.reason instanceof ConnectError && signal.reason.code === Code.DeadlineExceeded;
      this.abort(late ? deadlineExceeded() : cancelled());
    };
    if (signal.aborted) {
      listener();
      return () => {};
    }
    signal.addEventListener('abort', listener, { once: true });
    return () => signal.removeEventListener('abort', listener);
  }
}
