import pg from 'pg';
import { connectionTo } from './connection.js';
import { type Migration, migrations } from './migrations/index.js';

/** PostgreSQL 15, as the server numbers it. */
const OLDEST = 150_000;
/** "Wwir" and "m": who migrates holds this lock. */
const MIGRATION_LOCK = 0x5777_6972_6d;

export interface MigrationOptions {
  readonly url: string;
  /** Only for tests of migrations. */
  readonly migrations?: readonly Migration[];
}

/** Brings the schema of a database up to date, where it is not. Returns the versions before and after. */
export async function migrateDatabase(
  options: MigrationOptions,
): Promise<{ readonly from: number; readonly to: number }> {
  const known = options.migrations ?? migrations;
  const to = known.at(-1)?.version ?? 0;
  const client = new pg.Client({
    ...connectionTo(options.url),
    statement_timeout: 0,
    lock_timeout: 0,
    query_timeout: 0,
  });
  // The connection's end shows in the statement that needs it.
  client.on('error', () => {});
  await client.connect();
  try {
    await checkServer(client);
    const standing = await schemaVersion(client);
    refuseNewer(standing, to);
    if (standing === to) return { from: to, to };
    await client.query('BEGIN');
    // The lock makes the second of two servers wait, and it then finds the work done.
    await client.query('SELECT pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
    const from = await schemaVersion(client);
    refuseNewer(from, to);
    if (from === 0) await createSchema(client);
    for (const { version, sql } of known) {
      if (version <= from) continue;
      await client.query(sql);
      await client.query('INSERT INTO worldwire.migrations (version) VALUES ($1)', [version]);
    }
    await client.query('COMMIT');
    return { from, to };
  } finally {
    // Undoes what was not committed.
    await client.end();
  }
}

/** The version of the schema; 0 where there is none. Refuses a schema of this name that is another program's. */
export async function schemaVersion(client: pg.ClientBase): Promise<number> {
  const { rows } = await client.query<{ schema: boolean; ours: boolean }>(
    `SELECT to_regnamespace('worldwire') IS NOT NULL AS schema, to_regclass('worldwire.migrations') IS NOT NULL AS ours`,
  );
  const { schema, ours } = rows[0]!;
  if (!schema) return 0;
  if (!ours) throw new Error('the schema "worldwire" of this database is that of another program');
  const newest = await client.query<{ version: number }>(
    'SELECT coalesce(max(version), 0) AS version FROM worldwire.migrations',
  );
  return newest.rows[0]!.version;
}

async function createSchema(client: pg.ClientBase): Promise<void> {
  await client.query(`CREATE SCHEMA worldwire;
    CREATE TABLE worldwire.migrations (version integer PRIMARY KEY, at timestamptz NOT NULL DEFAULT now())`);
}

async function checkServer(client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query<{ version: number; encoding: string; durable: boolean }>(
    `SELECT current_setting('server_version_num')::integer AS version, current_setting('server_encoding') AS encoding,
       current_setting('synchronous_commit') <> 'off' AND current_setting('fsync') = 'on' AS durable`,
  );
  const { version, encoding, durable } = rows[0]!;
  if (version < OLDEST) throw new Error('PostgreSQL 15 or newer is needed');
  if (encoding !== 'UTF8') throw new Error(`the database has the encoding ${encoding}: use UTF8`);
  if (!durable)
    throw new Error('the database does not flush commits: turn fsync and synchronous_commit on');
}

function refuseNewer(version: number, newest: number): void {
  if (version > newest)
    throw new Error(
      `the database has schema version ${version}, and this program knows versions up to ${newest}: use a newer release of Worldwire`,
    );
}
