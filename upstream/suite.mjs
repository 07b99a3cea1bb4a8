/** Runs the conformance suite against a published World. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { subject } from './subjects.mjs';

const require = createRequire(import.meta.url);

/** The suite's command line; another one by WORLDWIRE_CONFORMANCE. */
const suite =
  process.env.WORLDWIRE_CONFORMANCE ??
  join(
    dirname(require.resolve('@worldwire/conformance/package.json')),
    'bin/worldwire-conformance.js',
  );

/** Worlds that hang are given up; whole runs name a longer time. */
const GIVES_UP_MS = 300_000;

/**
 * Judges one version by the checks of some patterns, all where there are none. Resolves with the results of the checks
 * as the report has them and with what the suite printed.
 */
export async function judge(
  postgres,
  { name, version, include = [], args = [], reports = {}, givesUpMs = GIVES_UP_MS },
) {
  const how = subject(name, version);
  const scratch = mkdtempSync(join(tmpdir(), 'worldwire-upstream-'));
  const json = join(scratch, 'report.json');
  mkdirSync(scratch, { recursive: true });
  try {
    const env = how.postgres ? { WORKFLOW_POSTGRES_URL: await postgres.createDatabase() } : {};
    const line = [
      ...[suite, 'bridge', ...how.args, ...args, '--quiet', '--report', `json=${json}`],
      ...Object.entries(reports).flatMap(([format, file]) => ['--report', `${format}=${file}`]),
      ...include.flatMap((pattern) => ['--include', pattern]),
    ];
    const output = await run(line, env, givesUpMs);
    return { checks: checksOf(json, output), output };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** The ids of all checks. */
export async function everyCheck() {
  const output = await run([suite, 'list', '--json'], {}, GIVES_UP_MS);
  return JSON.parse(output).map(({ id }) => id);
}

function checksOf(json, output) {
  try {
    const { checks = [] } = JSON.parse(readFileSync(json, 'utf8'));
    return checks.map(({ verdict = '', ...rest }) => ({
      ...rest,
      verdict: verdict.replace('VERDICT_', '').toLowerCase().replaceAll('_', ' '),
    }));
  } catch {
    throw new Error(`the suite wrote no report:\n${output}`);
  }
}

function run(line, env, givesUpMs) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, line, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const collect = (data) => {
      output += data;
    };
    child.stdout.setEncoding('utf8').on('data', collect);
    child.stderr.setEncoding('utf8').on('data', collect);
    // The suite ends its World on SIGTERM.
    const timer = setTimeout(() => child.kill('SIGTERM'), givesUpMs);
    child.once('error', reject);
    child.once('close', () => {
      clearTimeout(timer);
      resolve(output);
    });
  });
}
