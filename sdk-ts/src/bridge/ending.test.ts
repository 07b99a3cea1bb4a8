import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

/** The command as one file, beside the packages that it is made of. */
const COMMAND = fileURLToPath(new URL(`../../dist/.ending-${process.pid}.mjs`, import.meta.url));
const LOCAL = fileURLToPath(import.meta.resolve('workflow-world-local-5'));

let folder: string;
let pids: number[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'worldwire-ending-'));
  const contents = `import { main } from ${JSON.stringify(fileURLToPath(new URL('cli.ts', import.meta.url)))}; await main();`;
  await build({
    stdin: { contents, resolveDir: folder, loader: 'ts' },
    outfile: COMMAND,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
  });
});
afterEach(() => {
  for (const pid of pids) if (lives(pid)) process.kill(pid, 'SIGKILL');
  pids = [];
});
afterAll(() => {
  rmSync(folder, { recursive: true });
  rmSync(COMMAND);
});

/** A real World whose `close` is another. */
function worldThat(close: string): string {
  const path = join(folder, `${Math.random().toString(36).slice(2)}.mjs`);
  writeFileSync(
    path,
    `import { createWorld as local } from ${JSON.stringify(LOCAL)};
    export const createWorld = () => ({
      ...local({ dataDir: ${JSON.stringify(`${path}.data`)} }),
      close: ${close},
    });`,
  );
  return path;
}

const bridge = (world: string) => [process.execPath, COMMAND, world, '--port', '0'];

function start(command: readonly string[]): ChildProcess {
  const child = spawn(command[0]!, command.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] });
  pids.push(child.pid!);
  return child;
}

/** Resolves when the process has printed what is looked for, with the match. */
function printed(child: ChildProcess, what: RegExp): Promise<RegExpExecArray> {
  return new Promise((resolve, reject) => {
    let output = '';
    const read = (data: Buffer): void => {
      output += data.toString();
      const match = what.exec(output);
      if (match !== null) resolve(match);
    };
    child.stdout!.on('data', read);
    child.stderr!.on('data', read);
    child.once('exit', () => reject(new Error(`ended: ${output}`)));
  });
}

function ended(child: ChildProcess): Promise<[number | null, NodeJS.Signals | null]> {
  return new Promise((resolve) =>
    child.once('exit', (code, signal) => {
      resolve([code, signal]);
    }),
  );
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    // There is no such process.
    return false;
  }
}

async function gone(pid: number): Promise<void> {
  while (lives(pid)) await new Promise((resolve) => setTimeout(resolve, 50));
}

/** Starts the bridge from a process of its own, and kills that when the bridge is ready. Gives the bridge's pid. */
async function orphan(world: string, stdio: string): Promise<number> {
  const parent = start([
    process.execPath,
    '-e',
    `const { spawn } = require('node:child_process');
    const [file, ...args] = ${JSON.stringify(bridge(world))};
    const child = spawn(file, args, { stdio: ${stdio}, detached: true });
    console.log('pid ' + child.pid);
    child.stdout?.on('data', (data) => process.stdout.write(data));
    setInterval(() => {}, 1000);`,
  ]);
  const [pid] = await Promise.all([printed(parent, /pid (\d+)/), ready(parent, stdio)]);
  pids.push(Number(pid[1]));
  const end = ended(parent);
  parent.kill('SIGKILL');
  await end;
  return Number(pid[1]);
}

async function ready(parent: ChildProcess, stdio: string): Promise<void> {
  if (stdio.includes('pipe')) await printed(parent, /listening on/);
}

const PIPES = "['ignore', 'pipe', 'pipe']";

describe('the bridge ends', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('on %s, in order', async (signal) => {
    const child = start(bridge(worldThat('async () => console.log("closed in order")')));
    await printed(child, /listening on/);
    const closed = printed(child, /closed in order/);
    const end = ended(child);
    child.kill(signal);
    await closed;
    expect(await end).toEqual([0, null]);
  });

  it('on SIGTERM while the World is being loaded', async () => {
    const path = join(folder, 'slow.mjs');
    writeFileSync(
      path,
      `process.on('SIGTERM', () => undefined);
      console.log('loading');
      setInterval(() => {}, 1000);
      await new Promise(() => {});`,
    );
    const child = start(bridge(path));
    await printed(child, /loading/);
    const end = ended(child);
    child.kill('SIGTERM');
    expect(await end).toEqual([0, null]);
  });

  it('where the World never closes', async () => {
    const child = start(bridge(worldThat('() => new Promise(() => setInterval(() => {}, 1000))')));
    await printed(child, /listening on/);
    const end = ended(child);
    child.kill('SIGTERM');
    expect(await end).toEqual([0, null]);
  });

  it('where the World keeps the thread busy', async () => {
    const child = start(bridge(worldThat('async () => { for (;;); }')));
    await printed(child, /listening on/);
    const [end, told] = [ended(child), printed(child, /did not let the process end/)];
    child.kill('SIGTERM');
    await told;
    expect(await end).toEqual([null, 'SIGKILL']);
  });

  it('with the program that started it and reads its output', async () => {
    await gone(await orphan(worldThat('async () => undefined'), PIPES));
  });

  it('also where its World has more to say than anybody reads', async () => {
    const path = join(folder, 'chatty.mjs');
    const sign = `${path}.closed`;
    const close = `async () => process.getBuiltinModule('fs').writeFileSync(${JSON.stringify(sign)}, '')`;
    writeFileSync(
      path,
      `export * from ${JSON.stringify(worldThat(close))};
      setInterval(() => { throw new Error('nobody hears this'); }, 10);`,
    );
    await gone(await orphan(path, PIPES));
    expect(existsSync(sign), 'whether the World was closed').toBe(true);
  });

  it('only when it is told to where its output is not read', async () => {
    const path = worldThat('async () => undefined');
    const log = JSON.stringify(`${path}.log`);
    const files = `['ignore', require('node:fs').openSync(${log}, 'w'), 'ignore']`;
    const pid = await orphan(path, files);
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    expect(lives(pid)).toBe(true);
    process.kill(pid, 'SIGTERM');
    await gone(pid);
  });
});
