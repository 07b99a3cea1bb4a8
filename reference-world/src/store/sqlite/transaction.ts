import type { Database, Statement } from 'better-sqlite3';
import type { Context, Operation, Program } from '../../core/program.js';
import type { Command } from '../store.js';
import { WRITES } from '../writes.js';
import type { Connection, Operations } from './operations.js';

type AnyOperation = (...args: readonly unknown[]) => unknown;

/** What a program left besides its result. */
export interface Trace {
  /** Whether it has asked for a change. */
  wrote: boolean;
  /** The topics that it notified. */
  readonly topics: string[];
}

/** Transactions on one connection, which run without a pause in between: the driver answers at once. */
export class Transactions {
  readonly #begin: Statement;
  readonly #beginImmediate: Statement;
  readonly #commit: Statement;
  readonly #rollback: Statement;
  readonly #operations: Operations;

  constructor(
    readonly db: Database,
    private readonly connection: Connection,
  ) {
    this.#operations = connection.operations;
    this.#begin = db.prepare('BEGIN');
    this.#beginImmediate = db.prepare('BEGIN IMMEDIATE');
    this.#commit = db.prepare('COMMIT');
    this.#rollback = db.prepare('ROLLBACK');
  }

  begin(): void {
    this.#beginImmediate.run();
  }

  commit(): void {
    this.#commit.run();
  }

  /** Undoes the transaction, unless SQLite has done so itself. */
  rollback(): void {
    if (this.db.inTransaction) this.#rollback.run();
    this.connection.forget();
  }

  /** Drives a program to its end within the transaction that is open. */
  drive<T>(program: Program<T>, trace: Trace): T {
    let step = program.next();
    while (!step.done) step = program.next(this.#perform(step.value, trace));
    return step.value;
  }

  /** Runs a command that only reads, on a snapshot. */
  read<T>(command: Command<T>, context: Context): T {
    const trace: Trace = { wrote: false, topics: [] };
    this.#begin.run();
    try {
      return this.drive(readOnly(command(context)), trace);
    } finally {
      if (this.db.inTransaction) this.#commit.run();
    }
  }

  #perform({ name, args }: Operation, trace: Trace): unknown {
    if (name === 'notify') {
      trace.topics.push(args[0]);
      return undefined;
    }
    if (WRITES[name]) trace.wrote = true;
    return (this.#operations[name] as AnyOperation)(...args);
  }
}

function* readOnly<T>(program: Program<T>): Program<T> {
  let step = program.next();
  while (!step.done) {
    const { name } = step.value;
    if (name === 'notify' || WRITES[name]) throw new Error(`a read must not ask for ${name}`);
    step = program.next(yield step.value);
  }
  return step.value;
}
