import type { CallContext } from '../rpc/call.js';
import { cancelled } from '../rpc/errors.js';
import type { Runtime } from '../rpc/runtime.js';
import { Doorbell } from './doorbell.js';

/**
 * After this long without anything to send, a live method sends a sign of life. A third of the silence that clients take
 * for a cut, which is what a cut that nobody tells of costs them.
 */
const SIGN_OF_LIFE_MS = 5_000;

/**
 * A live call's hold on what it waits for. Let go of when the call ends by itself, and also when its caller goes away
 * while the call is held back by a slow reader and therefore is not running.
 */
export class Attachment {
  readonly bell = new Doorbell();
  readonly #undo: (() => void)[] = [];
  #ended = false;
  #sentAt = performance.now();

  constructor(
    world: Runtime,
    call: CallContext,
    /** What to wait for: a topic of the store. */
    topic?: string,
  ) {
    this.#breakOn(world.stopping);
    this.#breakOn(call.signal);
    if (topic !== undefined && !this.#ended) this.onEnd(world.store.watch(topic, this.bell.ring));
  }

  /** Fails if the call's caller is gone, its time is up, or the server stops. */
  check(): void {
    this.bell.check();
  }

  /** Waits for news. Returns false when a sign of life is due first. */
  news(): Promise<boolean> {
    return this.bell.wait(this.#sentAt + SIGN_OF_LIFE_MS - performance.now());
  }

  /** Passes a message on, and takes note that one was sent. */
  sent<T>(message: T): T {
    this.#sentAt = performance.now();
    return message;
  }

  /** Does something when the call ends, in whatever way; at once where it has ended. */
  onEnd(undo: () => void): void {
    if (this.#ended) undo();
    else this.#undo.push(undo);
  }

  /** Ends the hold. May be called again. */
  end(): void {
    this.#ended = true;
    for (const undo of this.#undo.splice(0)) undo();
  }

  #breakOn(signal: AbortSignal): void {
    const stop = (): void => {
      this.bell.break(signal.reason instanceof Error ? signal.reason : cancelled());
      this.end();
    };
    if (signal.aborted) {
      stop();
    } else {
      signal.addEventListener('abort', stop, { once: true });
      this.onEnd(() => signal.removeEventListener('abort', stop));
    }
  }
}
