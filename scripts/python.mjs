/** Brings `sdk-python` to the state in which its tools and tests run: a virtual environment as its lock file says. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { root } from './setup.mjs';

/** The folder of the package. */
export const pythonRoot = join(root, 'sdk-python');

const environment = join(pythonRoot, '.venv');
const marker = join(environment, 'installed');
const inputs = ['requirements.lock', 'pyproject.toml'];
const candidates = [
  process.env.PYTHON,
  'python3',
  'python3.14',
  'python3.13',
  'python3.12',
  'python3.11',
  'python',
];

/** The interpreter of the virtual environment. */
export const python = join(environment, 'bin/python');

/** A PATH on which `buf` finds the generators of npm and of the virtual environment. */
export function generatorPath() {
  const folders = [join(root, 'node_modules/.bin'), join(environment, 'bin')];
  return [...folders, process.env.PATH].join(delimiter);
}

/** Makes the virtual environment where it is missing or older than its lock file. Throws where it cannot. */
export function setupPython() {
  const wanted = inputs.map((name) => readFileSync(join(pythonRoot, name), 'utf8')).join('');
  if (existsSync(marker) && readFileSync(marker, 'utf8') === wanted && run(python, ['-c', '']))
    return;
  if (!isRecent(python)) create();
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
  must([...pip, '-r', 'requirements.lock']);
  must([...pip, '--no-build-isolation', '--no-deps', '-e', '.']);
  writeFileSync(marker, wanted);
}

function create() {
  const found = candidates.find((candidate) => candidate && isRecent(candidate));
  if (found === undefined) {
    throw new Error('Python 3.11 or newer is missing: install it, or name it in PYTHON');
  }
  if (!run(found, ['-m', 'venv', '--clear', environment])) {
    throw new Error(`${found} makes no virtual environment: it may lack the module venv`);
  }
}

function isRecent(candidate) {
  return run(candidate, ['-c', 'import sys; sys.exit(sys.version_info < (3, 11))']);
}

function must(args) {
  if (!run(python, args, 2)) throw new Error(`python ${args.join(' ')} failed`);
}

function run(file, args, output = 'ignore') {
  const { status } = spawnSync(file, args, { cwd: pythonRoot, stdio: ['ignore', output, output] });
  return status === 0;
}
