import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadWorld } from './load.js';

let cwd: string;

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'worldwire-load-'));
});
afterEach(() => rmSync(cwd, { recursive: true }));

function install(name: string, manifest: object, code: string): void {
  const folder = join(cwd, 'node_modules', name);
  mkdirSync(join(folder, 'dist'), { recursive: true });
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name, version: '1.2.3', type: 'module', ...manifest }),
  );
  writeFileSync(join(folder, 'dist', 'index.js'), code);
}

const esm = { exports: { '.': { types: './x.d.ts', import: './dist/index.js' } } };

describe('loadWorld', () => {
  it('finds a package from the working directory', async () => {
    install('@acme/world', esm, 'export const createWorld = () => ({ from: "createWorld" });');
    expect(await loadWorld('@acme/world', { cwd })).toEqual({
      world: { from: 'createWorld' },
      name: '@acme/world',
      version: '1.2.3',
    });
    const below = join(cwd, 'a', 'b');
    mkdirSync(below, { recursive: true });
    expect((await loadWorld('@acme/world', { cwd: below })).name).toBe('@acme/world');
  });

  it('takes the factory that is named, the default, or the only one', async () => {
    const code = `
      export const createOne = () => ({ from: 'one' });
      export default () => ({ from: 'default' });
      export const other = 1;`;
    install('one', { main: 'dist/index.js' }, code);
    expect((await loadWorld('one', { cwd })).world).toEqual({ from: 'default' });
    expect((await loadWorld('one', { cwd, factory: 'createOne' })).world).toEqual({ from: 'one' });
    const old = 'export function createEmbeddedWorld({ dataDir }) { return { dataDir }; }';
    install('old', { exports: './dist/index.js' }, old);
    expect((await loadWorld('old', { cwd })).world).toEqual({ dataDir: undefined });
  });

  it('takes a file', async () => {
    const path = join(cwd, 'world.mjs');
    writeFileSync(path, 'export default { queue() {}, mine: true };');
    expect((await loadWorld('./world.mjs', { cwd })).world).toMatchObject({ mine: true });
  });

  it('says what it did not find', async () => {
    await expect(loadWorld('@acme/none', { cwd })).rejects.toThrow('is not installed in');
    install('empty', esm, 'export const nothing = 1;');
    await expect(loadWorld('empty', { cwd })).rejects.toThrow('no factory');
  });
});
