import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { execute, Postgres } from '../../testing/postgres.js';
import { describeSchema } from '../../testing/postgres-schema.js';
import { migrateDatabase } from './database.js';
import { migrations } from './migrations/index.js';

const postgres = new Postgres();
afterAll(() => postgres.stop());

let url: string;
beforeEach(async () => {
  url = await postgres.createDatabase();
});

const newest = migrations.length;
const extra = {
  version: newest + 1,
  sql: 'CREATE TABLE worldwire.extra (n integer); INSERT INTO worldwire.extra VALUES (1)',
};

describe('the database', () => {
  it('has the schema of the snapshot, and nothing outside it', async () => {
    expect(await migrateDatabase({ url })).toEqual({ from: 0, to: newest });
    await expect(await describeSchema(url)).toMatchFileSnapshot('./schema.snapshot.sql');
    const elsewhere = await execute(
      url,
      "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
    );
    expect(elsewhere).toEqual([]);
  });

  it('has migrations numbered from 1', () => {
    expect(migrations.map(({ version }) => version)).toEqual(migrations.map((_, i) => i + 1));
  });

  it('runs each migration once, also when several servers start together', async () => {
    const known = [...migrations, extra];
    const done = await Promise.all(
      [1, 2, 3, 4].map(() => migrateDatabase({ url, migrations: known })),
    );
    expect(done.map(({ to }) => to)).toEqual(done.map(() => newest + 1));
    expect(await execute(url, 'SELECT n FROM worldwire.extra')).toEqual([{ n: 1 }]);
  });

  it('leaves the schema as it was where a migration fails', async () => {
    await migrateDatabase({ url });
    const before = await describeSchema(url);
    const broken = { version: newest + 2, sql: 'CREATE TABLE worldwire.runs (n integer)' };
    await expect(
      migrateDatabase({ url, migrations: [...migrations, extra, broken] }),
    ).rejects.toThrow('runs');
    expect(await describeSchema(url)).toBe(before);
    expect(await migrateDatabase({ url })).toEqual({ from: newest, to: newest });
  });

  it('refuses a newer schema', async () => {
    await migrateDatabase({ url, migrations: [...migrations, extra] });
    await expect(migrateDatabase({ url })).rejects.toThrow('use a newer release');
  });

  it('refuses a schema of this name that is not its own', async () => {
    await execute(url, 'CREATE SCHEMA worldwire');
    await expect(migrateDatabase({ url })).rejects.toThrow('another program');
  });

  it('refuses a database that does not flush commits', async () => {
    const name = new URL(url).pathname.slice(1);
    await execute(url, `ALTER DATABASE ${name} SET synchronous_commit = off`);
    await expect(migrateDatabase({ url })).rejects.toThrow('flush');
  });
});
