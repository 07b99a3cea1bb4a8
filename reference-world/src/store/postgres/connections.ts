import pg from 'pg';
import { connectionTo } from './connection.js';
import { isLost } from './faults.js';
import type { KnownKeys } from './foresight.js';
import type { Rounds } from './lease.js';
import { Session, Unanswered } from './session.js';

const IDLE_MS = 30_000;
/**
 * Statements are planned once, for any number of rows, and every row of every one is found by an index: a plan from when
 * a table was small would otherwise read all of it until the next ANALYZE.
 */
const BY_INDEX = `SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_hashjoin = off;
  SET enable_mergejoin = off`;

/** A bounded number of connections for work of one kind. */
export class Connections {
  readonly #pool: pg.Pool;

  constructor(
    url: string,
    max: number,
    private readonly rounds: Rounds,
    private readonly keys: KnownKeys,
  ) {
    this.#pool = new pg.Pool({
      ...connectionTo(url),
      max,
      idleTimeoutMillis: IDLE_MS,
      // What has nothing to do keeps no process alive.
      allowExitOnIdle: true,
    });
    // Of connections that nobody uses; of others, the statement under way fails.
    this.#pool.on('error', () => {});
    this.#pool.on('connect', (client) => {
      client.on('error', () => {});
      client.query(BY_INDEX).catch(() => {});
    });
  }

  /** How much work waits for a connection. */
  get waiting(): number {
    return this.#pool.waitingCount;
  }

  /** Does work on a connection, and undoes the transaction in which it fails. */
  async use<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect();
    const session = Session.on(client, this.rounds, this.keys);
    let broken = true;
    try {
      const value = await work(session);
      broken = false;
      return value;
    } catch (error) {
      if (!isLost(error) && !(error instanceof Unanswered))
        broken = await session.rollback().then(
          () => false,
          () => true,
        );
      throw error;
    } finally {
      // A connection of which it is not known where it stands is not used again.
      client.release(broken);
    }
  }

  close(): Promise<void> {
    return this.#pool.end();
  }
}
