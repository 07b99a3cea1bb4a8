import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Code } from '@connectrpc/connect';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
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
    for (const args of [['serve', '--nonsense'], ['serve', '--port', 'x'], ['nonsense']])
      expect(await run(cli, args).ended).toBe(2);
    const version = run(cli, ['--version']);
    expect(await version.ended).toBe(0);
    expect(version.output.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(await run(cli, ['serve', '--help']).ended).toBe(0);
  });
});

describe('an embedded World', () => {
  it('keeps no process alive, closed or not', async () => {
    const folder = temporaryFolder();
    mkdirSync(folder, { recursive: true });
    for (const end of ['', 'await world.close();']) {
      const script = join(bundle, `embedded-${end.length}.test.mjs`);
      writeFileSync(
        script,
        `import { openEmbeddedWorld } from './embedded.mjs';
         import { createClient } from '@connectrpc/connect';
         import { StreamService } from '@worldwire/proto';
         const world = await openEmbeddedWorld({ dataDir: process.argv[2] });
         const streams = createClient(StreamService, world.transport);
         await streams.append({ runId: 'r', name: 's', chunks: [new Uint8Array(1)], close: true });
         for await (const _ of streams.read({ runId: 'r', name: 's' }));
         ${end}
         console.log('done');`,
      );
      const program = run(script, [folder]);
      expect(await program.ended).toBe(0);
      expect(program.output).toEqual({ stdout: 'done\n', stderr: '' });
    }
  });
});
