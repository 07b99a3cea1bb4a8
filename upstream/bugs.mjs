/**
 * `node bugs.mjs [id…] [--output]`: reproduces the rows of bugs.yaml, all where none is named. An id without its suffix
 * means every row of the number. With --output what the suite printed is printed too. The exit code is 1 where a row is
 * not caught.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { parse } from 'yaml';
import { Postgres } from './postgres.mjs';
import { judge } from './suite.mjs';

const { values, positionals } = parseArgs({
  options: { output: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const rows = parse(readFileSync(new URL('bugs.yaml', import.meta.url), 'utf8'));
const chosen = rows.filter(
  ({ id }) =>
    positionals.length === 0 ||
    positionals.some((wanted) => String(id) === wanted || String(id).startsWith(`${wanted}-`)),
);
if (chosen.length === 0) throw new Error(`no row is named ${positionals.join(', ')}`);

const postgres = new Postgres();
let caught = 0;
let possible = 0;
try {
  for (const row of chosen) {
    if (row.not !== undefined) {
      line(row, 'not done', row.not);
      continue;
    }
    possible++;
    const { verdict, why } = await reproduce(row);
    if (verdict === 'caught') caught++;
    line(row, verdict, why);
  }
} finally {
  await postgres.stop();
}
console.log(`${caught} of ${possible} caught`);
process.exitCode = caught === possible ? 0 : 1;

async function reproduce(row) {
  try {
    const bad = await verdicts(row, row.bad);
    const fixed = await verdicts(row, row.fixed);
    const missed = row.checks.filter((id) => bad.get(id) !== 'fail' && bad.get(id) !== 'warn');
    const accused = row.checks.filter((id) => ['fail', 'warn', undefined].includes(fixed.get(id)));
    const untested = row.checks.filter((id) => !['pass', 'fail', 'warn'].includes(fixed.get(id)));
    const say = (ids, of) => ids.map((id) => `${id}: ${of.get(id) ?? 'not run'}`).join(', ');
    if (missed.length > 0) return { verdict: 'missed', why: `on ${row.bad} ${say(missed, bad)}` };
    if (accused.length > 0)
      return { verdict: 'not fixed', why: `on ${row.fixed} ${say(accused, fixed)}` };
    const why = untested.length > 0 ? ` (on ${row.fixed} ${say(untested, fixed)})` : '';
    return { verdict: 'caught', why: `${row.checks.join(', ')}${why}` };
  } catch (error) {
    return { verdict: 'error', why: error.message };
  }
}

/** The verdict of each check of a row on one version. */
async function verdicts(row, version) {
  const repeat = row.repeat === undefined ? [] : ['--repeat', String(row.repeat)];
  const { checks, output } = await judge(postgres, {
    name: row.package,
    version,
    include: row.checks,
    args: [...repeat, ...(row.args ?? [])],
  });
  if (values.output) console.log(output);
  return new Map(checks.map(({ id, verdict }) => [id, verdict]));
}

function line({ id, package: name, bad, fixed, name: what }, verdict, why) {
  const versions = `${name.replace('@workflow/', '')} ${bad} → ${fixed}`;
  console.log(`| ${id} | ${what} | ${versions} | ${verdict} | ${why} |`);
}
