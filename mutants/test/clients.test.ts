import { fileURLToPath } from 'node:url';
import { readSuiteOptions } from '@worldwire/conformance/dist/commands/options.js';
import { judgeSdk } from '@worldwire/conformance/dist/commands/sdk.js';
import { verdictName } from '@worldwire/conformance/dist/engine/baseline.js';
import {
  type Report,
  Verdict,
} from '@worldwire/conformance/dist/report/gen/worldwire/conformance/v1/report_pb.js';
import { expect, test } from 'vitest';

const path = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const sdk = [process.execPath, path('sdk-ts/conformance/driver.mjs')];
const stock = [process.execPath, path('conformance/drivers/stock-connect.mjs')];
const expected = path('conformance/drivers/stock-connect.yaml');
// `npm test` makes the environment before the tests.
const python = path('sdk-python/.venv/bin/python');
const sdkForPython = [python, path('sdk-python/conformance/driver.py')];
const stockForPython = [python, path('sdk-python/conformance/stock.py')];
const expectedForPython = path('sdk-python/conformance/stock.yaml');

const judge = (command: readonly string[], ...args: string[]) =>
  judgeSdk(command, readSuiteOptions(['--quiet', ...args]));

/** What did not come out as it should, in words. */
const faults = ({ checks, baselineProblems }: Report) => [
  ...baselineProblems.map(({ check, problem }) => `${check}: ${problem}`),
  ...checks
    .filter(({ verdict }) => verdict !== Verdict.PASS && verdict !== Verdict.NOT_APPLICABLE)
    .filter(({ baselineReason }) => baselineReason === '')
    .map(({ id, verdict, message }) => `${id}: ${verdictName(verdict)} ${message}`),
];

test('the SDK for TypeScript passes every check, and they show every requirement', async () => {
  const report = await judge(sdk);
  expect(faults(report)).toEqual([]);
  expect(report.conformant).toBe(true);
  const shown = ({ verdict, excluded }: Report['requirements'][number]) =>
    verdict === Verdict.PASS || excluded !== '';
  expect(report.requirements.filter((each) => !shown(each)).map(({ id }) => id)).toEqual([]);
});

test('the SDK for Python passes every check', async () => {
  const report = await judge(sdkForPython);
  expect(faults(report)).toEqual([]);
  expect(report.conformant).toBe(true);
});

test.each([
  ['TypeScript', stock, expected],
  ['Python', stockForPython, expectedForPython],
])(
  'the client for %s that Connect generates fails where it is expected to, and nowhere else',
  async (_, command, baseline) => {
    const report = await judge(command, '--baseline', baseline);
    expect(faults(report)).toEqual([]);
    const failed = report.checks.filter(({ verdict }) => verdict === Verdict.FAIL);
    expect(failed.length).toBeGreaterThan(20);
  },
);
