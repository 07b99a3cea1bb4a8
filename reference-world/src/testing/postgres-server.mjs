/** A real PostgreSQL: started on first use, on a folder of its own, and gone with the process that started it. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { freePort } from './free-port.mjs';
import { copyForNobody, nativeFolder } from './postgres-binaries.mjs';

/** PostgreSQL refuses to run as root; this is who runs it then. */
const NOBODY = 65_534;
const STARTS_WITHIN_MS = 60_000;
const USER = 'worldwire';

const guardianScript = fileURLToPath(new URL('postgres-guardian.mjs', import.meta.url));

export class PostgresServer {
  #options;
  #created;
  #place;
  #server;
  #guardian;

  constructor(options = {}) {
    this.#options = options;
  }

  async createDatabase(name = `world_${randomBytes(6).toString('hex')}`) {
    this.#created ??= this.#create();
    await this.#created;
    await execute(this.#urlOf('postgres'), `CREATE DATABASE ${name}`);
    return this.#urlOf(name);
  }

  async stop() {
    const created = this.#created;
    this.#created = undefined;
    // Whoever asked for a database knows why there is none.
    await created?.catch(() => undefined);
    if (this.#server) await this.#shutDown();
    this.#guardian?.child.ref();
    this.#guardian?.child.stdin.end();
    await this.#guardian?.exited;
  }

  get pid() {
    return this.#server.child.pid;
  }

  async start() {
    const { data, port } = this.#place;
    const { maxConnections } = this.#options;
    const settings = [
      'listen_addresses=127.0.0.1',
      'unix_socket_directories=',
      ...(maxConnections === undefined ? [] : [`max_connections=${maxConnections}`]),
    ];
    this.#server = this.#run('postgres', [
      ...['-D', data, '-p', String(port)],
      ...settings.flatMap((setting) => ['-c', setting]),
    ]);
    const { child, said } = this.#server;
    const until = Date.now() + STARTS_WITHIN_MS;
    while (!said().includes('database system is ready to accept connections')) {
      if ((child.exitCode ?? child.signalCode) !== null || Date.now() > until) {
        child.kill('SIGKILL');
        throw new Error(`PostgreSQL did not start:\n${said()}`);
      }
      await sleep(50);
    }
    child.unref();
  }

  async end(signal) {
    const { child, exited } = this.#server;
    child.ref();
    child.kill(signal);
    await exited;
  }

  async #create() {
    const { folder: parent = tmpdir(), binaries } = this.#options;
    const folder = mkdtempSync(join(parent, 'worldwire-postgres-'));
    this.#guardian = guard(folder);
    const asRoot = process.getuid?.() === 0;
    if (asRoot) chmodSync(folder, 0o755);
    const native = binaries ?? (asRoot ? copyForNobody(folder) : nativeFolder());
    const data = join(folder, 'data');
    mkdirSync(data);
    if (asRoot) chownSync(data, NOBODY, NOBODY);
    const owner = asRoot ? { uid: NOBODY, gid: NOBODY } : {};
    this.#place = { folder, native, data, owner, port: await freePort() };
    const { exited, said } = this.#run('initdb', [
      ...[`--pgdata=${data}`, `--username=${USER}`, '--auth=trust', '--encoding=UTF8'],
      '--no-locale',
    ]);
    const [code] = await exited;
    if (code !== 0) throw new Error(`initdb: ${said()}`);
    await this.start();
  }

  /** Closes the connections that do not end by themselves in time. */
  async #shutDown() {
    const { child } = this.#server;
    const { patienceMs = 0 } = this.#options;
    const timer = setTimeout(() => child.kill('SIGINT'), patienceMs);
    await this.end(patienceMs > 0 ? 'SIGTERM' : 'SIGINT');
    clearTimeout(timer);
  }

  /** Starts a program, of which the guardian hears. */
  #run(program, args) {
    const { folder, native, owner } = this.#place;
    const log = join(folder, `${program}-${randomBytes(4).toString('hex')}.log`);
    const out = openSync(log, 'a');
    const child = spawn(join(native, 'bin', program), args, {
      ...owner,
      cwd: folder,
      stdio: ['ignore', out, out],
    });
    closeSync(out);
    const { stdin } = this.#guardian.child;
    stdin.write(`${child.pid}\n`);
    child.once('exit', () => stdin.write('0\n'));
    return { child, exited: once(child, 'exit'), said: () => readFileSync(log, 'utf8') };
  }

  #urlOf(database) {
    return `postgres://${USER}@127.0.0.1:${this.#place.port}/${database}`;
  }
}

export async function execute(url, text, values) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text, values)).rows;
  } finally {
    await client.end();
  }
}

/** Has a process watch over a folder: one that no end of this one takes along. */
function guard(folder) {
  const child = spawn(process.execPath, [guardianScript, folder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  child.unref();
  child.stdin.unref();
  // Somebody has killed it.
  child.stdin.on('error', () => {});
  return { child, exited: once(child, 'exit') };
}
