import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { durationFromMs } from '../fixtures/duration.js';
import {
  type BaselineProblem,
  ChapterSchema,
  type CheckResult,
  Level,
  type Report,
  ReportSchema,
  type RequirementResult,
  RequirementResultSchema,
  type Subject,
  Verdict,
} from '../report/gen/worldwire/conformance/v1/report_pb.js';
import { chapterTitles, excluded, requirements, SPEC_REVISION } from '../requirements.js';
import { SUITE_VERSION } from '../version.js';

const SCHEMA_VERSION = '1.0';

/** What a report says beside its results. */
export interface ReportParts {
  readonly subject: Subject;
  /** Whether a requirement is one of those that this kind of subject can meet. */
  readonly concerns: (requirementId: string) => boolean;
  readonly startedAt: number;
  readonly tookMs: number;
  readonly seed: bigint;
  readonly repeat: number;
  readonly timeScale: number;
  readonly command: string;
  readonly results: readonly CheckResult[];
  readonly problems: readonly BaselineProblem[];
}

/** Verdicts that make a subject not conformant, unless the baseline knows them. */
const BAD: ReadonlySet<Verdict> = new Set([Verdict.FAIL, Verdict.NOT_TESTABLE]);

/** Puts a report together. */
export function assemble(parts: ReportParts): Report {
  const { subject, results, problems } = parts;
  const checks = [...results].sort(byChapterAndId);
  return create(ReportSchema, {
    schemaVersion: SCHEMA_VERSION,
    suiteVersion: SUITE_VERSION,
    specRevision: SPEC_REVISION,
    startedAt: timestampFromMs(parts.startedAt),
    duration: durationFromMs(Math.round(parts.tookMs)),
    subject,
    seed: parts.seed,
    repeat: parts.repeat,
    timeScale: parts.timeScale,
    command: parts.command,
    checks,
    chapters: chapterTitles.map(({ code, title }) => create(ChapterSchema, { code, title })),
    requirements: requirementResults(checks, parts.concerns),
    baselineProblems: [...problems],
    conformant:
      problems.length === 0 &&
      !checks.some(({ verdict, baselineReason }) => BAD.has(verdict) && baselineReason === ''),
  });
}

/** What a run showed of each requirement: from what was run, not from what is written down. */
function requirementResults(
  checks: readonly CheckResult[],
  concerns: (requirementId: string) => boolean,
): RequirementResult[] {
  const citing = new Map<string, CheckResult[]>();
  for (const result of checks)
    for (const id of result.requirements) citing.set(id, [...(citing.get(id) ?? []), result]);
  const concerned = [...requirements.values()].filter(({ id }) => concerns(id));
  return concerned.map(({ id, level, sentence, chapter, capability }) => {
    const results = citing.get(id) ?? [];
    return create(RequirementResultSchema, {
      id,
      level: Level[level],
      sentence,
      chapter,
      capability,
      verdict: worst(results.map(({ verdict }) => verdict)),
      checks: results.map((result) => result.id),
      excluded: excluded.get(id) ?? '',
    });
  });
}

/** Not applicable says least: one check that ran outweighs it. */
const WEIGHT: readonly Verdict[] = [
  Verdict.UNSPECIFIED,
  Verdict.NOT_APPLICABLE,
  Verdict.PASS,
  Verdict.WARN,
  Verdict.NOT_TESTABLE,
  Verdict.HARNESS_ERROR,
  Verdict.FAIL,
];

function worst(verdicts: readonly Verdict[]): Verdict {
  return verdicts.reduce(
    (a, b) => (WEIGHT.indexOf(b) > WEIGHT.indexOf(a) ? b : a),
    Verdict.UNSPECIFIED,
  );
}

function byChapterAndId(a: CheckResult, b: CheckResult): number {
  return compare(a.chapter, b.chapter) || compare(a.id, b.id);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
