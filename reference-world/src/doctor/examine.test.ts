import pg from 'pg';
import { afterAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { CONNECTIONS } from '../store/postgres/connection.js';
import { migrateDatabase } from '../store/postgres/database.js';
import { openPostgresStore } from '../store/postgres/index.js';
import { hasPgBouncer, pool } from '../testing/pgbouncer.js';
import { execute, Postgres } from '../testing/postgres.js';
import { aRun, callsOf } from '../testing/store-records.js';
import { examine } from './examine.js';

const postgres = new Postgres();
afterAll(() => postgres.stop());

let url: string;
beforeEach(async () => {
  url = await postgres.createDatabase();
});

/** What is said of one thing, each as "level: text". */
async function said(about: string, address = url): Promise<string[]> {
  const findings = (await examine(address)).filter((finding) => finding.about === about);
  for (const { level, advice } of findings) expect(advice === undefined).toBe(level === 'ok');
  return findings.map(({ level, text }) => `${level}: ${text}`);
}

/** The address by which somebody else comes, who has no rights yet. */
async function somebody(): Promise<string> {
  const name = `role_${Math.random().toString(36).slice(2)}`;
  await execute(url, `CREATE ROLE ${name} LOGIN`);
  return url.replace('worldwire@', `${name}@`);
}

const databaseOf = (address: string) => new URL(address).pathname.slice(1);

async function session(applicationName: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: applicationName });
  client.on('error', () => {});
  await client.connect();
  onTestFinished(() => client.end());
  return client;
}

/** A message that was to be delivered so many milliseconds ago; a dead one without. */
const park = (agoMs: number | null) =>
  execute(
    url,
    `INSERT INTO worldwire.messages (project, queue_id, message_id, deployment_id, deployment, run_id, visible_at,
       attempt, enqueued_at, last_error, content_type, headers, body)
     SELECT 'default', id, gen_random_uuid(), 'dpl_1', gen_random_uuid(), '',
       (extract(epoch FROM clock_timestamp()) * 1000)::bigint - $1::bigint, 0, 0, '', '', '{}', ''
       FROM worldwire.queues LIMIT 1`,
    [agoMs],
  );

describe('doctor', () => {
  it('finds nothing amiss with a database as servers make it', async () => {
    await migrateDatabase({ url });
    const findings = await examine(url);
    expect(findings.filter(({ level }) => level !== 'ok')).toEqual([]);
    expect(findings.map(({ about }) => about)).toEqual([
      ...['server', 'encoding', 'durability', 'timeouts', 'encryption', 'clock', 'sessions'],
      ...['connections', 'locks', 'schema', 'rights', 'size', 'vacuum', 'queues'],
    ]);
  });

  it('tells what state the schema is in, and what the role lacks', async () => {
    expect(await said('schema')).toEqual([expect.stringMatching(/^warning: not there yet/)]);
    const other = await somebody();
    expect(await said('schema', other)).toEqual([
      expect.stringMatching(/^problem: .*may not create/),
    ]);
    const { to } = await migrateDatabase({ url });
    expect(await said('schema', other)).toEqual([expect.stringMatching(/^problem: .*may not use/)]);
    await execute(
      url,
      `GRANT USAGE ON SCHEMA worldwire TO PUBLIC; GRANT SELECT ON ALL TABLES IN SCHEMA worldwire TO PUBLIC`,
    );
    expect(await said('rights', other)).toEqual([
      expect.stringMatching(/^problem: .*INSERT, UPDATE, DELETE on .*runs/),
    ]);
    await execute(
      url,
      'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA worldwire TO PUBLIC',
    );
    expect(await said('rights', other)).toEqual([expect.stringMatching(/^ok/)]);
    const store = await openPostgresStore({ url: other });
    await callsOf(store).insertRun('default', aRun('r'));
    await store.close();
    await execute(url, 'INSERT INTO worldwire.migrations (version) VALUES ($1)', [to + 1]);
    expect(await said('schema')).toEqual([expect.stringMatching(/^problem: version/)]);
    await execute(url, 'DELETE FROM worldwire.migrations');
    expect(await said('schema')).toEqual([expect.stringMatching(/^warning: version 0/)]);
    expect(await said('schema', other)).toEqual([expect.stringMatching(/^problem: version 0/)]);
    await execute(url, 'DROP TABLE worldwire.migrations');
    expect(await said('schema')).toEqual([expect.stringMatching(/^problem: .*another program/)]);
  });

  it('tells settings that lose what was answered, or only read', async () => {
    const name = databaseOf(url);
    for (const [setting, problem] of [
      ["synchronous_commit = 'off'", ['durability', /^problem: synchronous_commit/]],
      ['default_transaction_read_only = on', ['writes', /^problem: only reads/]],
    ] as const) {
      await execute(url, `ALTER DATABASE ${name} SET ${setting}`);
      expect(await said(problem[0])).toContainEqual(expect.stringMatching(problem[1]));
      await execute(
        `${url}?options=-c%20default_transaction_read_only=off`,
        `ALTER DATABASE ${name} RESET ${setting.split(' ')[0]}`,
      );
    }
  });

  it('counts servers, and the connections that they may need', async () => {
    await migrateDatabase({ url });
    await session('worldwire listener');
    await session('worldwire');
    const each = CONNECTIONS.writers + CONNECTIONS.readers + CONNECTIONS.listeners;
    expect(await said('connections')).toEqual([
      expect.stringMatching(`^ok: 1 servers with 2 connections of up to ${each};`),
    ]);
    await execute(url, `ALTER DATABASE ${databaseOf(url)} CONNECTION LIMIT 20`);
    expect(await said('connections')).toEqual([
      expect.stringMatching(/^warning: .*further server/),
    ]);
    await execute(url, `ALTER DATABASE ${databaseOf(url)} CONNECTION LIMIT 5`);
    expect(await said('connections')).toEqual([expect.stringMatching(/^problem: /)]);
  });

  it('tells who waits for whom', async () => {
    await migrateDatabase({ url });
    const [holder, waiter] = [await session('holder'), await session('waiter')];
    await holder.query('BEGIN; LOCK TABLE worldwire.runs IN ACCESS EXCLUSIVE MODE');
    const { pid } = (await holder.query('SELECT pg_backend_pid() AS pid')).rows[0];
    const waiting = waiter.query('SELECT 1 FROM worldwire.runs');
    waiting.catch(() => {});
    await expect
      .poll(() => said('locks'), { timeout: 40_000 })
      .toEqual([expect.stringMatching(`waiter.* has waited .* that ${pid} holds`)]);
    // What the lock keeps it from looking at, it says, and does not wait for.
    expect(await said('size')).toEqual([expect.stringMatching(/^warning: .*lock timeout/)]);
    await holder.query('ROLLBACK');
    await waiting;
  });

  it('tells what is late, and what is dead', async () => {
    await migrateDatabase({ url });
    await execute(
      url,
      "INSERT INTO worldwire.queues (project, name, digest) VALUES ('default', 'orders', gen_random_uuid())",
    );
    for (const ago of [0, 0, -3_600_000]) await park(ago);
    expect(await said('queues')).toEqual(['ok: 2 messages due, 0 under way, 1 for later, 0 dead']);
    await park(120_000);
    await park(null);
    expect(await said('queues')).toEqual([
      'ok: 3 messages due, 0 under way, 1 for later, 1 dead',
      expect.stringMatching(/^warning: 1 messages of orders .*dpl_1.* are late, by up to 12\d s/),
      expect.stringMatching(/^warning: 1 messages are dead/),
    ]);
  });

  it.skipIf(!hasPgBouncer)('tells PgBouncer in transaction mode apart', async () => {
    const pooled = await pool(url, 'transaction', {
      ignore_startup_parameters:
        'statement_timeout,lock_timeout,idle_in_transaction_session_timeout',
    });
    const findings = await examine(pooled);
    expect(findings).toContainEqual(
      expect.objectContaining({ level: 'problem', about: 'sessions' }),
    );
    expect(findings).toContainEqual(
      expect.objectContaining({ level: 'warning', about: 'timeouts' }),
    );
  });

  it('fails where there is no database', async () => {
    await expect(examine('postgres://worldwire@127.0.0.1:9/none')).rejects.toThrow(/ECONNREFUSED/);
  });
});
