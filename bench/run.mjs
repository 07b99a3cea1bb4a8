#!/usr/bin/env node
// Measures in three sections: `worlds` runs the same work on this World, over the wire (in SQLite and in PostgreSQL) and
// embedded, and on the Workflow SDK's own Worlds; `encryption` seals and opens payloads, and runs work on this World with
// and without encryption; `growth` fills a database, and adds servers. All print ratios. `growth` takes its time, and
// runs only when it is named.
//
//   npm run bench -- [worlds] [encryption] [growth] [--quick] [--only <work or World>,...] [--rounds <n>] [--dir <folder>] [--distance <ms>] [--json]
//
// `--dir` is where the data goes; a disk in memory makes every commit free. `--only` is for `worlds`.
// `--distance` puts PostgreSQL so many whole milliseconds away, each way, as it is on a machine of its own.
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { setup } from '../scripts/setup.mjs';
import { install } from './install.mjs';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    rounds: { type: 'string' },
    dir: { type: 'string', default: tmpdir() },
    distance: { type: 'string', default: '0' },
    json: { type: 'boolean', default: false },
  },
});

setup();
install();
const { measureEnvelopes } = await import('./envelope.mjs');
const { measureGrowth } = await import('./growth.mjs');
const { putAway } = await import('./postgres.mjs');
const { measureWorlds } = await import('./rounds.mjs');
const { sealings, subjects } = await import('./subjects.mjs');
const { works } = await import('./work.mjs');
const { renderGrowth, renderTimes, renderWorks } = await import('./table.mjs');

/** Pairs of Worlds that are compared: this one with its peers, and sealed with plain. */
const PEERS = [
  ...['wire', 'embedded'].flatMap((ours) => [
    [ours, 'local'],
    [ours, 'postgres'],
  ]),
  ['wireOnPostgres', 'postgres'],
  ['embeddedOnPostgres', 'postgres'],
];
const SEALED = [
  ['wireSealed', 'wire'],
  ['embeddedSealed', 'embedded'],
];
/** The work that has payloads. */
const SEALING = ['sequential', 'concurrent', 'step', 'write', 'writeMulti', 'read'];

const only = options.only.split(',').filter(Boolean);
const sections = { worlds: compareWorlds, encryption: costOfEncryption, growth: costOfGrowth };
const unknown = [
  ...positionals.filter((name) => !(name in sections)),
  ...only.filter((name) => !(name in works) && !(name in subjects)),
];
if (unknown.length > 0) {
  console.error(`unknown: ${unknown.join(', ')}`);
  console.error(
    `sections: ${Object.keys(sections).join(', ')}; work: ${Object.keys(works).join(', ')}; ` +
      `Worlds: ${Object.keys(subjects).join(', ')}`,
  );
  process.exit(2);
}
const chosen = (all) => {
  const some = Object.keys(all).filter((name) => only.includes(name));
  return some.length > 0 ? some : Object.keys(all);
};
const wanted =
  positionals.length > 0 ? positionals : only.length > 0 ? ['worlds'] : ['worlds', 'encryption'];
const rounds = Number(options.rounds ?? (options.quick ? 3 : 5));
putAway(Number(options.distance));
const say = options.json ? () => {} : (text) => console.log(text);

const dir = mkdtempSync(join(resolve(options.dir), 'worldwire-bench-'));
// Whoever runs PostgreSQL has to get through.
chmodSync(dir, 0o755);
const running = new Map();

async function endWorlds() {
  for (const subject of running.values()) await subject.end();
  running.clear();
}
async function cleanUp() {
  await endWorlds();
  rmSync(dir, { recursive: true, force: true });
}
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => cleanUp().finally(() => process.exit(1)));
}

/** Does work on Worlds, each with its data in a folder of the section. */
async function onWorlds(section, worlds, workNames, pairs) {
  const folder = join(dir, section);
  mkdirSync(folder);
  chmodSync(folder, 0o755);
  const results = await measureWorlds({
    subjects: worlds,
    workNames,
    rounds,
    quick: options.quick,
    dir: folder,
    running,
    say,
  });
  await endWorlds();
  const both = pairs.filter((pair) => pair.every((name) => name in worlds));
  say(`\n${renderWorks(results, worlds, both)}\n`);
  return results;
}

function compareWorlds() {
  const worlds = Object.fromEntries(chosen(subjects).map((name) => [name, subjects[name]]));
  return onWorlds('worlds', worlds, chosen(works), PEERS);
}

async function costOfEncryption() {
  const envelopes = await measureEnvelopes(rounds, options.quick);
  say(`${renderTimes(envelopes)}\n`);
  return { envelopes, works: await onWorlds('encryption', sealings, SEALING, SEALED) };
}

async function costOfGrowth() {
  const folder = join(dir, 'growth');
  mkdirSync(folder);
  chmodSync(folder, 0o755);
  const { quick } = options;
  const results = await measureGrowth({ rounds, quick, dir: folder, running, say });
  await endWorlds();
  say(`\n${renderGrowth(results)}\n`);
  return results;
}

try {
  say(
    [
      `Node ${process.version}`,
      `${cpus().length} x ${cpus()[0]?.model.trim()}`,
      `load ${loadavg()[0].toFixed(1)}`,
      `${rounds} rounds`,
      ...(Number(options.distance) > 0 ? [`databases ${options.distance} ms away, each way`] : []),
    ].join(', '),
  );
  const results = {};
  for (const section of wanted) {
    say(`\n${section}`);
    results[section] = await sections[section]();
  }
  if (options.json) console.log(JSON.stringify(results));
} finally {
  await cleanUp();
}
