import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Code, createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { Capability, KeyService } from '@worldwire/proto';
import Database from 'better-sqlite3';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { Postgres } from './testing/postgres.js';
import { clientsOf, failureOf, newRun, temporaryFolder } from './testing/world.js';

// Within the package, so that what is bundled finds its dependencies and its manifest.
const bundle = fileURLToPath(new URL(`../.cache/cli-${process.pid}/`, import.meta.url));
const cli = join(bundle, 'cli.mjs');

beforeAll(async () => {
  const entry = (name: string) => fileURLToPath(new URL(`./${name}`, import.meta.url));
  await build({
    entryPoints: [entry('cli.ts'), entry('embedded.ts')],
    outdir: bundle,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
  });
});
afterAll(() => rmSync(bundle, { recursive: true, force: true }));

interface Program {
  readonly process: ChildProcess;
  readonly output: { stdout: string; stderr: string };
  readonly ended: Promise<number | null>;
}

function run(file: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Program {
  const child = spawn(process.execPath, [file, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (data) => {
    output.stdout += data;
  });
  child.stderr.on('data', (data) => {
    output.stderr += data;
  });
  return { process: child, output, ended: once(child, 'close').then(([code]) => code) };
}

async function serving(args: readonly string[] = [], env?: NodeJS.ProcessEnv) {
  const program = run(cli, ['serve', '--port', '0', '--data-dir', temporaryFolder(), ...args], env);
  await expect.poll(() => program.output.stdout, { timeout: 40_000 }).toContain('\n');
  const url = /^worldwire listening on (http:\/\/127\.0\.0\.1:\d+)\n$/.exec(
    program.output.stdout,
  )?.[1];
  if (url === undefined) throw new Error(`unexpected: ${program.output.stdout}`);
  return { ...program, url };
}

describe('worldwire serve', () => {
  it('says where it listens, and stops cleanly when it is told to', async () => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      const server = await serving();
      const { events, queue, runs } = clientsOf(server.url);
      await events.createEvent(newRun('r'));
      const receiving = queue.receive({ queuePrefixes: ['q'], deploymentId: 'd' });
      const it = receiving[Symbol.asyncIterator]();
      await it.next();
      const lost = failureOf(it.next());
      const waiting = failureOf(runs.waitForRun({ runId: 'r' }));
      await runs.getRun({ runId: 'r' });
      server.process.kill(signal);
      expect(await lost).toMatchObject({ code: Code.Unavailable, reasons: ['SHUTTING_DOWN'] });
      expect(await waiting).toMatchObject({ code: Code.Unavailable });
      expect(await server.ended).toBe(0);
      for (const line of server.output.stderr.trim().split('\n')) JSON.parse(line);
    }
  });

  it('is told by the environment as well', async () => {
    const tokenFile = join(temporaryFolder(), 'tokens');
    writeFileSync(tokenFile, 'secret');
    const server = await serving([], { WORLDWIRE_TOKEN_FILE: tokenFile });
    expect(await failureOf(clientsOf(server.url).runs.listRuns({}))).toMatchObject({
      reasons: ['UNAUTHENTICATED'],
    });
  });

  it('keeps what it answered when it is killed', async () => {
    const dataDir = temporaryFolder();
    const first = await serving(['--data-dir', dataDir]);
    await clientsOf(first.url).events.createEvent(newRun('r'));
    first.process.kill('SIGKILL');
    await first.ended;
    const second = await serving(['--data-dir', dataDir]);
    expect((await clientsOf(second.url).runs.getRun({ runId: 'r' })).run?.runId).toBe('r');
  });

  it('says in one line why it cannot start', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'file');
    writeFileSync(file, '');
    const taken = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void taken.close());
    await once(taken, 'listening');
    const { port } = taken.address() as { port: number };
    const data = ['--data-dir', join(folder, 'data')];
    for (const [args, words] of [
      [['--port', String(port), ...data], 'in use'],
      [['--port', '0', '--data-dir', join(file, 'data')], 'data folder'],
      [['--port', '0', '--host', '0.0.0.0', ...data], '--insecure'],
      [['--port', '0', '--token-file', join(folder, 'none'), ...data], 'token file'],
      [['--port', '0', '--tls-cert', file, ...data], '--tls-key'],
      [['--port', '0', '--tls-cert', file, '--tls-key', file, ...data], 'certificate'],
    ] as const) {
      const program = run(cli, ['serve', ...args]);
      expect(await program.ended).toBe(1);
      expect(program.output.stdout).toBe('');
      expect(program.output.stderr).toMatch(/^worldwire: [^\n]+\n$/);
      expect(program.output.stderr).toContain(words);
    }
  });

  it('refuses options that there are not, and tells its version', async () => {
    for (const args of [
      ['serve', '--nonsense'],
      ['serve', '--port', 'x'],
      ['serve', '--keep-runs', '30'],
      ['serve', '--drain', '1m'],
      ['nonsense'],
    ])
      expect(await run(cli, args).ended).toBe(2);
    const version = run(cli, ['--version']);
    expect(await version.ended).toBe(0);
    expect(version.output.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(await run(cli, ['serve', '--help']).ended).toBe(0);
  });
});

describe('worldwire audit verify', () => {
  const masterKey = randomBytes(32).toString('base64');

  /** A World that takes keys in escrow, with so many entries in the log of each project. */
  async function audited(counts: Readonly<Record<string, number>>) {
    const [dataDir, folder] = [temporaryFolder(), temporaryFolder()];
    const [tokenFile, masterKeyFile] = [join(folder, 'tokens'), join(folder, 'master')];
    writeFileSync(tokenFile, 'secret +escrow +keys');
    writeFileSync(masterKeyFile, masterKey);
    const args = ['--token-file', tokenFile, '--master-key-file', masterKeyFile];
    const server = await serving(['--data-dir', dataDir, ...args]);
    const transport = createConnectTransport({ baseUrl: server.url, httpVersion: '1.1' });
    const { getRunKey } = createClient(KeyService, transport);
    for (const [project, count] of Object.entries(counts))
      for (let each = 0; each < count; each++)
        await failureOf(
          getRunKey(
            { runId: 'r', reason: `${each}` },
            { headers: { authorization: 'Bearer secret', 'worldwire-project': project } },
          ),
        );
    return { server, dataDir };
  }

  async function verify(dataDir: string, ...args: string[]) {
    const program = run(cli, ['audit', 'verify', '--data-dir', dataDir, ...args]);
    const code = await program.ended;
    return { code, ...program.output };
  }

  const headsIn = (text: string) => [...text.matchAll(/head ([0-9a-f]{64})$/gm)].map(([, h]) => h!);

  it('follows the log of each project, also while a server writes it', async () => {
    const { server, dataDir } = await audited({ default: 3, other: 1 });
    const first = await verify(dataDir);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout).toMatch(/^default: 3 entries, head [0-9a-f]{64}\nother: 1 entry, head /);
    const [head, other] = headsIn(first.stdout);
    const expected = ['--expect-head', head!, '--expect-head', other!.toUpperCase()];
    expect(await verify(dataDir, ...expected)).toMatchObject({ code: 0 });
    server.process.kill('SIGTERM');
    await server.ended;
    expect(await verify(dataDir, ...expected)).toMatchObject({ code: 0, stdout: first.stdout });
  });

  it('finds what was changed, taken out, moved or cut off', async () => {
    const { server, dataDir } = await audited({ default: 5 });
    server.process.kill('SIGTERM');
    await server.ended;
    const [head] = headsIn((await verify(dataDir)).stdout);
    const swap = (column: string) =>
      `UPDATE key_access SET ${column} =
         (SELECT ${column} FROM key_access o WHERE o.sequence = 7 - key_access.sequence)
       WHERE sequence IN (3, 4)`;
    for (const [statement, count, problem] of [
      ["UPDATE key_access SET reason = 'else' WHERE sequence = 2", 1, 'entry 2 was altered'],
      ['UPDATE key_access SET at = at + 1 WHERE sequence = 5', 4, 'entry 5 was altered'],
      ['UPDATE key_access SET hash = zeroblob(32) WHERE sequence = 1', 0, 'entry 1 was altered'],
      ['DELETE FROM key_access WHERE sequence = 3', 2, 'entry 3 is missing'],
      ['DELETE FROM key_access WHERE sequence = 1', 0, 'entry 1 is missing'],
      [`${swap('reason')}; ${swap('hash')}`, 2, 'entry 3 was altered'],
      ["UPDATE key_access SET project = 'other'", 0, 'entry 1 was altered'],
    ] as const) {
      const copy = temporaryFolder();
      cpSync(dataDir, copy, { recursive: true });
      const db = new Database(join(copy, 'world.db'));
      db.exec(statement);
      db.close();
      const found = await verify(copy);
      expect([found.code, found.stdout]).toEqual([
        1,
        expect.stringMatching(new RegExp(`: ${count} entr.*\\n.*broken: ${problem}`)),
      ]);
    }
    const cut = temporaryFolder();
    cpSync(dataDir, cut, { recursive: true });
    const db = new Database(join(cut, 'world.db'));
    db.exec('DELETE FROM key_access WHERE sequence > 3');
    db.close();
    expect(await verify(cut)).toMatchObject({ code: 0 });
    expect(await verify(cut, '--expect-head', head!)).toMatchObject({
      code: 1,
      stdout: expect.stringContaining(head!),
    });
  });

  it('says that there is no log to read, or no entry in it', async () => {
    const nothing = join(temporaryFolder(), 'none');
    for (const args of [[nothing], [nothing, '--expect-head', 'x']]) {
      const found = await verify(...(args as [string]));
      expect(found).toMatchObject({ code: 2, stdout: '' });
      expect(found.stderr).not.toBe('');
    }
    const { dataDir } = await audited({});
    expect(await verify(dataDir)).toMatchObject({ code: 0, stdout: 'no entries\n' });
  });
});

describe('a master key', () => {
  it('is read from the environment as well, and never shown', async () => {
    const tokenFile = join(temporaryFolder(), 'tokens');
    writeFileSync(tokenFile, 'secret +escrow +keys');
    const [one, two] = [randomBytes(32).toString('base64'), randomBytes(32).toString('base64')];
    const server = await serving(['--token-file', tokenFile, '--log-level', 'trace'], {
      WORLDWIRE_MASTER_KEY: `${one} ${two}`,
    });
    const { world } = clientsOf(server.url);
    expect((await world.getWorld({})).capabilities).toContain(Capability.KEY_SERVICE);
    server.process.kill('SIGTERM');
    await server.ended;
    const file = join(temporaryFolder(), 'master');
    writeFileSync(file, one);
    const data = ['--port', '0', '--data-dir', temporaryFolder()];
    const outputs = [server.output];
    for (const [args, env, words] of [
      [['--master-key-file', file], {}, '--token-file'],
      [['--token-file', tokenFile, '--master-key-file', `${file}x`], {}, 'master key'],
      [['--token-file', tokenFile], { WORLDWIRE_MASTER_KEY: `${one}${two}` }, 'base64'],
      [
        ['--token-file', tokenFile, '--master-key-file', file],
        { WORLDWIRE_MASTER_KEY: two },
        'one thing',
      ],
    ] as const) {
      const program = run(cli, ['serve', ...data, ...args], env);
      expect(await program.ended).toBe(1);
      expect(program.output.stderr).toMatch(/^worldwire: [^\n]+\n$/);
      expect(program.output.stderr).toContain(words);
      outputs.push(program.output);
    }
    for (const { stdout, stderr } of outputs)
      for (const secret of [one, two]) expect(stdout + stderr).not.toContain(secret);
  });
});

describe('an embedded World', () => {
  const postgres = new Postgres();
  afterAll(() => postgres.stop());

  it.each([
    ['a folder', async () => ({ dataDir: temporaryFolder() })],
    ['a database', async () => ({ databaseUrl: await postgres.createDatabase() })],
  ])('on %s keeps no process alive, closed or not', async (_, place) => {
    const options = JSON.stringify(await place());
    for (const end of ['', 'await world.close();']) {
      const script = join(bundle, `embedded-${end.length}.test.mjs`);
      writeFileSync(
        script,
        `import { openEmbeddedWorld } from './embedded.mjs';
         import { createClient } from '@connectrpc/connect';
         import { StreamService } from '@worldwire/proto';
         const world = await openEmbeddedWorld(JSON.parse(process.argv[2]));
         const streams = createClient(StreamService, world.transport);
         await streams.append({ runId: 'r', name: 's', chunks: [new Uint8Array(1)], close: true });
         for await (const _ of streams.read({ runId: 'r', name: 's' }));
         ${end}
         console.log('done');`,
      );
      const program = run(script, [options]);
      expect(await program.ended).toBe(0);
      expect(program.output).toEqual({ stdout: 'done\n', stderr: '' });
    }
  });
});
