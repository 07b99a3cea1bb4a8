/** Fails when a committed generated file is not what its source generates now. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { root } from './setup.mjs';

/** Folders that `buf generate` writes, with where its template `buf.gen.yaml` lies. */
const outputs = [
  { cwd: '.', folder: 'proto/src/gen' },
  { cwd: 'reference-world', folder: 'reference-world/src/rpc/gen' },
];

const binPath = [join(root, 'node_modules/.bin'), process.env.PATH].join(delimiter);
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
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
if (stale > 0) {
  console.error(`${stale} generated files are stale: run npm run generate and commit the result`);
  process.exit(1);
}

function compare(committed, generated, label) {
  const names = new Set([...files(committed), ...files(generated)]);
  let different = 0;
  for (const name of names) {
    if (read(join(committed, name)) === read(join(generated, name))) continue;
    console.error(`stale: ${label}/${name}`);
    different += 1;
  }
  return different;
}

function files(folder) {
  return readdirSync(folder, { recursive: true }).filter((name) => String(name).endsWith('.ts'));
}

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
