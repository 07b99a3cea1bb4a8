import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import pg from 'pg';
import { connectionTo } from './connection.js';

/** How long a notification may be under way before it counts as lost. */
const HEARD_WITHIN_MS = 5_000;

/**
 * Whose sessions connections have: the server's own; those that a pooler keeps for each; or those that a pooler hands
 * from transaction to transaction, so that who listens hears nothing and nobody keeps a lock.
 */
export type Sessions = 'own' | 'pooled' | 'shared';

/** Finds out what lies between here and a database. */
export async function sessionsOf(url: string): Promise<Sessions> {
  const listening = await connect(url);
  try {
    const { rows } = await listening.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    // A pooler answers for many sessions and so with a number of its own.
    if (rows[0]!.pid === Reflect.get(listening, 'processID')) return 'own';
    return (await hears(listening, url)) ? 'pooled' : 'shared';
  } finally {
    await listening.end();
  }
}

/** Refuses what lies between here and a database where servers could not work. */
export async function refuseSharedSessions(url: string): Promise<void> {
  if ((await sessionsOf(url)) === 'shared')
    throw new Error(
      'a pooler in transaction mode stands before the database, and LISTEN and locks of sessions do not work there: connect directly, or through a pool in session mode',
    );
}

async function hears(listening: pg.Client, url: string): Promise<boolean> {
  const channel = `worldwire_${randomBytes(6).toString('hex')}`;
  const telling = await connect(url);
  try {
    const signal = AbortSignal.timeout(HEARD_WITHIN_MS);
    const heard = once(listening, 'notification', { signal });
    // From another connection: on its own, the listening one is heard in either mode.
    const told = listening
      .query(`LISTEN ${channel}`)
      .then(() => telling.query(`NOTIFY ${channel}`));
    await Promise.all([heard, told]);
    return true;
  } catch (error) {
    if (error instanceof Error && error.name === 'AbortError') return false;
    throw error;
  } finally {
    await telling.end();
  }
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client(connectionTo(url));
  // The connection's end shows in the statement that needs it.
  client.on('error', () => {});
  await client.connect();
  return client;
}
