import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { appendOne, callsOf } from '../../testing/store-records.js';
import { queueTopic, type Store } from '../store.js';
import { openSqliteStore } from './index.js';

let folder: string;
let script: string;
let dataDir: string;
const children: ChildProcessWithoutNullStreams[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'worldwire-'));
  script = join(folder, 'process.cjs');
  await build({
    entryPoints: [fileURLToPath(new URL('../../testing/store-process.ts', import.meta.url))],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    external: ['better-sqlite3'],
    outfile: script,
  });
});
afterAll(() => rm(folder, { recursive: true }));
beforeEach(async () => {
  dataDir = await mkdtemp(join(folder, 'data-'));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

interface Child {
  readonly process: ChildProcessWithoutNullStreams;
  readonly lines: string[];
  /** Waits for the first line that is there from now on. */
  nextLine(): Promise<string>;
  /** Waits for the end; fails where the process did. */
  ended(): Promise<void>;
}

const modules = join(
  dirname(createRequire(import.meta.url).resolve('better-sqlite3/package.json')),
  '..',
);

function start(...args: string[]): Child {
  const child = spawn(process.execPath, [script, ...args], {
    env: { ...process.env, NODE_PATH: modules },
  });
  children.push(child);
  const lines: string[] = [];
  let errors = '';
  child.stderr.on('data', (data: Buffer) => {
    errors += data;
  });
  const reader = createInterface(child.stdout);
  reader.on('line', (line) => lines.push(line));
  const exit = once(child, 'close');
  return {
    process: child,
    lines,
    nextLine: async () => (await once(reader, 'line'))[0] as string,
    ended: async () => {
      const [code] = await exit;
      if (code !== 0) throw new Error(`the process ended with ${code}: ${errors}`);
    },
  };
}

async function positions(store: Store): Promise<number[]> {
  const call = callsOf(store);
  const row = (await call.getRun('default', 'r', 'none'))!;
  const found: number[] = [];
  for (;;) {
    const page = await call.listEvents(
      row.key,
      [],
      undefined,
      { after: found.at(-1), descending: false, limit: 1_000 },
      false,
    );
    found.push(...page.items.map((item) => item.key));
    if (!page.more) {
      expect(Number(row.run.lastPosition)).toBe(found.length);
      return found;
    }
  }
}

const dense = (count: number) => Array.from({ length: count }, (_, i) => i + 1);

describe('several processes', () => {
  it.each([50, 200, 450])(
    'a kill after %i ms of load loses nothing that was acknowledged',
    async (ms) => {
      const child = start('load', dataDir);
      await child.nextLine();
      await child.nextLine();
      await new Promise((resolve) => setTimeout(resolve, ms));
      child.process.kill('SIGKILL');
      await expect(child.ended()).rejects.toThrow();
      const acknowledged = child.lines.slice(1).map(Number).filter(Number.isInteger);
      expect(acknowledged.length).toBeGreaterThan(0);
      const store = await openSqliteStore({ dataDir });
      const found = await positions(store);
      expect(found).toEqual(dense(found.length));
      // The last line may have been cut off in the middle: only whole ones count.
      expect(found.length).toBeGreaterThanOrEqual(Math.max(...acknowledged.slice(0, -1), 0));
      expect(await store.execute(appendOne('r'))).toBe(found.length + 1);
      await store.close();
    },
  );

  it('lose no update of one run and leave no gap', async () => {
    const count = 400;
    const processes = [start('append', dataDir, `${count}`), start('append', dataDir, `${count}`)];
    const store = await openSqliteStore({ dataDir });
    for (let i = 0; i < 50; i++) await store.execute(appendOne('r'));
    await Promise.all(processes.map((child) => child.ended()));
    expect(await positions(store)).toEqual(dense(2 * count + 50));
    await store.close();
  });

  it('wake each other after a commit', async () => {
    const child = start('notify', dataDir);
    await child.nextLine();
    const store = await openSqliteStore({ dataDir });
    for (let i = 0; i < 5; i++) {
      const woken = new Promise<void>((resolve) => {
        const stop = store.watch(queueTopic('default'), () => {
          stop();
          resolve();
        });
      });
      child.process.stdin.write('now\n');
      await woken;
    }
    child.process.stdin.end();
    await child.ended();
    await store.close();
  });

  it('are not kept alive by a watcher', async () => {
    const child = start('watch', dataDir);
    await child.ended();
  });

  it('create one folder together', async () => {
    const target = join(dataDir, 'new', 'folder');
    const processes = Array.from({ length: 4 }, () => start('append', target, '8'));
    await Promise.all(processes.map((child) => child.ended()));
    const store = await openSqliteStore({ dataDir: target });
    expect(await positions(store)).toEqual(dense(32));
    await store.close();
    expect((await stat(target)).mode & 0o777).toBe(0o700);
  });

  it('wait for a lock that another holds, without blocking, and give up in the end', async () => {
    const store = await openSqliteStore({ dataDir });
    const impatient = await openSqliteStore({ dataDir, busyGiveUpMs: 100 });
    const other = new Database(join(dataDir, 'world.db'));
    other.exec('BEGIN IMMEDIATE');
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    const waiting = store.execute(appendOne('r'));
    await expect(impatient.execute(appendOne('r'))).rejects.toMatchObject({
      reason: 'UNAVAILABLE',
    });
    expect(turns).toBeGreaterThan(2);
    clearInterval(timer);
    other.exec('COMMIT');
    other.close();
    expect(await waiting).toBe(1);
    expect(await impatient.execute(appendOne('r'))).toBe(2);
    await store.close();
    await impatient.close();
  });
});
