import type { Operation } from './history.js';
import type { Model } from './model.js';
import { search } from './search.js';
import { explain, type Witness } from './witness.js';

/** How much is looked at. */
export interface CheckOptions {
  /** How many states each part of a history may take before its verdict is `unknown`; 200,000 by default. */
  readonly maxStates?: number;
}

/** What a check found. `unknown` says nothing about the World: the bound was reached first. */
export interface CheckResult<I, O> {
  readonly verdict: 'ok' | 'illegal' | 'unknown';
  /** How many states were looked at. */
  readonly explored: number;
  /** Of the first illegal part. */
  readonly witness?: Witness<I, O>;
}

const MAX_STATES = 200_000;

/**
 * Whether a history of concurrent operations could have come from the sequential specification: whether there is an
 * order, one operation after the other and each between its call and its return, that the model allows.
 */
export function checkHistory<S, I, O>(
  model: Model<S, I, O>,
  history: readonly Operation<I, O>[],
  { maxStates = MAX_STATES }: CheckOptions = {},
): CheckResult<I, O> {
  let explored = 0;
  let verdict: 'ok' | 'unknown' = 'ok';
  for (const [part, operations] of model.partition(history)) {
    const found = search(model, operations, maxStates);
    explored += found.explored;
    if (found.verdict === 'unknown') verdict = 'unknown';
    if (found.verdict === 'illegal')
      return {
        verdict: 'illegal',
        explored,
        witness: explain(model, part, operations, maxStates),
      };
  }
  return { verdict, explored };
}
