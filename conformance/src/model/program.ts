import type { Operation } from './history.js';

/** One step of a client. */
export interface ProgramStep<A> {
  readonly action: A;
  /** The request's identity, where the World keeps outcomes by it. */
  readonly requestId?: string;
  /**
   * Whether the request is sent, its answer thrown away, and the request sent again: with the same request id where it
   * has one. The first sending is recorded as open.
   */
  readonly loseAnswer?: boolean;
}

/** What clients do to a World, as plain JSON. */
export interface Program<A> {
  /** Which model judges it. */
  readonly model: 'run-log' | 'token' | 'queue' | 'stream';
  /** Done one after the other by client 0, before the others begin. */
  readonly setup: readonly ProgramStep<A>[];
  /** Each client does its steps one after the other; the clients, numbered from 1, run at the same time. */
  readonly clients: readonly (readonly ProgramStep<A>[])[];
  /** Done by client 0 when all others are done: the reads that say what has become of everything. */
  readonly finish: readonly ProgramStep<A>[];
}

/** Runs a program against a World and records what happened. Uses the ids of the program as given, or a mapping of its own. */
export type Executor<A, I, O> = (program: Program<A>) => Promise<readonly Operation<I, O>[]>;

/** What a client does to a queue; leases are known only as the program runs. */
export type QueueAction =
  | { readonly op: 'enqueue'; readonly queue: string; readonly tag: string; readonly key?: string }
  /**
   * Waits for a delivery, and does this with it: `ack_twice` acknowledges the same lease twice, `drop` leaves it to its
   * end. Recorded as one `deliver`, and as one `settle` for each settlement. A client for which nothing comes goes on
   * without a record.
   */
  | {
      readonly op: 'consume';
      readonly queue: string;
      readonly then: 'ack' | 'ack_twice' | 'retry' | 'ask_again' | 'extend_and_ack' | 'drop';
    }
  /** Consumes with `ack` until nothing is left, then records `inspect`. */
  | { readonly op: 'drain'; readonly queue: string };
