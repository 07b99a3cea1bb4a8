import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { isBusy } from './faults.js';
import { type Migration, migrations } from './migrations/index.js';

/** "Wwir": tells our files from those of other programs. */
const APPLICATION_ID = 0x57776972;
/** A commit of many runs' events touches many pages a little; small ones keep what it writes small. */
const PAGE_BYTES = 4_096;
/** Enough for the ends of the tables and the upper levels of their indexes under load. */
const CACHE_KIB = 64 * 1_024;
/** Checkpoints after 16 MiB: fewer of them, and most pages are written back once for many changes. */
const CHECKPOINT_PAGES = 4_096;
/** A log that a long reader let grow is cut back to this. */
export const JOURNAL_BYTES = 64 * 1_024 * 1_024;
const OPEN_ATTEMPT_MS = 20;

/** The file within the data folder. */
export const FILE_NAME = 'world.db';

export interface DatabaseOptions {
  readonly dataDir: string;
  /** Milliseconds that one attempt to take the lock may block the thread. */
  readonly busyBlockMs: number;
  /** Milliseconds until a lock held by another process is given up on. */
  readonly busyGiveUpMs: number;
  /** The most bytes that the file may have. */
  readonly maxFileBytes?: number | undefined;
  /** Only for tests of migrations. */
  readonly migrations?: readonly Migration[] | undefined;
}

/** Opens the database of a data folder, and creates or migrates it where that is needed. */
export async function openDatabase(options: DatabaseOptions): Promise<Database.Database> {
  const { dataDir } = options;
  prepareFolder(dataDir);
  const db = new Database(join(dataDir, FILE_NAME), { timeout: options.busyBlockMs });
  try {
    const deadline = performance.now() + options.busyGiveUpMs;
    // Switching to WAL and the first migration take locks that SQLite does not always wait for.
    for (;;) {
      try {
        setUp(db, options);
        return db;
      } catch (error) {
        if (!isBusy(error) || performance.now() > deadline) throw error;
        await sleep(Math.random() * OPEN_ATTEMPT_MS);
      }
    }
  } catch (error) {
    db.close();
    throw error;
  }
}

function prepareFolder(dataDir: string): void {
  const found = statSync(dataDir, { throwIfNoEntry: false });
  if (found === undefined) mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  else if (!found.isDirectory())
    throw new Error(`${dataDir} is not a folder: the data directory must be one`);
}

function setUp(db: Database.Database, options: DatabaseOptions): void {
  checkIdentity(db, options.dataDir);
  db.pragma(`page_size = ${PAGE_BYTES}`);
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.pragma('foreign_keys = ON');
  db.pragma('trusted_schema = OFF');
  db.pragma('temp_store = MEMORY');
  db.pragma(`cache_size = -${CACHE_KIB}`);
  db.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
  db.pragma(`journal_size_limit = ${JOURNAL_BYTES}`);
  migrate(db, options);
  if (options.maxFileBytes !== undefined)
    db.pragma(`max_page_count = ${Math.max(1, Math.floor(options.maxFileBytes / PAGE_BYTES))}`);
}

function checkIdentity(db: Database.Database, dataDir: string): void {
  // One statement, so that a first migration by another process shows whole or not at all.
  const { id, tables } = db
    .prepare<[], { id: number; tables: number }>(
      'SELECT application_id AS id, (SELECT count(*) FROM sqlite_schema) AS tables FROM pragma_application_id',
    )
    .get()!;
  if (id !== APPLICATION_ID && (id !== 0 || tables !== 0))
    throw new Error(`${join(dataDir, FILE_NAME)} is a database of another program`);
}

/** Whether a database is a World's. */
export function isOurs(db: Database.Database): boolean {
  return db.pragma('application_id', { simple: true }) === APPLICATION_ID;
}

/** The version of the schema in the file; 0 for a new one. */
export function schemaVersion(db: Database.Database): number {
  return db.pragma('user_version', { simple: true }) as number;
}

function migrate(db: Database.Database, options: DatabaseOptions): void {
  const known = options.migrations ?? migrations;
  const newest = known.at(-1)?.version ?? 0;
  if (schemaVersion(db) === newest) return;
  // The lock makes the second of two processes wait, and it then finds the work done.
  db.exec('BEGIN EXCLUSIVE');
  try {
    const version = schemaVersion(db);
    if (version > newest)
      throw new Error(
        `${join(options.dataDir, FILE_NAME)} has schema version ${version}, and this program knows versions up to ${newest}: use a newer release of Worldwire`,
      );
    for (const migration of known) {
      if (migration.version <= version) continue;
      db.exec(migration.sql);
      db.pragma(`user_version = ${migration.version}`);
    }
    db.pragma(`application_id = ${APPLICATION_ID}`);
    db.exec('COMMIT');
  } catch (error) {
    if (db.inTransaction) db.exec('ROLLBACK');
    throw error;
  }
}
