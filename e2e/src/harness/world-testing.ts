import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { digestOf } from './digest.js';
import { cached, install, installSqlite, packTarballs } from './install.js';
import { REPOSITORY } from './paths.js';
import { run } from './process.js';
import { tempDir } from './scratch.js';

const FIXTURE = join(REPOSITORY, 'e2e/fixtures/world-testing');
const SUITE_WITHIN_MS = 420_000;

/** The SDK's own suite of tests for a World, with the packed tarballs installed beside it. */
export async function prepareWorldTesting(): Promise<string> {
  const tarballs = await packTarballs();
  const digest = digestOf([FIXTURE, ...tarballs], [process.version, process.arch]);
  return cached('world-testing', digest, async (folder) => {
    mkdirSync(folder, { recursive: true });
    cpSync(FIXTURE, folder, { recursive: true });
    const locked = digestOf([join(FIXTURE, 'package-lock.json')]);
    const stamp = join(folder, 'node_modules', '.installed-from');
    if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== locked) {
      await install('npm', ['ci'], folder);
      writeFileSync(stamp, locked);
    }
    await install('npm', ['install', '--no-save', ...tarballs], folder);
    await installSqlite(folder);
  });
}

/** Test name → whether it passed. */
export type Verdicts = Record<string, boolean>;

interface Report {
  testResults: { assertionResults: { fullName: string; status: string }[] }[];
}

/** Runs the suite on a World in a vitest of its own. */
export async function runSuite(
  folder: string,
  world: string,
  env: Record<string, string>,
): Promise<{ verdicts: Verdicts; output: string }> {
  const report = join(tempDir('suite'), 'report.json');
  rmSync(join(folder, '.worldwire'), { recursive: true, force: true });
  const vitest = join(folder, 'node_modules/vitest/vitest.mjs');
  const reporters = ['--reporter=verbose', '--reporter=json', `--outputFile.json=${report}`];
  const { stdout, stderr } = await run(process.execPath, [vitest, 'run', ...reporters], {
    cwd: folder,
    env: { ...env, WORLD_UNDER_TEST: world },
    withinMs: SUITE_WITHIN_MS,
  });
  const output = stdout + stderr;
  if (!existsSync(report)) throw new Error(`the suite did not run:\n${output.slice(-8_000)}`);
  const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as Report;
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
  const verdicts = tests.map(({ fullName, status }) => [fullName.trim(), status === 'passed']);
  return { verdicts: Object.fromEntries(verdicts), output };
}
