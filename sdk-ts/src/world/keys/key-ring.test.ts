import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { makeKeyFile } from './key-file.js';
import { parseKeys } from './key-ring.js';
import { KeySource } from './key-source.js';

const A = Buffer.alloc(32, 1).toString('base64');
const B = Buffer.alloc(32, 2).toString('base64');
/** The fingerprint of A, as another implementation of HKDF gives it. */
const A_ID = 'a668ebd4445d0278';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'worldwire-keys-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
  vi.restoreAllMocks();
});

describe('keys', () => {
  it('are read with and without a deployment, beside comments', () => {
    const lines = ['# a comment', '', `  blue\t${A}  # of May`, B.replace(/=+$/, '')];
    const keys = parseKeys(lines, (n) => `line ${n}`);
    expect(keys.map(({ deploymentId }) => deploymentId)).toEqual(['blue', undefined]);
    expect(keys.map(({ secret }) => secret[0])).toEqual([1, 2]);
    expect(keys[0]!.id).toBe(A_ID);
  });

  it.each([
    ['too short', Buffer.alloc(31, 1).toString('base64')],
    ['too long', Buffer.alloc(33, 1).toString('base64')],
    ['no base64', `${A.slice(0, -2)}*=`],
    ['two words before it', `a b ${A}`],
    ['a deployment alone', 'blue'],
  ])('that are none are named by their place: %s', (_, entry) => {
    const read = () => parseKeys([A, entry], (n) => `line ${n}`);
    expect(read).toThrow(/^line 2 is no key/);
    expect(read).not.toThrow(entry.slice(0, 12));
  });
});

describe('the current key', () => {
  const source = (text: string) => new KeySource({ text, file: undefined }).read();

  it('is the first that fits the deployment', () => {
    const ring = source(`blue ${A},${B}`);
    expect(ring.current('blue')!.secret[0]).toBe(1);
    expect(ring.current('green')!.secret[0]).toBe(2);
    expect(source(`${B},blue ${A}`).current('blue')!.secret[0]).toBe(2);
    expect(source(`blue ${A}`).current('green')).toBeUndefined();
  });
});

describe('a key file', () => {
  it('is made once, whole, for its owner alone', () => {
    const path = join(folder, 'new', 'keys');
    expect(makeKeyFile(path)).toBe(true);
    const text = readFileSync(path, 'utf8');
    expect(parseKeys(text.split('\n'), String)).toHaveLength(1);
    expect(makeKeyFile(path)).toBe(false);
    expect(readFileSync(path, 'utf8')).toBe(text);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'new')).mode & 0o777).toBe(0o700);
    expect(readdirSync(join(folder, 'new')).sort()).toEqual(['.gitignore', 'keys']);
  });

  it('is made by need only, and told of once', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    vi.spyOn(process, 'cwd').mockReturnValue(folder);
    const source = new KeySource({ text: undefined, file: undefined });
    expect(source.read().keys).toEqual([]);
    expect(readdirSync(folder)).toEqual([]);
    const [key] = source.readOrMake().keys;
    expect(new KeySource({ text: undefined, file: undefined }).readOrMake().keys).toEqual([key]);
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn.mock.calls[0]![0]).toContain(join(folder, '.worldwire-keys', 'keys'));
  });

  it('is read again when it has changed', () => {
    const file = join(folder, 'keys');
    writeFileSync(file, `${A}\n`);
    const source = new KeySource({ text: undefined, file });
    expect(source.read().keys).toHaveLength(1);
    writeFileSync(file, `${B}\n${A}\n`);
    expect(source.read().keys.map(({ secret }) => secret[0])).toEqual([2, 1]);
  });

  it('that is not there is an error where somebody named it, and an empty one is no key', () => {
    const file = join(folder, 'keys');
    const read = () => new KeySource({ text: undefined, file }).read();
    expect(read).toThrow(`the keys of ${file} cannot be read: ENOENT`);
    writeFileSync(file, '# nothing\n');
    expect(read).toThrow(`${file} holds no key`);
  });
});
