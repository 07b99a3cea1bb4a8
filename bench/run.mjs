#!/usr/bin/env node
// Runs the same work on this World, over the wire and embedded, and on the Workflow SDK's own Worlds, and prints the
// ratios.
//
//   npm run bench -- [--quick] [--only <work or World>,...] [--rounds <n>] [--dir <folder>] [--json]
//
// Each World has a process of its own. They take turns in every round, so that a machine that gets slower in between
// favours none of them. `--dir` is where the data goes; a disk in memory makes every commit free.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { setup } from '../scripts/setup.mjs';
import { install } from './install.mjs';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    rounds: { type: 'string' },
    dir: { type: 'string', default: tmpdir() },
    json: { type: 'boolean', default: false },
  },
});

install();
const { startSubject, subjects } = await import('./subjects.mjs');
const { works } = await import('./work.mjs');
const { renderTable } = await import('./table.mjs');

const only = options.only.split(',').filter(Boolean);
const unknown = only.filter((name) => !(name in works) && !(name in subjects));
if (unknown.length > 0) {
  console.error(`unknown: ${unknown.join(', ')}`);
  console.error(
    `work: ${Object.keys(works).join(', ')}; Worlds: ${Object.keys(subjects).join(', ')}`,
  );
  process.exit(2);
}
const chosen = (all) => {
  const some = Object.keys(all).filter((name) => only.includes(name));
  return some.length > 0 ? some : Object.keys(all);
};
const subjectNames = chosen(subjects);
const workNames = chosen(works);
const rounds = Number(options.rounds ?? (options.quick ? 3 : 5));
const say = options.json ? () => {} : (text) => console.log(text);

if (subjectNames.some((name) => subjects[name].ours)) setup();

const dir = mkdtempSync(join(resolve(options.dir), 'worldwire-bench-'));
// Whoever runs PostgreSQL has to get through.
chmodSync(dir, 0o755);
const running = new Map();

async function cleanUp() {
  for (const subject of running.values()) await subject.end();
  rmSync(dir, { recursive: true, force: true });
}
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => cleanUp().finally(() => process.exit(1)));
}

try {
  for (const name of subjectNames) running.set(name, await startSubject(name, dir));
  const notes = [...running.values()].flatMap(({ note }) => note ?? []);
  say(
    [
      `Node ${process.version}`,
      `${cpus().length} x ${cpus()[0]?.model.trim()}`,
      ...notes,
      `${rounds} rounds`,
    ].join(', '),
  );
  const results = Object.fromEntries(
    workNames.map((work) => [work, Object.fromEntries(subjectNames.map((name) => [name, []]))]),
  );
  // The round before the first only warms up.
  for (let round = 0; round <= rounds; round++) {
    if (round > 0) say(`round ${round} of ${rounds}`);
    for (const work of workNames) {
      for (let turn = 0; turn < subjectNames.length; turn++) {
        const name = subjectNames[(turn + round) % subjectNames.length];
        const { full, quick } = works[work];
        const size = options.quick || round === 0 ? quick : full;
        const value = await running.get(name).measure(work, size);
        if (round > 0) results[work][name].push(value);
      }
    }
  }
  if (options.json) console.log(JSON.stringify(results));
  else console.log(`\n${renderTable(results, subjectNames)}`);
} finally {
  await cleanUp();
}
