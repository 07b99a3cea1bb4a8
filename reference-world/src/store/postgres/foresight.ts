import { create } from '@bufbuild/protobuf';
import { RunSchema } from '@worldwire/proto';
import type { Context, Operation } from '../../core/program.js';
import type { Key, RunRow, StreamRow } from '../operations.js';
import type { Command } from '../store.js';
import { WRITES } from '../writes.js';

/** Runs and streams whose keys are remembered: about as many as are active at a time. */
const MAX_KEYS = 10_000;
/** Operations that are asked ahead of their time. */
const MAX_AHEAD = 64;
/** What is not there in most cases. */
const MOSTLY_ABSENT: ReadonlySet<Operation['name']> = new Set<Operation['name']>([
  ...(['getOutcome', 'findMessage', 'getHook', 'getLease'] as const),
]);

/** Keys of runs and streams that this server has seen. They are guesses: whoever uses one asks the database. */
export class KnownKeys {
  readonly #keys = new Map<string, Key>();

  /** Takes note of the key of what has this name: that of a run, or of a stream and its run. */
  seen(key: Key, ...name: readonly string[]): void {
    this.#keys.set(name.join('/'), key);
    if (this.#keys.size > MAX_KEYS) this.#keys.delete(this.#keys.keys().next().value!);
  }

  of(...name: readonly string[]): Key | undefined {
    return this.#keys.get(name.join('/'));
  }
}

/**
 * What a command will ask for behind its first question, if the answers are what they mostly are. It is asked in the
 * same round trip; a program is pure, so that running it on guesses does nothing.
 */
export function foresee(
  command: Command<unknown>,
  context: Context,
  keys: KnownKeys,
): readonly Operation[] {
  const ahead: Operation[] = [];
  try {
    const program = command(context);
    let step = program.next();
    while (!step.done && ahead.length < MAX_AHEAD) {
      const guess = guessOf(step.value, keys);
      if (guess === undefined) break;
      step = program.next(guess.answer);
      if (step.done || step.value.name === 'notify' || WRITES[step.value.name]) break;
      ahead.push(step.value);
    }
  } catch {
    // It rejects what it would not get.
  }
  return ahead;
}

/** Answers that came ahead of their questions. */
export class Foreseen {
  #known: { readonly operation: Operation; readonly answer: unknown }[] = [];

  keep(operations: readonly Operation[], answers: readonly unknown[]): void {
    this.#known = operations.map((operation, i) => ({ operation, answer: answers[i] }));
  }

  /** The answer to a question, if it is the one that was foreseen; what was foreseen behind another one is void. */
  take(operation: Operation): { readonly answer: unknown } | undefined {
    const next = this.#known.shift();
    if (next !== undefined && asksSame(next.operation, operation)) return next;
    this.forget();
    return undefined;
  }

  /** Something has changed. */
  forget(): void {
    this.#known = [];
  }
}

function asksSame(one: Operation, other: Operation): boolean {
  return one.name === other.name && JSON.stringify(one.args) === JSON.stringify(other.args);
}

function guessOf(operation: Operation, keys: KnownKeys): { readonly answer: unknown } | undefined {
  switch (operation.name) {
    case 'getRun':
      return { answer: guessRun(operation.args, keys) };
    case 'getStream':
      return { answer: guessStream(operation.args, keys) };
    case 'leaseMessages':
      return { answer: [] };
    default:
      return MOSTLY_ABSENT.has(operation.name) ? { answer: undefined } : undefined;
  }
}

/** A run of which nothing is right but its key. */
function guessRun(
  [project, runId]: readonly [string, string, ...unknown[]],
  keys: KnownKeys,
): RunRow | undefined {
  const key = keys.of(project, runId);
  return key === undefined
    ? undefined
    : { key, run: create(RunSchema, { runId }), lastEventAt: 0, bytes: 0 };
}

/** An open stream of which nothing is right but its key. */
function guessStream(
  [project, runId, name]: readonly [string, string, string],
  keys: KnownKeys,
): StreamRow | undefined {
  const key = keys.of(project, runId, name);
  return key === undefined
    ? undefined
    : { key, runId, name, length: 0, closed: false, expired: false };
}
