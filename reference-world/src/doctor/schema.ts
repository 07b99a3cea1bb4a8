/** The schema: its version, and what the role may do there. */
import type { Client } from 'pg';
import { schemaVersion } from '../store/postgres/database.js';
import { migrations } from '../store/postgres/migrations/index.js';
import { type Finding, ok, problem, rowOf, rowsOf, warning } from './finding.js';

/** Whether the schema can be read, and what was found. */
export async function examineSchema(
  client: Client,
): Promise<{ readonly usable: boolean; readonly findings: Finding[] }> {
  const known = migrations.at(-1)!.version;
  const rights = await rowOf<{ role: string; create: boolean; use: boolean; owner: boolean }>(
    client,
    `SELECT current_user AS role, has_database_privilege(current_database(), 'CREATE') AS create,
       coalesce(has_schema_privilege(to_regnamespace('worldwire'), 'USAGE'), false) AS use,
       coalesce((SELECT pg_has_role(nspowner, 'USAGE') FROM pg_namespace WHERE nspname = 'worldwire'), false) AS owner`,
  );
  const { rows } = await client.query<{ there: boolean }>(
    `SELECT to_regnamespace('worldwire') IS NOT NULL AS there`,
  );
  if (!rows[0]!.there) return { usable: false, findings: [missing(rights)] };
  if (!rights.use) return { usable: false, findings: [barred(rights.role)] };
  let version: number;
  try {
    version = await schemaVersion(client);
  } catch (error) {
    const advice =
      'give Worldwire a database of its own, or let the role read the table worldwire.migrations';
    return {
      usable: false,
      findings: [problem('schema', (error as Error).message, advice)],
    };
  }
  const findings = [
    versionFinding(version, known, rights.owner),
    ...(await rightsOf(client, rights.role)),
  ];
  return { usable: version === known, findings };
}

function missing({ role, create }: { readonly role: string; readonly create: boolean }): Finding {
  return create
    ? warning('schema', 'not there yet', 'run worldwire migrate, or start a server')
    : problem(
        'schema',
        `not there yet, and ${role} may not create it`,
        `GRANT CREATE ON DATABASE … TO ${role}, or run worldwire migrate as a role that may`,
      );
}

const barred = (role: string) =>
  problem(
    'schema',
    `${role} may not use it`,
    `let it: GRANT USAGE ON SCHEMA worldwire TO ${role}, and the rights on its tables`,
  );

function versionFinding(version: number, known: number, owner: boolean): Finding {
  if (version > known)
    return problem(
      'schema',
      `version ${version}, and this program knows ${known}`,
      'use the release of Worldwire that made it, or a newer one',
    );
  if (version === known) return ok('schema', `version ${version}`);
  const text = `version ${version}, and this program brings ${known}`;
  return owner
    ? warning('schema', text, 'run worldwire migrate, or start a server of this release')
    : problem('schema', text, 'run worldwire migrate as the owner of the schema');
}

async function rightsOf(client: Client, role: string): Promise<Finding[]> {
  const lacking = await rowsOf<{ rights: string; tables: string }>(
    client,
    `SELECT rights, string_agg(name, ', ' ORDER BY name) AS tables FROM (
       SELECT c.relname AS name, string_agg(r, ', ' ORDER BY n) AS rights
         FROM pg_class c CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) WITH ORDINALITY w (r, n)
        WHERE c.relnamespace = 'worldwire'::regnamespace AND c.relkind IN ('r', 'p')
          AND NOT has_table_privilege(c.oid, r) AND (r = 'SELECT' OR c.relname <> 'migrations')
        GROUP BY c.relname) l GROUP BY rights`,
  );
  if (lacking.length === 0) return [ok('rights', `${role} may read and write every table`)];
  const each = lacking.map(({ rights, tables }) => `${rights} on ${tables}`).join('; ');
  return [
    problem(
      'rights',
      `${role} lacks ${each}`,
      `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA worldwire TO ${role}`,
    ),
  ];
}
