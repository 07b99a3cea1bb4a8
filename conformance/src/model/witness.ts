import { type Answered, isAnswered, type Operation, reopened } from './history.js';
import type { Model } from './model.js';
import { type Furthest, search } from './search.js';

/** Why a history is illegal. */
export interface Witness<I, O> {
  /** The part of the history, such as a run or a token. */
  readonly part: string;
  /** One sentence. */
  readonly summary: string;
  /** The summary, the core in the order of the calls, and how far a lawful order comes. */
  readonly text: string;
  /** The answers that contradict each other, by call: whatever all other answers are, these cannot be. */
  readonly core: readonly Answered<I, O>[];
  /** A lawful order of what had happened when the contradiction came. */
  readonly prefix: readonly Operation<I, O>[];
  /** The answer that cannot follow. */
  readonly stuck: Answered<I, O>;
}

/** The others of a core that one sentence can name. */
const NAMED = 3;
/** How much of the bound all tries to make a history smaller may take together, and each of them. */
const SHRINKING = 1 / 20;
const ONE_TRY = 1 / 100;
/** The lines that a core may take in the text. */
const LINES = 12;

/** Explains an illegal part of a history. */
export function explain<S, I, O>(
  model: Model<S, I, O>,
  part: string,
  operations: readonly Operation<I, O>[],
  maxStates: number,
): Witness<I, O> {
  const budget = new Budget(model, maxStates);
  const cut = cutOff(model, operations, budget);
  const { stuck } = cut;
  const { order: found, reason, cause } = reasonOf(model, operations, cut, maxStates);
  const small = shrink(model, cut, budget).filter(isAnswered);
  const core = operations
    .filter(isAnswered)
    .filter((one) => one === cause || small.some((other) => isSame(one, other)))
    .sort((a, b) => a.call - b.call);
  const summary = summarize(model, core, stuck, reason);
  const named = found.filter((operation) => core.some((other) => other === operation));
  return {
    part,
    summary,
    text: [
      summary.startsWith(part) ? summary : `${part}: ${summary}`,
      ...core.slice(-LINES).map((operation) => `  ${line(model, operation)}`),
      ...(core.length > LINES ? [`  and ${core.length - LINES} answers before these`] : []),
      `  lawful so far: ${
        named
          .slice(-LINES)
          .map((operation) => name(model, operation))
          .join(', ') || 'what else was asked'
      }${named.length > 0 && named.length < found.length ? ', with what else was asked' : ''}`,
      `  cannot follow: ${name(model, stuck)}`,
    ].join('\n'),
    core,
    prefix: found,
    stuck,
  };
}

/** Why an answer cannot follow, and what it cannot follow. */
interface Reason<I, O> {
  readonly reason: string;
  readonly order: readonly Operation<I, O>[];
  /** The last answered operation before which it was not for this reason. */
  readonly cause?: Operation<I, O>;
}

/**
 * Without the answer that came last, the rest is lawful; and where all of it has happened, that answer is wrong. What
 * was answered later still tells more about the order, unless it contradicts the rest on its own.
 */
function reasonOf<S, I, O>(
  model: Model<S, I, O>,
  operations: readonly Operation<I, O>[],
  { operations: cut, stuck }: Cut<I, O>,
  maxStates: number,
): Reason<I, O> {
  const open = reopened(stuck, model.isUnasked?.(stuck.input) === true);
  const without = (some: readonly Operation<I, O>[]) =>
    some.filter(({ call }) => call <= stuck.return).map((one) => (isSame(one, stuck) ? open : one));
  const whole = search(model, without(operations), maxStates * ONE_TRY);
  const { furthest } =
    whole.verdict === 'unknown' ? search(model, without(cut), maxStates * SHRINKING) : whole;
  return objectionIn(model, stuck, furthest, open);
}

function objectionIn<S, I, O>(
  model: Model<S, I, O>,
  stuck: Answered<I, O>,
  { order, state }: Furthest<S, I, O>,
  open: Operation<I, O>,
): Reason<I, O> {
  const place = order.findIndex(({ operation }) => operation === open);
  const before = place < 0 ? order : order.slice(0, place);
  const operations = before.map(({ operation }) => operation);
  const reason = model.objection(order[place]?.before ?? state, stuck, operations);
  if (reason === undefined)
    return { reason: 'no order of the other answers has room for it', order: operations };
  for (let index = before.length - 1; index >= 0; index -= 1) {
    const step = before[index]!;
    if (model.objection(step.before, stuck, operations.slice(0, index)) === reason) continue;
    const { operation } = step;
    const lost = isAnswered(operation) ? '' : `, after ${name(model, operation)} without an answer`;
    return { reason: `${reason}${lost}`, order: operations, cause: operation };
  }
  return { reason, order: operations };
}

/** Whether both are the same call, of which one may tell less. */
function isSame<I, O>(a: Operation<I, O>, b: Operation<I, O>): boolean {
  return a.client === b.client && a.call === b.call && a.input === b.input;
}

/** A history up to the first answer that no order explains. */
interface Cut<I, O> {
  readonly operations: readonly Operation<I, O>[];
  readonly stuck: Answered<I, O>;
}

/** Tries of smaller histories, bounded all together. */
class Budget<S, I, O> {
  readonly #model: Model<S, I, O>;
  readonly #each: number;
  #left: number;

  constructor(model: Model<S, I, O>, maxStates: number) {
    this.#model = model;
    this.#each = maxStates * ONE_TRY;
    this.#left = maxStates * SHRINKING;
  }

  isIllegal(operations: readonly Operation<I, O>[]): boolean {
    if (this.#left <= 0) return false;
    const { verdict, explored } = search(this.#model, operations, Math.min(this.#each, this.#left));
    this.#left -= explored;
    return verdict === 'illegal';
  }
}

/**
 * The shortest illegal beginning, found by halving: what is illegal stays so, whatever follows. Calls after its end are
 * left out, and what had not been answered by then is open.
 */
function cutOff<S, I, O>(
  model: Model<S, I, O>,
  operations: readonly Operation<I, O>[],
  budget: Budget<S, I, O>,
): Cut<I, O> {
  const answered = operations.filter(isAnswered).sort((a, b) => a.return - b.return);
  const until = (index: number): Cut<I, O> => {
    const stuck = answered[index]!;
    return {
      stuck,
      operations: operations
        .filter(({ call }) => call <= stuck.return)
        .map((operation) =>
          (operation.return ?? 0) > stuck.return
            ? reopened(operation, model.isUnasked?.(operation.input) === true)
            : operation,
        ),
    };
  };
  let legal = -1;
  let illegal = answered.length - 1;
  while (illegal - legal > 1) {
    const middle = (legal + illegal) >> 1;
    if (budget.isIllegal(until(middle).operations)) illegal = middle;
    else legal = middle;
  }
  return until(illegal);
}

/**
 * Makes an illegal history smaller in ways that never make a lawful one illegal: drops what changes nothing, and leaves
 * outcomes open; first those of other subjects, then in ever smaller pieces.
 */
function shrink<S, I, O>(
  model: Model<S, I, O>,
  { operations, stuck }: Cut<I, O>,
  budget: Budget<S, I, O>,
): readonly Operation<I, O>[] {
  let small = operations;
  const without = (dropped: ReadonlySet<Operation<I, O>>) =>
    small.flatMap((operation) => {
      if (!dropped.has(operation) || !isAnswered(operation)) return [operation];
      const { input, output, requestId } = operation;
      // The first outcome of a request binds its repetitions: it may be left open, but not left out.
      if (requestId === undefined && model.isRead(input, output)) return [];
      return [reopened(operation, model.isUnasked?.(input) === true)];
    });
  const attempt = (dropped: readonly Operation<I, O>[]): void => {
    const smaller = without(new Set(dropped));
    if (dropped.length > 0 && budget.isIllegal(smaller)) small = smaller;
  };
  const others = () =>
    small
      .filter(isAnswered)

      .filter((operation) => !isSame(operation, stuck))
      .sort((a, b) => b.return - a.return);

  const blurred = small.map((operation) =>
    isAnswered(operation)
      ? { ...operation, output: model.blurred?.(operation.output) ?? operation.output }
      : operation,
  );
  if (model.blurred !== undefined && budget.isIllegal(blurred)) small = blurred;

  const subject = model.subject(stuck.input, stuck.output);
  attempt(others().filter(({ input, output }) => model.subject(input, output) !== subject));
  attempt(others().filter(({ input, output }) => model.isRead(input, output)));
  for (let size = others().length; size >= 1; size = size >> 1) {
    const left = others();
    for (let from = 0; from < left.length; from += size) attempt(left.slice(from, from + size));
  }
  return small;
}

function summarize<S, I, O>(
  model: Model<S, I, O>,
  core: readonly Answered<I, O>[],
  stuck: Answered<I, O>,
  reason: string,
): string {
  const { request, past } = model.tell(stuck.input, stuck.output);
  const others = core.filter((operation) => operation !== stuck);
  const although =
    others.length === 0 || others.length > NAMED
      ? ''
      : ` although ${others.map((other) => besides(model, other, stuck)).join(', and ')}`;
  const subject = model.subject(stuck.input, stuck.output);
  return `${subject}: client ${stuck.client}'s ${request} ${past}${although}; ${reason}.`;
}

/** Another answer, and when it was there as seen from the one that cannot follow. */
function besides<S, I, O>(
  model: Model<S, I, O>,
  other: Answered<I, O>,
  stuck: Answered<I, O>,
): string {
  const { request, past, perfect } = model.tell(other.input, other.output);
  const subject = model.subject(other.input, other.output);
  const about = subject === model.subject(stuck.input, stuck.output) ? '' : ` (${subject})`;
  const who = `client ${other.client}'s ${request}${about}`;
  return other.return < stuck.call
    ? `${who} ${perfect} before client ${stuck.client} called`
    : stuck.return < other.call
      ? `${who} ${past} afterwards`
      : `${who} ${past} at the same time`;
}

function line<S, I, O>(model: Model<S, I, O>, operation: Answered<I, O>): string {
  const { request, past } = model.tell(operation.input, operation.output);
  const subject = model.subject(operation.input, operation.output);
  return `[${operation.call}–${operation.return}] client ${operation.client}: ${subject}: ${request} ${past}`;
}

function name<S, I, O>(model: Model<S, I, O>, { client, input, output }: Operation<I, O>): string {
  return `${model.tell(input, output).request} (${model.subject(input, output)}, client ${client})`;
}
