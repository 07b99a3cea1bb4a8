import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../../../examples/world-python', import.meta.url));
const python = join(folder, '.venv/bin/python');
const installed = join(folder, '.venv/bin/hypercorn');

/** The shell command that starts the World of the tutorial. */
export const PYTHON_WORLD = `'${python}' -m worldwire_world --port 0`;

/** Puts it into a virtual environment of its own, unless it is there. */
export function installPythonWorld(): void {
  if (existsSync(installed)) return;
  run('python3', ['-m', 'venv', '.venv']);
  run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-e', '.']);
}

function run(file: string, args: readonly string[]): void {
  const { status, stdout, stderr } = spawnSync(file, args, { cwd: folder, encoding: 'utf8' });
  if (status !== 0)
    throw new Error(
      `Python 3.11 or newer is needed; ${file} ${args.join(' ')}: ${stdout}${stderr}`,
    );
}
