/** `freeze.mjs <revision> [--draft]`: keeps the present requirements as those of a revision. */
import { fileURLToPath } from 'node:url';
import { freeze } from './frozen.mjs';

const [revision = '', flag] = process.argv.slice(2);
const dir = fileURLToPath(new URL('../', import.meta.url));
const refusal = freeze(dir, revision, flag === '--draft');
if (refusal !== undefined) {
  console.error(refusal);
  process.exitCode = 1;
}
