import { readFileSync, writeFileSync } from 'node:fs';
import { create } from '@bufbuild/protobuf';
import { parse, stringify } from 'yaml';
import {
  type BaselineProblem,
  BaselineProblemSchema,
  type CheckResult,
  Verdict,
} from '../report/gen/worldwire/conformance/v1/report_pb.js';

/** A failure that is known. */
export interface BaselineEntry {
  /** The check's id. */
  readonly check: string;
  /** Why it fails, and where that is tracked. */
  readonly reason: string;
  /** The date, as YYYY-MM-DD, after which the entry no longer holds. */
  readonly expires?: string;
}

/** Bad usage of the command line, with words for the user. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** What a baseline can excuse. */
const EXCUSABLE: ReadonlySet<Verdict> = new Set([Verdict.FAIL, Verdict.NOT_TESTABLE]);

/** Reads a baseline file: YAML, a list of entries under `known`. */
export function readBaseline(file: string): BaselineEntry[] {
  let entries: unknown;
  try {
    entries = (parse(readFileSync(file, 'utf8')) as { known?: unknown } | null)?.known ?? [];
  } catch (error) {
    throw new UsageError(`the baseline ${file} cannot be read: ${String(error)}`);
  }
  if (!Array.isArray(entries)) throw new UsageError(`${file}: "known" must be a list`);
  const seen = new Set<string>();
  return entries.map((entry: Partial<BaselineEntry>) => {
    const { check, reason } = entry;
    if (typeof check !== 'string' || check === '')
      throw new UsageError(`${file}: an entry names no check`);
    if (typeof reason !== 'string' || reason.trim() === '')
      throw new UsageError(`${file}: the entry for ${check} gives no reason`);
    if (seen.has(check)) throw new UsageError(`${file}: ${check} stands there twice`);
    seen.add(check);
    const expires = entry.expires === undefined ? undefined : dateOf(entry.expires);
    if (entry.expires !== undefined && expires === undefined)
      throw new UsageError(`${file}: the expiry of ${check} is no date of the form YYYY-MM-DD`);
    return expires === undefined ? { check, reason } : { check, reason, expires };
  });
}

/** Marks the known failures, and says which entries do not hold. `selected` is what the run was to include. */
export function applyBaseline(
  entries: readonly BaselineEntry[],
  results: readonly CheckResult[],
  known: ReadonlySet<string>,
  today: string,
): BaselineProblem[] {
  const byId = new Map(results.map((result) => [result.id, result]));
  const problems: BaselineProblem[] = [];
  const report = (check: string, problem: string) =>
    problems.push(create(BaselineProblemSchema, { check, problem }));
  for (const { check, reason, expires } of entries) {
    if (!known.has(check)) report(check, 'unknown check');
    const result = byId.get(check);
    if (result === undefined) continue;
    if (!EXCUSABLE.has(result.verdict))
      report(check, `does not fail: ${verdictName(result.verdict)}`);
    else if (expires !== undefined && expires < today) report(check, `expired on ${expires}`);
    else result.baselineReason = reason;
  }
  return problems;
}

/** Writes a baseline of everything that fails; reasons that an earlier one gave are kept. */
export function writeBaseline(
  file: string,
  results: readonly CheckResult[],
  earlier: readonly BaselineEntry[],
): number {
  const reasons = new Map(earlier.map((entry) => [entry.check, entry]));
  const known = results
    .filter(({ verdict }) => EXCUSABLE.has(verdict))
    .map(({ id, message }) => reasons.get(id) ?? { check: id, reason: `TODO: ${message}` });
  writeFileSync(file, stringify({ known }));
  return known.length;
}

/** A verdict in words. */
export function verdictName(verdict: Verdict): string {
  return Verdict[verdict].toLowerCase().replaceAll('_', ' ');
}

function dateOf(value: unknown): string | undefined {
  const text = value instanceof Date ? value.toISOString().slice(0, 10) : String(value);
  return /^\d{4}-\d{2}-\d{2}$/.test(text) ? text : undefined;
}
