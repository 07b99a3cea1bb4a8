import type { Context, Operation, Program } from '../../core/program.js';
import type { Command } from '../store.js';
import { WRITES } from '../writes.js';
import { Foreseen } from './foresight.js';
import type { Seen } from './known-run.js';
import { claimOf, isDeferred, isShared } from './shared.js';

/** What came of a command; `again` where it has to run in a transaction of its own. */
export type Outcome =
  | { readonly value: unknown }
  | { readonly error: unknown }
  | { readonly again: true };

/** Operations whose answers tell what there is of a run. */
const TELLING: ReadonlySet<Operation['name']> = new Set<Operation['name']>([
  ...(['getRun', 'insertRun', 'getStep'] as const),
]);

/** A program in a transaction that it may have in common with others. */
export class Running {
  outcome: Outcome | undefined;
  /** What it waits for the answer to. */
  asks: Operation | undefined;
  /** What it has to have to itself before it may ask. */
  claim: string | undefined;
  /** What it has to itself. */
  readonly claims: string[] = [];
  /** Changes that have not been sent. */
  changes: Operation[] = [];
  /** Whether changes of it were sent. */
  sent = false;
  /** Whether it has to see what others have changed. */
  behind = false;
  readonly foreseen = new Foreseen();
  /** What it was told of runs and steps. */
  readonly seen: Seen[] = [];
  /** All changes that it makes. */
  readonly done: Operation[] = [];
  readonly topics: string[] = [];
  readonly #program: Program<unknown>;

  constructor(command: Command<unknown>, context: Context) {
    this.#program = command(context);
  }

  /** Goes on with an answer, to where it needs the next one. */
  resume(answer?: unknown): void {
    if (this.asks !== undefined) this.#note(this.asks, answer);
    this.asks = undefined;
    try {
      let step = this.#program.next(answer);
      while (!step.done) {
        const operation = step.value;
        if (operation.name === 'notify') {
          this.topics.push(operation.args[0]);
          step = this.#program.next();
        } else if (isDeferred(operation)) {
          this.changes.push(operation);
          this.done.push(operation);
          this.foreseen.forget();
          step = this.#program.next();
        } else {
          const known = this.foreseen.take(operation);
          if (known === undefined) {
            this.asks = operation;
            this.claim = claimOf(operation);
            return;
          }
          this.#note(operation, known.answer);
          step = this.#program.next(known.answer);
        }
      }
      this.outcome = { value: step.value };
    } catch (error) {
      this.outcome = { error };
    }
  }

  /** Whether it may go on in company: it does nothing wide, and does not go back to a run after changes. */
  get belongs(): boolean {
    const { asks, changes } = this;
    return (
      asks === undefined || (isShared(asks) && !(asks.name === 'getRun' && changes.length > 0))
    );
  }

  takeChanges(): Operation[] {
    const taken = this.changes;
    this.changes = [];
    this.sent ||= taken.length > 0;
    return taken;
  }

  #note(operation: Operation, answer: unknown): void {
    if (TELLING.has(operation.name)) this.seen.push({ operation, answer });
    else if (WRITES[operation.name as keyof typeof WRITES]) this.done.push(operation);
  }
}
