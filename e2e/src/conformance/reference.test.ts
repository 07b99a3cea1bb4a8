import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { installPythonWorld, PYTHON_WORLD } from './python.js';
import { REFERENCE, runSuite, STORE_FAULT, type SuiteReport } from './suite.js';

const scratch = mkdtempSync(join(tmpdir(), 'worldwire-reference-'));
const TOKEN = 'secret-of-the-suite';
const KEYLESS = 'another-of-the-suite';
const tokens = join(scratch, 'tokens');
writeFileSync(tokens, `${TOKEN} +escrow +keys\n${KEYLESS}\n`);
const masterKey = join(scratch, 'master-key');
writeFileSync(masterKey, randomBytes(32).toString('base64'));
const restricted = join(scratch, 'restricted');
writeFileSync(restricted, `${TOKEN} default\n`);
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Races show faults of the store, which is the same over every transport: one way plays all of their rounds. */
const QUICK = ['--effort', '0.2'];

/** Every way in which the suite meets the reference World; together they show every requirement. */
const ways: readonly { name: string; args: readonly string[] }[] = [
  { name: 'connect', args: ['--start', REFERENCE, '--store-fault', STORE_FAULT] },
  {
    name: 'json, with a token and keys in escrow',
    args: [
      ...['--start', `${REFERENCE} --token-file '${tokens}' --master-key-file '${masterKey}'`],
      ...['--transport', 'json', '--token', TOKEN, '--keyless-token', KEYLESS, ...QUICK],
    ],
  },
  {
    name: 'grpc, with a token for one project',
    args: [
      ...['--start', `${REFERENCE} --token-file '${restricted}'`],
      ...['--transport', 'grpc', '--token', TOKEN, '--closed-project', 'closed', ...QUICK],
    ],
  },
  { name: 'grpc-web', args: ['--start', REFERENCE, '--transport', 'grpc-web', ...QUICK] },
];

const reports: SuiteReport[] = [];

describe.concurrent('the reference World', () => {
  test.each(ways)('is conformant over $name', async ({ args }) => {
    const { exitCode, output, report } = await runSuite(['world', ...args, '--quiet']);
    expect(exitCode, output).toBe(0);
    expect(report!.checks.filter(({ verdict }) => verdict === 'VERDICT_WARN')).toEqual([]);
    reports.push(report!);
  });
});

describe.concurrent('the World in Python', () => {
  beforeAll(installPythonWorld);

  test.each(['connect', 'grpc'])('passes the core profile over %s', async (transport) => {
    const { exitCode, output, report } = await runSuite([
      ...['world', '--start', PYTHON_WORLD, '--transport', transport, '--quiet', ...QUICK],
    ]);
    expect(exitCode, output).toBe(0);
    reports.push(report!);
  });
});

describe('all runs together', () => {
  // What no World here declares, or announces in reach, is shown by mutants: push, batches and escrow without request
  // ids, watched events without readers, and limits that cannot be tried at gigabytes.
  const OF_MUTANTS = [
    ...['limits/events', 'limits/run-bytes', 'limits/long-poll'],
    'capabilities/undeclared-field-create-event-batch-request-request-id',
    'capabilities/undeclared-field-enqueue-batch-request-request-id',
    'capabilities/undeclared-field-escrow-key-request-request-id',
    'capabilities/undeclared-field-watch-events-request-reader',
  ];
  const isOfMutants = (id: string) =>
    OF_MUTANTS.includes(id) ||
    reports[0]!.checks.find((check) => check.id === id)?.capabilities?.includes('PUSH');

  test('show every MUST and SHOULD that is not excluded with a reason', () => {
    expect(reports).toHaveLength(ways.length + 2);
    const shown = new Set(
      reports.flatMap(({ requirements }) =>
        requirements.filter(({ verdict }) => verdict === 'VERDICT_PASS').map(({ id }) => id),
      ),
    );
    const open = reports[0]!.requirements
      .filter(({ level }) => level !== 'LEVEL_MAY')
      .filter(({ id, excluded }) => !shown.has(id) && !excluded)
      .filter(({ checks }) => !checks?.some(isOfMutants))
      .map(({ id }) => id);
    expect(open).toEqual([]);
  });

  test('pass every check', () => {
    const passed = new Set(
      reports.flatMap(({ checks }) =>
        checks.filter(({ verdict }) => verdict === 'VERDICT_PASS').map(({ id }) => id),
      ),
    );
    const never = reports[0]!.checks
      .map(({ id }) => id)
      .filter((id) => !passed.has(id) && !isOfMutants(id));
    expect(never).toEqual([]);
  });
});
