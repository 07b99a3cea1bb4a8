import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { execute, PostgresServer } from './postgres-server.mjs';

it('leaves nothing behind when it is stopped', async () => {
  const postgres = new PostgresServer();
  onTestFinished(() => postgres.stop());
  const [first] = await execute(await postgres.createDatabase(), 'SHOW data_directory');
  const folder = dirname(first!.data_directory);
  expect(processesOn(folder)).toEqual(['guardian', 'postgres']);
  await postgres.stop();
  expect(left(folder)).toEqual({ processes: [], data: false });

  // And may be wanted again.
  const url = await postgres.createDatabase();
  expect(await execute(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

it.each([
  ['ends without stopping it', '', 0, null],
  ['is killed', 'setInterval(() => {}, 1000);', null, 'SIGKILL'],
])('goes with its folder when its process %s', async (_how, then, code, signal) => {
  const module = new URL('postgres-server.mjs', import.meta.url).href;
  const program = `
    const { execute, PostgresServer } = await import(${JSON.stringify(module)});
    const url = await new PostgresServer().createDatabase();
    const [{ data_directory }] = await execute(url, 'SHOW data_directory');
    console.log(data_directory);
    ${then}`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = once(child, 'exit');
  const [data] = await once(child.stdout.setEncoding('utf8'), 'data');
  const folder = dirname(data.trim());
  if (signal !== null) {
    expect(processesOn(folder)).toEqual(['guardian', 'postgres']);
    child.kill(signal as NodeJS.Signals);
  }
  expect(await ended).toEqual([code, signal]);
  await expect
    .poll(() => left(folder), { timeout: 30_000 })
    .toEqual({ processes: [], data: false });
});

const left = (folder: string) => ({ processes: processesOn(folder), data: existsSync(folder) });

/** What runs with a folder among its arguments; one that is dead and not yet collected has none. */
function processesOn(folder: string): string[] {
  const { stdout } = spawnSync('ps', ['-A', '-ww', '-o', 'args='], { encoding: 'utf8' });
  return stdout
    .split('\n')
    .filter((args) => args.includes(folder))
    .map((args) => /(guardian)\.mjs|bin\/(postgres) -D/.exec(args)?.slice(1).join('') ?? args)
    .sort();
}
