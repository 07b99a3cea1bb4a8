import { Backoff, canceled, linkedAbort, type RetrySettings, timerMs } from './backoff.js';
import { WorldError } from './error.js';
import { Silence } from './silence.js';

/** A World says at once that a read is attached; one that has not by now got the request, or can answer, no more. */
const ATTACH_MS = 10_000;

export interface LiveOptions<T> {
  /** Begins a read where the last one ended. */
  readonly open: (signal: AbortSignal) => AsyncIterable<T>;
  /** Whether a message brings anything, or is a sign of life. */
  readonly hasContent: (message: T) => boolean;
  /** Whether a read that ends without an error is complete; otherwise it was cut. */
  readonly endIsComplete: boolean;
  readonly retry: RetrySettings;
  /** Silence for this long is a cut, in milliseconds. */
  readonly idleMs: number;
  /** Any of them ends the whole with `canceled`. */
  readonly signals: readonly (AbortSignal | undefined)[];
  /** Whether the read goes on after an error. Default: if it is retryable. */
  readonly goesOn?: (error: WorldError) => boolean;
  /** The first message of a read has come. */
  readonly onAttached?: () => void;
  /** A read broke, and will be begun again after a delay. */
  readonly onCut?: (error: WorldError) => void;
}

/**
 * Reads something live through every loss of the connection, message by message and as slowly as it is pulled. The
 * retry budget and the delay begin anew with progress, which the first empty message of a read is not: a server that
 * only ever accepts and breaks is given up in the end.
 */
export async function* live<T>(options: LiveOptions<T>): AsyncGenerator<T> {
  const { open, hasContent, signals, idleMs } = options;
  const goesOn = options.goesOn ?? ((error) => error.retryable);
  const backoff = new Backoff(options.retry);
  for (;;) {
    const { controller, unlink } = linkedAbort(signals);
    let failure: WorldError;
    try {
      if (controller.signal.aborted) throw canceled(controller.signal.reason);
      const reader = open(controller.signal)[Symbol.asyncIterator]();
      let attached = false;
      for (;;) {
        const patience = attached ? idleMs : Math.min(idleMs, ATTACH_MS);
        const { done, value } = await nextWithin(reader, patience, controller);
        if (done) {
          if (options.endIsComplete) return;
          throw new WorldError('the World ended a live read early', { code: 'unavailable' });
        }
        if (attached || hasContent(value)) backoff.reset();
        if (!attached) options.onAttached?.();
        attached = true;
        yield value;
      }
    } catch (error) {
      failure = silence(controller.signal) ?? WorldError.from(error);
    } finally {
      unlink();
      controller.abort();
    }
    const aborted = signals.find((signal) => signal?.aborted);
    if (aborted !== undefined) throw canceled(aborted.reason);
    if (!goesOn(failure)) throw failure;
    options.onCut?.(failure);
    await backoff.wait(failure, signals);
  }
}

/** Reads the next message, and aborts the read where none comes in time. */
async function nextWithin<T>(
  reader: AsyncIterator<T>,
  idleMs: number,
  controller: AbortController,
): Promise<IteratorResult<T>> {
  const timer = setTimeout(() => controller.abort(new Silence(idleMs)), timerMs(idleMs));
  try {
    return await reader.next();
  } finally {
    clearTimeout(timer);
  }
}

function silence(signal: AbortSignal): WorldError | undefined {
  if (!(signal.reason instanceof Silence)) return undefined;
  return new WorldError(signal.reason.message, { code: 'unavailable', cause: signal.reason });
}
