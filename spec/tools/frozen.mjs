import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { json } from './outputs.mjs';
import { readSpec } from './registry.mjs';
import { REVISION } from './requirements.mjs';

/** Writes a revision's frozen registry, or returns why not. A released revision is never written again. */
export function freeze(dir, revision, draft) {
  if (revision !== REVISION)
    return `the texts are those of revision ${REVISION}, not "${revision}"`;
  const path = join(dir, 'requirements', `${revision}.json`);
  if (existsSync(path) && JSON.parse(readFileSync(path, 'utf8')).draft !== true)
    return `revision ${revision} is released: it stays as it is`;
  const { registry, problems } = readSpec(dir);
  if (problems.length > 0) return problems.join('\n');
  mkdirSync(join(dir, 'requirements'), { recursive: true });
  writeFileSync(path, json({ revision, draft, requirements: registry.requirements }));
  return undefined;
}
