import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { diff, render } from './diff.js';
import { ReportSchema, Verdict } from './gen/worldwire/conformance/v1/report_pb.js';
import { sampleReport } from './testing/sample.js';

const { PASS, FAIL, WARN, NOT_APPLICABLE, NOT_TESTABLE } = Verdict;

function reportOf(verdicts: Record<string, Verdict>, known: string[] = []) {
  return create(ReportSchema, {
    checks: Object.entries(verdicts).map(([id, verdict]) => ({
      id,
      verdict,
      baselineReason: known.includes(id) ? 'known' : '',
    })),
  });
}

describe('diff', () => {
  it('finds nothing between a report and itself', () => {
    const difference = diff(sampleReport(), sampleReport());
    expect(difference).toMatchObject({ broken: [], changed: [], circumstances: [], same: 300 });
    expect(render(difference)).toBe(
      '0 broken, 0 repaired, 0 changed, 0 added, 0 removed, 300 the same\n',
    );
  });

  it('sorts changes by what they mean', () => {
    const before = reportOf(
      { a: PASS, b: FAIL, c: PASS, d: FAIL, e: PASS, f: FAIL, gone: PASS, k: FAIL },
      ['k'],
    );
    const after = reportOf(
      {
        a: FAIL,
        b: PASS,
        c: WARN,
        d: NOT_TESTABLE,
        e: PASS,
        f: FAIL,
        n: NOT_APPLICABLE,
        m: FAIL,
        k: FAIL,
      },
      ['f'],
    );
    const { broken, repaired, changed, added, removed, same } = diff(before, after);
    expect(broken).toEqual([
      { check: 'a', before: 'pass', after: 'fail' },
      { check: 'm', after: 'fail' },
      { check: 'k', before: 'known', after: 'fail' },
    ]);
    expect(repaired.map(({ check }) => check)).toEqual(['b', 'f']);
    expect(changed.map(({ check }) => check)).toEqual(['c', 'd']);
    expect(added.map(({ check }) => check)).toEqual(['n']);
    expect(removed).toEqual([{ check: 'gone', before: 'pass' }]);
    expect(same).toBe(1);
  });

  it('says what else was different', () => {
    const after = sampleReport();
    after.seed = 43n;
    after.subject!.version = '2.4.0\u001b[2J';
    const text = render(diff(sampleReport(), after));
    expect(text).toContain('note: seed was 42, is 43');
    expect(text).toContain('is @workflow/world-local@4.4.1 through example-world 2.4.0\\x1b[2J');
  });

  it('writes what broke first', () => {
    const text = render(diff(reportOf({ a: PASS, b: FAIL }), reportOf({ a: FAIL, b: PASS })));
    expect(text).toBe(
      'broken\n  a: pass → fail\n\nrepaired\n  b: fail → pass\n\n' +
        '1 broken, 1 repaired, 0 changed, 0 added, 0 removed, 0 the same\n',
    );
  });
});
