import { type Answered, isAnswered, type Operation } from './history.js';
import { type Model, mergeOutcomes, type Step } from './model.js';

/** What a search found. */
export interface Found<S, I, O> {
  /** `unknown`: the bound was reached first. */
  readonly verdict: 'ok' | 'illegal' | 'unknown';
  /** How many states were looked at. */
  readonly explored: number;
  /** The furthest that any order of the operations came. */
  readonly furthest: Furthest<S, I, O>;
}

/** A lawful order of some of the operations. */
export interface Furthest<S, I, O> {
  /** The operations, each with the state that it found. */
  readonly order: readonly { readonly operation: Operation<I, O>; readonly before: S }[];
  /** The state after them. */
  readonly state: S;
  /** The next one to return, which cannot follow. */
  readonly stuck?: Answered<I, O>;
}

/** Outcomes of requests that come more than once, by request id, with their key. */
interface Kept<O> {
  readonly outcomes: ReadonlyMap<string, O>;
  readonly key: string;
}

/** An operation that may come next, and what follows from it. */
interface Branch<S, O> {
  readonly index: number;
  readonly step: Step<S, O>;
  readonly kept: Kept<O>;
}

/**
 * Looks for an order of the operations that respects their times and that the model allows, depth first, and never
 * twice through the same set of operations in the same state. Open operations may be in the order or not.
 *
 * Two shortcuts lose no order: an operation that changes nothing goes as soon as it may, and of open operations that are
 * equal only the first is tried.
 */
export function search<S, I, O>(
  model: Model<S, I, O>,
  operations: readonly Operation<I, O>[],
  maxStates: number,
): Found<S, I, O> {
  return new Search(model, operations, maxStates).run();
}

class Search<S, I, O> {
  readonly #model: Model<S, I, O>;
  readonly #maxStates: number;
  /** By return, the open ones last: the earliest to return is the likeliest to come first. */
  readonly #operations: readonly Operation<I, O>[];
  readonly #bits: readonly bigint[];
  readonly #answered: number;
  readonly #repeated: ReadonlySet<string>;
  /** What open operations ask for: equal ones are interchangeable. */
  readonly #asks: readonly string[];
  readonly #seen = new Set<string>();
  readonly #order: { operation: Operation<I, O>; before: S }[] = [];
  #furthest: Furthest<S, I, O>;
  #furthestDone = -1;

  constructor(model: Model<S, I, O>, operations: readonly Operation<I, O>[], maxStates: number) {
    this.#model = model;
    this.#maxStates = maxStates;
    this.#operations = withKeptOutcomes(model, operations).sort(
      (a, b) => (a.return ?? Infinity) - (b.return ?? Infinity) || a.call - b.call,
    );
    this.#bits = this.#operations.map((_, index) => 1n << BigInt(index));
    this.#answered = this.#operations.filter(isAnswered).length;
    this.#repeated = repeatedIds(operations);
    this.#asks = this.#operations.map(({ input, output, requestId, return: end }) =>
      end === undefined ? JSON.stringify([input, requestId, output]) : '',
    );
    this.#furthest = { order: [], state: model.init(this.#operations) };
  }

  run(): Found<S, I, O> {
    const found = this.#from(0n, 0, this.#furthest.state, { outcomes: new Map(), key: '' });
    return {
      verdict: found ? 'ok' : this.#seen.size > this.#maxStates ? 'unknown' : 'illegal',
      explored: this.#seen.size,
      furthest: this.#furthest,
    };
  }

  /** Whether the rest of the operations can follow. */
  #from(mask: bigint, done: number, state: S, kept: Kept<O>): boolean {
    const next = this.#firstToReturn(mask);
    if (done > this.#furthestDone) {
      const stuck = next === undefined ? undefined : this.#operations[next]!;
      this.#furthestDone = done;
      this.#furthest = {
        order: [...this.#order],
        state,
        ...(stuck !== undefined && isAnswered(stuck) ? { stuck } : {}),
      };
    }
    if (next === undefined) return true;
    if (this.#seen.size > this.#maxStates) return false;
    const key = `${mask.toString(36)}|${kept.key}|${this.#model.key(state)}`;
    if (this.#seen.has(key)) return false;
    this.#seen.add(key);

    const limit = this.#operations[next]!.return!;
    const branches: Branch<S, O>[] = [];
    const asked = new Set<string>();
    for (let index = next; index < this.#operations.length; index += 1) {
      if ((mask & this.#bits[index]!) !== 0n || this.#operations[index]!.call > limit) continue;
      const operation = this.#operations[index]!;
      const ask = this.#asks[index]!;
      if (ask !== '') {
        if (asked.has(ask)) continue;
        asked.add(ask);
      }
      for (const branch of this.#steps(operation, state, kept)) {
        if (branch.step.state === state && branch.kept === kept && this.#isIdle(operation, kept))
          return this.#take(mask, done, state, { index, ...branch });
        branches.push({ index, ...branch });
      }
    }
    return branches.some((branch) => this.#take(mask, done, state, branch));
  }

  #take(mask: bigint, done: number, before: S, { index, step, kept }: Branch<S, O>): boolean {
    const operation = this.#operations[index]!;
    this.#order.push({ operation, before });
    const answered = isAnswered(operation) ? 1 : 0;
    const found = this.#from(mask | this.#bits[index]!, done + answered, step.state, kept);
    this.#order.pop();
    return found;
  }

  /** Whether an answered operation that changes nothing now would change nothing at any later time either. */
  #isIdle(operation: Operation<I, O>, kept: Kept<O>): boolean {
    if (!isAnswered(operation)) return false;
    const { input, output, requestId } = operation;
    if (requestId !== undefined && kept.outcomes.has(requestId)) return true;
    return this.#model.isRead(input, output);
  }

  #firstToReturn(mask: bigint): number | undefined {
    for (let index = 0; index < this.#answered; index += 1)
      if ((mask & this.#bits[index]!) === 0n) return index;
    return undefined;
  }

  #steps(
    { input, output, requestId, return: end }: Operation<I, O>,
    state: S,
    kept: Kept<O>,
  ): readonly { step: Step<S, O>; kept: Kept<O> }[] {
    const id = requestId !== undefined && this.#repeated.has(requestId) ? requestId : undefined;
    const first = id === undefined ? undefined : kept.outcomes.get(id);
    if (id !== undefined && first !== undefined) {
      if (output === undefined || end === undefined) return [];
      const merged = mergeOutcomes(first, output);
      if (merged === undefined) return [];
      const refined = JSON.stringify(merged) !== JSON.stringify(first);
      const after = refined ? keep(kept, id, merged) : kept;
      return [{ step: { state, outcome: merged }, kept: after }];
    }
    const steps = this.#model.steps(state, input, output);
    return steps.flatMap((step) => {
      const remember = id !== undefined && this.#model.isKept(step.outcome);
      // An open operation without an effect might as well never have happened.
      if (end === undefined && step.state === state && !remember) return [];
      return [{ step, kept: remember ? keep(kept, id, step.outcome) : kept }];
    });
  }
}

/**
 * An open request of which a repetition was answered: if it is the one that took effect, then with that answer, because
 * the same request has one outcome.
 */
function withKeptOutcomes<S, I, O>(
  model: Model<S, I, O>,
  operations: readonly Operation<I, O>[],
): Operation<I, O>[] {
  const answers = new Map<string, O>();
  for (const operation of operations)
    if (isAnswered(operation) && operation.requestId !== undefined)
      if (model.isKept(operation.output)) answers.set(operation.requestId, operation.output);
  return operations.map((operation) => {
    const { requestId } = operation;
    const output = requestId === undefined ? undefined : answers.get(requestId);
    return isAnswered(operation) || output === undefined ? operation : { ...operation, output };
  });
}

function repeatedIds(operations: readonly Operation<unknown, unknown>[]): ReadonlySet<string> {
  const once = new Set<string>();
  const repeated = new Set<string>();
  for (const { requestId } of operations) {
    if (requestId === undefined) continue;
    if (once.has(requestId)) repeated.add(requestId);
    once.add(requestId);
  }
  return repeated;
}

function keep<O>(kept: Kept<O>, requestId: string, outcome: O): Kept<O> {
  const outcomes = new Map(kept.outcomes).set(requestId, outcome);
  const sorted = [...outcomes].sort(([a], [b]) => (a < b ? -1 : 1));
  return { outcomes, key: JSON.stringify(sorted) };
}
