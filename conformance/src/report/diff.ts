import type { Report } from './gen/worldwire/conformance/v1/report_pb.js';
import { counts, LABELS, type Outcome, outcomeOf, subjectInWords } from './summary.js';
import { printable } from './text.js';

/** One check that came out otherwise. */
export interface Change {
  /** The check's id. */
  readonly check: string;
  /** How it counted in the old report; undefined where it was not run. */
  readonly before?: Outcome;
  /** How it counts in the new report; undefined where it was not run. */
  readonly after?: Outcome;
}

/** What is different between two reports. Each list is in the order of the checks. */
export interface Difference {
  /** In words: another World, seed, suite or specification; with these the changes may have another cause. */
  readonly circumstances: string[];
  /** Checks that count against the World now and did not before, new ones among them. */
  readonly broken: Change[];
  /** Checks that counted against the World and no longer do. */
  readonly repaired: Change[];
  /** Other changes of verdict. */
  readonly changed: Change[];
  /** Checks that were not in the old report and do not count against the World. */
  readonly added: Change[];
  /** Checks that are not in the new report. */
  readonly removed: Change[];
  /** The number of checks that came out the same. */
  readonly same: number;
}

/** Compares two reports check by check. */
export function diff(before: Report, after: Report): Difference {
  const old = new Map(before.checks.map((check) => [check.id, outcomeOf(check)]));
  const difference: Difference & { same: number } = {
    circumstances: circumstances(before, after),
    broken: [],
    repaired: [],
    changed: [],
    added: [],
    removed: [],
    same: 0,
  };
  for (const check of after.checks) {
    const was = old.get(check.id);
    const is = outcomeOf(check);
    old.delete(check.id);
    if (was === is) {
      difference.same++;
      continue;
    }
    const change: Change =
      was === undefined
        ? { check: check.id, after: is }
        : { check: check.id, before: was, after: is };
    if (counts(is) && (was === undefined || !counts(was))) difference.broken.push(change);
    else if (was === undefined) difference.added.push(change);
    else if (counts(was) && !counts(is)) difference.repaired.push(change);
    else difference.changed.push(change);
  }
  for (const [check, was] of old) difference.removed.push({ check, before: was });
  return difference;
}

/** The difference as text, what broke first. */
export function render(difference: Difference): string {
  const lines: string[] = [];
  for (const words of difference.circumstances) lines.push(`note: ${printable(words)}`);
  section('broken', difference.broken);
  section('repaired', difference.repaired);
  section('changed', difference.changed);
  section('added', difference.added);
  section('removed', difference.removed);
  if (lines.length > 0) lines.push('');
  const { broken, repaired, changed, added, removed, same } = difference;
  lines.push(
    `${broken.length} broken, ${repaired.length} repaired, ${changed.length} changed, ` +
      `${added.length} added, ${removed.length} removed, ${same} the same`,
  );
  return `${lines.join('\n')}\n`;

  function section(title: string, changes: Change[]): void {
    if (changes.length === 0) return;
    if (lines.length > 0) lines.push('');
    lines.push(title);
    for (const { check, before, after } of changes) {
      lines.push(`  ${printable(check)}: ${words(before)} → ${words(after)}`);
    }
  }
}

function words(outcome: Outcome | undefined): string {
  return outcome === undefined ? 'not run' : LABELS[outcome].one;
}

function circumstances(before: Report, after: Report): string[] {
  const facts: [name: string, before: string, after: string][] = [
    ['World', subjectInWords(before), subjectInWords(after)],
    ['suite', before.suiteVersion, after.suiteVersion],
    ['specification', before.specRevision, after.specRevision],
    ['seed', `${before.seed}`, `${after.seed}`],
    [
      'capabilities',
      (before.subject?.capabilities ?? []).join(' '),
      (after.subject?.capabilities ?? []).join(' '),
    ],
  ];
  return facts
    .filter(([, was, is]) => was !== is)
    .map(([name, was, is]) => `${name} was ${was || 'none'}, is ${is || 'none'}`);
}
