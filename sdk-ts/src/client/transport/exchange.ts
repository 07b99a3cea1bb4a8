import type { IncomingHttpHeaders } from 'node:http';
import { Code, ConnectError } from '@connectrpc/connect';
import type { Dispatcher } from 'undici';
import { timerMs } from '../backoff.js';
import { abortedBy, deadlineExceeded, errorFromExchange } from './wire-error.js';

/** A whole HTTP response. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array;
}

/** One POST with a body in memory. */
export interface Post {
  readonly path: string;
  /** Names and values in turn. */
  readonly headers: string[];
  readonly body: Uint8Array;
  readonly signal: AbortSignal | undefined;
  /** For the whole exchange, the wait for a connection included; undefined for none. */
  readonly timeoutMs: number | undefined;
}

/** No record of a World comes near; beyond it, what answers is not one. */
export const MAX_MESSAGE_BYTES = 512 * 1024 * 1024;

/**
 * Sends a POST and reads its whole response. Straight on undici's dispatch, for its `request` costs a stream, an async
 * resource and several promises a call. Rejects with a ConnectError.
 */
export function exchange(dispatcher: Dispatcher, post: Post): Promise<Answer> {
  return new Promise((resolve, reject) => {
    if (post.signal?.aborted) {
      reject(abortedBy(post.signal));
      return;
    }
    const handler = new Exchange(resolve, reject, post.signal, post.timeoutMs);
    try {
      dispatcher.dispatch(
        {
          path: post.path,
          method: 'POST',
          headers: post.headers,
          body: post.body,
          headersTimeout: 0,
          bodyTimeout: 0,
        },
        handler,
      );
    } catch (error) {
      handler.fail(errorFromExchange(error, false));
    }
  });
}

class Exchange implements Dispatcher.DispatchHandler {
  readonly #resolve: (answer: Answer) => void;
  readonly #reject: (error: ConnectError) => void;
  readonly #signal: AbortSignal | undefined;
  readonly #timer: NodeJS.Timeout | undefined;
  /** Set when the request is about to be written; before that, nothing of it has left. */
  #controller: Dispatcher.DispatchController | undefined;
  #settled = false;
  #status = 0;
  #headers: IncomingHttpHeaders = {};
  #chunks: Buffer[] = [];
  #size = 0;

  constructor(
    resolve: (answer: Answer) => void,
    reject: (error: ConnectError) => void,
    signal: AbortSignal | undefined,
    timeoutMs: number | undefined,
  ) {
    this.#resolve = resolve;
    this.#reject = reject;
    this.#signal = signal;
    signal?.addEventListener('abort', this.#onAbort, { once: true });
    if (timeoutMs !== undefined) this.#timer = setTimeout(this.#onDeadline, timerMs(timeoutMs));
  }

  readonly #onAbort = () => this.fail(abortedBy(this.#signal!));
  readonly #onDeadline = () => this.fail(deadlineExceeded(this.#controller !== undefined));

  fail(error: ConnectError): void {
    if (!this.#settle()) return;
    this.#reject(error);
    this.#controller?.abort(error);
  }

  #settle(): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener('abort', this.#onAbort);
    return true;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // Given up while it waited for a connection.
    if (this.#settled) controller.abort(new ConnectError('the call was given up', Code.Canceled));
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    this.#status = status;
    this.#headers = headers;
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#size += chunk.length;
    if (this.#size > MAX_MESSAGE_BYTES) {
      this.fail(new ConnectError('the response is too large', Code.ResourceExhausted));
      return;
    }
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    if (!this.#settle()) return;
    const [first] = this.#chunks;
    const whole =
      first !== undefined && this.#chunks.length === 1
        ? first
        : Buffer.concat(this.#chunks, this.#size);
    // A plain Uint8Array, so that the bytes fields cut from it are plain ones too.
    const body = new Uint8Array(whole.buffer, whole.byteOffset, whole.byteLength);
    this.#resolve({ status: this.#status, headers: this.#headers, body });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (!this.#settle()) return;
    this.#reject(errorFromExchange(error, this.#controller !== undefined));
  }
}
