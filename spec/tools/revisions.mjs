import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readReasons } from './registry.mjs';
import { REVISION } from './requirements.mjs';

const FROZEN = /^\d+\.\d+\.json$/;

/** The frozen registries of a spec folder: `{ revision, draft, requirements }` each. */
export function readFrozen(dir) {
  const folder = join(dir, 'requirements');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => FROZEN.test(file))
    .map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')));
}

/** What the present requirements break of what was frozen. */
export function revisionProblems(dir, requirements) {
  const withdrawn = readReasons(dir, 'requirements/withdrawn.yaml');
  const reworded = readReasons(dir, 'requirements/reworded.yaml');
  const now = new Map(requirements.map((requirement) => [requirement.id, requirement]));
  const reused = Object.keys(withdrawn)
    .filter((id) => now.has(id))
    .map((id) => `${id} was withdrawn and is used again`);
  return [
    ...reused,
    ...readFrozen(dir).flatMap((frozen) => departures(frozen, now, withdrawn, reworded)),
  ];
}

function departures({ revision, draft, requirements }, now, withdrawn, reworded) {
  const hint = draft ? ` (a draft: node spec/tools/freeze.mjs ${revision} --draft)` : '';
  const known = new Set(requirements.map(({ id }) => id));
  const changed = requirements.flatMap((old) => {
    const present = now.get(old.id);
    if (present === undefined)
      return withdrawn[old.id] === undefined
        ? [`${old.id} of ${revision} is gone, and not in withdrawn.yaml${hint}`]
        : [];
    return differences(old, present, reworded[old.id]).map(
      (what) => `${old.id} has another ${what} than in ${revision}${hint}`,
    );
  });
  const late = draft || revision !== REVISION ? [] : additions(revision, known, now);
  return [...changed, ...late];
}

function differences(old, present, reason) {
  return [
    old.level !== present.level && 'level',
    old.capability !== present.capability && 'capability',
    old.since !== present.since && 'since',
    wordsOf(old.sentence) !== wordsOf(present.sentence) && reason === undefined && 'sentence',
  ].filter(Boolean);
}

/** What came after a released revision must say so. */
function additions(revision, known, now) {
  return [...now.values()]
    .filter(({ id, since }) => !known.has(id) && since === revision)
    .map(({ id }) => `${id} came after ${revision} was released, and does not say since when`);
}

/** A sentence without what does not change its meaning: marks, quotes and spaces. */
function wordsOf(sentence) {
  return sentence
    .replace(/[`*_"“”.,;:()]/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}
