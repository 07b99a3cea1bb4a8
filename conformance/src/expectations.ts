import { isDeepStrictEqual } from 'node:util';
import { ConnectError } from '@connectrpc/connect';
import { Departure, NotApplicable, NotTestable } from './outcome.js';
import type { Random } from './random.js';
import { show } from './show.js';
import { describeRefusal, refusalOf } from './wire/refusal.js';

/** What every kind of check has of the run. */
export interface ExpectationParts {
  readonly random: Random;
  /** The factor on every wait. */
  readonly timeScale: number;
  /** Multiplies the rounds of races and the programs of histories. */
  readonly effort: number;
}

/** How long something that happens by itself may take, such as a delivery after a failure; five seconds are usual. */
const PATIENCE_MS = 30_000;

/** Words for what a check expects, and what it waits for: the same whoever is judged. */
export class Expectations {
  readonly random: Random;
  readonly #parts: ExpectationParts;
  readonly #closing: (() => void | Promise<void>)[] = [];

  constructor(parts: ExpectationParts) {
    this.random = parts.random;
    this.#parts = parts;
  }

  /** A name that nothing else has: letters, digits, hyphens and underscores. */
  unique(prefix: string): string {
    return `${prefix}_${this.random.text(16)}`;
  }

  /** Milliseconds on this machine. */
  scaled(ms: number): number {
    return ms * this.#parts.timeScale;
  }

  /** How often something is tried that shows itself by chance; at least once. */
  effort(usual: number): number {
    return Math.max(1, Math.round(usual * this.#parts.effort));
  }

  /** Lets time pass. */
  async sleep(ms: number): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, this.scaled(ms)));
  }

  /** Releases something at the check's end, whatever it ends with. */
  onEnd(close: () => void | Promise<void>): void {
    this.#closing.push(close);
  }

  /** Releases everything. */
  async end(): Promise<void> {
    for (const close of this.#closing.reverse()) await close();
  }

  /** What the check stands on: where it fails, nothing can be said of the requirements. */
  async given<T>(what: string, make: () => Promise<T>): Promise<T> {
    try {
      return await make();
    } catch (error) {
      if (error instanceof NotApplicable || error instanceof NotTestable) throw error;
      if (error instanceof Departure)
        throw new NotTestable(
          `${what} was not to be had: ${error.message}; expected ${error.expected}, was ${error.actual}`,
        );
      if (error instanceof ConnectError)
        throw new NotTestable(`${what} was not to be had: ${describeRefusal(refusalOf(error))}`);
      throw error;
    }
  }

  /** The check does not concern this World after all. */
  notApplicable(why: string): never {
    throw new NotApplicable(why);
  }

  /** Fails the check. */
  fail(message: string, expected: unknown = '', actual: unknown = ''): never {
    throw new Departure(message, said(expected), said(actual));
  }

  /** Expects a condition. */
  ok(condition: unknown, message: string, expected: unknown = '', actual: unknown = ''): void {
    if (!condition) this.fail(message, expected, actual);
  }

  /** Expects a value, compared deeply; bytes by content, messages by value. */
  equal<T>(actual: T, expected: T, what: string): void {
    if (!isDeepStrictEqual(plain(actual), plain(expected)))
      throw new Departure(`${what} differs`, show(expected), show(actual));
  }

  /**
   * Asks again until the probe returns something other than undefined. The patience is generous, as it only ends for a
   * World that never gets there.
   */
  async eventually<T>(
    what: string,
    probe: () => Promise<T | undefined> | T | undefined,
    withinMs: number = PATIENCE_MS,
  ): Promise<T> {
    const end = performance.now() + this.scaled(withinMs);
    for (let pauseMs = 5; ; pauseMs = Math.min(250, pauseMs * 1.5)) {
      const found = await probe();
      if (found !== undefined) return found;
      if (performance.now() > end)
        throw new Departure(
          `${what}: did not happen`,
          `within ${this.scaled(withinMs)} ms`,
          'never',
        );
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}

function said(value: unknown): string {
  return typeof value === 'string' ? value : show(value);
}

/** Messages without what the runtime adds, so that they compare by what they say. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value);
  if (Array.isArray(value)) return value.map(plain);
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(
      Object.entries(value)
        .filter(
          ([key, member]) => key !== '$typeName' && key !== '$unknown' && member !== undefined,
        )
        .map(([key, member]) => [key, plain(member)]),
    );
  }
  return value;
}
