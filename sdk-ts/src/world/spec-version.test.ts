import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { detectSpecVersion, readerOf } from './spec-version.js';

const require = createRequire(import.meta.url);
const packageDir = (alias: string) => dirname(dirname(require.resolve(alias)));

let cwd: string;
beforeEach(() => {
  cwd = realpathSync(mkdtempSync(join(tmpdir(), 'worldwire-app-')));
  writeFileSync(join(cwd, 'package.json'), '{}');
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

/** Installs the World package of one SDK line under a folder. */
function install(alias: string, under = cwd): void {
  mkdirSync(join(under, 'node_modules/@workflow'), { recursive: true });
  symlinkSync(packageDir(alias), join(under, 'node_modules/@workflow/world'));
}

/** A package with nothing in it but a place in the tree. */
function emptyPackage(name: string, under: string): string {
  const dir = join(under, 'node_modules', name);
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'package.json'), JSON.stringify({ name, main: 'index.js' }));
  writeFileSync(join(dir, 'index.js'), '');
  return dir;
}

describe("the application's own package", () => {
  it.each([
    ['SDK 4', 'workflow-world-4', {}, 3],
    ['SDK 5', 'workflow-world-5', {}, 7],
    ['SDK 5 without sealed log', 'workflow-world-5', { WORKFLOW_SEALED_LOG: '0' }, 6],
    ['SDK 5 without sealed log', 'workflow-world-5', { WORKFLOW_SEALED_LOG: 'false' }, 6],
    ['SDK 5 with a flag that it ignores', 'workflow-world-5', { WORKFLOW_SEALED_LOG: 'x' }, 7],
  ])('%s', (_what, alias, env, version) => {
    install(alias);
    expect(detectSpecVersion(cwd, env)).toBe(version);
  });

  it('is the one that the running core sees, not one that lies on top', () => {
    install('workflow-world-4');
    const workflow = emptyPackage('workflow', cwd);
    const core = emptyPackage('@workflow/core', workflow);
    install('workflow-world-5', core);
    expect(detectSpecVersion(cwd, {})).toBe(7);
  });
});

describe('without a package', () => {
  it('asks the core that runs', () => {
    const key = Symbol.for('@workflow/world//getWorldFn');
    const store = globalThis as Record<symbol, unknown>;
    store[key] = () => {};
    try {
      expect(detectSpecVersion(cwd, {})).toBe(7);
      expect(detectSpecVersion(cwd, { WORKFLOW_SEALED_LOG: '0' })).toBe(6);
    } finally {
      delete store[key];
    }
  });

  it('is that of SDK 4', () => {
    expect(detectSpecVersion(cwd, {})).toBe(3);
  });
});

describe('WORLDWIRE_SPEC_VERSION', () => {
  it('wins', () => {
    install('workflow-world-4');
    expect(detectSpecVersion(cwd, { WORLDWIRE_SPEC_VERSION: '6' })).toBe(6);
  });

  it.each(['x', '0', '1.5'])('%s is refused', (value) => {
    expect(() => detectSpecVersion(cwd, { WORLDWIRE_SPEC_VERSION: value })).toThrow(value);
  });
});

it('tells the lines apart', () => {
  expect([2, 3].map(readerOf)).toEqual(['v4', 'v4']);
  expect([4, 5, 6, 7].map(readerOf)).toEqual(['v5', 'v5', 'v5', 'v5']);
});
