import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const TEXT = /\.(md|yaml)$/;
const ID = /\bWW-[A-Z]+-\d{3}\b/g;

/** Mentions of ids in the texts of a spec folder that no requirement has. */
export function danglingReferences(dir, known) {
  return textFiles(dir).flatMap((file) => {
    const found = readFileSync(join(dir, file), 'utf8').match(ID) ?? [];
    return [...new Set(found)]
      .filter((id) => !known.has(id))
      .map((id) => `${file}: there is no requirement ${id}`);
  });
}

function textFiles(dir) {
  return readdirSync(dir, { recursive: true })
    .map(String)
    .filter((file) => TEXT.test(file) && !file.startsWith('node_modules'));
}
