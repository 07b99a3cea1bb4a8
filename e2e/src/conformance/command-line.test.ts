import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { REFERENCE, runCommand, runSuite } from './suite.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const FEW = ['--include', 'capabilities/world-*', '--include', 'transitions/run-created-*'];

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'worldwire-cli-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('an attached World', () => {
  let world: ReturnType<typeof spawn>;
  let url: string;

  beforeAll(async () => {
    const data = mkdtempSync(join(tmpdir(), 'worldwire-attached-'));
    world = spawn('/bin/sh', ['-c', `exec ${REFERENCE.replace('{data}', data)}`], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    url = await new Promise((resolve, reject) => {
      world.once('exit', () => reject(new Error('the World ended')));
      world.stdout!.on('data', (text) => {
        const found = /listening on (\S+)/.exec(String(text))?.[1];
        if (found !== undefined) resolve(found);
      });
    });
    world.once('exit', () => rmSync(data, { recursive: true, force: true }));
  });
  afterAll(() => {
    world.kill('SIGKILL');
  });

  test('is judged by its address, and never killed', async () => {
    const { exitCode, output, report } = await runSuite([
      ...['world', url, '--include', 'runs/*', '--include', 'faults/*', '--exclude', '*race*'],
    ]);
    expect(exitCode, output).toBe(0);
    const faults = report!.checks.filter(({ id }) => id.startsWith('faults/'));
    expect(faults.length).toBeGreaterThan(0);
    const killing = faults.find(({ id }) => id === 'faults/tokens-survive');
    expect(killing).toMatchObject({ verdict: 'VERDICT_NOT_APPLICABLE' });
    expect(world.exitCode).toBeNull();
  });
});

describe('exit codes', () => {
  test.each([
    ['nothing to judge', ['world']],
    ['both an address and a command', ['world', 'http://127.0.0.1:1', '--start', 'true']],
    ['no address', ['world', 'not an address']],
    ['a pattern that matches nothing', ['world', '--start', REFERENCE, '--include', 'no/such']],
    ['an unknown option', ['world', 'http://127.0.0.1:1', '--no-such-option']],
    ['an unknown transport', ['world', 'http://127.0.0.1:1', '--transport', 'smoke signals']],
    ['no World that answers', ['world', 'http://127.0.0.1:9']],
    ['an unknown command', ['judge']],
    ['the version of no package', ['bridge', '--version', '5.0.0']],
  ])('2 for %s', async (_what, args) => {
    expect(await runCommand(args)).toMatchObject({ exitCode: 2 });
  });

  test('1 for a World that never gets ready', async () => {
    const { exitCode, output } = await runSuite(['world', '--start', 'echo out of order']);
    expect(exitCode, output).toBe(1);
    expect(output).toContain('out of order');
  });
});

describe('reports', () => {
  test('are written in every form, and rendered again from JSON', async () => {
    const file = (name: string) => join(folder, name);
    const forms = ['junit', 'md', 'html'].flatMap((form) => ['--report', `${form}=${file(form)}`]);
    const { exitCode, output } = await runSuite([
      ...['world', '--start', REFERENCE, ...FEW, ...forms, '--seed', '7'],
      ...['--report', `json=${file('json')}`],
    ]);
    expect(exitCode, output).toBe(0);
    expect(output).toContain('seed 7');
    expect(readFileSync(file('junit'), 'utf8')).toContain('transitions/run-created-in-absent');
    expect(readFileSync(file('md'), 'utf8')).toContain('onformant');
    expect(readFileSync(file('html'), 'utf8')).toContain('<!doctype html>');
    const again = await runSuite(['report', file('json'), '--report', `md=${file('again')}`]);
    expect(again.exitCode, again.output).toBe(0);
    expect(readFileSync(file('again'), 'utf8')).toBe(readFileSync(file('md'), 'utf8'));
  });
});

describe('a baseline', () => {
  test('with an entry that does not fail makes the run fail', async () => {
    const baseline = join(folder, 'baseline.yaml');
    writeFileSync(baseline, 'known:\n  - check: capabilities/world-names-itself\n    reason: r\n');
    const { exitCode, output } = await runSuite([
      ...['world', '--start', REFERENCE, ...FEW, '--baseline', baseline],
    ]);
    expect(exitCode, output).toBe(1);
    expect(output).toContain('does not fail');
  });

  test('is written by the suite', async () => {
    const baseline = join(folder, 'written.yaml');
    const { exitCode } = await runSuite([
      ...['world', '--start', REFERENCE, ...FEW, '--write-baseline', baseline],
    ]);
    expect(exitCode).toBe(0);
    expect(readFileSync(baseline, 'utf8')).toBe('known: []\n');
  });
});

describe('the other commands', () => {
  test('list names checks and requirements', async () => {
    const checks = await runCommand(['list', 'transitions/run-created-*']);
    expect(checks.output).toContain('transitions/run-created-in-absent');
    const requirements = await runCommand(['list', '--requirements', 'WW-RUN-101']);
    expect(requirements.output).toContain('transitions/run-created-in-absent');
  });

  test('doctor starts, kills and restarts a World', async () => {
    const { exitCode, output } = await runCommand(['doctor', '--start', REFERENCE]);
    expect(exitCode, output).toBe(0);
    expect(output).toContain('after kill -9 it starts again');
    expect((await runCommand(['doctor', 'http://127.0.0.1:9'])).exitCode).toBe(1);
  });
});

test('the action judges a World and hands on what it found', () => {
  const output = join(folder, 'output');
  const summary = join(folder, 'summary');
  const { status, stderr } = spawnSync('bash', [join(root, 'conformance/action.sh')], {
    cwd: folder,
    encoding: 'utf8',
    env: {
      ...process.env,
      ...{ WORLD_URL: '', WORLD_START: REFERENCE, WORLD_TOKEN: '', WORLD_BASELINE: '' },
      ...{ WORLD_TRANSPORT: 'json', WORLD_ARGS: '--include capabilities/world-*' },
      ...{ REPORT_DIR: 'reports', SUITE: join(root, 'conformance/bin/worldwire-conformance.js') },
      ...{ GITHUB_OUTPUT: output, GITHUB_STEP_SUMMARY: summary },
    },
  });
  expect(status, stderr).toBe(0);
  expect(readFileSync(output, 'utf8')).toBe('conformant=true\nreport=reports/report.json\n');
  expect(readFileSync(summary, 'utf8')).toContain('onformant');
  for (const name of ['report.json', 'junit.xml', 'summary.md', 'report.html'])
    expect(existsSync(join(folder, 'reports', name))).toBe(true);
});
