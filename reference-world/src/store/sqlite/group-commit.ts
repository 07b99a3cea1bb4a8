import type { Context } from '../../core/program.js';
import { Rejection } from '../../core/rejection.js';
import type { Command } from '../store.js';
import { throttled } from '../throttled.js';
import { faultOf, isBusy } from './faults.js';
import type { Trace, Transactions } from './transaction.js';

/** What one commit held, for metrics. */
export interface GroupReport {
  readonly commands: number;
  readonly milliseconds: number;
}

export interface GroupCommitOptions {
  /** Commands that may wait; more are refused with THROTTLED. */
  readonly maxWaiting: number;
  /** Commands in one commit. */
  readonly maxCommands: number;
  /** After so many milliseconds a group is committed as it is, so that other work gets its turn. */
  readonly maxGroupMs: number;
  readonly busyGiveUpMs: number;
  readonly newContext: () => Context;
  /** Called after a commit with the topics that its commands notified. */
  readonly committed: (topics: ReadonlySet<string>) => void;
  readonly onGroup: ((report: GroupReport) => void) | undefined;
}

interface Waiting {
  readonly command: Command<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

type Outcome = { readonly value: unknown } | { readonly error: unknown };

/**
 * A command failed after it had written something, and the transaction holds a part of it. Rules reject before they
 * write, so only faults come here: undoing the group and running its commands one by one is dearer than a savepoint
 * for each command would be, but costs the others nothing.
 */
class Torn extends Error {}

/** A lock that another process holds is asked for again after about so long. */
const BUSY_PAUSE_MS = 1.5;

/**
 * Commits what arrived in one turn of the event loop together: one flush to disk for all. Nobody is answered before it.
 */
export class GroupCommit {
  readonly #waiting: Waiting[] = [];
  #scheduled = false;
  #closing = false;
  /** How many of the first that wait run alone, because one of them has to be undone without the others. */
  #alone = 0;
  #busySince: number | undefined;
  #idle: (() => void) | undefined;

  constructor(
    private readonly transactions: Transactions,
    private readonly options: GroupCommitOptions,
  ) {}

  execute<T>(command: Command<T>): Promise<T> {
    if (this.#closing)
      return Promise.reject(new Rejection('SHUTTING_DOWN', 'the store is closing'));
    if (this.#waiting.length >= this.options.maxWaiting) return Promise.reject(throttled('disk'));
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ command, resolve: resolve as (value: unknown) => void, reject });
      this.#schedule();
    });
  }

  /** Refuses further commands and waits for those that wait. */
  async close(): Promise<void> {
    this.#closing = true;
    if (this.#scheduled)
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
      });
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    // After the I/O of this turn, so that all requests that it brought in share the commit.
    setImmediate(this.#turn);
  }

  readonly #turn = (): void => {
    let held = false;
    try {
      held = !this.#drain();
    } finally {
      if (this.#waiting.length === 0) {
        this.#scheduled = false;
        this.#idle?.();
      } else if (held) setTimeout(this.#turn, BUSY_PAUSE_MS * (0.5 + Math.random()));
      else setImmediate(this.#turn);
    }
  };

  /** Runs one group. Returns false where another process holds the lock and the group has to wait. */
  #drain(): boolean {
    const started = performance.now();
    try {
      this.transactions.begin();
    } catch (error) {
      return this.#beginFailed(error, started);
    }
    this.#busySince = undefined;
    const limit = this.#alone > 0 ? 1 : this.options.maxCommands;
    const taken: Waiting[] = [];
    const outcomes: Outcome[] = [];
    const topics = new Set<string>();
    const context = this.options.newContext();
    try {
      let next = this.#waiting[0];
      while (next !== undefined && taken.length < limit) {
        if (taken.length > 0 && performance.now() - started > this.options.maxGroupMs) break;
        taken.push(next);
        outcomes.push(this.#run(next, context, topics));
        next = this.#waiting[taken.length];
      }
      this.transactions.commit();
    } catch (error) {
      this.transactions.rollback();
      if (error instanceof Torn && this.#alone === 0) {
        this.#alone = taken.length;
        return true;
      }
      this.#remove(taken.length);
      const fault = faultOf(error instanceof Torn ? error.cause : error);
      for (const { reject } of taken) reject(fault);
      return true;
    }
    this.#remove(taken.length);
    settle(taken, outcomes);
    this.options.committed(topics);
    this.options.onGroup?.({
      commands: taken.length,
      milliseconds: performance.now() - started,
    });
    return true;
  }

  #remove(count: number): void {
    this.#waiting.splice(0, count);
    this.#alone = Math.max(0, this.#alone - count);
  }

  #beginFailed(error: unknown, now: number): boolean {
    if (isBusy(error)) {
      this.#busySince ??= now;
      if (now - this.#busySince < this.options.busyGiveUpMs) return false;
      this.#busySince = undefined;
    }
    this.#alone = 0;
    for (const { reject } of this.#waiting.splice(0)) reject(faultOf(error));
    return true;
  }

  /** Runs a command within the open transaction. A rejection that comes before the first change is an outcome. */
  #run(waiting: Waiting, context: Context, topics: Set<string>): Outcome {
    const trace: Trace = { wrote: false, topics: [] };
    try {
      const value = this.transactions.drive(waiting.command(context), trace);
      for (const topic of trace.topics) topics.add(topic);
      return { value };
    } catch (error) {
      if (trace.wrote || !this.transactions.db.inTransaction)
        throw new Torn(undefined, { cause: error });
      return { error: faultOf(error) };
    }
  }
}

function settle(taken: readonly Waiting[], outcomes: readonly Outcome[]): void {
  for (const [i, waiting] of taken.entries()) {
    const outcome = outcomes[i]!;
    if ('error' in outcome) waiting.reject(outcome.error);
    else waiting.resolve(outcome.value);
  }
}
