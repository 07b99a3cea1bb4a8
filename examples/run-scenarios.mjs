#!/usr/bin/env node
// Runs the scenarios against a built example application, on the World that the environment names.
//
//   node examples/run-scenarios.mjs --app sdk4|sdk5 [--dir <built folder>]
//                                   [--only <part of a name>] [--lenient]
//
// `--lenient` only reports flaws of the log itself (an event recorded twice, an end that the log
// does not have yet) where they are known of the World, and judges what the application sees.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { startApp } from './run-app.mjs';

const EXAMPLES = dirname(fileURLToPath(import.meta.url));

/** The scenarios are TypeScript, which Node 20 does not read: the application's esbuild does. */
async function loadScenarios(dir) {
  const esbuild = createRequire(join(dir, 'package.json'))('esbuild');
  const out = mkdtempSync(join(tmpdir(), 'scenarios-'));
  try {
    const outfile = join(out, 'scenarios.mjs');
    await esbuild.build({
      entryPoints: [join(EXAMPLES, 'scenarios', 'index.ts')],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      sourcemap: 'inline',
    });
    return await import(pathToFileURL(outfile).href);
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

async function runAll(scenarios, client, tell, flaws) {
  let failed = 0;
  for (const scenario of scenarios) {
    const since = Date.now();
    try {
      await scenario.run(client);
      tell(`pass  ${scenario.name} (${Date.now() - since} ms)`);
      for (const flaw of flaws.splice(0)) tell(`      flaw: ${flaw}`);
    } catch (error) {
      failed += 1;
      tell(`FAIL  ${scenario.name} (${Date.now() - since} ms)\n      ${error.message}`);
    }
  }
  return failed;
}

const { values } = parseArgs({
  options: {
    app: { type: 'string' },
    dir: { type: 'string' },
    only: { type: 'string' },
    lenient: { type: 'boolean' },
  },
});
const dir = resolve(values.dir ?? join(EXAMPLES, values.app ?? '-'));
if (!existsSync(join(dir, 'dist', 'server.mjs'))) {
  console.error('usage: run-scenarios.mjs --app sdk4|sdk5 [--dir <built folder>] [--only <name>]');
  console.error(`Nothing built in ${dir}: node examples/build.mjs --app ${values.app ?? 'sdk5'}`);
  process.exit(2);
}

const { AppClient, scenarios } = await loadScenarios(dir);
const app = await startApp(dir);
let failed = 0;
let wanted = [];
try {
  const flaws = [];
  const onFlaw = values.lenient ? (flaw) => flaws.push(flaw) : undefined;
  const client = new AppClient(app.baseUrl, undefined, onFlaw);
  const { sdk } = await client.info();
  wanted = scenarios.filter(
    ({ name, sdk: served }) => served.includes(sdk) && name.includes(values.only ?? ''),
  );
  failed = await runAll(wanted, client, (line) => console.log(line), flaws);
} finally {
  const code = await app.stop();
  if (code !== 0) console.error(`the application ended with ${code}`);
  if (failed > 0) console.error(`--- the application printed:\n${app.output().slice(-20_000)}`);
}
console.log(`${wanted.length - failed} passed, ${failed} failed`);
process.exitCode = failed > 0 || wanted.length === 0 ? 1 : 0;
