/** Brings a checkout to the state in which everything runs: dependencies as locked, packages built. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository. */
export const root = fileURLToPath(new URL('..', import.meta.url));

/** Packages in the order in which they build, with what tells that each is built. */
const packages = [
  { folder: 'proto', output: 'dist/index.js' },
  { folder: 'sdk-ts', output: 'dist/world.cjs' },
  { folder: 'reference-world', output: 'dist/cli.js' },
  { folder: 'conformance', output: 'dist/cli.js' },
  { folder: 'mutants', output: 'dist/kill.js' },
];

/** Installs what the lock file names, unless it is installed already, and builds what is older than its sources. */
export function setup() {
  const [major] = process.versions.node.split('.').map(Number);
  if (major < 20) fail(`Worldwire needs Node 20 or newer; this is ${process.version}`);
  if (isOlder(join(root, 'node_modules/.package-lock.json'), join(root, 'package-lock.json'))) {
    npm(['ci', '--no-audit', '--no-fund']);
  }
  let rebuild = false;
  for (const { folder, output } of packages) {
    const built = join(root, folder, output);
    rebuild ||= newest(join(root, folder, 'src')) > timeOf(built);
    if (rebuild) npm(['run', 'build', '-w', folder, '--silent']);
  }
}

function npm(args) {
  const { status } = spawnSync('npm', args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (status !== 0) fail(`npm ${args.join(' ')} failed`);
}

function fail(message) {
  console.error(message);
  process.exit(1);
}

function timeOf(path) {
  return existsSync(path) ? statSync(path).mtimeMs : 0;
}

function isOlder(path, than) {
  return timeOf(path) < timeOf(than);
}

function newest(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce(
      (time, entry) => Math.max(time, timeOf(join(entry.parentPath ?? entry.path, entry.name))),
      0,
    );
}
