/** A PostgreSQL of the benchmark's own: fresh, with the settings that it ships with, gone afterwards. */
import {
  PostgresServer,
  execute as query,
} from '../reference-world/src/testing/postgres-server.mjs';
import { farAway } from './far.mjs';

export { query };

const CONNECTIONS = `SELECT count(*)::integer AS count FROM pg_stat_activity
  WHERE datname = current_database() AND pid <> pg_backend_pid()`;
const VERSION = "SELECT current_setting('server_version_num')::integer / 10000 AS version";

/** One server for all that want a database of their own: it starts with the first and stops with the last. */
let shared;

/** Milliseconds that databases are away, one way. */
let distanceMs = 0;

/** Puts all databases that are lent from now on as far away as a network would. */
export function putAway(ms) {
  distanceMs = ms;
}

/** Makes a database, and resolves with its address, the server's version, what counts its connections and what gives it back. */
export async function lendDatabase(dir, name) {
  shared ??= { users: 0, server: new PostgresServer({ folder: dir }) };
  const { server } = shared;
  shared.users++;
  let far;
  const stop = async () => {
    far?.close();
    if (--shared.users > 0) return;
    shared = undefined;
    await server.stop();
  };
  try {
    const url = await server.createDatabase(name);
    const [{ version }] = await query(url, VERSION);
    if (distanceMs > 0) far = await farAway(url, distanceMs);
    const connections = async () => (await query(url, CONNECTIONS))[0].count;
    return { url: far?.url ?? url, version, connections, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
