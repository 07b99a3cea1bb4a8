import { statSync } from 'node:fs';
import type { Database } from 'better-sqlite3';
import { JOURNAL_BYTES } from './database.js';

/** Commits between two looks at the log's size. */
const LOOK_EVERY = 32;

/**
 * Keeps the write-ahead log from growing under readers of other processes that leave SQLite no moment to begin it
 * anew: above its limit it is emptied as soon as those readers that are in it now have ended.
 */
export class LogKeeper {
  readonly #path: string;
  #commits = 0;

  constructor(private readonly db: Database) {
    this.#path = `${db.name}-wal`;
  }

  committed(): void {
    if (++this.#commits % LOOK_EVERY !== 0) return;
    const size = statSync(this.#path, { throwIfNoEntry: false })?.size ?? 0;
    // Answers that it was busy, rather than fail, where a reader stays: the next look tries again.
    if (size > JOURNAL_BYTES) this.db.pragma('wal_checkpoint(TRUNCATE)');
  }
}
