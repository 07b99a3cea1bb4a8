import type { Context, Operation } from '../../core/program.js';
import type { Command } from '../store.js';
import { WRITES } from '../writes.js';
import { foresee } from './foresight.js';
import { type Outcome, Running } from './running.js';
import type { Session } from './session.js';

/** A command rejected after something of it was sent: only a rollback of all undoes that. */
export class Torn extends Error {}

/**
 * Commands in one transaction. What their programs ask for at the same time is asked in one round trip, and what they
 * change is sent with the commit. A program whose rules reject leaves nothing behind and does not concern the others.
 */
export class Group {
  readonly topics = new Set<string>();
  readonly #programs: Running[];
  /** Whether there is one program, which may do what it likes. */
  readonly #alone: boolean;
  /** Who has what to itself. */
  readonly #claims = new Map<string, Running>();
  /** Changes of programs that have ended, to be sent. */
  #changes: Operation[] = [];
  /** What these programs had to themselves: whoever is next has to see the changes. */
  readonly #changed = new Set<string>();
  readonly #ended: Running[] = [];
  #began: Promise<number> | undefined;
  #wrote = false;

  constructor(
    private readonly session: Session,
    private readonly commands: readonly Command<unknown>[],
    private readonly context: Context,
    private readonly seen: (now: number) => void,
  ) {
    this.#alone = commands.length === 1;
    this.#programs = commands.map((command) => new Running(command, context));
  }

  /** What the programs that came to an end have seen and changed, one after the other. */
  get ended(): readonly Running[] {
    return this.#ended;
  }

  /** Runs the programs and commits. Resolves with what came of each command. */
  async run(): Promise<readonly Outcome[]> {
    for (const program of this.#programs) this.#resume(program);
    for (let asking = this.#turn(); asking.length > 0; asking = this.#turn())
      await this.#ask(asking);
    // Those that wait for one another run alone.
    if (this.#programs.some(({ outcome, sent }) => outcome === undefined && sent)) throw new Torn();
    await this.#commit();
    return this.#programs.map(({ outcome }) => outcome ?? { again: true });
  }

  /** The programs whose turn it is to ask, in one order everywhere. Those that wait for one another have none. */
  #turn(): readonly Running[] {
    return this.#programs
      .filter((program) => program.asks !== undefined && this.#claim(program))
      .sort(({ claim: a = '' }, { claim: b = '' }) => (a < b ? -1 : a > b ? 1 : 0));
  }

  /** Gives a program what it wants to itself, or lets it wait. */
  #claim(program: Running): boolean {
    const { claim } = program;
    if (claim === undefined) return true;
    const holder = this.#claims.get(claim);
    if (holder === undefined) {
      this.#claims.set(claim, program);
      program.claims.push(claim);
    }
    program.behind ||= this.#changed.has(claim);
    return holder === undefined || holder === program;
  }

  async #ask(asking: readonly Running[]): Promise<void> {
    const ahead =
      this.#alone && this.#began === undefined
        ? foresee(this.commands[0]!, this.context, this.session.keys)
        : [];
    const begun = this.#begin();
    const changes = this.#send(asking);
    const questions = asking.map(({ asks }) => asks!);
    const answers = this.session.performAll(questions);
    // In the order of the program: what it reads behind a lock is to be read behind it.
    answers.push(...ahead.map((operation) => this.session.perform(operation)));
    const [, , ...given] = await Promise.all([begun, Promise.all(changes), ...answers]);
    if (ahead.length > 0) asking[0]!.foreseen.keep(ahead, given.slice(1));
    for (const [i, program] of asking.entries()) {
      // Some answer and change at once.
      if (WRITES[questions[i]!.name as keyof typeof WRITES]) {
        program.sent = true;
        this.#wrote = true;
      }
      this.#resume(program, given[i]);
    }
  }

  /** Sends the changes that those who ask have to see: their own, and those of the ones that they come behind. */
  #send(asking: readonly Running[]): Promise<unknown>[] {
    const own = asking.filter(({ behind, changes }) => behind || changes.length > 0);
    if (own.length === 0) return [];
    const changes = [...this.#changes, ...own.flatMap((program) => program.takeChanges())];
    for (const program of own) program.behind = false;
    this.#changes = [];
    this.#changed.clear();
    return this.#performChanges(changes);
  }

  #performChanges(changes: readonly Operation[]): Promise<unknown>[] {
    this.#wrote ||= changes.length > 0;
    return this.session.performAll(changes);
  }

  #resume(program: Running, answer?: unknown): void {
    program.resume(answer);
    const { belongs, outcome } = program;
    if (outcome !== undefined) this.#end(program, outcome);
    else if (!this.#alone && !belongs) this.#leave(program);
  }

  #end(program: Running, outcome: Outcome): void {
    if ('error' in outcome) {
      if (program.sent) throw new Torn(undefined, { cause: outcome.error });
    } else {
      const changes = program.takeChanges();
      this.#changes.push(...changes);
      if (changes.length > 0) for (const claim of program.claims) this.#changed.add(claim);
      for (const topic of program.topics) this.topics.add(topic);
      this.#ended.push(program);
    }
    this.#free(program);
  }

  /** It is run again, alone. */
  #leave(program: Running): void {
    if (program.sent) throw new Torn();
    program.asks = undefined;
    this.#free(program);
  }

  #free(program: Running): void {
    for (const claim of program.claims) this.#claims.delete(claim);
  }

  #begin(): Promise<number> {
    if (this.#began === undefined) {
      this.#began = this.session.beginWrite();
      this.#began.then(this.seen, () => {});
    }
    return this.#began;
  }

  async #commit(): Promise<void> {
    if (this.#changes.length > 0) {
      const begun = this.#begin();
      await this.session.commit([begun, ...this.#performChanges(this.#changes)]);
    } else if (this.#wrote) await this.session.commit();
    else if (this.#began !== undefined) await this.session.rollback();
  }
}
