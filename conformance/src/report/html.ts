import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { CheckResult, Exchange, Report } from './gen/worldwire/conformance/v1/report_pb.js';
import { Attachment } from './gen/worldwire/conformance/v1/report_pb.js';
import {
  byChapter,
  countsInWords,
  ending,
  inWords,
  LABELS,
  levelInWords,
  type Outcome,
  outcomeOf,
  type RequirementOutcome,
  requirementOutcome,
  subjectInWords,
  tally,
  verdictOf,
} from './summary.js';
import { shorten } from './text.js';

/** Characters of one request or response that the page keeps. */
const MAX_BODY = 20_000;

/** The same where so much was recorded that the file would become unwieldy: a World that fails everywhere. */
const MAX_BODY_OF_MANY = 1_000;

/** Characters on the wire, of all checks together, beyond which the shorter bound holds. */
const MANY = 4_000_000;

/** The modules of the page's script, each after those that it stands on. Their names are distinct. */
const MODULES = [
  'dom',
  'model',
  'code',
  'filters',
  'checks',
  'requirements',
  'body',
  'detail',
  'page',
] as const;

/**
 * The report as one HTML file that needs nothing else: it loads nothing, and its policy forbids it to.
 * Everything that came from the World reaches the page as data in a JSON block, and from there as text.
 */
export function render(report: Report): string {
  const style = asset('page.css');
  const script = MODULES.map(module).join('');
  const verdict = verdictOf(report);
  const words = `${verdict[0]?.toUpperCase()}${verdict.slice(1)}`;
  const sign = verdict === 'conformant' ? LABELS.pass.sign : LABELS.fail.sign;
  const counted = countsInWords(tally(report.checks));
  const policy = [
    "default-src 'none'",
    `script-src '${digest(script)}'`,
    `style-src '${digest(style)}'`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escapeHtml(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>${escapeHtml(`${words}: ${subjectInWords(report)}`)}</title>
<style>${style}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the checks</a>
<header class="page">
<p class="kind">Worldwire conformance report</p>
<h1 class="${verdict === 'conformant' ? 'good' : 'bad'}"><span aria-hidden="true">${sign}</span> ${words}</h1>
<p class="subject">${escapeHtml(subjectInWords(report))}</p>
<p class="counted">${escapeHtml(counted)}</p>
<div id="facts"></div>
</header>
<main id="main" class="page" tabindex="-1">
<noscript><p class="notice">The checks are drawn by a script within this file, which is switched off.</p></noscript>
</main>
<dialog id="detail" aria-labelledby="detail-title"></dialog>
<p id="status" class="hidden" role="status"></p>
<script type="application/json" id="data">${embed(viewOf(report))}</script>
<script type="module">${script}</script>
</body>
</html>
`;
}

/** What the page's script reads. Empty texts and lists are left out. */
export interface View {
  readonly facts: readonly (readonly [name: string, value: string])[];
  readonly capabilities: readonly string[];
  readonly command: string;
  readonly labels: Record<RequirementOutcome, { sign: string; word: string }>;
  readonly baseline: readonly { check: string; problem: string }[];
  readonly chapters: readonly { code: string; title: string }[];
  readonly checks: readonly CheckView[];
  readonly requirements: readonly RequirementView[];
}

interface CheckView {
  readonly id: string;
  readonly title: string;
  readonly chapter: string;
  readonly outcome: Outcome;
  readonly took: string;
  readonly requirements: readonly string[];
  readonly capabilities?: readonly string[];
  readonly broken?: string;
  readonly message?: string;
  readonly known?: string;
  readonly expected?: string;
  readonly actual?: string;
  readonly reproduce?: string;
  readonly repetitions?: readonly Outcome[];
  readonly omitted?: number;
  readonly trace?: readonly ExchangeView[];
}

interface ExchangeView {
  readonly method: string;
  readonly at: string;
  readonly took: string;
  readonly client?: string;
  readonly request?: string;
  readonly response?: string;
  readonly ending: string;
  readonly error?: string;
}

interface RequirementView {
  readonly id: string;
  readonly level: string;
  readonly sentence: string;
  readonly chapter: string;
  readonly outcome: RequirementOutcome;
  readonly capability?: string;
  readonly checks?: readonly string[];
  readonly excluded?: string;
}

/** The report as the page's script reads it. */
export function viewOf(report: Report): View {
  const outcomes = new Map(report.checks.map((check) => [check.id, outcomeOf(check)]));
  const recorded = report.checks
    .flatMap(({ trace }) => trace)
    .reduce((sum, { request, response }) => sum + request.length + response.length, 0);
  const maxBody = recorded > MANY ? MAX_BODY_OF_MANY : MAX_BODY;
  const chapters = [...report.chapters];
  for (const { chapter } of byChapter(report)) {
    if (!chapters.some(({ code }) => code === chapter.code)) chapters.push(chapter);
  }
  return {
    facts: factsOf(report),
    capabilities: report.subject?.capabilities ?? [],
    command: report.command,
    labels: {
      ...(Object.fromEntries(
        Object.entries(LABELS).map(([outcome, { sign, one }]) => [outcome, { sign, word: one }]),
      ) as Record<Outcome, { sign: string; word: string }>),
      excluded: { sign: '∅', word: 'excluded' },
      'not-shown': { sign: '·', word: 'no check ran' },
    },
    baseline: report.baselineProblems.map(({ check, problem }) => ({ check, problem })),
    chapters: chapters.map(({ code, title }) => ({ code, title })),
    checks: report.checks.map((check) => checkView(check, maxBody)),
    requirements: report.requirements.map((requirement) => ({
      id: requirement.id,
      level: levelInWords(requirement.level),
      sentence: requirement.sentence,
      chapter: requirement.chapter,
      outcome: requirementOutcome(requirement, outcomes),
      capability: filled(requirement.capability),
      checks: filledList(requirement.checks),
      excluded: filled(requirement.excluded),
    })),
  };
}

function checkView(check: CheckResult, maxBody: number): CheckView {
  const capabilities = new Set(check.capabilities);
  if (check.missingCapability !== '') capabilities.add(check.missingCapability);
  return {
    id: check.id,
    title: check.title,
    chapter: check.chapter,
    outcome: outcomeOf(check),
    took: inWords(check.duration),
    requirements: check.requirements,
    capabilities: filledList([...capabilities]),
    broken: filled(check.brokenRequirement),
    message: filled(check.message),
    known: filled(check.baselineReason),
    expected: filled(check.expected),
    actual: filled(check.actual),
    reproduce: filled(check.reproduce),
    repetitions:
      check.repetitions.length > 1
        ? check.repetitions.map((verdict) => outcomeOf({ ...check, verdict, baselineReason: '' }))
        : undefined,
    omitted: check.traceOmitted || undefined,
    trace: filledList(check.trace.map((exchange) => exchangeView(exchange, maxBody))),
  };
}

function exchangeView(exchange: Exchange, maxBody: number): ExchangeView {
  return {
    method: exchange.method,
    at: inWords(exchange.offset),
    took: exchange.duration === undefined ? 'no end seen' : inWords(exchange.duration),
    client: filled(exchange.client),
    request: filled(shorten(exchange.request, maxBody)),
    response: filled(shorten(exchange.response, maxBody)),
    ending: exchange.duration === undefined && exchange.errorCode === '' ? '…' : ending(exchange),
    error: filled(exchange.errorMessage),
  };
}

function factsOf(report: Report): [string, string][] {
  const { subject, startedAt } = report;
  const low = subject?.minSpecVersion ?? 0;
  const high = subject?.maxSpecVersion ?? 0;
  const attached = {
    [Attachment.UNSPECIFIED]: '',
    [Attachment.URL]: 'running World, by address',
    [Attachment.PROCESS]: 'own process, killed and restarted',
    [Attachment.DRIVER]: 'client, driven against a scripted World',
  };
  const facts: [string, string][] = [
    ['Specification', report.specRevision],
    ['Suite', report.suiteVersion],
    ['Protocol', subject?.protocolVersion ?? ''],
    ['Spec versions served', low === 0 && high === 0 ? '' : `${low} to ${high}`],
    ['Transport', subject?.transport ?? ''],
    ['Attached', attached[subject?.attachment ?? Attachment.UNSPECIFIED]],
    ['Seed', `${report.seed}`],
    ['Each check run', report.repeat > 1 ? `${report.repeat} times` : 'once'],
    ['Time scale', report.timeScale === 0 || report.timeScale === 1 ? '' : `${report.timeScale}`],
    [
      'Started',
      startedAt === undefined
        ? ''
        : `${new Date(Number(startedAt.seconds) * 1000).toISOString().slice(0, 19).replace('T', ' ')} UTC`,
    ],
    ['Took', inWords(report.duration)],
  ];
  return facts.filter(([, value]) => value !== '');
}

function filled(text: string): string | undefined {
  return text === '' ? undefined : text;
}

function filledList<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length === 0 ? undefined : list;
}

/** JSON that cannot leave its script element: without `<` there is neither an end tag nor a comment. */
function embed(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c');
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

function digest(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

/** The text of a module without its imports and exports: in the page all of them are one script. */
function module(name: string): string {
  return asset(`${name}.js`)
    .replace(/^import\b[^;]*;\n/gm, '')
    .replace(/^export (?=(?:async )?function|const|let)/gm, '');
}

/** Both `src/report` and `dist/report` lie two folders below the package. */
function asset(name: string): string {
  const file = new URL(`../../assets/report/${name}`, import.meta.url);
  return readFileSync(file, 'utf8').replaceAll('\r\n', '\n');
}
