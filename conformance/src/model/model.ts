import type { Answered, Operation } from './history.js';

/** One lawful continuation: the state after an operation, and what its answer must say. */
export interface Step<S, O> {
  readonly state: S;
  /** The answer, as far as it is known; the same request answers the same again. */
  readonly outcome: O;
}

/** What an operation did, in words that fit "client 1's … ". */
export interface Told {
  /** The request, such as "step_completed". */
  readonly request: string;
  /** What came of it, in the past tense, such as "was accepted (event 5)". */
  readonly past: string;
  /** The same before that, such as "had been accepted (event 4)". */
  readonly perfect: string;
}

/** A sequential specification of one object of a World. */
export interface Model<S, I, O> {
  readonly name: string;
  /** Splits a history into objects that do not depend on each other; the keys name them in words. */
  partition(history: readonly Operation<I, O>[]): ReadonlyMap<string, readonly Operation<I, O>[]>;
  /** The state before anything happened. The operations are given for what reads tell about the order of writes. */
  init(operations: readonly Operation<I, O>[]): S;
  /**
   * Every lawful continuation of a state by an operation with this answer; none where the answer is not lawful. What
   * changes nothing returns the very same state. With an unknown answer: every continuation that changes something.
   */
  steps(state: S, input: I, output: O | undefined): readonly Step<S, O>[];
  /** Equal for equal states. */
  key(state: S): string;
  /** Whether the World does such operations on its own, so that one without its answer means nothing; none by default. */
  isUnasked?(input: I): boolean;
  /** The same answer without what only places it among others, such as a position; most answers have no such part. */
  blurred?(output: O): O;
  /** Whether an operation with this answer changes nothing in any state. */
  isRead(input: I, output: O): boolean;
  /** Whether the same request gets this outcome again; otherwise it is decided anew. */
  isKept(outcome: O): boolean;
  /** What the operation is about, such as "step s1". */
  subject(input: I, output: O | undefined): string;
  /** What the operation did; of one whose outcome is open, the request is told. */
  tell(input: I, output: O | undefined): Told;
  /**
   * Why this answer is not lawful in this state, after these operations: a clause without a full stop. Undefined where
   * it would fit this state, and only no order leads to it.
   */
  objection(
    state: S,
    operation: Answered<I, O>,
    before: readonly Operation<I, O>[],
  ): string | undefined;
}

/** Splits a history by one key; operations without a key belong to every part. */
export function partitionBy<I, O>(
  history: readonly Operation<I, O>[],
  keyOf: (operation: Operation<I, O>) => string | undefined,
): ReadonlyMap<string, readonly Operation<I, O>[]> {
  const keyed = history.map((operation) => ({ operation, key: keyOf(operation) }));
  const keys = new Set(keyed.flatMap(({ key }) => (key === undefined ? [] : [key])));
  return new Map(
    [...keys].map((wanted) => [
      wanted,
      keyed
        .filter(({ key }) => key === undefined || key === wanted)
        .map(({ operation }) => operation),
    ]),
  );
}

/** Both outcomes in one, or undefined where they contradict each other; what only one of them says, holds. */
export function mergeOutcomes<T>(first: T, second: T): T | undefined {
  if (first === undefined) return second;
  if (second === undefined || first === second) return first;
  if (!isRecord(first) || !isRecord(second)) return undefined;
  const merged: Record<string, unknown> = { ...first };
  for (const [name, value] of Object.entries(second)) {
    const both = mergeOutcomes(merged[name], value);
    if (both === undefined && value !== undefined) return undefined;
    merged[name] = both;
  }
  return merged as T;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
