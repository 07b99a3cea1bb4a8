import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { CHAPTERS, readChapters } from './chapters.mjs';
import { REVISION, requirementsOf } from './requirements.mjs';
import { readTransitions, transitionRequirements } from './transitions.mjs';

/** Everything that a spec folder requires: `{ chapters, transitions, registry, problems }`. */
export function readSpec(dir) {
  const chapters = readChapters(dir);
  const transitions = readTransitions(dir);
  const read = chapters.map(requirementsOf);
  const requirements = [
    ...read.flatMap((chapter) => chapter.requirements),
    ...transitionRequirements(transitions),
  ].sort(byId);
  return {
    chapters,
    transitions,
    registry: {
      revision: REVISION,
      chapters: chapters.map(({ code, file, title }) => ({ code, file, title })),
      requirements,
    },
    problems: [...read.flatMap(({ problems }) => problems), ...duplicates(requirements)],
  };
}

/** Reads a YAML map of ids to reasons; an absent file is an empty one. */
export function readReasons(dir, name) {
  const path = join(dir, name);
  return existsSync(path) ? (parse(readFileSync(path, 'utf8')) ?? {}) : {};
}

function byId(a, b) {
  const order = Object.entries(CHAPTERS)
    .sort(([x], [y]) => Number(x) - Number(y))
    .map(([, code]) => code);
  return order.indexOf(a.chapter) - order.indexOf(b.chapter) || (a.id < b.id ? -1 : 1);
}

function duplicates(requirements) {
  const ids = requirements.map(({ id }) => id);
  const twice = new Set(ids.filter((id, index) => ids.indexOf(id) !== index));
  return [...twice].map((id) => `${id} is given twice`);
}
