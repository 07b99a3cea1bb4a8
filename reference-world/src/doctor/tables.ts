/** Tables: how large they are, and whether vacuum keeps up. */
import type { Client } from 'pg';
import { type Finding, ok, problem, rowOf, rowsOf, warning } from './finding.js';

/** Dead rows that nobody needs to mind. */
const FEW = 100_000;
/** PostgreSQL stops taking writes at two billion. */
const OLD_TRANSACTIONS = 1_000_000_000;
const SHOWN = 3;

interface Table {
  readonly name: string;
  readonly bytes: number;
  readonly size: string;
  readonly live: number;
  readonly dead: number;
}

export async function examineTables(client: Client): Promise<Finding[]> {
  const tables = await rowsOf<Table>(
    client,
    `SELECT relname AS name, pg_total_relation_size(relid) AS bytes,
       pg_size_pretty(pg_total_relation_size(relid)) AS size, n_live_tup AS live, n_dead_tup AS dead
       FROM pg_stat_user_tables WHERE schemaname = 'worldwire' ORDER BY bytes DESC, name`,
  );
  const { size, age, vacuum } = await rowOf<{ size: string; age: number; vacuum: string }>(
    client,
    `SELECT pg_size_pretty(pg_database_size(datname)) AS size, age(datfrozenxid) AS age,
       current_setting('autovacuum') AS vacuum FROM pg_database WHERE datname = current_database()`,
  );
  const largest = tables.slice(0, SHOWN).map((table) => `${table.name} ${table.size}`);
  const findings = [ok('size', `${size} in all; ${largest.join(', ')}`)];
  if (vacuum === 'off')
    findings.push(problem('vacuum', 'autovacuum is off: tables only grow', 'turn it on'));
  for (const { name, live, dead } of tables)
    if (dead > FEW && dead > live / 2)
      findings.push(
        warning(
          'vacuum',
          `${name} has ${dead} dead rows beside ${live} live ones`,
          `VACUUM (ANALYZE) worldwire.${name}, and see what holds autovacuum up (locks, below)`,
        ),
      );
  if (age > OLD_TRANSACTIONS)
    findings.push(
      problem(
        'vacuum',
        `the oldest transaction is ${age} old: at two thousand million writes stop`,
        'VACUUM (FREEZE), and see what held autovacuum up',
      ),
    );
  if (findings.length === 1) findings.push(ok('vacuum', 'keeps up'));
  return findings;
}
