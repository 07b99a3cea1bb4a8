import {
  type Chapter,
  type CheckResult,
  type Exchange,
  Level,
  type Report,
  type RequirementResult,
  Verdict,
} from './gen/worldwire/conformance/v1/report_pb.js';

/**
 * How a check counts. It is the verdict, except that a failure which the baseline knows is apart:
 * it is shown, and does not make the World not conformant.
 */
export type Outcome =
  | 'fail'
  | 'harness-error'
  | 'not-testable'
  | 'known'
  | 'warn'
  | 'not-applicable'
  | 'pass';

/** Every outcome, the gravest first. */
export const OUTCOMES: readonly Outcome[] = [
  'fail',
  'harness-error',
  'not-testable',
  'known',
  'warn',
  'not-applicable',
  'pass',
];

/** How an outcome is written: a sign that needs no colour, the words, and the words after a number. */
export const LABELS: Record<Outcome, { sign: string; one: string; many: string }> = {
  fail: { sign: '✗', one: 'fail', many: 'fail' },
  'harness-error': { sign: '‼', one: 'harness error', many: 'harness errors' },
  'not-testable': { sign: '?', one: 'not testable', many: 'not testable' },
  known: { sign: '≈', one: 'known failure', many: 'known failures' },
  warn: { sign: '!', one: 'warn', many: 'warn' },
  'not-applicable': { sign: '–', one: 'not applicable', many: 'not applicable' },
  pass: { sign: '✓', one: 'pass', many: 'pass' },
};

/** How often each outcome occurred. */
export type Tally = Record<Outcome, number>;

/** Whether a check with this outcome keeps the World from being conformant. */
export function counts(outcome: Outcome): boolean {
  return outcome === 'fail' || outcome === 'harness-error' || outcome === 'not-testable';
}

/** How a check counts. A verdict that was never written is the harness's fault. */
export function outcomeOf(check: CheckResult): Outcome {
  const outcome = BY_VERDICT[check.verdict] ?? 'harness-error';
  const excused = outcome === 'fail' || outcome === 'not-testable';
  return excused && check.baselineReason !== '' ? 'known' : outcome;
}

const BY_VERDICT: Record<Verdict, Outcome> = {
  [Verdict.UNSPECIFIED]: 'harness-error',
  [Verdict.PASS]: 'pass',
  [Verdict.FAIL]: 'fail',
  [Verdict.WARN]: 'warn',
  [Verdict.NOT_APPLICABLE]: 'not-applicable',
  [Verdict.NOT_TESTABLE]: 'not-testable',
  [Verdict.HARNESS_ERROR]: 'harness-error',
};

/** The number of checks of each outcome. */
export function tally(checks: readonly CheckResult[]): Tally {
  const counted = Object.fromEntries(OUTCOMES.map((outcome) => [outcome, 0])) as Tally;
  for (const check of checks) counted[outcomeOf(check)]++;
  return counted;
}

/** The checks of each chapter, in the order of the specification; chapters without a check are left out. */
export function byChapter(report: Report): { chapter: Chapter; checks: CheckResult[] }[] {
  const groups = new Map(
    report.chapters.map((chapter) => [chapter.code, { chapter, checks: [] as CheckResult[] }]),
  );
  for (const check of report.checks) {
    let group = groups.get(check.chapter);
    if (group === undefined) {
      group = {
        chapter: {
          $typeName: 'worldwire.conformance.v1.Chapter',
          code: check.chapter,
          title: check.chapter,
        },
        checks: [],
      };
      groups.set(check.chapter, group);
    }
    group.checks.push(check);
  }
  return [...groups.values()].filter((group) => group.checks.length > 0);
}

/** How a requirement came out: as its checks did, or why there is nothing to say. */
export type RequirementOutcome = Outcome | 'excluded' | 'not-shown';

/**
 * How a requirement came out. `excluded` where no check can show it, `not-shown` where none ran,
 * `known` where all that keeps it from holding is known to the baseline.
 */
export function requirementOutcome(
  requirement: RequirementResult,
  outcomes: ReadonlyMap<string, Outcome>,
): RequirementOutcome {
  const { verdict } = requirement;
  if (verdict === Verdict.UNSPECIFIED) {
    return requirement.excluded === '' ? 'not-shown' : 'excluded';
  }
  const own = requirement.checks.map((id) => outcomes.get(id));
  const known = own.includes('known') && !own.some((each) => each !== undefined && counts(each));
  if ((verdict === Verdict.FAIL || verdict === Verdict.NOT_TESTABLE) && known) return 'known';
  return BY_VERDICT[verdict];
}

/** The verdict on the World in two words. A run in which only the harness failed judges nothing. */
export function verdictOf(report: Report): 'conformant' | 'not conformant' | 'not judged' {
  if (report.conformant) return 'conformant';
  const { fail, 'not-testable': notTestable, 'harness-error': harness } = tally(report.checks);
  const broken = fail + notTestable + report.baselineProblems.length;
  return broken === 0 && harness > 0 ? 'not judged' : 'not conformant';
}

/** The order of counts in a sentence: what is wrong, then the rest. */
const IN_WORDS: readonly Outcome[] = [
  'fail',
  'harness-error',
  'not-testable',
  'pass',
  'warn',
  'known',
  'not-applicable',
];

/** The counts in words, such as `301 pass, 2 warn, 12 not applicable`; what did not occur is left out. */
export function countsInWords(counted: Tally): string {
  const parts = IN_WORDS.filter((outcome) => counted[outcome] > 0).map((outcome) => {
    const { one, many } = LABELS[outcome];
    return `${counted[outcome]} ${counted[outcome] === 1 ? one : many}`;
  });
  return parts.length === 0 ? 'no checks' : parts.join(', ');
}

/** The requirements that a finding speaks of: the one that is broken, or all where it cannot be told. */
export function concerned(check: CheckResult): string[] {
  return check.brokenRequirement === '' ? check.requirements : [check.brokenRequirement];
}

/** Seconds of a duration; 0 where there is none. */
export function seconds(duration: { seconds: bigint; nanos: number } | undefined): number {
  return duration === undefined ? 0 : Number(duration.seconds) + duration.nanos / 1e9;
}

/** A duration for a person: `8.1 s`, `240 ms`, `2 min 5 s`. */
export function inWords(duration: { seconds: bigint; nanos: number } | undefined): string {
  const value = seconds(duration);
  if (value < 0.9995) return `${Math.round(value * 1000)} ms`;
  if (value < 59.95) return `${value.toFixed(1)} s`;
  const whole = Math.round(value);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** `MUST`, `SHOULD`, `MAY`; empty where unspecified. */
export function levelInWords(level: Level): string {
  return level === Level.UNSPECIFIED ? '' : (Level[level] ?? '');
}

/** Who was judged, in one line. */
export function subjectInWords(report: Report): string {
  const subject = report.subject;
  if (subject === undefined) return 'a World that did not introduce itself';
  const name = [subject.implementation, subject.version].filter((part) => part !== '').join(' ');
  const bridged = subject.bridgedPackage === '' ? '' : `${subject.bridgedPackage} through `;
  const over = subject.transport === '' ? '' : ` over ${subject.transport}`;
  return `${bridged}${name === '' ? 'a nameless World' : name}${over}`;
}

/** The part of a method's name that tells it apart: `EventService/CreateEvent`. */
export function shortMethod(method: string): string {
  return method.slice(method.lastIndexOf('.') + 1);
}

/** How a call ended: `ok`, or the code and the reason of its error. */
export function ending(exchange: Exchange): string {
  if (exchange.errorCode === '') return 'ok';
  return exchange.errorReason === ''
    ? exchange.errorCode
    : `${exchange.errorCode} ${exchange.errorReason}`;
}
