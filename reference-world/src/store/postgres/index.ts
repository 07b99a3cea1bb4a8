import { Rejection } from '../../core/rejection.js';
import type { Command, Store } from '../store.js';
import { CONNECTIONS } from './connection.js';
import { Connections } from './connections.js';
import { Contexts } from './contexts.js';
import { migrateDatabase } from './database.js';
import { DatabaseClock } from './database-clock.js';
import { KnownKeys } from './foresight.js';
import { GroupCommit, type GroupReport } from './group-commit.js';
import type { Rounds } from './lease.js';
import { Listener } from './listener.js';
import { refuseSharedSessions } from './pooling.js';
import { readOn } from './reading.js';
import { retrying } from './retry.js';
import { Watchers } from './watchers.js';

export { migrateDatabase } from './database.js';

export interface PostgresStoreOptions {
  /** The address of the database, as libpq has it. */
  readonly url: string;
  /** Connections for changes; 5 by default. */
  readonly maxWriters?: number;
  /** Connections for reads; 4 by default. One more listens. */
  readonly maxReaders?: number;
  /** Commands that may wait for a connection; 10,000 by default. */
  readonly maxWaiting?: number;
  /** Milliseconds until a database that cannot be reached is given up on; 30,000 by default. */
  readonly giveUpMs?: number;
  /** Hears of each commit, for metrics. */
  readonly onGroup?: (report: GroupReport) => void;
}

/** Opens the store in a database, and creates or migrates its schema where that is needed. Many servers may share one. */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<Store> {
  await refuseSharedSessions(options.url);
  await migrateDatabase({ url: options.url });
  const listener = new Listener(options.url);
  await listener.open();
  const clock = new DatabaseClock();
  clock.seen((await listener.time()) ?? Date.now());
  listener.unref();
  return new PostgresStore(options, listener, clock);
}

class PostgresStore implements Store {
  readonly #writers: Connections;
  readonly #readers: Connections;
  readonly #watchers: Watchers;
  readonly #contexts: Contexts;
  readonly #commits: GroupCommit;
  readonly #reads = new Set<Promise<unknown>>();
  readonly #giveUpMs: number;
  #closed: Promise<void> | undefined;

  constructor(
    options: PostgresStoreOptions,
    private readonly listener: Listener,
    clock: DatabaseClock,
  ) {
    const rounds: Rounds = new Map();
    const keys = new KnownKeys();
    const { url, maxWriters = CONNECTIONS.writers, maxReaders = CONNECTIONS.readers } = options;
    this.#writers = new Connections(url, maxWriters, rounds, keys);
    this.#readers = new Connections(url, maxReaders, rounds, keys);
    this.#watchers = new Watchers(listener);
    this.#contexts = new Contexts(clock);
    this.#giveUpMs = options.giveUpMs ?? 30_000;
    this.#commits = new GroupCommit(this.#writers, this.#contexts, {
      maxWaiting: options.maxWaiting ?? 10_000,
      giveUpMs: this.#giveUpMs,
      committed: (topics) => this.#watchers.committed(topics),
      onGroup: options.onGroup,
    });
    listener.onLost = () => this.#commits.forget();
  }

  async execute<T>(command: Command<T>): Promise<T> {
    this.#checkOpen();
    return this.#commits.execute(command);
  }

  async read<T>(command: Command<T>): Promise<T> {
    this.#checkOpen();
    const read = retrying(this.#giveUpMs, () =>
      this.#readers.use((session) => readOn(session, command, this.#contexts)),
    );
    this.#reads.add(read);
    try {
      return await read;
    } finally {
      this.#reads.delete(read);
    }
  }

  watch(topic: string, wake: () => void): () => void {
    return this.#watchers.watch(topic, wake);
  }

  now(): number {
    return this.#contexts.clock.now();
  }

  life(): string {
    return this.listener.life;
  }

  tell(text: string): void {
    this.listener.say(text);
  }

  hear(told: (text: string) => void): void {
    this.listener.onWord = told;
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await this.#commits.idle();
    await Promise.allSettled(this.#reads);
    this.#watchers.close();
    await Promise.all([this.listener.close(), this.#writers.close(), this.#readers.close()]);
  }

  #checkOpen(): void {
    if (this.#closed !== undefined) throw new Rejection('SHUTTING_DOWN', 'the store is closing');
  }
}
