import { isAnswered, type Operation } from '../history.js';
import { type Model, mergeOutcomes } from '../model.js';

/** Tries every order of a small part of a history, without any shortcut. */
export function isLawful<S, I, O>(
  model: Model<S, I, O>,
  operations: readonly Operation<I, O>[],
): boolean {
  return follow(model, operations, model.init(operations), new Map());
}

function follow<S, I, O>(
  model: Model<S, I, O>,
  left: readonly Operation<I, O>[],
  state: S,
  outcomes: ReadonlyMap<string, O>,
): boolean {
  const limit = Math.min(...left.filter(isAnswered).map((operation) => operation.return));
  if (limit === Infinity) return true;
  return left.some((operation) => {
    if (operation.call > limit) return false;
    const rest = left.filter((other) => other !== operation);
    const { input, output, requestId } = operation;
    const first = requestId === undefined ? undefined : outcomes.get(requestId);
    if (requestId !== undefined && first !== undefined) {
      const merged = output === undefined ? first : mergeOutcomes(first, output);
      if (merged === undefined) return false;
      return follow(model, rest, state, new Map(outcomes).set(requestId, merged));
    }
    return model.steps(state, input, output).some((step) => {
      const kept = requestId !== undefined && model.isKept(step.outcome);
      const next = kept ? new Map(outcomes).set(requestId, step.outcome) : outcomes;
      return follow(model, rest, step.state, next);
    });
  });
}
