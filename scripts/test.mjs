/**
 * `npm test`: installs and builds what is missing, then runs every check and every test, and ends with the line
 * `N passed, N failed`. Arguments are passed to vitest; with any, the tests of Python are left out.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { python, pythonRoot, setupPython } from './python.mjs';
import { root, setup } from './setup.mjs';

const checks = [
  { name: 'generated files are fresh', command: ['node', 'scripts/check-generated.mjs'] },
  { name: 'the specification', command: ['node', 'spec/tools/check.mjs'] },
  { name: 'buf lint', command: ['npx', 'buf', 'lint'] },
  { name: 'buf format', command: ['npx', 'buf', 'format', '--diff', '--exit-code'] },
  { name: 'buf breaking', command: ['npm', 'run', '--silent', 'breaking'] },
  { name: 'biome', command: ['npx', 'biome', 'check', '.', '--error-on-warnings'] },
  { name: 'types of the tests', command: ['npx', 'tsc', '-p', 'tsconfig.test.json'] },
];

const pythonChecks = [
  { name: 'ruff check', args: ['-m', 'ruff', 'check', '.'] },
  { name: 'ruff format', args: ['-m', 'ruff', 'format', '--check', '.'] },
  { name: 'pyright', args: ['-m', 'pyright'] },
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
  if (process.argv.length === 2) testPython();
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

/** Runs the checks and tests of `sdk-python`; where Python is missing, that is a failure. */
function testPython() {
  try {
    setupPython();
  } catch (error) {
    console.error(error.message);
    count(false, 'Python');
    return;
  }
  for (const { name, args } of pythonChecks) count(run([python, ...args], pythonRoot) === 0, name);
  const junit = join(scratch, 'junit.xml');
  const status = run([python, '-m', 'pytest', '-q', `--junit-xml=${junit}`], pythonRoot);
  const suite = existsSync(junit)
    ? readFileSync(junit, 'utf8').match(/<testsuite [^>]*>/)?.[0]
    : '';
  const [tests = 0, broken = 0, errors = 0, skipped = 0] = [
    'tests',
    'failures',
    'errors',
    'skipped',
  ].map((name) => Number(new RegExp(` ${name}="(\\d+)"`).exec(suite ?? '')?.[1] ?? 0));
  passed += Math.max(0, tests - broken - errors - skipped);
  failed += broken + errors;
  if (status !== 0 && broken + errors === 0) count(false, 'pytest itself');
}

function run([file, ...args], cwd = root) {
  return spawnSync(file, args, { cwd, stdio: ['ignore', 'inherit', 'inherit'] }).status;
}
