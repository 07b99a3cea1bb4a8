import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const bundle = fileURLToPath(new URL('../../dist/world.cjs', import.meta.url));
const esm = fileURLToPath(new URL('../../dist/world/index.js', import.meta.url));

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'worldwire-cjs-'));
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

/** Runs a script in a folder that is no application, and returns what it prints as JSON. */
function run(script: string, env: Record<string, string> = {}): unknown {
  const output = execFileSync(process.execPath, ['-e', script], {
    cwd,
    env: { PATH: process.env.PATH, ...env },
    encoding: 'utf8',
    timeout: 20_000,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return JSON.parse(output);
}

describe.runIf(existsSync(bundle))('the CommonJS build', () => {
  it('is required synchronously, makes a World by both names, and leaves the process free', () => {
    const seen = run(`
      const m = require(${JSON.stringify(bundle)});
      const world = m.createWorld();
      const { createQueueHandler, specVersion } = m.default();
      const handler = createQueueHandler('__wkf_step_', async () => {});
      console.log(JSON.stringify({
        names: Object.keys(m).sort(),
        specVersion,
        handler: typeof handler,
        awaited: typeof world.then,
        resources: process.getActiveResourcesInfo().filter((name) => !/^(Pipe|TTY)/.test(name)),
      }));
    `);
    expect(seen).toEqual({
      names: ['createWorld', 'default'],
      specVersion: 3,
      handler: 'function',
      awaited: 'undefined',
      resources: [],
    });
  });

  it('shares its state with the ESM build in one process', () => {
    const seen = run(
      `
      const { createWorld } = require(${JSON.stringify(bundle)});
      import(${JSON.stringify(pathToFileURL(esm).href)}).then(({ createWorld: again }) => {
        createWorld();
        again();
        const shared = globalThis[Symbol.for('@worldwire/sdk//shared')];
        console.log(JSON.stringify({ shared: shared.size }));
      });
    `,
      { WORLDWIRE_SPEC_VERSION: '7' },
    );
    expect(seen).toEqual({ shared: 1 });
  });

  it('says what an embedded World needs where its package is missing', () => {
    const seen = run(`
      console.warn = () => {};
      require(${JSON.stringify(bundle)}).createWorld().runs.get('wrun_1')
        .catch(({ name, message }) => console.log(JSON.stringify({ name, message })));
    `) as { name: string; message: string } | undefined;
    // Inside this repository the package is there, once it is built.
    if (seen?.name === 'WorkflowWorldError') {
      expect(seen.message).toContain('npm install @worldwire/reference-world');
    }
  });

  it('keeps the import of the embedded World an import', () => {
    const text = readFileSync(bundle, 'utf8');
    expect(text).toContain('await import(EMBEDDED_MODULE)');
    expect(text).not.toMatch(/require\(["']@worldwire\//);
  });
});
