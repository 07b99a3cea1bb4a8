/**
 * Judges a World part by part, each with a fresh World: some keep every record in a file of its own and read all of them
 * for each page, so that one World for the whole suite would take the longer the more was judged before.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { everyCheck, judge } from './suite.mjs';

/** What watches the exchanges of all other checks is judged with each part. */
const WATCHES = 'oracle';

/** From good to bad: what watches has the worst verdict of all parts. */
const SEVERITY = ['NOT_APPLICABLE', 'PASS', 'WARN', 'NOT_TESTABLE', 'FAIL', 'HARNESS_ERROR'];

/** Resolves with the report of all parts together. */
export async function judgeInParts(postgres, { args, givesUpMs, ...world }) {
  const scratch = mkdtempSync(join(tmpdir(), 'worldwire-parts-'));
  mkdirSync(scratch, { recursive: true });
  const reports = [];
  try {
    for (const part of await parts()) {
      const json = join(scratch, `${reports.length}.json`);
      const include = [part, `${WATCHES}/*`];
      await judge(postgres, { ...world, args, include, reports: { json }, givesUpMs });
      reports.push(JSON.parse(readFileSync(json, 'utf8')));
      console.error(`${world.name} ${world.version}: ${part}`);
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return merged(reports);
}

/**
 * Judges some checks again, which the machine or a neighbour was in the way of, and resolves with the report that has
 * their new verdicts. What watches is left as it was.
 */
export async function judgeAgain(postgres, report, { include, ...world }) {
  const scratch = mkdtempSync(join(tmpdir(), 'worldwire-again-'));
  try {
    const json = join(scratch, 'report.json');
    await judge(postgres, { ...world, include, reports: { json } });
    const { checks = [] } = JSON.parse(readFileSync(json, 'utf8'));
    const again = new Map(checks.filter(judgedItself).map((check) => [check.id, check]));
    return {
      ...report,
      checks: report.checks.map((check) => again.get(check.id) ?? check),
      judgedAgain: [...new Set([...(report.judgedAgain ?? []), ...again.keys()])],
    };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

const judgedItself = ({ id }) => !id.startsWith(`${WATCHES}/`);

/** The chapters of the suite; the transitions, of which there are many, by kind of event. */
async function parts() {
  const ids = await everyCheck();
  const found = ids.map((id) => {
    const [chapter, rest] = id.split('/');
    return chapter === 'transitions' ? `${chapter}/${rest.split('-')[0]}-*` : `${chapter}/*`;
  });
  return [...new Set(found)].filter((part) => !part.startsWith(WATCHES));
}

function merged(reports) {
  const byId = new Map();
  for (const check of reports.flatMap(({ checks = [] }) => checks)) {
    const before = byId.get(check.id);
    if (before === undefined || severity(check) > severity(before)) byId.set(check.id, check);
  }
  const requirements = reports.flatMap(({ requirements: some = [] }) => some);
  return {
    ...reports[0],
    checks: [...byId.values()],
    requirements: [...new Map(requirements.map((each) => [each.id, each])).values()],
  };
}

function severity({ verdict = '' }) {
  return SEVERITY.indexOf(verdict.replace('VERDICT_', ''));
}
