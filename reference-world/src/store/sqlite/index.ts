import { monotonicFactory } from 'ulid';
import type { Context } from '../../core/program.js';
import { Rejection } from '../../core/rejection.js';
import type { Command, Store } from '../store.js';
import { openDatabase } from './database.js';
import { faultOf, isBusy } from './faults.js';
import { GroupCommit, type GroupReport } from './group-commit.js';
import { LogKeeper } from './log-keeper.js';
import { connect } from './operations.js';
import { Transactions } from './transaction.js';
import { Watchers } from './watchers.js';

export type { GroupReport } from './group-commit.js';

export interface SqliteStoreOptions {
  /** The folder that holds the file; created where it does not exist. */
  readonly dataDir: string;
  /** Milliseconds since the epoch. */
  readonly clock?: () => number;
  /** Returns ids that nobody else has; ULIDs where not given. */
  readonly newId?: (now: number) => string;
  /** Commands that may wait for their commit; 10,000 by default. */
  readonly maxWaiting?: number;
  /** Commands in one commit; 512 by default. */
  readonly maxCommands?: number;
  /** Milliseconds after which a commit takes no further command; 20 by default. */
  readonly maxGroupMs?: number;
  /** Milliseconds until a lock that another process holds is given up on; 30,000 by default. */
  readonly busyGiveUpMs?: number;
  /** The most bytes that the file may have; no limit by default. */
  readonly maxFileBytes?: number;
  /** Hears of each commit, for metrics. */
  readonly onGroup?: (report: GroupReport) => void;
}

/** How long one attempt at a lock may hold up the thread. */
const BUSY_BLOCK_MS = 3;
const BUSY_PAUSE_MS = 4;

/** Opens the store in a folder, and creates or migrates it where that is needed. Several processes may share one. */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const busyGiveUpMs = options.busyGiveUpMs ?? 30_000;
  const db = await openDatabase({
    dataDir: options.dataDir,
    busyBlockMs: BUSY_BLOCK_MS,
    busyGiveUpMs,
    maxFileBytes: options.maxFileBytes,
  });
  const watchers = new Watchers(db, options.dataDir);
  const log = new LogKeeper(db);
  const transactions = new Transactions(db, connect(db));
  const newContext = contexts(options.clock ?? Date.now, options.newId ?? monotonicFactory());
  const commits = new GroupCommit(transactions, {
    maxWaiting: options.maxWaiting ?? 10_000,
    maxCommands: options.maxCommands ?? 512,
    maxGroupMs: options.maxGroupMs ?? 20,
    busyGiveUpMs,
    newContext,
    committed: (topics) => {
      watchers.committed(topics);
      log.committed();
    },
    onGroup: options.onGroup,
  });

  let closed: Promise<void> | undefined;
  async function read<T>(command: Command<T>): Promise<T> {
    const deadline = performance.now() + busyGiveUpMs;
    for (;;) {
      if (!db.open) throw new Rejection('SHUTTING_DOWN', 'the store is closed');
      try {
        return transactions.read(command, newContext());
      } catch (error) {
        // Rare: another process recovers the log after a crash.
        if (!isBusy(error) || performance.now() > deadline) throw faultOf(error);
      }
      await new Promise((resolve) => setTimeout(resolve, BUSY_PAUSE_MS));
    }
  }

  return {
    execute: (command) => commits.execute(command),
    read,
    watch: (topic, wake) => watchers.watch(topic, wake),
    now: options.clock ?? Date.now,
    close() {
      closed ??= commits.close().then(() => {
        watchers.close();
        db.close();
      });
      return closed;
    },
  };
}

/** Contexts whose time never goes backwards. */
function contexts(clock: () => number, newId: (now: number) => string): () => Context {
  let last = 0;
  return () => {
    const now = Math.max(last, clock());
    last = now;
    return { now, newId: () => newId(now) };
  };
}
