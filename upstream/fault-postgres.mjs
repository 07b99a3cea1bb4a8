/**
 * `node fault-postgres.mjs arm <event type> | disarm`: makes the database of a @workflow/world-postgres refuse events of
 * one type, and take them again; for `--store-fault`. The database is that of WORKFLOW_POSTGRES_URL. The table of events
 * has had the same name in every version.
 */
import pg from 'pg';

const EVENTS = 'workflow.workflow_events';
const NAME = 'worldwire_store_fault';

const [action, type = ''] = process.argv.slice(2);
if (!(action === 'disarm' || (action === 'arm' && /^[a-z_]+$/.test(type)))) {
  console.error('usage: fault-postgres.mjs arm <event type> | disarm');
  process.exit(2);
}
const client = new pg.Client({ connectionString: process.env.WORKFLOW_POSTGRES_URL });
await client.connect();
try {
  await client.query('BEGIN');
  await client.query(`DROP TRIGGER IF EXISTS ${NAME} ON ${EVENTS}`);
  if (action === 'arm') {
    await client.query(
      `CREATE OR REPLACE FUNCTION public.${NAME}() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN RAISE EXCEPTION 'the store refuses %', NEW.type; END $$`,
    );
    await client.query(
      `CREATE TRIGGER ${NAME} BEFORE INSERT ON ${EVENTS}
       FOR EACH ROW WHEN (NEW.type::text = '${type}') EXECUTE FUNCTION public.${NAME}()`,
    );
  }
  await client.query('COMMIT');
} finally {
  await client.end();
}
