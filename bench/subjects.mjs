/** The Worlds that are measured: how each is prepared, and the environment in which its process finds it. */
import { fork, spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startPostgres } from './postgres.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const STARTS_WITHIN_MS = 60_000;
const LISTENING = /^worldwire listening on (http:\S+)$/m;

/** `prepare` starts what the World needs in a folder, and resolves with the environment and what ends it. */
export const subjects = {
  wire: {
    title: 'worldwire',
    ours: true,
    module: '@worldwire/sdk/world',
    specVersion: 7,
    async prepare(dir) {
      const server = await startServer(dir);
      return { env: { WORLDWIRE_URL: server.url }, stop: server.stop };
    },
  },
  embedded: {
    title: 'embedded',
    ours: true,
    module: '@worldwire/sdk/world',
    specVersion: 7,
    prepare: async (dir) => ({ env: { WORLDWIRE_URL: `embedded:${join(dir, 'world')}` } }),
  },
  local: {
    title: 'world-local',
    module: '@workflow/world-local',
    specVersion: 7,
    prepare: async (dir) => ({ env: { WORKFLOW_LOCAL_DATA_DIR: join(dir, 'data') } }),
  },
  postgres: {
    title: 'world-postgres',
    module: '@workflow/world-postgres',
    // The highest that 5.0.0-beta.27 serves.
    specVersion: 5,
    async prepare(dir) {
      const { url, version, stop } = await startPostgres(dir);
      const env = { WORKFLOW_POSTGRES_URL: url };
      const setup = join(here, 'node_modules', '@workflow', 'world-postgres', 'bin', 'setup.js');
      const done = spawnSync(process.execPath, [setup], {
        cwd: here,
        env: { ...process.env, ...env },
        encoding: 'utf8',
      });
      if (done.status !== 0) {
        await stop();
        throw new Error(`world-postgres setup: ${done.stdout}${done.stderr}`);
      }
      return { env, stop, note: `PostgreSQL ${version}` };
    },
  },
};

/** Starts a subject in a folder of its own. Its `measure` does one item of work and resolves with the value. */
export async function startSubject(name, root) {
  const { module, specVersion, prepare } = subjects[name];
  const dir = join(root, name);
  mkdirSync(dir, { recursive: true });
  // Whoever runs PostgreSQL has to get here.
  chmodSync(dir, 0o755);
  const { env, stop, note } = await prepare(dir);
  const child = fork(join(here, 'subject.mjs'), [module, String(specVersion)], {
    cwd: here,
    env: { ...process.env, WORKFLOW_TELEMETRY_DISABLED: '1', ...env },
    // What a World says on its way is not the benchmark's output.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const answer = () =>
    new Promise((resolve, reject) => {
      const onExit = (code, signal) => reject(new Error(`${name} ended (${code ?? signal})`));
      child.once('exit', onExit);
      child.once('message', (message) => {
        child.off('exit', onExit);
        if (message.error) reject(new Error(`${name}: ${message.error}`));
        else resolve(message.value);
      });
    });

  const end = async () => {
    child.kill('SIGKILL');
    await exited;
    await stop?.();
  };
  try {
    await answer();
  } catch (error) {
    await end();
    throw error;
  }
  return {
    note,
    end,
    measure(work, size) {
      const value = answer();
      child.send({ name: work, size });
      return value;
    },
  };
}

/** The reference World as a user starts it. */
async function startServer(dir) {
  const bin = join(here, '..', 'reference-world', 'bin', 'worldwire.js');
  const child = spawn(
    process.execPath,
    [bin, 'serve', '--port', '0', '--data-dir', join(dir, 'world')],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const url = await new Promise((resolve, reject) => {
    let output = '';
    const fail = (why) => reject(new Error(`the server ${why}:\n${output}`));
    const timer = setTimeout(() => fail('did not start'), STARTS_WITHIN_MS);
    const hear = (text) => {
      output += text;
      const found = LISTENING.exec(output)?.[1];
      if (found === undefined) return;
      clearTimeout(timer);
      resolve(found);
    };
    child.stdout.setEncoding('utf8').on('data', hear);
    child.stderr.setEncoding('utf8').on('data', hear);
    child.once('error', reject);
    exited.then((code) => fail(`ended (${code})`));
  });
  return {
    url,
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}
