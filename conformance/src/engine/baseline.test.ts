import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CheckResultSchema, Verdict } from '../report/gen/worldwire/conformance/v1/report_pb.js';
import { applyBaseline, readBaseline, writeBaseline } from './baseline.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'baseline-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function file(text: string): string {
  const path = join(folder, 'baseline.yaml');
  writeFileSync(path, text);
  return path;
}

const result = (id: string, verdict: Verdict) =>
  create(CheckResultSchema, { id, verdict, message: `${id} broke` });
const KNOWN = new Set(['a/one', 'a/two', 'a/three']);

describe('a baseline', () => {
  test('excuses a failure, with its reason', () => {
    const results = [result('a/one', Verdict.FAIL)];
    const entries = readBaseline(file('known:\n  - check: a/one\n    reason: tracked as 12\n'));
    expect(applyBaseline(entries, results, KNOWN, '2026-01-01')).toEqual([]);
    expect(results[0]!.baselineReason).toBe('tracked as 12');
  });

  test.each([
    ['a/one', Verdict.PASS, 'does not fail: pass'],
    ['a/one', Verdict.WARN, 'does not fail: warn'],
    ['a/one', Verdict.NOT_APPLICABLE, 'does not fail: not applicable'],
    ['a/one', Verdict.HARNESS_ERROR, 'does not fail: harness error'],
  ])('with an entry for %s, which is %s, has a problem', (id, verdict, problem) => {
    const problems = applyBaseline(
      [{ check: id, reason: 'r' }],
      [result(id, verdict)],
      KNOWN,
      '2026-01-01',
    );
    expect(problems.map((each) => each.problem)).toEqual([problem]);
  });

  test('with an unknown check has a problem', () => {
    const problems = applyBaseline([{ check: 'a/typo', reason: 'r' }], [], KNOWN, '2026-01-01');
    expect(problems.map(({ check, problem }) => [check, problem])).toEqual([
      ['a/typo', 'unknown check'],
    ]);
  });

  test('excuses nothing after its expiry', () => {
    const results = [result('a/one', Verdict.FAIL)];
    const entries = readBaseline(
      file('known:\n  - check: a/one\n    reason: r\n    expires: 2026-01-31\n'),
    );
    expect(applyBaseline(entries, results, KNOWN, '2026-01-31')).toEqual([]);
    results[0]!.baselineReason = '';
    expect(applyBaseline(entries, results, KNOWN, '2026-02-01')[0]!.problem).toBe(
      'expired on 2026-01-31',
    );
    expect(results[0]!.baselineReason).toBe('');
  });

  test('says nothing of checks that were not selected', () => {
    expect(applyBaseline([{ check: 'a/two', reason: 'r' }], [], KNOWN, '2026-01-01')).toEqual([]);
  });

  test.each([
    ['known:\n  - check: a/one\n', /gives no reason/],
    ['known:\n  - reason: r\n', /names no check/],
    ['known: {}\n', /must be a list/],
    ['known:\n  - {check: a, reason: r}\n  - {check: a, reason: r}\n', /twice/],
    ['known:\n  - {check: a, reason: r, expires: soon}\n', /no date/],
    ['known: [\n', /cannot be read/],
  ])('is refused as %j', (text, message) => {
    expect(() => readBaseline(file(text))).toThrow(message);
  });

  test('is written from what fails, and keeps earlier reasons', () => {
    const path = join(folder, 'written.yaml');
    const results = [
      result('a/one', Verdict.FAIL),
      result('a/two', Verdict.NOT_TESTABLE),
      result('a/three', Verdict.PASS),
    ];
    expect(writeBaseline(path, results, [{ check: 'a/one', reason: 'known since spring' }])).toBe(
      2,
    );
    expect(readBaseline(path)).toEqual([
      { check: 'a/one', reason: 'known since spring' },
      { check: 'a/two', reason: 'TODO: a/two broke' },
    ]);
    expect(readFileSync(path, 'utf8')).not.toContain('a/three');
  });
});
