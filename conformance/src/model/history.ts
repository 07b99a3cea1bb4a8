/**
 * One call of one client, as the recorder saw it. Times are places in one order that the recorder gives, all different:
 * an operation precedes another exactly if it returned before the other was called.
 */
export interface Operation<I, O> {
  readonly client: number;
  readonly call: number;
  /**
   * When the answer was there. Unset while the outcome is unknown, because the answer was lost or left it open: the
   * operation may then take effect at any time from the call on, or never.
   */
  readonly return?: number;
  readonly input: I;
  /** The answer. Beside an unset `return`: the answer that there is if the operation takes effect. */
  readonly output?: O;
  /** Operations with the same one are the same request: it takes effect at most once and has one outcome. */
  readonly requestId?: string;
}

/** An operation whose outcome is known. */
export type Answered<I, O> = Operation<I, O> & { readonly return: number; readonly output: O };

/** Whether the outcome of an operation is known. */
export function isAnswered<I, O>(operation: Operation<I, O>): operation is Answered<I, O> {
  return operation.return !== undefined && operation.output !== undefined;
}

/** The same operation with its outcome left open: a history that is lawful with the outcome is lawful without it. */
export function reopened<I, O>(operation: Operation<I, O>, keepOutput: boolean): Operation<I, O> {
  const { return: _return, output, ...rest } = operation;
  return keepOutput && output !== undefined ? { ...rest, output } : rest;
}

/** A refusal: nothing was changed. */
export interface Refused {
  readonly kind: 'refused';
  /** The reason of the error registry. */
  readonly reason: string;
}

/** A refusal with this reason. */
export function refused(reason: string): Refused {
  return { kind: 'refused', reason };
}

/** Reasons that leave it open whether the request took effect: the recorder leaves such an operation open. */
export const UNDECIDED_REASONS: ReadonlySet<string> = new Set([
  'UNAVAILABLE',
  'DEADLINE_EXCEEDED',
  'CANCELLED',
  'INTERNAL',
]);

/** Reasons that a World may give in any state; nothing was written. */
export const BUSY_REASONS: ReadonlySet<string> = new Set([
  'THROTTLED',
  'STORE_FULL',
  'SHUTTING_DOWN',
]);

/** Answers an open call; without an answer the operation stays open. */
export interface Call<O> {
  answer(output: O): void;
}

/** Records operations in the order of its own counter. */
export class Recorder<I, O> {
  #now = 0;
  readonly #operations: Operation<I, O>[] = [];

  /** Notes a call. The caller does this before the request leaves, and answers after the response is there. */
  call(client: number, input: I, requestId?: string): Call<O> {
    this.#now += 1;
    return this.#open(client, this.#now, input, requestId);
  }

  /** Notes what the World began on its own at `since` or later, and what came of it, now. */
  arrival(client: number, since: number, input: I, output: O): void {
    this.#open(client, since, input, undefined).answer(output);
  }

  /** The time now; what is called from here on is later. */
  mark(): number {
    this.#now += 1;
    return this.#now;
  }

  /** What was recorded so far, by call. */
  history(): readonly Operation<I, O>[] {
    return [...this.#operations].sort((a, b) => a.call - b.call);
  }

  #open(client: number, call: number, input: I, requestId: string | undefined): Call<O> {
    const index = this.#operations.length;
    const operation = {
      client,
      call,
      input,
      ...(requestId === undefined ? {} : { requestId }),
    };
    this.#operations.push(operation);
    return {
      answer: (output) => {
        const reason = reasonOf(output);
        if (reason !== undefined && UNDECIDED_REASONS.has(reason)) return;
        this.#now += 1;
        this.#operations[index] = { ...operation, return: this.#now, output };
      },
    };
  }
}

function reasonOf(output: unknown): string | undefined {
  return typeof output === 'object' && output !== null && (output as Refused).kind === 'refused'
    ? (output as Refused).reason
    : undefined;
}
