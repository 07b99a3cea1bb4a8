import { readFileSync, statSync } from 'node:fs';
import type { KeyOptions } from '../config.js';
import { keyError } from '../errors.js';
import { defaultKeyFile, makeKeyFile } from './key-file.js';
import { KeyRing, parseKeys } from './key-ring.js';

/**
 * The deployment keys of this process: those of `WORLDWIRE_KEY`, of the file that `WORLDWIRE_KEY_FILE` names, or of the
 * file that is made where neither is set. A file is read again when it has changed, so that a key which was put back
 * is found.
 */
export class KeySource {
  readonly #options: KeyOptions;
  readonly #path: string | undefined;
  #ring: KeyRing | undefined;
  /** The state of the file that the ring was read from. */
  #version = '';

  constructor(options: KeyOptions) {
    this.#options = options;
    if (options.text === undefined) this.#path = options.file ?? defaultKeyFile();
  }

  /** The keys that are there; none where the file would have to be made first. */
  read(): KeyRing {
    return this.#readFile() ?? new KeyRing([], this.#path!);
  }

  /** The keys, of which a first one is made if need be. */
  readOrMake(): KeyRing {
    const ring = this.#readFile();
    if (ring !== undefined) return ring;
    const path = this.#path!;
    let made: boolean;
    try {
      made = makeKeyFile(path);
    } catch (cause) {
      throw keyError(
        `no key is set, and ${path} cannot be made (${(cause as Error).message}): set WORLDWIRE_KEY or ` +
          'WORLDWIRE_KEY_FILE, or WORLDWIRE_ENCRYPTION=off to leave payloads readable',
        cause,
      );
    }
    if (made) {
      console.warn(
        `worldwire: made a key in ${path}; back it up and give it to every process of this deployment, ` +
          'for nothing else opens what it seals',
      );
    }
    return this.#readFile()!;
  }

  /** Undefined where only the file is missing that may be made. */
  #readFile(): KeyRing | undefined {
    const { text, file } = this.#options;
    if (text !== undefined) {
      this.#ring ??= ringOf(text.split(','), 'WORLDWIRE_KEY', (n) => `entry ${n} of WORLDWIRE_KEY`);
      return this.#ring;
    }
    const path = this.#path!;
    try {
      const { mtimeMs, size, ino } = statSync(path);
      const version = `${mtimeMs} ${size} ${ino}`;
      if (this.#ring === undefined || version !== this.#version) {
        const lines = readFileSync(path, 'utf8').split(/\r?\n/);
        this.#ring = ringOf(lines, path, (n) => `line ${n} of ${path}`);
        this.#version = version;
      }
      return this.#ring;
    } catch (cause) {
      const { code, message } = cause as NodeJS.ErrnoException;
      if (code === 'ENOENT' && file === undefined) return undefined;
      if (code === undefined || typeof (cause as { errno?: unknown }).errno !== 'number')
        throw cause;
      throw keyError(`the keys of ${path} cannot be read: ${message}`, cause);
    }
  }
}

function ringOf(
  entries: readonly string[],
  source: string,
  nameOf: (number: number) => string,
): KeyRing {
  const keys = parseKeys(entries, nameOf);
  if (keys.length === 0) throw keyError(`${source} holds no key`);
  return new KeyRing(keys, source);
}
