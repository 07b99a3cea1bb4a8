/** Connections: how many there are and may be, and whether each has a session of its own. */
import type { Client } from 'pg';
import { CONNECTIONS } from '../store/postgres/connection.js';
import { sessionsOf } from '../store/postgres/pooling.js';
import { type Finding, ok, problem, rowOf, warning } from './finding.js';

const OF_A_SERVER = CONNECTIONS.writers + CONNECTIONS.readers + CONNECTIONS.listeners;

export async function examineConnections(client: Client, url: string): Promise<Finding[]> {
  return [await sessionFinding(url), await roomOf(client)];
}

async function sessionFinding(url: string): Promise<Finding> {
  switch (await sessionsOf(url)) {
    case 'own':
      return ok('sessions', 'direct, or as good: LISTEN and NOTIFY work');
    case 'pooled':
      return ok('sessions', 'through a pooler that keeps them: LISTEN and NOTIFY work');
    case 'shared':
      return problem(
        'sessions',
        'a pooler hands them from transaction to transaction: LISTEN does not work',
        'connect directly, or through a pool in session mode',
      );
  }
}

async function roomOf(client: Client): Promise<Finding> {
  const { all, reserved, ours, theirs, servers } = await rowOf<{
    all: number;
    reserved: number;
    ours: number;
    theirs: number;
    servers: number;
  }>(
    client,
    `SELECT least(current_setting('max_connections')::integer,
              (SELECT nullif(rolconnlimit, -1) FROM pg_roles WHERE rolname = current_user),
              (SELECT nullif(datconnlimit, -1) FROM pg_database WHERE datname = current_database())) AS all,
       current_setting('superuser_reserved_connections')::integer
         + coalesce(current_setting('reserved_connections', true), '0')::integer AS reserved,
       count(*) FILTER (WHERE here)::integer AS ours, count(*) FILTER (WHERE NOT here)::integer AS theirs,
       count(*) FILTER (WHERE here AND application_name = 'worldwire listener')::integer AS servers
       FROM (SELECT application_name, coalesce(datname = current_database()
               AND application_name IN ('worldwire', 'worldwire listener'), false) AS here
               FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()) a`,
  );
  const left = all - reserved - theirs - servers * OF_A_SERVER;
  const text = `${servers} servers with ${ours} connections of up to ${servers * OF_A_SERVER}; others have ${theirs}; ${all - reserved} may be had`;
  if (left < 0)
    return problem(
      'connections',
      text,
      `raise max_connections, or the limit of the role or database, by ${-left} at least`,
    );
  if (left < OF_A_SERVER)
    return warning(
      'connections',
      `${text}: none for a further server, which a rolling upgrade needs`,
      `raise max_connections, or the limit of the role or database, by ${OF_A_SERVER - left} at least`,
    );
  return ok('connections', `${text}: room for ${Math.floor(left / OF_A_SERVER)} more servers`);
}
