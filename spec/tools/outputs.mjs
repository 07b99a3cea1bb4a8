import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fill } from './generated.mjs';
import { protocolTables } from './protocol-tables.mjs';
import { readReasons } from './registry.mjs';
import { transitionTables } from './tables.mjs';
import { transitionsJson } from './transitions.mjs';

/** Every file that is made from the spec's sources, by its path within the folder: `Map<path, text>`. */
export function outputsOf(dir, { chapters, transitions, registry }, protocol) {
  const tables = { ...transitionTables(transitions), ...protocolTables(protocol) };
  return new Map([
    ...chapters.map(({ file, text }) => [file, fill(text, tables)]),
    ['requirements/current.json', json(registry)],
    ['transitions.json', json(transitionsJson(transitions))],
    ['exclusions.json', json(readReasons(dir, 'exclusions.yaml'))],
  ]);
}

/** A file's text, undefined where there is none. */
export function textOf(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

/** A JSON file's text. */
export function json(value) {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

/** Writes every file that is made from the spec's sources. */
export function writeOutputs(dir, spec, protocol) {
  mkdirSync(join(dir, 'requirements'), { recursive: true });
  for (const [path, text] of outputsOf(dir, spec, protocol))
    if (textOf(join(dir, path)) !== text) writeFileSync(join(dir, path), text);
}
