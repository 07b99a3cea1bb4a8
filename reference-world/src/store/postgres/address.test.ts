import { chownSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { execute, Postgres } from '../../testing/postgres.js';
import { foreignTls, testTls } from '../../testing/tls.js';
import { temporaryFolder } from '../../testing/world.js';
import { connectionTo } from './connection.js';

const postgres = new Postgres();
let url: string;
let data: string;

beforeAll(async () => {
  url = await postgres.createDatabase();
  data = (await execute<{ data_directory: string }>(url, 'SHOW data_directory'))[0]!.data_directory;
});
afterAll(() => postgres.stop());
afterEach(() => void vi.unstubAllEnvs());

/** A connection's own words: whether it is encrypted, and as whom it came. */
async function ask(address: string) {
  const client = new pg.Client(connectionTo(address));
  client.on('error', () => {});
  await client.connect();
  try {
    const { rows } = await client.query<{ ssl: boolean; name: string }>(
      'SELECT ssl, current_user AS name FROM pg_stat_ssl WHERE pid = pg_backend_pid()',
    );
    return rows[0]!;
  } finally {
    await client.end();
  }
}

/** Writes a file into the server's folder, as its own, and lets the server read its settings anew. */
async function configure(files: Record<string, string>, statements: readonly string[] = []) {
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(data, name), text, { mode: 0o600 });
    const { uid, gid } = statSync(data);
    chownSync(join(data, name), uid, gid);
  }
  for (const statement of statements) await execute(url, statement);
  await execute(url, 'SELECT pg_reload_conf()');
}

const serveTls = ({ cert, key }: typeof testTls) =>
  configure({ 'server.crt': cert, 'server.key': key }, ['ALTER SYSTEM SET ssl = on']);

function fileOf(text: string): string {
  const file = join(temporaryFolder(), 'file');
  writeFileSync(file, text);
  return file;
}

describe('TLS', () => {
  it('is asked for as libpq does, and checked as far as the address says', async () => {
    await serveTls(testTls);
    await expect.poll(() => ask(`${url}?sslmode=require`)).toMatchObject({ ssl: true });
    expect(await ask(url)).toMatchObject({ ssl: false });
    const full = `${url}?sslmode=verify-full`;
    const trusted = `sslrootcert=${fileOf(testTls.cert)}`;
    expect(await ask(`${full}&${trusted}`)).toMatchObject({ ssl: true });
    await expect(ask(full)).rejects.toThrow(/self-signed certificate/);
    const foreign = `sslrootcert=${fileOf(foreignTls.cert)}`;
    await expect(ask(`${full}&${foreign}`)).rejects.toThrow(/certificate/);
    await expect(ask(`${url}?sslmode=verify-ca&${foreign}`)).rejects.toThrow(/certificate/);
    await expect(ask(`${full}&sslrootcert=/nowhere`)).rejects.toThrow(/ENOENT/);
  });

  it('with verify-full refuses the certificate of another host', async () => {
    await serveTls(foreignTls);
    const trusted = `sslrootcert=${fileOf(foreignTls.cert)}`;
    await expect
      .poll(() => ask(`${url}?sslmode=verify-ca&${trusted}`), { timeout: 20_000 })
      .toMatchObject({ ssl: true });
    await expect(ask(`${url}?sslmode=verify-full&${trusted}`)).rejects.toThrow(
      /does not match certificate/,
    );
  });

  it('is asked for by the environment as well, and the address has the last word', async () => {
    await serveTls(testTls);
    vi.stubEnv('PGSSLMODE', 'verify-ca');
    vi.stubEnv('PGSSLROOTCERT', fileOf(testTls.cert));
    await expect.poll(() => ask(url), { timeout: 20_000 }).toMatchObject({ ssl: true });
    expect(await ask(`${url}?sslmode=disable`)).toMatchObject({ ssl: false });
    vi.stubEnv('PGSSLROOTCERT', fileOf(foreignTls.cert));
    await expect(ask(url)).rejects.toThrow(/certificate/);
  });
});

describe('who connects', () => {
  it('is said by variables, or by a file that is read for each connection', async () => {
    await configure(
      { 'pg_hba.conf': 'host all keeper all scram-sha-256\nhost all worldwire all trust\n' },
      ["CREATE ROLE keeper LOGIN PASSWORD 'one'"],
    );
    const { hostname, port, pathname } = new URL(url);
    const file = fileOf('one\n');
    const keeper = `postgres://keeper@${hostname}:${port}${pathname}`;
    const byFile = `${keeper}?password_file=${file}`;
    await expect.poll(() => ask(byFile)).toMatchObject({ name: 'keeper' });
    await execute(url, "ALTER ROLE keeper PASSWORD 'two'");
    await expect(ask(byFile)).rejects.toThrow(/password authentication failed/);
    writeFileSync(file, 'two');
    expect(await ask(byFile)).toMatchObject({ name: 'keeper' });
    await expect(ask(byFile.replace(file, '/nowhere'))).rejects.toThrow(/ENOENT/);
    await expect(ask(byFile.replace('keeper@', 'keeper:one@'))).rejects.toThrow(/both/);
    for (const [name, value] of Object.entries({
      PGHOST: hostname,
      PGPORT: port,
      PGDATABASE: pathname.slice(1),
      PGUSER: 'keeper',
      PGPASSWORD: 'two',
    }))
      vi.stubEnv(name, value);
    expect(await ask('postgres://')).toMatchObject({ name: 'keeper' });
  });

  it('is no address of another kind, and no password is shown', async () => {
    const error = await ask('mysql://worldwire:secret@localhost/db').catch((e: unknown) => e);
    expect(String(error)).toMatch(/postgres:/);
    expect(String(error)).not.toContain('secret');
  });
});
