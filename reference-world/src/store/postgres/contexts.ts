import { monotonicFactory } from 'ulid';
import type { Context } from '../../core/program.js';
import type { DatabaseClock } from './database-clock.js';

/** Contexts by the time of the database, which never goes backwards. */
export class Contexts {
  readonly #newId = monotonicFactory();
  #last = 0;

  constructor(readonly clock: DatabaseClock) {}

  /** A context of this moment. Asks the database for the time where nobody has for a while. */
  async now(ask: () => Promise<number>): Promise<Context> {
    if (!this.clock.fresh) this.clock.seen(await ask());
    return this.known();
  }

  /** A context of this moment by what is known of the time. It counts where that is fresh, or the database agrees. */
  known(): Context {
    const now = Math.max(this.#last, this.clock.now());
    this.#last = now;
    return { now, newId: () => this.#newId(now) };
  }
}
