import type { WorldError } from './error.js';
import type { ConnectionStatus } from './types.js';

/**
 * Tells once when the World goes away and once when it is back. A try remembers the epoch in which it began, and its
 * outcome counts only in that one: of many calls that fail together the first speaks, and stragglers of an outage do
 * not undo the news of its end.
 */
export class StatusReporter {
  /** Changes whenever the state does. */
  epoch = 0;
  #connected = true;
  readonly #report: (status: ConnectionStatus) => void;

  constructor(report: (status: ConnectionStatus) => void) {
    this.#report = report;
  }

  /** A try that began in `epoch` was answered. */
  up(epoch: number): void {
    if (this.#connected || epoch !== this.epoch) return;
    this.#connected = true;
    this.epoch++;
    this.#report({ state: 'connected', since: new Date() });
  }

  /** A try that began in `epoch` could not reach the World. */
  down(epoch: number, error: WorldError): void {
    if (!this.#connected || epoch !== this.epoch) return;
    this.#connected = false;
    this.epoch++;
    this.#report({ state: 'disconnected', since: new Date(), error });
  }

  /** Takes the outcome of a try that failed. Any answer of the World but `unavailable` shows that it is there. */
  failed(epoch: number, error: WorldError): void {
    if (error.code === 'unavailable') this.down(epoch, error);
    else if (error.reason !== undefined) this.up(epoch);
  }
}

/** The default: one line to the console a change. */
export function warnOnStatus(address: string): (status: ConnectionStatus) => void {
  return ({ state, since, error }) => {
    if (state === 'connected') {
      console.warn(`worldwire: connected to ${address} again at ${since.toISOString()}`);
    } else {
      console.warn(
        `worldwire: ${address} cannot be reached since ${since.toISOString()}, trying again: ${error?.message}`,
      );
    }
  };
}
