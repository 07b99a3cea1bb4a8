import { stripStep } from '../../core/payloads.js';
import type { Context, Operation } from '../../core/program.js';
import type { PayloadChoice, StoreOperations } from '../operations.js';
import type { Command } from '../store.js';
import { afterChanges, copyStep, eventsOf, type KnownRun, positionOf } from './known-run.js';

/** What a command comes to if everything is as it is remembered. */
export interface Speculation {
  readonly value: unknown;
  readonly changes: readonly Operation[];
  readonly topics: readonly string[];
  /** Of the run that it changes, if it does: as it has to be before, and as it is then. */
  readonly run?: { readonly before: KnownRun; readonly after: KnownRun };
}

/**
 * Runs a command on what is remembered of its run, without a question to the database. What it takes for absent, such as
 * an outcome of its request, a step or a message, it has to insert, so that the database notices if it is there.
 * Undefined where that does not suffice: also where the rules reject, since they may do so for what is not true.
 */
export function speculate(
  command: Command<unknown>,
  context: Context,
  find: (project: string, runId: string) => KnownRun | undefined,
): Speculation | undefined {
  const guesses = new Guesses(find);
  try {
    const program = command(context);
    let step = program.next();
    while (!step.done) {
      const guess = guesses.guess(step.value);
      if (guess === undefined) return undefined;
      step = program.next(guess.answer);
    }
    return guesses.concluded(step.value);
  } catch {
    return undefined;
  }
}

const NOTHING = { answer: undefined };

/** The answers that a program is given, and what it does about them. */
class Guesses {
  readonly #changes: Operation[] = [];
  readonly #topics: string[] = [];
  #before: KnownRun | undefined;
  /** What was taken for absent and not inserted. */
  #absent = 0;
  #sends = false;

  constructor(private readonly find: (project: string, runId: string) => KnownRun | undefined) {}

  /** The answer to an operation; undefined where only the database knows. */
  guess(operation: Operation): { readonly answer: unknown } | undefined {
    const { name, args } = operation;
    switch (name) {
      case 'getRun':
        if (args[2] !== 'none' || this.#before !== undefined) return undefined;
        this.#before = this.find(args[0], args[1]);
        return this.#before && { answer: this.#before.row };
      case 'getStep':
        return this.#step(args[1], args[2]);
      case 'getOutcome':
      case 'findMessage':
        this.#absent++;
        return NOTHING;
      case 'listEvents':
        return this.#events(args);
      case 'notify':
        this.#topics.push(args[0]);
        return NOTHING;
      case 'putOutcome':
        this.#absent--;
        return this.#change(operation);
      case 'insertMessage':
        this.#sends = true;
        if (args[1].idempotencyKey !== undefined) this.#absent--;
        return this.#change(operation);
      case 'insertStep':
        this.#absent--;
        return this.#before && this.#change(operation);
      case 'appendEvents':
      case 'updateStep':
        return this.#before && this.#change(operation);
      default:
        return undefined;
    }
  }

  /** What a program has come to that ends with a value. */
  concluded(value: unknown): Speculation | undefined {
    if (this.#absent > 0) return undefined;
    const done = { value, changes: this.#changes, topics: this.#topics };
    const before = this.#before;
    if (before === undefined) return this.#sends ? done : undefined;
    const after = afterChanges(before, this.#changes);
    if (after === undefined || positionOf(after) === positionOf(before)) return undefined;
    return { ...done, run: { before, after } };
  }

  #change(operation: Operation) {
    this.#changes.push(operation);
    return NOTHING;
  }

  #step(stepId: string, choice: PayloadChoice) {
    if (choice === 'input' || this.#changes.length > 0) return undefined;
    const known = this.#before?.steps.get(stepId);
    if (known !== undefined)
      return { answer: choice === 'all' ? copyStep(known) : stripStep(known) };
    this.#absent++;
    return NOTHING;
  }

  #events([, types, correlationId, slice, payloads]: Parameters<StoreOperations['listEvents']>) {
    const run = this.#before && afterChanges(this.#before, this.#changes);
    if (run === undefined || correlationId !== undefined) return undefined;
    const answer = eventsOf(run, types, slice, payloads);
    return answer && { answer };
  }
}

/** Changes that may be made by statements of many rows, one layer after the other: in none a step is changed twice. */
export function layersOf(speculations: readonly Speculation[]): Operation[][] {
  const layers: Operation[][] = [[]];
  let steps = new Set<string>();
  for (const { changes } of speculations) {
    const own = changes.flatMap(stepOf);
    if (own.some((step) => steps.has(step))) {
      layers.push([]);
      steps = new Set();
    }
    for (const step of own) steps.add(step);
    layers.at(-1)!.push(...changes);
  }
  return layers;
}

function stepOf({ name, args }: Operation): string[] {
  return name === 'insertStep' || name === 'updateStep' ? [`${args[0]}/${args[1].stepId}`] : [];
}
