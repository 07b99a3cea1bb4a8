import { type ClientBase, DatabaseError } from 'pg';
import type { Operation } from '../../core/program.js';
import { HOLD, heldBy } from './ahead.js';
import { isLost } from './faults.js';
import { FENCE } from './fence.js';
import type { KnownKeys } from './foresight.js';
import type { Rounds } from './lease.js';
import {
  type Frequent,
  type Operations,
  operationsOn,
  type Together,
  togetherOn,
} from './operations.js';
import { layersOf, type Speculation } from './speculation.js';
import { type Bind, Sql } from './sql.js';

type AnyOperation = (...args: readonly unknown[]) => Promise<unknown>;
type AnyTogether = (calls: readonly (readonly unknown[])[]) => Promise<readonly unknown[]>;

/** The commit was asked for and not answered: it may stand or not, and only the caller can find out. */
export class Unanswered extends Error {}

/** One connection, with its transactions and the operations in them. Nothing waits for what was sent before. */
export class Session {
  static readonly #known = new WeakMap<ClientBase, Session>();
  readonly #sql: Sql;
  readonly #together: Together<Frequent>;
  readonly #operations: Operations;

  private constructor(
    client: ClientBase,
    rounds: Rounds,
    readonly keys: KnownKeys,
  ) {
    this.#sql = new Sql(client);
    this.#together = togetherOn(this.#sql, keys);
    this.#operations = operationsOn(this.#sql, this.#together, rounds, keys);
  }

  /** The session of a connection; the rest is what the sessions of a store have in common. */
  static on(client: ClientBase, rounds: Rounds, keys: KnownKeys): Session {
    let session = Session.#known.get(client);
    if (session === undefined) {
      session = new Session(client, rounds, keys);
      Session.#known.set(client, session);
    }
    return session;
  }

  /** The time of the database, in milliseconds. */
  now(): Promise<number> {
    this.#sql.renew(false);
    return this.#time();
  }

  /** Begins a transaction for changes. Resolves with the time of the database, in milliseconds. */
  beginWrite(): Promise<number> {
    return this.#beginWrite('');
  }

  async #beginWrite(besides: string, ...values: readonly Bind[]): Promise<number> {
    this.#sql.renew(true);
    const begun = this.#sql.run('BEGIN ISOLATION LEVEL READ COMMITTED');
    const fenced = `, pg_advisory_xact_lock_shared(${FENCE})`;
    const [now] = await Promise.all([this.#time(`${fenced}${besides}`, ...values), begun]);
    return now;
  }

  /**
   * Begins a transaction on one snapshot: where it is fenced, of a moment in which nobody has something to commit.
   * Resolves with the time of the database, in milliseconds.
   */
  async beginRead(fenced: boolean): Promise<number> {
    this.#sql.renew(false);
    if (fenced) await this.#sql.run(`SELECT pg_advisory_lock(${FENCE})`);
    const begun = this.#sql.run('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const [now] = await Promise.all([
      this.#time(fenced ? `, pg_advisory_unlock(${FENCE})` : ''),
      begun,
    ]);
    return now;
  }

  /**
   * Commits behind changes that are under way, in the same round trip. Fails with Unanswered where it is not known
   * whether the commit stands.
   */
  async commit(changes: readonly Promise<unknown>[] = []): Promise<void> {
    const outcomes = await Promise.allSettled([...changes, this.#sql.run('COMMIT')]);
    const failed = outcomes.findIndex(({ status }) => status === 'rejected');
    if (failed < 0) return;
    const { reason } = outcomes[failed] as PromiseRejectedResult;
    const refused = reason instanceof DatabaseError && failed < changes.length;
    throw isLost(reason) && !refused ? new Unanswered(undefined, { cause: reason }) : reason;
  }

  /**
   * Makes what was speculated at a time come true in one round trip, all of it or nothing. Fails where something is not
   * as it was remembered, the time included. Resolves with the time of the database, in milliseconds.
   */
  async commitAhead(speculations: readonly Speculation[], now: number): Promise<number> {
    const begun = this.#beginWrite(HOLD, ...heldBy(speculations, now));
    const changes = layersOf(speculations).flatMap((layer) => this.performAll(layer));
    await this.commit([begun, ...changes]);
    return begun;
  }

  /** Ends a transaction that has only read. */
  endRead(): void {
    // Whoever uses the connection next finds out if it is lost.
    this.#sql.run('COMMIT').catch(() => {});
  }

  /** Undoes what was not committed, and lets go of the fence if it is held. */
  async rollback(): Promise<void> {
    await this.#sql.undo();
  }

  /** Carries out an operation for one program. */
  perform({ name, args }: Operation): Promise<unknown> {
    return this.#whole((this.#operations[name as keyof Operations] as AnyOperation)(...args));
  }

  /** Carries out operations of several programs. Answers come in their order. */
  performAll(operations: readonly Operation[]): Promise<unknown>[] {
    const answers: Promise<unknown>[] = [];
    for (const [name, places] of placesByName(operations)) {
      if (places.length > 1 && name in this.#together) {
        const together = this.#together[name as Frequent] as AnyTogether;
        const all = this.#whole(together(places.map((place) => operations[place]!.args)));
        for (const [i, place] of places.entries()) answers[place] = all.then((each) => each[i]);
      } else for (const place of places) answers[place] = this.perform(operations[place]!);
    }
    return answers;
  }

  /** Where an operation fails before all of it is sent, the transaction must not be committed without it. */
  #whole<T>(answer: Promise<T>): Promise<T> {
    answer.catch((error) => this.#sql.fail(error));
    return answer;
  }

  async #time(besides = '', ...values: readonly Bind[]): Promise<number> {
    const row = await this.#sql.get<{ now: number }>(
      `SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now${besides}`,
      ...values,
    );
    return row!.now;
  }
}

function placesByName(operations: readonly Operation[]): Map<Operation['name'], number[]> {
  const places = new Map<Operation['name'], number[]>();
  for (const [place, { name }] of operations.entries()) {
    const same = places.get(name);
    if (same === undefined) places.set(name, [place]);
    else same.push(place);
  }
  return places;
}
