/** For how long the clock is believed without a look at the database's. */
const FRESH_MS = 1_000;
/** For how long a look at the clock counts, at least; afterwards the clocks may have drifted apart. */
const WINDOW_MS = 5_000;

/** The time of the database as far as this process can tell, whatever its own clock says. */
export class DatabaseClock {
  /** How far the database's clock is ahead of this process's, by the best looks of two windows. */
  #ahead = Number.NEGATIVE_INFINITY;
  #formerly = Number.NEGATIVE_INFINITY;
  #since = Number.NEGATIVE_INFINITY;
  #at = Number.NEGATIVE_INFINITY;
  #date = 0;

  /** Takes note of what time it was in the database a moment ago, in milliseconds. */
  seen(time: number): void {
    this.#at = performance.now();
    this.#date = Date.now();
    const ahead = time - this.#at;
    // An answer may have waited for a lock or for this process, which makes its time too early and never too late.
    if (this.#at - this.#since < WINDOW_MS) this.#ahead = Math.max(this.#ahead, ahead);
    else {
      const recent = this.#at - this.#since < 2 * WINDOW_MS;
      this.#formerly = recent ? this.#ahead : Number.NEGATIVE_INFINITY;
      this.#ahead = ahead;
      this.#since = this.#at;
    }
  }

  now(): number {
    return Math.floor(performance.now() + Math.max(this.#ahead, this.#formerly));
  }

  /** Whether the database's clock was seen lately, also by a clock that goes on while the machine sleeps. */
  get fresh(): boolean {
    return performance.now() - this.#at < FRESH_MS && Math.abs(Date.now() - this.#date) < FRESH_MS;
  }
}
