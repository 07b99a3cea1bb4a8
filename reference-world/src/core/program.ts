/**
 * How the rules touch the store without doing I/O: a rule is a generator that yields the operations it needs and is
 * resumed with their results. An engine drives it: SQLite at once, within one transaction; PostgreSQL by awaiting.
 */
import type { StoreOperations } from '../store/operations.js';

/** One operation that a program asks its engine for. */
export type Operation = {
  [K in keyof StoreOperations]: {
    readonly name: K;
    readonly args: Parameters<StoreOperations[K]>;
  };
}[keyof StoreOperations];

/** A rule in progress. Ends with its result, or by throwing a Rejection, after which nothing of it is kept. */
export type Program<T> = Generator<Operation, T, unknown>;

/** What a program may know of the world outside: the time of its commit, and ids nobody else has. */
export interface Context {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Returns a new ULID. */
  newId(): string;
}

type OperationPrograms = {
  [K in keyof StoreOperations]: (
    ...args: Parameters<StoreOperations[K]>
  ) => Program<ReturnType<StoreOperations[K]>>;
};

/** Every store operation as a program of one step: `const run = yield* store.getRun(project, runId)`. */
export const store: OperationPrograms = new Proxy({} as OperationPrograms, {
  get(target, name: keyof StoreOperations) {
    const known = target[name];
    if (known !== undefined) return known;
    const program = function* (...args: unknown[]): Generator<unknown, unknown, unknown> {
      return yield { name, args };
    };
    Object.assign(target, { [name]: program });
    return program;
  },
});
