/** How each package is installed, set up and judged. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));

/** What the oldest versions import and do not depend on. */
const BEFORE_ERRORS = /^4\.0\.1-beta\.([1-9]|1[0-3])$/;

const packages = {
  '@workflow/world-local': (version) => ({
    env: { WORKFLOW_LOCAL_DATA_DIR: '{data}' },
    also: BEFORE_ERRORS.test(version) ? ['@workflow/errors@4.0.1-beta.5'] : [],
  }),
  '@workflow/world-postgres': () => ({
    postgres: true,
    // A delivery keeps one of the World's workers until it is settled, and many checks hold some at a time.
    env: { WORKFLOW_POSTGRES_WORKER_CONCURRENCY: '500' },
    setup: ['node node_modules/@workflow/world-postgres/bin/setup.js'],
    storeFault: `node ${join(here, 'fault-postgres.mjs')}`,
  }),
  '@workflow-worlds/starter': () => ({ bridgeArgs: ['--volatile'] }),
};

/** Arguments of the suite's `bridge` command for one version of a package, and whether it needs a PostgreSQL. */
export function subject(name, version) {
  const known = packages[name];
  if (known === undefined) throw new Error(`${name} is none of ${Object.keys(packages)}`);
  const { env = {}, also = [], setup = [], bridgeArgs = [], storeFault, postgres } = known(version);
  const folder = join(here, '.cache', `${name.replaceAll(/[@/]/g, '_')}@${version}`);
  return {
    folder,
    setup,
    postgres: postgres === true,
    args: [
      `${name}@${version}`,
      ...['--folder', folder],
      ...Object.entries(env).flatMap(([key, value]) => ['--env', `${key}=${value}`]),
      ...also.flatMap((each) => ['--also', each]),
      ...setup.flatMap((command) => ['--setup', command]),
      ...bridgeArgs.map((argument) => `--bridge-args=${argument}`),
      ...(storeFault === undefined ? [] : ['--store-fault', storeFault]),
    ],
  };
}

/** Installs a package where it is not, and runs the commands of its setup. */
export function install({ folder, setup, args: [pack] }, env) {
  mkdirSync(folder, { recursive: true });
  if (!existsSync(join(folder, 'node_modules'))) {
    writeFileSync(join(folder, 'package.json'), '{"private":true,"type":"module"}');
    const line = ['install', '--no-audit', '--no-fund', '--loglevel=error', pack];
    const { status, stderr } = spawnSync('npm', line, { cwd: folder, encoding: 'utf8' });
    if (status !== 0) throw new Error(`npm cannot install ${pack}: ${stderr}`);
  }
  if (env === undefined) return;
  for (const command of setup) {
    const { status, stderr } = spawnSync('/bin/sh', ['-c', command], {
      cwd: folder,
      env: { ...process.env, ...env },
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`${command}: ${stderr}`);
  }
}
