/**
 * `npm test`: installs and builds what is missing, then runs every check and every test, and ends with the line
 * `N passed, N failed`. Arguments are passed to vitest.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, setup } from './setup.mjs';

const checks = [
  { name: 'generated files are fresh', command: ['node', 'scripts/check-generated.mjs'] },
  { name: 'buf lint', command: ['npx', 'buf', 'lint'] },
  { name: 'buf format', command: ['npx', 'buf', 'format', '--diff', '--exit-code'] },
  { name: 'buf breaking', command: ['npm', 'run', '--silent', 'breaking'] },
  { name: 'biome', command: ['npx', 'biome', 'check', '.', '--error-on-warnings'] },
  { name: 'types of the tests', command: ['npx', 'tsc', '-p', 'tsconfig.test.json'] },
];

setup();
let passed = 0;
let failed = 0;
for (const { name, command } of checks) count(run(command) === 0, name);

const scratch = mkdtempSync(join(tmpdir(), 'worldwire-test-'));
const report = join(scratch, 'report.json');
try {
  const status = run([
    ...['npx', 'vitest', 'run', '--reporter=default', '--reporter=json'],
    ...[`--outputFile.json=${report}`, ...process.argv.slice(2)],
  ]);
  const results = JSON.parse(readFileSync(report, 'utf8'));
  passed += results.numPassedTests;
  failed += results.numFailedTests;
  if (status !== 0 && results.numFailedTests === 0) count(false, 'vitest itself');
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

function count(ok, name) {
  console.log(`${ok ? 'ok' : 'FAILED'}: ${name}`);
  if (ok) passed += 1;
  else failed += 1;
}

function run([file, ...args]) {
  return spawnSync(file, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] }).status;
}
