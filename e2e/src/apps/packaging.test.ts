import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { install, installSqlite, packTarballs } from '../harness/install.js';
import { REPOSITORY } from '../harness/paths.js';
import { Process, run } from '../harness/process.js';
import { tempDir } from '../harness/scratch.js';

const LISTENING = /^worldwire listening on (http:\/\/127\.0\.0\.1:\d+)$/m;

/** What each tarball must hold, beside its package.json. */
const NEEDED: Record<string, string[]> = {
  proto: ['dist/index.js', 'dist/index.d.ts', 'worldwire/v1/event.proto'],
  sdk: ['dist/index.js', 'dist/index.d.ts', 'dist/world/index.js', 'dist/world.cjs'],
  'reference-world': ['bin/worldwire.js', 'dist/cli.js', 'dist/embedded.js', 'dist/index.d.ts'],
};

async function answers(server: Process): Promise<void> {
  const [, url] = await server.prints(LISTENING);
  const response = await fetch(`${url}/worldwire.v1.WorldService/GetWorld`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  });
  expect(response.status).toBe(200);
  expect(await response.json()).toHaveProperty('capabilities');
}

describe('in the repository', () => {
  it.each([
    ['npm start', ['start', '--', '--port', '0', '--data-dir']],
    ['npx worldwire serve', ['exec', '--', 'worldwire', 'serve', '--port', '0', '--data-dir']],
  ])('%s serves, and stops on SIGTERM', async (_, command) => {
    const server = new Process('npm', [...command, tempDir('data')], { cwd: REPOSITORY });
    await answers(server);
    // To the whole group, as a terminal and a supervisor do it.
    server.signal('SIGTERM');
    await server.exited;
    expect(server.output).not.toMatch(/error/i);
  });

  it('the command itself ends with 0', async () => {
    const bin = join(REPOSITORY, 'reference-world/bin/worldwire.js');
    const args = [bin, 'serve', '--port', '0', '--data-dir', tempDir('data')];
    const server = new Process(process.execPath, args);
    await answers(server);
    expect(await server.stop()).toBe(0);
  });
});

describe('the tarballs', () => {
  let tarballs: string[];
  let project: string;

  beforeAll(async () => {
    tarballs = await packTarballs();
    project = tempDir('project');
    mkdirSync(project, { recursive: true });
    writeFileSync(join(project, 'package.json'), '{ "name": "an-application", "private": true }\n');
    await install('npm', ['install', ...tarballs], project);
    await installSqlite(project);
  });

  it.each(Object.keys(NEEDED))('%s holds what it needs, and nothing else', async (name) => {
    const tarball = tarballs.find((path) => path.includes(`worldwire-${name}-`)) ?? '';
    const { stdout } = await run('tar', ['-tzf', tarball]);
    const files = stdout
      .trim()
      .split('\n')
      .map((path) => path.replace(/^package\//, ''));
    expect(files).toEqual(expect.arrayContaining(['package.json', ...(NEEDED[name] ?? [])]));
    const strange = files.filter((file) =>
      /\.test\.|\/testing\/|(^|\/)src\/|\.tsbuildinfo$/.test(file),
    );
    expect(strange).toEqual([]);
    const out = tempDir('unpacked');
    await run('tar', ['-xzf', tarball, '-C', out]);
    const ours = [REPOSITORY, homedir()].filter((path) => path.length > 1);
    const telling = files.filter((file) => {
      if (file.endsWith('/')) return false;
      const text = readFileSync(join(out, 'package', file), 'utf8');
      return ours.some((path) => text.includes(`${path}/`));
    });
    expect(telling, 'files with paths of this machine').toEqual([]);
  });

  it('give a World to require() and to import()', async () => {
    const check = `
      const exported = (module) => typeof (module.createWorld ?? module.default?.createWorld);
      const required = exported(require('@worldwire/sdk/world'));
      import('@worldwire/sdk/world').then((imported) => {
        console.log(JSON.stringify([required, exported(imported), typeof imported.default]));
      });`;
    const { stdout, stderr } = await run(process.execPath, ['-e', check], { cwd: project });
    expect(stdout.trim(), stderr).toBe('["function","function","function"]');
  });

  it('give an application the command', async () => {
    const serve = [
      'exec',
      '--',
      'worldwire',
      'serve',
      '--port',
      '0',
      '--data-dir',
      tempDir('data'),
    ];
    const server = new Process('npm', serve, { cwd: project });
    await answers(server);
    server.signal('SIGTERM');
    await server.exited;
  });

  it('give an application the client', async () => {
    const check = "import('@worldwire/sdk').then((sdk) => console.log(typeof sdk.connect))";
    const { stdout, stderr } = await run(process.execPath, ['-e', check], { cwd: project });
    expect(stdout.trim(), stderr).toBe('function');
  });
});
