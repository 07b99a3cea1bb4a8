import { randomInt } from 'node:crypto';
import type pg from 'pg';

/** "Wwil": with the number of their common life, every server that lives holds it in shared mode. */
const LIFE = 0x5777696c;
/** "Wwij": who joins holds this lock, so that two who come first do not begin two lives. */
const JOIN = 0x5777696a;
const MAX_NUMBER = 0x7fff_ffff;

/**
 * Joins the servers that serve a database, for as long as the session of the connection lasts. Returns the number of
 * their common life, which ends with the last of them; `former` is that of a server which has lost its session.
 */
export async function joinLife(client: pg.ClientBase, former?: number): Promise<number> {
  await client.query(`SELECT pg_advisory_lock(${JOIN})`);
  const { rows } = await client.query<{ life: number }>(
    `SELECT life, pg_advisory_lock_shared(${LIFE}, life) FROM (SELECT coalesce(
       (SELECT min(objid::bigint)::integer FROM pg_locks WHERE locktype = 'advisory' AND granted
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
          AND classid = ${LIFE} AND objsubid = 2), ${former ?? randomInt(MAX_NUMBER)}) AS life) l`,
  );
  await client.query(`SELECT pg_advisory_unlock(${JOIN})`);
  return rows[0]!.life;
}

/** Whether servers besides the one of this connection serve the database. */
export async function haveOthers(client: pg.ClientBase): Promise<boolean> {
  const { rows } = await client.query<{ others: boolean }>({
    name: 'others',
    text: `SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid <> pg_backend_pid()
             AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
             AND classid = ${LIFE} AND objsubid = 2) AS others`,
  });
  return rows[0]!.others;
}
