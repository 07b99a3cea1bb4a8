/**
 * The database of a World that the suite starts, by the World's data folder.
 *
 *   node database.mjs <address of any database> <folder> url          creates it where that is needed, prints its address
 *   node database.mjs <address of any database> <folder> arm <type>   makes it refuse inserts of an event type
 *   node database.mjs <address of any database> <folder> disarm
 */
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { eventTypeNames } from '@worldwire/proto';

const require = createRequire(import.meta.resolve('@worldwire/reference-world/package.json'));
const { Client } = require('pg');

const [any, folder, action, type = ''] = process.argv.slice(2);
const name = `world_${createHash('sha256').update(folder).digest('hex').slice(0, 16)}`;
const own = new URL(any);
own.pathname = name;

const client = new Client({ connectionString: action === 'url' ? any : own.href });
await client.connect();
try {
  if (action === 'url') await create();
  else await client.query('DROP TRIGGER IF EXISTS store_fault ON worldwire.events');
  if (action === 'arm') await arm();
} finally {
  await client.end();
}

async function create() {
  const { rows } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
  if (rows.length === 0) await client.query(`CREATE DATABASE ${name}`);
  console.log(own.href);
}

async function arm() {
  const number = eventTypeNames.valueOf(type);
  if (number === undefined) throw new Error(`there is no event type ${type}`);
  await client.query(`CREATE OR REPLACE FUNCTION public.store_fault() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'the store refuses ${type}'; END $$`);
  await client.query(`CREATE TRIGGER store_fault BEFORE INSERT ON worldwire.events
    FOR EACH ROW WHEN (NEW.type = ${number}) EXECUTE FUNCTION public.store_fault()`);
}
