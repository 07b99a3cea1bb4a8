#!/usr/bin/env node
// Builds an example application with its SDK's own builder, in place or in a folder of its own.
//
//   node examples/build.mjs --app sdk4|sdk5 [--dir <folder>] [--add <package or tarball>]...
//
// `--dir` copies the application there first; `--add` installs further packages beside it (a World,
// say) without changing its package.json.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const EXAMPLES = dirname(fileURLToPath(import.meta.url));
const MADE_BY_A_BUILD = new Set(['node_modules', 'dist', '.well-known', '.swc', 'shared']);

function run(command, args, cwd, env = {}) {
  const done = spawnSync(command, args, {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  if (done.status !== 0) {
    const why = done.error?.message ?? `exit code ${done.status ?? done.signal}`;
    throw new Error(`${command} ${args.join(' ')}: ${why}\n${done.stdout}${done.stderr}`);
  }
}

/** The application's own files and the shared ones: after this, it needs nothing outside. */
function assemble(app, dir) {
  const from = join(EXAMPLES, app);
  if (resolve(from) !== dir) {
    mkdirSync(dir, { recursive: true });
    const wanted = (path) =>
      !MADE_BY_A_BUILD.has(basename(path)) &&
      !/^\.(workflow-data|example-data|worldwire|worldwire-keys)$/.test(basename(path));
    cpSync(from, dir, { recursive: true, filter: (path) => path === from || wanted(path) });
  }
  rmSync(join(dir, 'shared'), { recursive: true, force: true });
  cpSync(join(EXAMPLES, 'shared'), join(dir, 'shared'), { recursive: true });
}

/** `npm ci` takes a while, so it is left out where the same lock file is already installed. */
function install(dir, add) {
  const lock = createHash('sha256').update(readFileSync(join(dir, 'package-lock.json')));
  const stamp = join(dir, 'node_modules', '.installed-from');
  const digest = lock.digest('hex');
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== digest) {
    run('npm', ['ci', '--prefer-offline', '--no-audit', '--no-fund'], dir);
    writeFileSync(stamp, digest);
  }
  if (add.length > 0) {
    const packages = add.map((one) => (existsSync(one) ? resolve(one) : one));
    run('npm', ['install', '--no-save', '--prefer-offline', '--no-audit', ...packages], dir);
  }
}

/** Workflows by the SDK's builder; the server by esbuild, with every package left outside. */
async function compile(dir) {
  rmSync(join(dir, 'dist'), { recursive: true, force: true });
  const builder = join(dir, 'node_modules', 'workflow', 'bin', 'run.js');
  // The builder loads no World of ours: which one it is, is decided when the application runs.
  const env = { WORKFLOW_TARGET_WORLD: '', WORKFLOW_TELEMETRY_DISABLED: '1' };
  run(process.execPath, [builder, 'build', '--target', 'standalone'], dir, env);
  const esbuild = createRequire(join(dir, 'package.json'))('esbuild');
  await esbuild.build({
    entryPoints: [join(dir, 'src', 'server.ts')],
    outfile: join(dir, 'dist', 'server.mjs'),
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'warning',
  });
}

export async function buildApp({ app, dir, add = [] }) {
  const target = resolve(dir ?? join(EXAMPLES, app));
  assemble(app, target);
  install(target, add);
  await compile(target);
  return target;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      app: { type: 'string' },
      dir: { type: 'string' },
      add: { type: 'string', multiple: true },
    },
  });
  if (!existsSync(join(EXAMPLES, values.app ?? '-', 'package.json'))) {
    console.error('usage: build.mjs --app sdk4|sdk5 [--dir <folder>] [--add <package>]...');
    process.exit(2);
  }
  const dir = await buildApp(values);
  console.log(`built ${values.app} in ${dir}`);
}
