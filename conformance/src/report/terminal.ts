import picocolors from 'picocolors';
import type { CheckResult, Exchange, Report } from './gen/worldwire/conformance/v1/report_pb.js';
import {
  byChapter,
  concerned,
  countsInWords,
  ending,
  inWords,
  LABELS,
  levelInWords,
  outcomeOf,
  shortMethod,
  subjectInWords,
  tally,
  verdictOf,
} from './summary.js';
import { indent, oneLine, printable, shorten, shortenLines } from './text.js';

/** Exchanges that are shown of a trace; the last, for they are nearest to the failure. */
const MAX_EXCHANGES = 4;

/** Characters of a request or response. */
const MAX_BODY = 160;

/** Lines of a message or value. */
const MAX_LINES = 24;

/** How to render. */
export interface TerminalOptions {
  /** Whether to colour. Default: no. */
  readonly colors?: boolean;
  /** How many findings are shown in full; the others by id alone. Default 50. */
  readonly maxFindings?: number;
}

/** Whether to colour what goes to a stream: only on a terminal, and not against NO_COLOR. */
export function wantsColors(
  stream: { isTTY?: boolean },
  env: NodeJS.ProcessEnv = process.env,
): boolean {
  return stream.isTTY === true && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb';
}

/** The summary for a person: findings grouped by chapter and requirement, warnings short, one last line. */
export function render(report: Report, options: TerminalOptions = {}): string {
  const c = picocolors.createColors(options.colors ?? false);
  const paint = painter(c);
  const sentences = new Map(report.requirements.map((each) => [each.id, each]));
  const out: string[] = [];
  let room = options.maxFindings ?? 50;

  for (const { chapter, checks } of byChapter(report)) {
    const findings = checks.filter((check) => isFinding(check));
    if (findings.length === 0) continue;
    const title = chapter.title === chapter.code ? '' : ` ${chapter.title}`;
    out.push(c.bold(`${printable(chapter.code)}${printable(title)}`), '');
    for (const [ids, group] of byRequirement(findings)) {
      for (const id of ids) {
        const requirement = sentences.get(id);
        const level = requirement === undefined ? '' : ` ${levelInWords(requirement.level)}`;
        const sentence = requirement === undefined ? '' : oneLine(printable(requirement.sentence));
        out.push(`  ${c.bold(printable(id))}${c.dim(level)}  ${sentence}`);
      }
      if (ids.length > 0) out.push('');
      for (const check of group) {
        out.push(...(room-- > 0 ? finding(check) : [headline(check)]), '');
      }
    }
  }

  const warnings = report.checks.filter((check) => outcomeOf(check) === 'warn');
  const known = report.checks.filter((check) => outcomeOf(check) === 'known');
  if (warnings.length > 0) {
    out.push(c.bold('Warnings'), '');
    for (const check of warnings) {
      const ids = concerned(check).join(' ');
      out.push(`${headline(check)} ${c.dim(printable(ids))}`);
      if (check.message !== '')
        out.push(`      ${shorten(oneLine(printable(check.message)), 300)}`);
    }
    out.push('');
  }
  if (known.length > 0) {
    out.push(c.bold('Known failures'), '');
    for (const check of known) {
      out.push(
        `${headline(check)}  ${c.dim(shorten(oneLine(printable(check.baselineReason)), 200))}`,
      );
    }
    out.push('');
  }
  if (report.baselineProblems.length > 0) {
    out.push(c.bold('The baseline does not hold'), '');
    for (const { check, problem } of report.baselineProblems) {
      out.push(`  ${c.red(LABELS.fail.sign)} ${printable(check)}: ${printable(problem)}`);
    }
    out.push('');
  }

  out.push(
    c.dim(`${printable(subjectInWords(report))}, specification ${printable(report.specRevision)}`),
  );
  out.push(lastLine());
  return `${out.join('\n')}\n`;

  function lastLine(): string {
    const verdict = verdictOf(report);
    const painted = verdict === 'conformant' ? c.green(c.bold(verdict)) : c.red(c.bold(verdict));
    const problems = report.baselineProblems.length;
    const stale =
      problems === 0 ? '' : `, ${problems} baseline ${problems === 1 ? 'entry' : 'entries'} wrong`;
    return `${painted}: ${countsInWords(tally(report.checks))}${stale} (${inWords(report.duration)}, seed ${report.seed})`;
  }

  function headline(check: CheckResult): string {
    const outcome = outcomeOf(check);
    const { sign, one } = LABELS[outcome];
    const word = outcome === 'fail' || outcome === 'warn' || outcome === 'known' ? '' : ` (${one})`;
    return `  ${paint(outcome)(sign)} ${printable(check.id)}${word}`;
  }

  function finding(check: CheckResult): string[] {
    const lines = [`${headline(check)}  ${c.dim(oneLine(printable(check.title)))}`];
    const prefix = '      ';
    if (check.message !== '') lines.push(block(check.message, prefix));
    lines.push(...value('expected', check.expected, prefix));
    lines.push(...value('actual  ', check.actual, prefix));
    const runs = check.repetitions.length;
    if (runs > 1) {
      const bad = check.repetitions.filter((verdict) => verdict === check.verdict).length;
      lines.push(`${prefix}${c.dim(`in ${bad} of ${runs} repetitions`)}`);
    }
    const kept = check.trace.slice(-MAX_EXCHANGES);
    const left = check.trace.length - kept.length + check.traceOmitted;
    if (left > 0) lines.push(c.dim(`${prefix}… ${left} earlier on the wire`));
    for (const exchange of kept) lines.push(...wire(exchange, prefix));
    if (check.reproduce !== '')
      lines.push(`${prefix}${c.cyan(oneLine(printable(check.reproduce)))}`);
    return lines;
  }

  function wire(exchange: Exchange, prefix: string): string[] {
    const client = exchange.client === '' ? '' : `[${exchange.client}] `;
    const response = exchange.errorCode === '' ? exchange.response : exchange.errorMessage;
    const body = (text: string) => shorten(oneLine(printable(text)), MAX_BODY);
    return [
      c.dim(
        `${prefix}${printable(client + shortMethod(exchange.method))} ${body(exchange.request)}`,
      ),
      c.dim(`${prefix}  → ${printable(ending(exchange))} ${body(response)}`),
    ];
  }

  function value(name: string, text: string, prefix: string): string[] {
    if (text === '') return [];
    const shown = shortenLines(shorten(printable(text), 2_000), MAX_LINES);
    const [first, ...rest] = indent(shown, `${prefix}${' '.repeat(10)}`).split('\n');
    return [`${prefix}${c.bold(name)}  ${(first ?? '').trimStart()}`, ...rest];
  }

  function block(text: string, prefix: string): string {
    return indent(shortenLines(shorten(printable(text), 4_000), MAX_LINES), prefix);
  }
}

function painter(c: ReturnType<typeof picocolors.createColors>) {
  return (outcome: ReturnType<typeof outcomeOf>) => {
    if (outcome === 'pass') return c.green;
    if (outcome === 'warn' || outcome === 'known') return c.yellow;
    if (outcome === 'not-applicable') return c.dim;
    return outcome === 'harness-error' ? c.magenta : c.red;
  };
}

function isFinding(check: CheckResult): boolean {
  const outcome = outcomeOf(check);
  return outcome === 'fail' || outcome === 'not-testable' || outcome === 'harness-error';
}

/** The findings by the requirements that they concern, so that each sentence stands once. */
function byRequirement(checks: CheckResult[]): [ids: string[], checks: CheckResult[]][] {
  const groups = new Map<string, [string[], CheckResult[]]>();
  for (const check of checks) {
    const ids = concerned(check);
    const group = groups.get(ids.join(' ')) ?? [ids, []];
    groups.set(ids.join(' '), group);
    group[1].push(check);
  }
  return [...groups.values()];
}
