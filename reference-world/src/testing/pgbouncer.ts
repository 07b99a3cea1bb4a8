/** A PgBouncer for tests, where the machine has one: no package of npm carries it. */
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { freePort } from './free-port.mjs';
import { execute } from './postgres.js';

const NOBODY = 65_534;
const STARTS_WITHIN_MS = 30_000;

/** Whether `pgbouncer` is among this machine's commands. */
export const hasPgBouncer = spawnSync('pgbouncer', ['--version']).status === 0;

/** Stands before the database of an address until the test is over. Returns its own address. */
export async function pool(
  url: string,
  mode: 'session' | 'transaction',
  settings: Readonly<Record<string, string>>,
): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), 'worldwire-pgbouncer-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  chmodSync(dir, 0o755);
  const port = await freePort();
  const { hostname, port: behind, username, pathname } = new URL(url);
  writeFileSync(join(dir, 'users'), `"${username}" ""\n`);
  const lines = {
    listen_addr: '127.0.0.1',
    listen_port: port,
    unix_socket_dir: '',
    auth_type: 'trust',
    auth_file: join(dir, 'users'),
    pool_mode: mode,
    ...settings,
  };
  writeFileSync(
    join(dir, 'pgbouncer.ini'),
    [
      '[databases]',
      `* = host=${hostname} port=${behind}`,
      '[pgbouncer]',
      ...Object.entries(lines).map(([name, value]) => `${name} = ${value}`),
      '',
    ].join('\n'),
  );
  const asRoot = process.getuid?.() === 0;
  const child = spawn('pgbouncer', [join(dir, 'pgbouncer.ini')], {
    cwd: dir,
    stdio: 'ignore',
    ...(asRoot && { uid: NOBODY, gid: NOBODY }),
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const pooled = `postgres://${username}@127.0.0.1:${port}${pathname}`;
  const until = Date.now() + STARTS_WITHIN_MS;
  for (;;) {
    try {
      await execute(pooled, 'SELECT 1');
      return pooled;
    } catch (error) {
      if (child.exitCode !== null || Date.now() > until) throw error;
      await sleep(50);
    }
  }
}
