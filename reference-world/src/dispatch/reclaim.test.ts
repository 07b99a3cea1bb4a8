import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { openEmbeddedWorld } from '../embedded.js';
import { type Clients, clientsOf, temporaryFolder } from '../testing/world.js';

let folder: string;
let script: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'worldwire-'));
  script = join(folder, 'process.cjs');
  await build({
    entryPoints: [fileURLToPath(new URL('../testing/embedded-process.ts', import.meta.url))],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    external: ['better-sqlite3'],
    outfile: script,
  });
});
afterAll(() => rm(folder, { recursive: true }));

const modules = join(
  dirname(createRequire(import.meta.url).resolve('better-sqlite3/package.json')),
  '..',
);

/** Has another process lease the one message of a folder. Returns what kills it. */
async function leaseElsewhere(dataDir: string): Promise<() => Promise<void>> {
  const child = spawn(process.execPath, [script, dataDir], {
    env: { ...process.env, NODE_PATH: modules },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return async () => {
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
}

/** Waits for the message. Returns which attempt it is. */
async function take(queue: Clients['queue']): Promise<number> {
  const abort = new AbortController();
  onTestFinished(() => abort.abort());
  const request = { queuePrefixes: ['q'], deploymentId: 'd' };
  for await (const { deliveries } of queue.receive(request, { signal: abort.signal }))
    if (deliveries[0] !== undefined) return deliveries[0].attempt;
  throw new Error('the stream ended');
}

async function open(dataDir: string): Promise<Clients['queue']> {
  const world = await openEmbeddedWorld({ dataDir });
  onTestFinished(() => world.close());
  return clientsOf(world.transport).queue;
}

it('has what a dead process held as soon as it opens the folder', async () => {
  const dataDir = temporaryFolder();
  await (await leaseElsewhere(dataDir))();
  const opened = Date.now();
  expect(await take(await open(dataDir))).toBe(2);
  // Sooner than it looks again.
  expect(Date.now() - opened).toBeLessThan(2_500);
});

it('notices that another process dies, and leaves a living one what it holds', async () => {
  const dataDir = temporaryFolder();
  const kill = await leaseElsewhere(dataDir);
  const taking = take(await open(dataDir)).then((attempt) => ({ attempt, at: Date.now() }));
  await new Promise((resolve) => setTimeout(resolve, 4_000));
  const died = Date.now();
  await kill();
  const { attempt, at } = await taking;
  expect(attempt).toBe(2);
  expect(at).toBeGreaterThanOrEqual(died);
  expect(at - died).toBeLessThan(10_000);
});
