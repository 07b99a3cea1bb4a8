import { randomBytes, randomUUID } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

/** Beside the application, and not within the World's data: whoever has that must not have the keys too. */
const FOLDER = '.worldwire-keys';

const HEADER = `# Payloads are sealed with this key. Back it up, and give it to every process of the deployment.
# One key a line: [deployment] <base64 of 32 bytes>. The first that fits seals new runs, and all open old ones.
`;

/** Where the key file is if nobody says. */
export function defaultKeyFile(cwd = process.cwd()): string {
  return join(cwd, FOLDER, 'keys');
}

/**
 * Makes a file with one new key, whole or not at all, unless there is one. Of several processes that do so together,
 * one makes it.
 *
 * @returns Whether it was this one.
 */
export function makeKeyFile(path: string): boolean {
  const folder = dirname(path);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  unlessThere(() => writeFileSync(join(folder, '.gitignore'), '*\n', { flag: 'wx', mode: 0o600 }));
  const draft = `${path}.${randomUUID()}`;
  try {
    writeFileSync(draft, `${HEADER}${randomBytes(32).toString('base64')}\n`, {
      flag: 'wx',
      mode: 0o600,
    });
    sync(draft);
    // Unlike a rename, a link never takes the place of another file.
    const made = unlessThere(() => linkSync(draft, path));
    if (made) sync(folder);
    return made;
  } finally {
    rmSync(draft, { force: true });
  }
}

function unlessThere(make: () => void): boolean {
  try {
    make();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function sync(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
