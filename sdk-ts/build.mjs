#!/usr/bin/env node
// Builds the package: ESM by tsc, and the World once more as one CommonJS file, for SDK 4 loads a World by
// the synchronous require() of Node 20, which cannot load ESM.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const require = createRequire(import.meta.url);
const here = (path) => fileURLToPath(new URL(path, import.meta.url));

const tsc = require.resolve('typescript/bin/tsc');
const { status } = spawnSync(process.execPath, [tsc, '-p', here('tsconfig.json')], {
  stdio: 'inherit',
});
if (status !== 0) process.exit(status ?? 1);

await build({
  entryPoints: [here('src/world/index.ts')],
  outfile: here('dist/world.cjs'),
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  // Loaded only where it is wanted, and by an import() that stays one.
  external: ['@worldwire/reference-world', '@worldwire/reference-world/*'],
  // cbor-x tries a native addon at its default entry; the plain build needs none.
  alias: { 'cbor-x': require.resolve('cbor-x/index-no-eval') },
  logLevel: 'warning',
});
