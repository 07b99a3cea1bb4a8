import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { ReportSchema, Verdict } from './gen/worldwire/conformance/v1/report_pb.js';
import {
  byChapter,
  countsInWords,
  inWords,
  outcomeOf,
  requirementOutcome,
  tally,
  verdictOf,
} from './summary.js';
import { sampleReport, sampleResult } from './testing/sample.js';

const known = { verdict: Verdict.FAIL, baselineReason: 'known' };

describe('outcomeOf', () => {
  it('sets failures apart that the baseline knows, and nothing else', () => {
    expect(outcomeOf(sampleResult({ verdict: Verdict.FAIL }))).toBe('fail');
    expect(outcomeOf(sampleResult(known))).toBe('known');
    expect(outcomeOf(sampleResult({ ...known, verdict: Verdict.NOT_TESTABLE }))).toBe('known');
    expect(outcomeOf(sampleResult({ ...known, verdict: Verdict.PASS }))).toBe('pass');
    expect(outcomeOf(sampleResult({ ...known, verdict: Verdict.HARNESS_ERROR }))).toBe(
      'harness-error',
    );
  });

  it('takes a verdict that nobody wrote, or that is not known, for a fault of the harness', () => {
    expect(outcomeOf(sampleResult({ verdict: Verdict.UNSPECIFIED }))).toBe('harness-error');
    expect(outcomeOf(sampleResult({ verdict: 99 as Verdict }))).toBe('harness-error');
  });
});

describe('requirementOutcome', () => {
  const requirement = (verdict: Verdict, excluded = '') =>
    create(ReportSchema, { requirements: [{ verdict, checks: ['a', 'b'], excluded }] })
      .requirements[0]!;

  it('is known only where all that breaks it is known', () => {
    const broken = requirement(Verdict.FAIL);
    expect(requirementOutcome(broken, new Map([['a', 'known']]))).toBe('known');
    const both = new Map([
      ['a', 'known'],
      ['b', 'fail'],
    ] as const);
    expect(requirementOutcome(broken, both)).toBe('fail');
  });

  it('tells excluded from not shown', () => {
    const none = new Map();
    expect(requirementOutcome(requirement(Verdict.UNSPECIFIED), none)).toBe('not-shown');
    expect(requirementOutcome(requirement(Verdict.UNSPECIFIED, 'why'), none)).toBe('excluded');
  });
});

describe('verdictOf', () => {
  const of = (verdict: Verdict, baselineProblems = 0) =>
    verdictOf(
      create(ReportSchema, {
        checks: [{ verdict }],
        baselineProblems: Array.from({ length: baselineProblems }, () => ({ check: 'x' })),
      }),
    );

  it('judges nothing where only the harness failed', () => {
    expect(of(Verdict.HARNESS_ERROR)).toBe('not judged');
    expect(of(Verdict.HARNESS_ERROR, 1)).toBe('not conformant');
    expect(of(Verdict.NOT_TESTABLE)).toBe('not conformant');
    expect(verdictOf(sampleReport({ findings: false }))).toBe('conformant');
  });
});

describe('byChapter', () => {
  it('keeps the order of the specification and checks of chapters that it does not know', () => {
    const report = create(ReportSchema, {
      chapters: [
        { code: 'A', title: 'First' },
        { code: 'B', title: 'Second' },
        { code: 'C', title: 'Empty' },
      ],
      checks: [{ chapter: 'X' }, { chapter: 'B' }, { chapter: 'A' }, { chapter: 'B' }],
    });
    const found = byChapter(report).map(({ chapter, checks }) => [chapter.code, checks.length]);
    expect(found).toEqual([
      ['A', 1],
      ['B', 2],
      ['X', 1],
    ]);
  });
});

it('says counts and durations in words', () => {
  const checks = [
    sampleResult(known),
    sampleResult({ verdict: Verdict.PASS }),
    sampleResult({ verdict: Verdict.HARNESS_ERROR }),
    sampleResult({ verdict: Verdict.HARNESS_ERROR }),
  ];
  expect(countsInWords(tally(checks))).toBe('2 harness errors, 1 pass, 1 known failure');
  expect(countsInWords(tally([]))).toBe('no checks');
  expect(inWords({ seconds: 0n, nanos: 999_600_000 })).toBe('1.0 s');
  expect(inWords({ seconds: 59n, nanos: 960_000_000 })).toBe('1 min 0 s');
  expect(inWords({ seconds: 0n, nanos: 12_400_000 })).toBe('12 ms');
});
