import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { assemble } from '../engine/assemble.js';
import { applyBaseline, readBaseline, writeBaseline } from '../engine/baseline.js';
import type { RunSettings } from '../engine/perform.js';
import { type Selectable, select } from '../engine/select.js';
import {
  type CheckResult,
  type Report,
  type Subject,
  Verdict,
} from '../report/gen/worldwire/conformance/v1/report_pb.js';
import { RENDERINGS } from '../report/index.js';
import { createProgress, type PlannedChapter } from '../report/progress.js';
import { redact } from '../report/redact.js';
import { render as renderTerminal, wantsColors } from '../report/terminal.js';
import { chapterOf, chapterTitles } from '../requirements.js';
import type { SuiteOptions } from './options.js';

/** Exit codes of every command. */
export const EXIT = { conformant: 0, notConformant: 1, usage: 2, harness: 3 } as const;

/** What is judged. */
export interface Judged<C extends Selectable> {
  readonly subject: Subject;
  /** Whether a requirement is one of those that this kind of subject can meet. */
  readonly concerns: (requirementId: string) => boolean;
  /** The command line as a user would type it, without the seed and secrets. */
  readonly command: readonly string[];
  /** What stands at the end of the command line, behind all options. */
  readonly rest?: readonly string[];
  /** What no report shows. */
  readonly secrets: readonly string[];
  readonly run: (checks: readonly C[], settings: RunSettings) => Promise<readonly CheckResult[]>;
}

/** Writes the reports that the options name, prints the summary, and returns the exit code. */
export function publish(report: Report, options: SuiteOptions): number {
  for (const { format, file } of options.report) writeFileSync(file, RENDERINGS[format](report));
  process.stdout.write(renderTerminal(report, { colors: wantsColors(process.stdout) }));
  if (report.checks.some(({ verdict }) => verdict === Verdict.HARNESS_ERROR)) return EXIT.harness;
  return report.conformant ? EXIT.conformant : EXIT.notConformant;
}

/**
 * Runs the checks that the options select, and reports. `beside` is what has a result without being a check; `judged`
 * is asked for once the options are found right.
 */
export async function reportOn<C extends Selectable>(
  catalogue: readonly C[],
  beside: readonly Selectable[],
  options: SuiteOptions,
  judged: () => Promise<Judged<C>>,
): Promise<Report> {
  const checks = select(
    catalogue,
    { ...options, capabilities: options.capability },
    chapterOf,
    beside.map(({ id }) => id),
  );
  const baseline = options.baseline === undefined ? [] : readBaseline(options.baseline);
  const { subject, concerns, command, rest = [], secrets, run } = await judged();
  const seed = options.seed ?? BigInt(randomBytes(4).readUInt32LE());
  const progress = options.quiet ? undefined : createProgress(plan([...checks, ...beside]));
  const startedAt = Date.now();
  const line = [...command, ...commonArguments(options), `--seed ${seed}`];
  const results = await run(checks, {
    seed,
    repeat: options.repeat,
    timeScale: options.timeScale,
    effort: options.effort,
    concurrency: options.concurrency,
    reproduce: (id) => [...line, `--include ${id}`, ...rest].join(' '),
    onStart: (check) => progress?.started({ id: check.id, chapter: chapterOf(check) }),
    onResult: (result) => progress?.finished(result),
  }).finally(() => progress?.stop());
  const today = new Date(startedAt).toISOString().slice(0, 10);
  // A baseline may also name what has a result without being a check.
  const known = new Set([...catalogue, ...beside].map(({ id }) => id));
  const whole = assemble({
    subject,
    concerns,
    startedAt,
    tookMs: Date.now() - startedAt,
    seed,
    repeat: options.repeat,
    timeScale: options.timeScale,
    command: [...line, ...rest].join(' '),
    results,
    problems: applyBaseline(baseline, results, known, today),
  });
  if (options.writeBaseline !== undefined) writeBaseline(options.writeBaseline, results, baseline);
  return redact(whole, secrets);
}

/** How many results each chapter will have. */
function plan(all: readonly Selectable[]): PlannedChapter[] {
  const counts = new Map<string, number>();
  for (const one of all) {
    const code = chapterOf(one);
    counts.set(code, (counts.get(code) ?? 0) + 1);
  }
  return [...counts].map(([code, count]) => ({ code, title: titleOf(code), checks: count }));
}

function titleOf(code: string): string {
  return chapterTitles.find((chapter) => chapter.code === code)?.title ?? code;
}

function commonArguments({ transport, timeScale, effort }: SuiteOptions): string[] {
  const line: string[] = [];
  if (transport !== 'connect') line.push(`--transport ${transport}`);
  if (timeScale !== 1) line.push(`--time-scale ${timeScale}`);
  if (effort !== 1) line.push(`--effort ${effort}`);
  return line;
}

/** An argument as a shell takes it. */
export function quote(argument: string): string {
  return /^[\w@%+=:,./{}-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`;
}
