import type { Context } from '../../core/program.js';
import type { Command } from '../store.js';
import { throttled } from '../throttled.js';
import type { Connections } from './connections.js';
import type { Contexts } from './contexts.js';
import { faultOf } from './faults.js';
import { Group, Torn } from './group.js';
import { type KnownRun, nameOf, runSeen } from './known-run.js';
import { retrying } from './retry.js';
import { RunMemory } from './run-memory.js';
import type { Outcome, Running } from './running.js';
import { Unanswered } from './session.js';
import { type Speculation, speculate } from './speculation.js';

/** What one commit held, for metrics. */
export interface GroupReport {
  readonly commands: number;
  readonly milliseconds: number;
}

export interface GroupCommitOptions {
  /** Commands that may wait; more are refused with THROTTLED. */
  readonly maxWaiting: number;
  readonly giveUpMs: number;
  /** Called after a commit with the topics that its commands notified. */
  readonly committed: (topics: ReadonlySet<string>) => void;
  readonly onGroup: ((report: GroupReport) => void) | undefined;
}

interface Waiting {
  readonly command: Command<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** A command that is to be done without asking. */
interface Ahead {
  readonly waiting: Waiting;
  readonly speculation: Speculation;
}

/** What came of a transaction. */
interface Attempt {
  readonly outcomes: readonly Outcome[];
  readonly topics: ReadonlySet<string>;
  readonly ended: readonly Running[];
  readonly milliseconds: number;
}

/** Commands in one transaction, at most. */
const MAX_COMMANDS = 128;
/** So many are not spread over several groups. */
const FEW_COMMANDS = 16;
/** Groups under way at a time: while the database is at one, this process is at another. */
const MAX_GROUPS = 3;
/** A group that takes longer, because it waits for a lock, lets others go on beside it. */
const SLOW_MS = 20;

/**
 * Commits what arrived while other commits were under way together: one flush to disk for all, by statements of many
 * rows. Nobody is answered before it. Commands of runs that are remembered are committed in one round trip, and asked
 * for like all others where the memory is wrong.
 */
export class GroupCommit {
  readonly #memory = new RunMemory();
  readonly #waiting: Waiting[] = [];
  /** Commands of runs about which more is known when a commit that is under way has come to its end. */
  readonly #held = new Map<string, Waiting[]>();
  #heldCount = 0;
  readonly #underWay = new Set<Promise<void>>();
  #groups = 0;
  #scheduled = false;

  constructor(
    private readonly connections: Connections,
    private readonly contexts: Contexts,
    private readonly options: GroupCommitOptions,
  ) {}

  execute<T>(command: Command<T>): Promise<T> {
    if (this.#queued >= this.options.maxWaiting) return Promise.reject(throttled('database'));
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ command, resolve: resolve as (value: unknown) => void, reject });
      this.#schedule();
    });
  }

  /** How many commands have not begun. */
  get #queued(): number {
    return this.#waiting.length + this.#heldCount + this.connections.waiting;
  }

  /** Believes nothing that was remembered before the connection to the database was lost. */
  forget(): void {
    this.#memory.forgetAll();
  }

  /** Waits for all that was given to it. */
  async idle(): Promise<void> {
    while (this.#waiting.length + this.#underWay.size > 0) {
      await Promise.all(this.#underWay);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  #schedule(): void {
    if (this.#scheduled || this.#waiting.length === 0 || this.#groups >= MAX_GROUPS) return;
    this.#scheduled = true;
    // After the I/O of this turn, so that all requests that it brought in share the commit.
    setImmediate(() => {
      this.#scheduled = false;
      const context = this.contexts.known();
      const { ahead, sent, group } = this.#split(this.#take(), context);
      if (ahead.length > 0) this.#start(this.#runAhead(ahead, context));
      if (sent.length > 0) this.#start(this.#runAhead(sent, context));
      if (group.length > 0) this.#start(this.#runGroup(group));
      this.#schedule();
    });
  }

  /** Lets work take a place of those that there are, until it is done or slow. */
  #start(work: Promise<void>): void {
    this.#groups++;
    let counts = true;
    const makeRoom = () => {
      if (counts) this.#groups--;
      counts = false;
      this.#schedule();
    };
    const timer = setTimeout(makeRoom, SLOW_MS);
    this.#track(
      work.finally(() => {
        clearTimeout(timer);
        makeRoom();
      }),
    );
  }

  /**
   * Takes out those that need not ask the database, and those that have to wait until one of these is done. Messages go
   * by themselves, since they more often turn out to be there already.
   */
  #split(
    taken: readonly Waiting[],
    context: Context,
  ): { ahead: Ahead[]; sent: Ahead[]; group: Waiting[] } {
    const ahead: Ahead[] = [];
    const sent: Ahead[] = [];
    const group: Waiting[] = [];
    const changed = new Map<string, KnownRun>();
    for (const waiting of taken) {
      let held: Waiting[] | undefined;
      const speculation = speculate(waiting.command, context, (project, runId) => {
        const run = { project, runId };
        held = this.#held.get(nameOf(run));
        return held === undefined
          ? (changed.get(nameOf(run)) ?? this.#memory.find(run))
          : undefined;
      });
      if (held !== undefined) {
        held.push(waiting);
        this.#heldCount++;
      } else if (speculation === undefined) group.push(waiting);
      else if (speculation.run === undefined) sent.push({ waiting, speculation });
      else {
        ahead.push({ waiting, speculation });
        changed.set(nameOf(speculation.run.after), speculation.run.after);
      }
    }
    for (const name of changed.keys()) this.#held.set(name, []);
    return { ahead, sent, group };
  }

  /** Takes a share of those that wait, so that the other groups have something to do as well. */
  #take(): Waiting[] {
    const share = Math.ceil(this.#waiting.length / (MAX_GROUPS - this.#groups));
    return this.#waiting.splice(0, Math.min(MAX_COMMANDS, Math.max(FEW_COMMANDS, share)));
  }

  #track(work: Promise<void>): void {
    this.#underWay.add(work);
    work.finally(() => this.#underWay.delete(work));
  }

  async #runAhead(ahead: readonly Ahead[], context: Context): Promise<void> {
    const speculations = ahead.map(({ speculation }) => speculation);
    const started = performance.now();
    try {
      const now = await this.connections.use((session) =>
        session.commitAhead(speculations, context.now),
      );
      this.contexts.clock.seen(now);
    } catch (error) {
      for (const { run } of speculations) if (run) this.#memory.forget(run.before);
      this.#letGo(speculations);
      if (error instanceof Unanswered)
        for (const { waiting } of ahead) waiting.reject(faultOf(error.cause));
      // Something is not as it was remembered; or else the same fault comes up again.
      else await this.#runGroup(ahead.map(({ waiting }) => waiting));
      return;
    }
    const topics = new Set<string>();
    for (const { waiting, speculation } of ahead) {
      const { run, changes } = speculation;
      if (run) this.#memory.learn(run.before, changes);
      for (const topic of speculation.topics) topics.add(topic);
      waiting.resolve(speculation.value);
    }
    this.#letGo(speculations);
    this.options.committed(topics);
    this.options.onGroup?.({ commands: ahead.length, milliseconds: performance.now() - started });
  }

  /** Lets those go on that waited for changes of these runs. */
  #letGo(speculations: readonly Speculation[]): void {
    for (const { run } of speculations) {
      if (run === undefined) continue;
      const held = this.#held.get(nameOf(run.before)) ?? [];
      this.#held.delete(nameOf(run.before));
      this.#heldCount -= held.length;
      this.#waiting.unshift(...held);
    }
    this.#schedule();
  }

  async #runGroup(group: readonly Waiting[]): Promise<void> {
    if (group.length === 1) return this.#runAlone(group[0]!);
    let attempt: Attempt;
    try {
      attempt = await this.#attempt(group);
    } catch (error) {
      if (error instanceof Unanswered) for (const { reject } of group) reject(faultOf(error.cause));
      // Whoever is at fault, the others must not suffer from it.
      else for (const waiting of group) this.#track(this.#runAlone(waiting));
      return;
    }
    this.#settle(group, attempt);
  }

  async #runAlone(waiting: Waiting): Promise<void> {
    let attempt: Attempt;
    try {
      attempt = await retrying(this.options.giveUpMs, () => this.#attempt([waiting]));
    } catch (error) {
      waiting.reject(error);
      return;
    }
    this.#settle([waiting], attempt);
  }

  async #attempt(group: readonly Waiting[]): Promise<Attempt> {
    const started = performance.now();
    const { clock } = this.contexts;
    return this.connections.use(async (session) => {
      const context = await this.contexts.now(() => session.now());
      const commands = group.map(({ command }) => command);
      const run = new Group(session, commands, context, (now) => clock.seen(now));
      try {
        const outcomes = await run.run();
        const { topics, ended } = run;
        return { outcomes, topics, ended, milliseconds: performance.now() - started };
      } catch (error) {
        throw error instanceof Torn && group.length === 1 ? error.cause : error;
      }
    });
  }

  #learn(programs: readonly Running[]): void {
    for (const { seen, done } of programs) {
      const before = runSeen(seen);
      if (before !== undefined && done.length > 0) this.#memory.learn(before, done);
    }
  }

  #settle(group: readonly Waiting[], { outcomes, topics, ended, milliseconds }: Attempt): void {
    for (const [i, waiting] of group.entries()) {
      const outcome = outcomes[i]!;
      if ('value' in outcome) waiting.resolve(outcome.value);
      else if ('error' in outcome) waiting.reject(faultOf(outcome.error));
      else this.#track(this.#runAlone(waiting));
    }
    // Not within the transaction: what is committed must not be taken for failed.
    this.#learn(ended);
    this.options.committed(topics);
    this.options.onGroup?.({ commands: group.length, milliseconds });
  }
}
