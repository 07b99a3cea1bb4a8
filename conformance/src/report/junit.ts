import type { CheckResult, Report } from './gen/worldwire/conformance/v1/report_pb.js';
import {
  byChapter,
  concerned,
  ending,
  LABELS,
  outcomeOf,
  seconds,
  shortMethod,
  tally,
} from './summary.js';
import { oneLine, printable, shorten } from './text.js';

/** Characters of one request or response that are kept. */
const MAX_BODY = 2_000;

/** Exchanges that are kept of a trace; the last, for they are nearest to the failure. */
const MAX_EXCHANGES = 10;

/**
 * The report as JUnit XML, as GitHub's actions, GitLab and Jenkins read it: a suite for each chapter.
 * Failures and untestable checks are failures, the harness's own are errors, what is not applicable
 * is skipped; warnings and known failures pass and say so in their output.
 */
export function render(report: Report): string {
  const counted = tally(report.checks);
  const failures = counted.fail + counted['not-testable'] + report.baselineProblems.length;
  const out: string[] = ['<?xml version="1.0" encoding="UTF-8"?>'];
  out.push(
    `<testsuites${attributes({
      name: 'worldwire-conformance',
      tests: report.checks.length + report.baselineProblems.length,
      failures,
      errors: counted['harness-error'],
      skipped: counted['not-applicable'],
      time: seconds(report.duration).toFixed(3),
      ...timestamp(report),
    })}>`,
  );
  for (const { chapter, checks } of byChapter(report)) {
    const own = tally(checks);
    out.push(
      `  <testsuite${attributes({
        name: chapter.title === chapter.code ? chapter.code : `${chapter.code} ${chapter.title}`,
        tests: checks.length,
        failures: own.fail + own['not-testable'],
        errors: own['harness-error'],
        skipped: own['not-applicable'],
        time: checks.reduce((sum, check) => sum + seconds(check.duration), 0).toFixed(3),
        ...timestamp(report),
      })}>`,
      ...properties('    ', suiteProperties(report)),
      ...checks.flatMap((check) => testCase(check, report)),
      '  </testsuite>',
    );
  }
  out.push(...baselineSuite(report), '</testsuites>');
  return `${out.join('\n')}\n`;
}

function testCase(check: CheckResult, report: Report): string[] {
  const outcome = outcomeOf(check);
  const out = [
    `    <testcase${attributes({
      classname: check.chapter,
      name: check.id,
      time: seconds(check.duration).toFixed(3),
    })}>`,
    ...properties('      ', [
      ['title', check.title],
      ['verdict', LABELS[outcome].one],
      ...check.requirements.map((id): [string, string] => ['requirement', id]),
      ...check.capabilities.map((name): [string, string] => ['capability', name]),
      ...(check.brokenRequirement === ''
        ? []
        : [['broken-requirement', check.brokenRequirement] as [string, string]]),
    ]),
  ];
  const message = shorten(oneLine(check.message || LABELS[outcome].one), 500);
  if (outcome === 'fail' || outcome === 'not-testable' || outcome === 'harness-error') {
    const element = outcome === 'harness-error' ? 'error' : 'failure';
    const type = outcome.replace('-', '_');
    out.push(
      `      <${element}${attributes({ message, type })}>${xml(details(check, report))}</${element}>`,
    );
  } else if (outcome === 'not-applicable') {
    out.push(`      <skipped${attributes({ message })}/>`);
  } else if (outcome === 'warn' || outcome === 'known') {
    const known = outcome === 'known' ? `known failure: ${check.baselineReason}\n` : 'warning\n';
    out.push(`      <system-out>${xml(known + details(check, report))}</system-out>`);
  }
  out.push('    </testcase>');
  return out;
}

function details(check: CheckResult, report: Report): string {
  const parts = [check.message];
  for (const id of concerned(check)) {
    const sentence = report.requirements.find((each) => each.id === id)?.sentence;
    parts.push(sentence === undefined ? id : `${id}: ${sentence}`);
  }
  if (check.expected !== '') parts.push(`expected: ${check.expected}`);
  if (check.actual !== '') parts.push(`actual: ${check.actual}`);
  const kept = check.trace.slice(-MAX_EXCHANGES);
  const left = check.trace.length - kept.length + check.traceOmitted;
  if (left > 0) parts.push(`… ${left} earlier on the wire`);
  for (const exchange of kept) {
    const response = exchange.errorCode === '' ? exchange.response : exchange.errorMessage;
    parts.push(
      `${shortMethod(exchange.method)} ${shorten(exchange.request, MAX_BODY)}\n` +
        `  → ${ending(exchange)} ${shorten(response, MAX_BODY)}`,
    );
  }
  if (check.reproduce !== '') parts.push(`reproduce: ${check.reproduce}`);
  return parts.filter((part) => part !== '').join('\n\n');
}

/** The baseline's faults fail the run, so they must fail here too. */
function baselineSuite(report: Report): string[] {
  if (report.baselineProblems.length === 0) return [];
  const count = report.baselineProblems.length;
  return [
    `  <testsuite${attributes({ name: 'baseline', tests: count, failures: count, errors: 0, skipped: 0, time: '0.000', ...timestamp(report) })}>`,
    ...report.baselineProblems.map(
      ({ check, problem }) =>
        `    <testcase${attributes({ classname: 'baseline', name: check, time: '0.000' })}>` +
        `<failure${attributes({ message: problem, type: 'baseline' })}/></testcase>`,
    ),
    '  </testsuite>',
  ];
}

function suiteProperties(report: Report): [string, string][] {
  const subject = report.subject;
  return [
    ['suite-version', report.suiteVersion],
    ['spec-revision', report.specRevision],
    ['seed', `${report.seed}`],
    ['implementation', subject?.implementation ?? ''],
    ['version', subject?.version ?? ''],
    ['transport', subject?.transport ?? ''],
    ['bridged-package', subject?.bridgedPackage ?? ''],
    ['command', report.command],
  ];
}

function properties(prefix: string, list: [string, string][]): string[] {
  return [
    `${prefix}<properties>`,
    ...list
      .filter(([, value]) => value !== '')
      .map(([name, value]) => `${prefix}  <property${attributes({ name, value })}/>`),
    `${prefix}</properties>`,
  ];
}

function timestamp(report: Report): { timestamp?: string } {
  if (report.startedAt === undefined) return {};
  const at = new Date(Number(report.startedAt.seconds) * 1000);
  // Jenkins' schema wants a time without zone and fraction.
  return { timestamp: at.toISOString().slice(0, 19) };
}

function attributes(values: Record<string, string | number>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${xml(`${value}`).replace(/[\n\t]/g, ' ')}"`)
    .join('');
}

/** Escapes for text and for attributes. XML 1.0 has no form at all for control characters: they are spelt out. */
function xml(text: string): string {
  return printable(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
