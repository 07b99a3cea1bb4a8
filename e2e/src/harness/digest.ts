import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Folders that a build makes. */
const MADE = new Set([
  'node_modules',
  'dist',
  '.well-known',
  '.swc',
  '.example-data',
  '.worldwire',
  '.worldwire-keys',
]);

/** One digest of files and folders, by name and content. */
export function digestOf(paths: string[], extra: string[] = [], skipped = MADE): string {
  const hash = createHash('sha256');
  const add = (path: string, name: string): void => {
    if (statSync(path).isDirectory()) {
      for (const entry of readdirSync(path).sort()) {
        if (!skipped.has(entry)) add(join(path, entry), `${name}/${entry}`);
      }
      return;
    }
    hash.update(`${name}\0`).update(readFileSync(path)).update('\0');
  };
  for (const path of paths) add(path, '');
  for (const text of extra) hash.update(`${text}\0`);
  return hash.digest('hex').slice(0, 32);
}
