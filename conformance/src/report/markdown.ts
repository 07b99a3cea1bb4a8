import type { CheckResult, Report } from './gen/worldwire/conformance/v1/report_pb.js';
import {
  byChapter,
  concerned,
  countsInWords,
  ending,
  inWords,
  LABELS,
  levelInWords,
  OUTCOMES,
  type Outcome,
  outcomeOf,
  shortMethod,
  subjectInWords,
  tally,
  verdictOf,
} from './summary.js';
import { oneLine, printable, shorten, shortenLines } from './text.js';

/** Bytes that a rendering stays under. GitHub refuses a step's summary of more than 1 MiB. */
const MAX_BYTES = 1_000_000;

/** Bytes kept for what follows the findings. */
const TAIL_BYTES = 1_000;

/** Characters of a value, a message or a body of the trace. */
const MAX_TEXT = 4_000;

/** Exchanges of a trace; the last, for they are nearest to the failure. */
const MAX_EXCHANGES = 6;

/** The outcomes that are shown one by one. */
const SHOWN: readonly Outcome[] = ['fail', 'harness-error', 'not-testable', 'known', 'warn'];

/** The report as a job summary in GitHub's Markdown, under 1 MiB; what does not fit is counted. */
export function render(report: Report): string {
  const counted = tally(report.checks);
  const verdict = verdictOf(report);
  const sign = verdict === 'conformant' ? '✅' : '❌';
  const head = [
    `## ${sign} ${verdict[0]?.toUpperCase()}${verdict.slice(1)}: ${countsInWords(counted)}`,
    '',
    `${plain(subjectInWords(report))}. ${facts(report)}`,
    '',
    ...baseline(report),
    ...table(report),
  ].join('\n');

  const findings = SHOWN.flatMap((outcome) =>
    report.checks.filter((check) => outcomeOf(check) === outcome),
  );
  const parts = [head];
  let room = MAX_BYTES - TAIL_BYTES - Buffer.byteLength(head);
  let shown = 0;
  for (const check of findings) {
    const part = finding(check, report);
    room -= Buffer.byteLength(part) + 1;
    if (room < 0) break;
    parts.push(part);
    shown++;
  }
  if (shown < findings.length) {
    parts.push(
      `\n**${findings.length - shown} more** that have no room here: see the JSON or HTML report.\n`,
    );
  }
  if (report.command !== '') parts.push(`\nReproduce the run:\n\n${fence(report.command, 'sh')}\n`);
  return parts.join('\n');
}

function facts(report: Report): string {
  const subject = report.subject;
  const list = [
    report.specRevision === '' ? '' : `specification ${report.specRevision}`,
    report.suiteVersion === '' ? '' : `suite ${report.suiteVersion}`,
    subject === undefined || subject.protocolVersion === ''
      ? ''
      : `protocol ${subject.protocolVersion}`,
    `seed ${report.seed}`,
    report.repeat > 1 ? `each check ${report.repeat} times` : '',
    inWords(report.duration),
  ].filter((part) => part !== '');
  const line = plain(`${list.join(', ')}.`);
  const sentence = `${line[0]?.toUpperCase() ?? ''}${line.slice(1)}`;
  const capabilities = subject?.capabilities ?? [];
  if (capabilities.length === 0) return `${sentence} No capability declared: the core profile.`;
  return `${sentence} Capabilities: ${capabilities.map((name) => code(name)).join(' ')}`;
}

function baseline(report: Report): string[] {
  if (report.baselineProblems.length === 0) return [];
  return [
    '**The baseline does not hold:**',
    '',
    ...report.baselineProblems
      .slice(0, 100)
      .map(({ check, problem }) => `- ${code(check)}: ${plain(problem)}`),
    ...(report.baselineProblems.length > 100
      ? [`- ${report.baselineProblems.length - 100} more`]
      : []),
    '',
  ];
}

function table(report: Report): string[] {
  const counted = tally(report.checks);
  const columns = OUTCOMES.filter((outcome) => counted[outcome] > 0 || outcome === 'pass');
  const cells = (list: readonly (string | number)[]) => `| ${list.join(' | ')} |`;
  return [
    cells(['Chapter', ...columns.map((outcome) => LABELS[outcome].one), 'checks']),
    cells(['---', ...columns.map(() => '---:'), '---:']),
    ...byChapter(report).map(({ chapter, checks }) => {
      const own = tally(checks);
      const name =
        chapter.title === chapter.code
          ? plain(chapter.code)
          : `${plain(chapter.code)} ${plain(chapter.title)}`;
      return cells([name, ...columns.map((outcome) => own[outcome] || ''), checks.length]);
    }),
    cells([
      '**all**',
      ...columns.map((outcome) => `**${counted[outcome]}**`),
      `**${report.checks.length}**`,
    ]),
    '',
  ];
}

function finding(check: CheckResult, report: Report): string {
  const { sign, one } = LABELS[outcomeOf(check)];
  const out = [
    '<details>',
    `<summary>${sign} ${one}: <code>${plain(check.id)}</code> ${plain(oneLine(check.title))}</summary>`,
    '',
  ];
  for (const id of concerned(check)) {
    const requirement = report.requirements.find((each) => each.id === id);
    const level = requirement === undefined ? '' : ` (${levelInWords(requirement.level)})`;
    const sentence = requirement === undefined ? '' : ` ${plain(oneLine(requirement.sentence))}`;
    out.push(`> **${plain(id)}**${level}${sentence}`, '>');
  }
  if (out.at(-1) === '>') out.splice(-1, 1, '');
  if (check.message !== '') out.push(plain(short(check.message)), '');
  if (check.baselineReason !== '') out.push(`Known: ${plain(short(check.baselineReason))}`, '');
  if (check.expected !== '') out.push('Expected:', '', fence(short(check.expected)), '');
  if (check.actual !== '') out.push('Actual:', '', fence(short(check.actual)), '');
  if (check.trace.length > 0) {
    const kept = check.trace.slice(-MAX_EXCHANGES);
    const left = check.trace.length - kept.length + check.traceOmitted;
    const lines = kept.map((exchange) => {
      const response = exchange.errorCode === '' ? exchange.response : exchange.errorMessage;
      const client = exchange.client === '' ? '' : `[${exchange.client}] `;
      return `${client}${shortMethod(exchange.method)} ${shorten(oneLine(exchange.request), 600)}\n  → ${ending(exchange)} ${shorten(oneLine(response), 600)}`;
    });
    const title =
      left > 0 ? `On the wire, after ${left} earlier ${plural(left, 'exchange')}:` : 'On the wire:';
    out.push(title, '', fence(lines.join('\n')), '');
  }
  if (check.reproduce !== '') out.push('Reproduce:', '', fence(check.reproduce, 'sh'), '');
  out.push('</details>', '');
  return out.join('\n');
}

function short(text: string): string {
  return shortenLines(shorten(text, MAX_TEXT), 60);
}

function plural(count: number, word: string): string {
  return count === 1 ? word : `${word}s`;
}

/** A code block whose fence is longer than any in the text. */
function fence(text: string, language = ''): string {
  const clean = printable(text);
  const longest = Math.max(2, ...(clean.match(/`+/g) ?? []).map((run) => run.length));
  const marks = '`'.repeat(longest + 1);
  return `${marks}${language}\n${clean}\n${marks}`;
}

/** Code in a line. HTML is used because backticks cannot be escaped within backticks. */
function code(text: string): string {
  return `<code>${plain(text)}</code>`;
}

function escapeHtml(text: string): string {
  return printable(text)
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;');
}

/** Text that is neither Markdown nor HTML, nor ends a table's cell. Line breaks become `<br>`. */
function plain(text: string): string {
  return escapeHtml(text.trimStart())
    .replace(/[\\`*_[\]|~#@]/g, (mark) => `&#${mark.charCodeAt(0)};`)
    .replace(/^([-+=]|\d+[.)])/gm, (mark) => `&#${mark.charCodeAt(0)};${mark.slice(1)}`)
    .replace(/\n/g, '<br>');
}
