/** Generates the Python of the protocol: that of `sdk-python`, and that of the World in `examples/world-python`. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { generatorPath, python, pythonRoot, setupPython } from './python.mjs';
import { root } from './setup.mjs';

setupPython();
must(python, ['tools/generate.py'], pythonRoot);
must(join(root, 'node_modules/.bin/buf'), ['generate'], join(root, 'examples/world-python'));

function must(file, args, cwd) {
  const env = { ...process.env, PATH: generatorPath() };
  const { status } = spawnSync(file, args, { cwd, env, stdio: ['ignore', 2, 2] });
  if (status !== 0) process.exit(status ?? 1);
}
