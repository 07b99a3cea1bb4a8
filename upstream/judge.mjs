/**
 * `node judge.mjs <name…> [--write-only] [--again <check>…]`: runs the full suite against published Worlds and writes
 * reports/<name>.md of what it found and of findings.yaml. With --write-only the reports are written again from the last
 * run; with --again these checks, by patterns, are judged once more and the rest is as in the last run.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { parse } from 'yaml';
import { worldOf } from './names.mjs';
import { judgeAgain, judgeInParts } from './parts.mjs';
import { Postgres } from './postgres.mjs';
import { reportOf } from './report.mjs';

/** A part takes a minute or two; one that takes longer hangs. */
const GIVES_UP_MS = 600_000;
const HOW = ['--concurrency', '8', '--effort', '0.5'];
/** With more time, for what did not come to its end. */
const AGAIN = ['--concurrency', '1', '--effort', '0.5', '--time-scale', '4'];

const { values, positionals } = parseArgs({
  options: {
    'write-only': { type: 'boolean', default: false },
    again: { type: 'string', multiple: true, default: [] },
  },
  allowPositionals: true,
});
if (positionals.length === 0) throw new Error('name the Worlds to judge');

const here = (path) => new URL(path, import.meta.url);
const findings = parse(readFileSync(here('findings.yaml'), 'utf8'));
const postgres = new Postgres();
try {
  for (const name of positionals) {
    const world = worldOf(name);
    const json = here(`.cache/${name}.json`);
    const last = () => JSON.parse(readFileSync(json, 'utf8'));
    if (!values['write-only']) {
      mkdirSync(here('.cache'), { recursive: true });
      const how = { ...world, givesUpMs: GIVES_UP_MS };
      const report =
        values.again.length > 0
          ? await judgeAgain(postgres, last(), { ...how, args: AGAIN, include: values.again })
          : await judgeInParts(postgres, { ...how, args: HOW });
      writeFileSync(json, JSON.stringify(report));
    }
    const report = last();
    const { text, summary, stale } = reportOf(name, world, report, findings[name] ?? []);
    mkdirSync(here('reports'), { recursive: true });
    writeFileSync(here(`reports/${name}.md`), text);
    console.log(`${name}: ${summary}`);
    for (const cause of stale) console.error(`${name}: nothing fails by "${cause}"`);
  }
} finally {
  await postgres.stop();
}
