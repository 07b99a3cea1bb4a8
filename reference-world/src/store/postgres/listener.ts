import { Socket } from 'node:net';
import pg from 'pg';
import { connectionTo } from './connection.js';
import { digestOf } from './digest.js';
import { haveOthers, joinLife } from './life.js';

const CHANNEL = 'worldwire';
/** For what servers tell each other besides. */
const WORDS = 'worldwire_words';
/** The payload that concerns every topic. */
const ALL = '*';
/** What is kept for the others while nobody can be told; beyond that, they look at everything. */
const MAX_DIGESTS = 10_000;
/** The newest words that are kept meanwhile. */
const MAX_WORDS = 1_000;
/** PostgreSQL takes 8,000 bytes in a notification. */
const DIGESTS_IN_ONE = 200;
const RECONNECT_MS = 200;
const MAX_RECONNECT_MS = 2_000;
/** A connection on which nothing is answered for so long is cut. */
const ANSWER_MS = 5_000;

/** How often a server that tells others looks whether there still are any. */
const OTHERS_MS = 10_000;

/** The one connection by which a server hears from others and tells them. Comes back when it is lost. */
export class Listener {
  /** Called with what has changed; without it where that is not known. */
  onNews: (digests: readonly string[] | undefined) => void = () => {};
  /** Called with what another server says. */
  onWord: (text: string) => void = () => {};
  #optional = false;
  /** Called when the connection is lost. */
  onLost: () => void = () => {};
  #life: number | undefined;
  #client: pg.Client | undefined;
  #closed = false;
  #retryMs = RECONNECT_MS;
  #retry: NodeJS.Timeout | undefined;
  readonly #untold = new Set<string>();
  readonly #words: string[] = [];
  #telling: Promise<void> | undefined;
  #looking = false;
  /** Whether there are servers to tell: a new one makes itself heard. */
  #others = false;
  #othersAt = 0;

  constructor(private readonly url: string) {}

  /** Names the life of the World that this server is part of. */
  get life(): string {
    return digestOf('life', String(this.#life));
  }

  async open(): Promise<void> {
    const client = new pg.Client({
      ...connectionTo(this.url),
      application_name: 'worldwire listener',
      statement_timeout: ANSWER_MS,
      query_timeout: ANSWER_MS,
      // It tells, looks and asks at the same time.
      pipeline: true,
    });
    client.on('error', () => this.#lost(client));
    client.on('end', () => this.#lost(client));
    let self: number | undefined;
    client.on('notification', ({ channel, processId, payload = '' }) => {
      // What this server told others, its own watchers know.
      if (processId === self) return;
      this.#others = true;
      if (channel === WORDS) this.onWord(payload);
      else this.onNews(payload === ALL ? undefined : payload.split(' '));
    });
    try {
      await client.connect();
      const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      self = rows[0]!.pid;
      // A notification need not be durable: those who would hear it after a crash look anyway.
      await client.query(`SET synchronous_commit = off; LISTEN ${CHANNEL}; LISTEN ${WORDS}`);
      this.#life = await joinLife(client, this.#life);
      await this.#lookForOthers(client);
      await client.query(`NOTIFY ${CHANNEL}, '${ALL}'`);
      if (this.#optional) socketOf(client)?.unref();
    } catch (error) {
      client.end().catch(() => {});
      throw error;
    }
    if (this.#closed) {
      client.end().catch(() => {});
      return;
    }
    this.#client = client;
    this.#retryMs = RECONNECT_MS;
  }

  /** Lets the process end although this listens: from now on nobody waits for its answers alone. */
  unref(): void {
    this.#optional = true;
    socketOf(this.#client)?.unref();
  }

  /** Tells other servers that topics have changed: at once, or together with what came up meanwhile. */
  tell(digests: readonly string[]): void {
    // A server that comes makes itself heard; until that is here, it finds what it was not told by itself.
    if (this.#client !== undefined && !this.#others) return;
    for (const digest of digests) this.#untold.add(digest);
    if (this.#untold.size > MAX_DIGESTS) {
      this.#untold.clear();
      this.#untold.add(ALL);
    }
    this.#start();
  }

  /** Says something short to the other servers. */
  say(text: string): void {
    this.#words.push(text);
    if (this.#words.length > MAX_WORDS) this.#words.shift();
    this.#start();
  }

  #start(): void {
    this.#telling ??= this.#tellAll().finally(() => {
      this.#telling = undefined;
    });
  }

  /** The time of the database, in milliseconds. */
  async time(): Promise<number | undefined> {
    const result = await this.#client?.query<{ now: number }>(
      'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now',
    );
    return result?.rows[0]?.now;
  }

  /** What changes with every commit in the database; undefined where it cannot be had now. */
  async mark(): Promise<string | undefined> {
    const client = this.#client;
    if (client === undefined || this.#looking) return undefined;
    this.#looking = true;
    try {
      const { rows } = await client.query<{ mark: string }>(
        'SELECT pg_current_snapshot()::text AS mark',
      );
      return rows[0]!.mark;
    } catch {
      this.#lost(client);
      return undefined;
    } finally {
      this.#looking = false;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    socketOf(this.#client)?.ref();
    clearTimeout(this.#retry);
    await this.#telling;
    const client = this.#client;
    this.#client = undefined;
    await client?.end().catch(() => {});
  }

  async #tellAll(): Promise<void> {
    for (;;) {
      const client = this.#client;
      if (client === undefined || this.#untold.size + this.#words.length === 0) return;
      const digests = this.#untold.has(ALL) ? [ALL] : [...this.#untold];
      this.#untold.clear();
      const words = this.#words.splice(0);
      const payloads: string[] = [];
      for (let i = 0; i < digests.length; i += DIGESTS_IN_ONE)
        payloads.push(digests.slice(i, i + DIGESTS_IN_ONE).join(' '));
      try {
        await client.query({
          name: 'tell',
          text: `SELECT pg_notify('${CHANNEL}', payload) FROM unnest($1::text[]) payload
                 UNION ALL SELECT pg_notify('${WORDS}', word) FROM unnest($2::text[]) word`,
          values: [payloads, words],
        });
        if (performance.now() - this.#othersAt > OTHERS_MS) await this.#lookForOthers(client);
      } catch {
        this.#untold.add(ALL);
        this.#lost(client);
        return;
      }
    }
  }

  async #lookForOthers(client: pg.Client): Promise<void> {
    this.#others = await haveOthers(client);
    this.#othersAt = performance.now();
  }

  #lost(client: pg.Client): void {
    if (this.#closed || this.#client !== client) return;
    this.#client = undefined;
    this.onLost();
    client.end().catch(() => {});
    this.#reconnect();
  }

  #reconnect(): void {
    this.#retry = setTimeout(() => {
      this.open().then(
        () => {
          // Whatever was told meanwhile has passed this server by, and what it had to tell, the others.
          this.onNews(undefined);
          this.tell([]);
        },
        () => {
          this.#retryMs = Math.min(this.#retryMs * 2, MAX_RECONNECT_MS);
          if (!this.#closed) this.#reconnect();
        },
      );
    }, this.#retryMs).unref();
  }
}

function socketOf(client: pg.Client | undefined): Socket | undefined {
  const stream = client?.connection.stream;
  return stream instanceof Socket ? stream : undefined;
}
