import type { Operation } from '../../core/program.js';
import { isEnded } from '../../core/run.js';
import {
  afterChanges,
  bytesOf,
  type KnownRun,
  nameOf,
  positionOf,
  type RunName,
} from './known-run.js';

/** What is remembered, in bytes: thousands of runs, about as many as are active at a time. */
const MAX_BYTES = 64 * 1_024 * 1_024;

interface Remembered {
  readonly run: KnownRun;
  /** Whether this server made the change before the last one as well: others do not seem to write to it. */
  readonly settled: boolean;
  readonly bytes: number;
}

/**
 * What a server knows of active runs. A run of which it wrote the last event is as it left it, unless another server has
 * written to it: who builds on that has the database check that no event was appended meanwhile.
 */
export class RunMemory {
  readonly #runs = new Map<string, Remembered>();
  #bytes = 0;

  /** A run to which this server alone seems to write. */
  find(name: RunName): KnownRun | undefined {
    const found = this.#runs.get(nameOf(name));
    return found?.settled ? found.run : undefined;
  }

  /** Takes note of changes that were committed, of a run as it was before them. */
  learn(before: KnownRun, changes: readonly Operation[]): void {
    const known = this.#runs.get(nameOf(before))?.run;
    const settled = known !== undefined && positionOf(known) === positionOf(before);
    const steps = settled ? new Map([...known.steps, ...before.steps]) : before.steps;
    const events = settled ? known.events : before.events;
    const run = afterChanges({ ...before, steps, events }, changes);
    // Little happens to a run that has ended.
    if (run === undefined || isEnded(run.row.run.status)) this.forget(before);
    // Of two commits the later may be told first.
    else if (known === undefined || positionOf(known) < positionOf(run)) this.#put(run, settled);
  }

  forget(run: RunName): void {
    const name = nameOf(run);
    this.#bytes -= this.#runs.get(name)?.bytes ?? 0;
    this.#runs.delete(name);
  }

  /** The database may be another one, such as a standby that has lost the last commits. */
  forgetAll(): void {
    this.#runs.clear();
    this.#bytes = 0;
  }

  #put(run: KnownRun, settled: boolean): void {
    this.forget(run);
    const bytes = bytesOf(run);
    this.#runs.set(nameOf(run), { run, settled, bytes });
    this.#bytes += bytes;
    // The first is the one that was changed the longest time ago.
    for (const { run: oldest } of this.#runs.values()) {
      if (this.#bytes <= MAX_BYTES) return;
      this.forget(oldest);
    }
  }
}
