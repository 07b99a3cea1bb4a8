/**
 * `node sqlite.mjs <data folder> arm <event type>`, or `disarm`: makes the store of a reference World refuse inserts of
 * an event type, by a trigger in its database.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { eventTypeNames } from '@worldwire/proto';

const require = createRequire(import.meta.resolve('@worldwire/reference-world/package.json'));
const Database = require('better-sqlite3');

/** How long another process may hold the database. */
const BUSY_MS = 10_000;

const [folder = '', action, type = ''] = process.argv.slice(2);
const db = new Database(join(folder, 'world.db'), { fileMustExist: true, timeout: BUSY_MS });
db.exec('DROP TRIGGER IF EXISTS store_fault');
if (action === 'arm') {
  const number = eventTypeNames.valueOf(type);
  if (number === undefined) throw new Error(`there is no event type ${type}`);
  db.exec(
    `CREATE TRIGGER store_fault BEFORE INSERT ON events WHEN NEW.type = ${number}
     BEGIN SELECT RAISE(ABORT, 'the store refuses ${type}'); END`,
  );
}
db.close();
