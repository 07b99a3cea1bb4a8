import type { Task } from './simulate.js';

/** Answers a request id again as it was answered first; refusals are decided anew. */
export class Outcomes<O extends { readonly kind: string }> {
  readonly #kept = new Map<string, O>();

  *once(requestId: string | undefined, decide: () => Task<O>): Task<O> {
    const first = requestId === undefined ? undefined : this.#kept.get(requestId);
    if (first !== undefined) return first;
    const output = yield* decide();
    if (requestId !== undefined && output.kind !== 'refused') this.#kept.set(requestId, output);
    return output;
  }
}
