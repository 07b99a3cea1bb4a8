import { closeSync, constants, type FSWatcher, openSync, watch, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Database, Statement } from 'better-sqlite3';

/** Written to after each commit; a write to it is how processes on the same folder hear of each other at once. */
const WAKE_FILE = 'world.wake';
/** Finds commits of other processes where the file system reports no changes. */
const SWEEP_MS = 500;
/** Commits of other processes that follow each other faster than this are told together. */
const SETTLE_MS = 5;

const WAKE = new Uint8Array([10]);

/** Calls back those who watch a topic, after commits of this process and of others. */
export class Watchers {
  readonly #topics = new Map<string, Set<() => void>>();
  readonly #wakeFile: string;
  readonly #wakeHandle: number;
  readonly #dataVersion: Statement<[], number>;
  #seen: number;
  #files: FSWatcher | undefined;
  #sweep: NodeJS.Timeout | undefined;
  #soon: NodeJS.Timeout | undefined;

  constructor(db: Database, dataDir: string) {
    this.#wakeFile = join(dataDir, WAKE_FILE);
    this.#wakeHandle = openSync(this.#wakeFile, constants.O_RDWR | constants.O_CREAT, 0o600);
    this.#dataVersion = db.prepare<[], number>('PRAGMA data_version').pluck();
    this.#seen = this.#dataVersion.get()!;
  }

  watch(topic: string, wake: () => void): () => void {
    if (this.#topics.size === 0) this.#listen();
    const wakes = this.#topics.get(topic) ?? new Set();
    this.#topics.set(topic, wakes);
    // One object per call, so that the same function may watch twice.
    let watching = true;
    const entry = () => {
      if (watching) wake();
    };
    wakes.add(entry);
    return () => {
      watching = false;
      const present = this.#topics.get(topic);
      if (!present?.delete(entry) || present.size > 0) return;
      this.#topics.delete(topic);
      if (this.#topics.size === 0) this.#stopListening();
    };
  }

  /** Tells watchers here, and other processes, that topics have changed. */
  committed(topics: ReadonlySet<string>): void {
    if (topics.size === 0) return;
    try {
      writeSync(this.#wakeHandle, WAKE, 0, 1, 0);
    } catch {
      // A full disk, say. The commit stands, and the others find it at their next sweep.
    }
    for (const topic of topics) this.#wake(this.#topics.get(topic));
  }

  close(): void {
    this.#topics.clear();
    this.#stopListening();
    closeSync(this.#wakeHandle);
  }

  #wake(wakes: ReadonlySet<() => void> | undefined): void {
    // Each on its own: one that throws must not keep the others from being called.
    for (const wake of wakes ?? []) queueMicrotask(wake);
  }

  #listen(): void {
    this.#seen = this.#dataVersion.get()!;
    this.#sweep = setInterval(this.#check, SWEEP_MS).unref();
    try {
      this.#files = watch(this.#wakeFile, { persistent: false }, this.#checkSoon);
      this.#files.on('error', () => this.#files?.close());
    } catch {
      // The sweep alone then has to do: some file systems cannot be watched.
    }
  }

  #stopListening(): void {
    clearInterval(this.#sweep);
    clearTimeout(this.#soon);
    this.#soon = undefined;
    this.#files?.close();
    this.#files = undefined;
  }

  readonly #checkSoon = (): void => {
    this.#soon ??= setTimeout(() => {
      this.#soon = undefined;
      this.#check();
    }, SETTLE_MS).unref();
  };

  readonly #check = (): void => {
    const version = this.#dataVersion.get()!;
    if (version === this.#seen) return;
    this.#seen = version;
    for (const wakes of this.#topics.values()) this.#wake(wakes);
  };
}
