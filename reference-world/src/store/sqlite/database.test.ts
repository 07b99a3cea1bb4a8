import { statSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WRITES } from '../writes.js';
import { FILE_NAME, JOURNAL_BYTES, openDatabase, schemaVersion } from './database.js';
import { LogKeeper } from './log-keeper.js';
import { migrations } from './migrations/index.js';
import { connect } from './operations.js';

let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'worldwire-'));
});
afterEach(() => rm(dataDir, { recursive: true }));

const open = (known = migrations) =>
  openDatabase({ dataDir, busyBlockMs: 10, busyGiveUpMs: 5_000, migrations: known });

describe('the database', () => {
  it('has the schema of the snapshot', async () => {
    const db = await open();
    const rows = db
      .prepare<[], { sql: string }>(
        "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY tbl_name, type DESC, name",
      )
      .all();
    db.close();
    await expect(rows.map(({ sql }) => `${sql};\n`).join('\n')).toMatchFileSnapshot(
      './schema.snapshot.sql',
    );
  });

  it('is durable and bounded', async () => {
    const db = await open();
    const pragma = (name: string) => db.pragma(name, { simple: true });
    expect(pragma('journal_mode')).toBe('wal');
    expect(pragma('synchronous')).toBe(2);
    expect(pragma('page_size')).toBe(4_096);
    expect(pragma('wal_autocheckpoint')).toBe(4_096);
    expect(pragma('foreign_keys')).toBe(1);
    db.close();
  });

  it('empties a log that SQLite found no moment to begin anew', async () => {
    const db = await open();
    db.pragma('wal_autocheckpoint = 0');
    const size = () => statSync(join(dataDir, `${FILE_NAME}-wal`)).size;
    const insert = db.prepare('INSERT INTO payloads (data) VALUES (zeroblob(?))');
    while (size() <= JOURNAL_BYTES) insert.run(10_000_000);
    const log = new LogKeeper(db);
    for (let i = 0; i < 31; i++) log.committed();
    expect(size()).toBeGreaterThan(JOURNAL_BYTES);
    log.committed();
    expect(size()).toBe(0);
    db.close();
  });

  it('has migrations numbered from 1', () => {
    expect(migrations.map((migration) => migration.version)).toEqual(
      migrations.map((_, index) => index + 1),
    );
  });

  it('runs each migration once, also when several open the folder together', async () => {
    const counting = [
      ...migrations,
      {
        version: migrations.length + 1,
        sql: 'CREATE TABLE extra (n); INSERT INTO extra VALUES (1)',
      },
    ];
    (await open()).close();
    const opened = await Promise.all([open(counting), open(counting), open(counting)]);
    expect(opened[2]?.prepare('SELECT count(*) FROM extra').pluck().get()).toBe(1);
    expect(opened.map(schemaVersion)).toEqual(opened.map(() => counting.length));
    for (const db of opened) db.close();
  });

  it('leaves the file as it was where a migration fails', async () => {
    (await open()).close();
    const broken = [
      ...migrations,
      { version: 99, sql: 'CREATE TABLE extra (n); CREATE TABLE runs (n)' },
    ];
    await expect(open(broken)).rejects.toThrow('runs');
    const db = await open();
    expect(schemaVersion(db)).toBe(migrations.length);
    db.close();
  });

  it('refuses a newer schema', async () => {
    const db = await open();
    db.pragma(`user_version = ${migrations.length + 1}`);
    db.close();
    await expect(open()).rejects.toThrow('use a newer release');
  });

  it('refuses what is not its own', async () => {
    const db = new Database(join(dataDir, FILE_NAME));
    db.exec('CREATE TABLE notes (text)');
    db.close();
    await expect(open()).rejects.toThrow('another program');
    await writeFile(join(dataDir, FILE_NAME), 'x'.repeat(9_999));
    await expect(open()).rejects.toThrow();
  });

  it('refuses a path that is not a folder', async () => {
    await writeFile(join(dataDir, 'file'), '');
    const path = join(dataDir, 'file');
    await expect(openDatabase({ dataDir: path, busyBlockMs: 1, busyGiveUpMs: 1 })).rejects.toThrow(
      'not a folder',
    );
  });

  it('reads nothing whole but where an operation has to', async () => {
    const db = await open();
    const texts: string[] = [];
    const prepare = db.prepare.bind(db);
    db.prepare = ((text: string) => {
      texts.push(text);
      return prepare(text);
    }) as typeof db.prepare;
    expect(Object.keys(connect(db).operations).sort()).toEqual(Object.keys(WRITES).sort());
    for (const text of texts) {
      const parameters = Array.from({ length: text.split('?').length - 1 }, () => null);
      const plan = prepare(`EXPLAIN QUERY PLAN ${text}`).all(...parameters) as { detail: string }[];
      const scans = plan
        .map((row) => row.detail)
        .filter((detail) => /^SCAN /.test(detail) && !SMALL.test(detail));
      expect(scans, text).toEqual([]);
    }
    db.close();
  });
});

/** Values of the statement itself, the ends of a table, and skips along an index. */
const SMALL = /^SCAN (held|v VIRTUAL|CONSTANT|outcomes|\d+ CONSTANT)/;
