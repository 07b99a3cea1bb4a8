/** Fails when a committed generated file is not what its source generates now. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generatorPath, python, pythonRoot, setupPython } from './python.mjs';
import { root } from './setup.mjs';

/** Folders that `buf generate` writes, with where its template `buf.gen.yaml` lies. */
const outputs = [
  { cwd: '.', folder: 'proto/src/gen' },
  { cwd: 'reference-world', folder: 'reference-world/src/rpc/gen' },
  { cwd: 'conformance', folder: 'conformance/src/report/gen' },
  { cwd: 'examples/world-python', folder: 'examples/world-python/worldwire_world/gen' },
];

/** What `sdk-python/tools/generate.py` writes. */
const pythonOutputs = ['src/worldwire/v1', 'src/worldwire/errors', 'conformance'];
/** What lies beside it, and is written by hand. */
const byHand = new Set([
  'src/worldwire/errors/__init__.py',
  'src/worldwire/errors/base.py',
  'conformance/driver.py',
  'conformance/driver_kit.py',
  'conformance/stock.py',
]);

setupPython();
const binPath = generatorPath();
const scratch = mkdtempSync(join(tmpdir(), 'worldwire-gen-'));
let stale = 0;
try {
  for (const { cwd, folder } of outputs) {
    const out = join(scratch, folder);
    const generated = spawnSync(
      join(root, 'node_modules/.bin/buf'),
      ['generate', '-o', join(scratch, cwd)],
      { cwd: join(root, cwd), env: { ...process.env, PATH: binPath }, stdio: ['ignore', 2, 2] },
    );
    if (generated.status !== 0) process.exit(1);
    stale += compare(join(root, folder), out, folder);
  }
  stale += checkPython(join(scratch, 'sdk-python'));
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
if (stale > 0) {
  console.error(`${stale} generated files are stale: run npm run generate and commit the result`);
  process.exit(1);
}

function checkPython(out) {
  const generated = spawnSync(python, ['tools/generate.py', out], {
    cwd: pythonRoot,
    stdio: ['ignore', 2, 2],
  });
  if (generated.status !== 0) process.exit(1);
  return pythonOutputs
    .map((folder) => compare(join(pythonRoot, folder), join(out, folder), folder))
    .reduce((sum, count) => sum + count, 0);
}

function compare(committed, generated, label) {
  const names = new Set([...files(committed), ...files(generated)]);
  let different = 0;
  for (const name of names) {
    if (byHand.has(`${label}/${name}`)) continue;
    if (read(join(committed, name)) === read(join(generated, name))) continue;
    console.error(`stale: ${label}/${name}`);
    different += 1;
  }
  return different;
}

function files(folder) {
  return readdirSync(folder, { recursive: true }).filter((name) =>
    /\.(ts|pyi?)$/.test(String(name)),
  );
}

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
