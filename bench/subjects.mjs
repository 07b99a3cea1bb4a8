/** The Worlds that are measured: how each is prepared, and the environment in which its process finds it. */
import { execFile, fork, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { lendDatabase } from './postgres.mjs';

const run = promisify(execFile);
const here = dirname(fileURLToPath(import.meta.url));
const STARTS_WITHIN_MS = 60_000;
const LISTENING = /^worldwire listening on (http:\S+)$/m;

const ENCRYPTION = {
  off: () => ({ WORLDWIRE_ENCRYPTION: 'off' }),
  on: () => ({
    WORLDWIRE_ENCRYPTION: 'on',
    WORLDWIRE_KEY: randomBytes(32).toString('base64'),
    WORLDWIRE_KEY_FILE: '',
  }),
};

/** This World, behind its server. */
const wire = (title, encryption) => ({
  title,
  ours: true,
  module: '@worldwire/sdk/world',
  specVersion: 7,
  async prepare(dir) {
    const server = await startServer(dir, ['--data-dir', join(dir, 'world')]);
    return { env: { WORLDWIRE_URL: server.url, ...ENCRYPTION[encryption]() }, stop: server.stop };
  },
});

/** This World in a database of the PostgreSQL that its peer uses too: `serve` resolves with its address and its end. */
const onPostgres = (title, serve) => ({
  ...wire(title, 'off'),
  async prepare(dir) {
    const database = await lendDatabase(dir, title.replaceAll(/\W+/g, '_'));
    try {
      const { url, stop } = await serve(dir, database.url);
      return {
        env: { WORLDWIRE_URL: url, ...ENCRYPTION.off() },
        connections: database.connections,
        async stop() {
          await stop?.();
          await database.stop();
        },
      };
    } catch (error) {
      await database.stop();
      throw error;
    }
  },
});

/** This World, in the process that calls it. */
const embedded = (title, encryption) => ({
  ...wire(title, encryption),
  prepare: async (dir) => ({
    env: { WORLDWIRE_URL: `embedded:${join(dir, 'world')}`, ...ENCRYPTION[encryption]() },
  }),
});

/** This World with and without encryption. */
export const sealings = {
  wire: wire('plain', 'off'),
  wireSealed: wire('sealed', 'on'),
  embedded: embedded('emb. plain', 'off'),
  embeddedSealed: embedded('emb. sealed', 'on'),
};

/** This World and its peers. Those seal nothing, so this one does not either. */
export const subjects = {
  wire: wire('worldwire', 'off'),
  embedded: embedded('embedded', 'off'),
  wireOnPostgres: onPostgres('on postgres', (dir, url) =>
    startServer(dir, ['--database-url', url]),
  ),
  embeddedOnPostgres: onPostgres('emb. on postgres', (_dir, url) => ({ url })),
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
      const { url, version, connections, stop } = await lendDatabase(dir, 'peer');
      const env = { WORKFLOW_POSTGRES_URL: url };
      const setup = join(here, 'node_modules', '@workflow', 'world-postgres', 'bin', 'setup.js');
      try {
        await run(process.execPath, [setup], { cwd: here, env: { ...process.env, ...env } });
      } catch (error) {
        await stop();
        throw error;
      }
      return { env, connections, stop, note: `PostgreSQL ${version}` };
    },
  },
};

/**
 * Starts a subject in a folder of its own. `prepare` starts what it needs there, and resolves with the environment of its
 * process, and what ends it. `measure` does one item of work and resolves with the value.
 */
export async function startSubject(name, { module, specVersion, prepare }, root) {
  const dir = join(root, name);
  mkdirSync(dir, { recursive: true });
  // Whoever runs PostgreSQL has to get here.
  chmodSync(dir, 0o755);
  const { env, connections, stop, note } = await prepare(dir);
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
    connections,
    end,
    measure(work, size) {
      const value = answer();
      child.send({ name: work, size });
      return value;
    },
  };
}

/** The reference World as a user starts it, with its data where the options say. */
export async function startServer(dir, options) {
  const bin = join(here, '..', 'reference-world', 'bin', 'worldwire.js');
  const child = spawn(process.execPath, [bin, 'serve', '--port', '0', ...options], {
    cwd: dir,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
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
