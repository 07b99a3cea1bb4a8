import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { MasterKeys, parseMasterKeys } from './master-keys.js';

const key = () => new Uint8Array(randomBytes(32));
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
const NAME = { project: 'p', deploymentId: 'd', keyId: '0123456789abcdef' };

describe('master keys', () => {
  it('unwrap what they wrapped, and nothing that was altered or belongs elsewhere', () => {
    const vault = new MasterKeys([key()]);
    const secret = key();
    const wrapped = vault.wrap(secret, NAME);
    expect(vault.unwrap(wrapped, NAME)).toEqual(secret);
    expect(Buffer.from(wrapped).includes(Buffer.from(secret))).toBe(false);
    expect(vault.wrap(secret, NAME)).not.toEqual(wrapped);
    for (let at = 0; at < wrapped.length; at++) {
      const altered = wrapped.slice();
      altered[at]! ^= 1;
      expect(vault.unwrap(altered, NAME)).toBeUndefined();
    }
    for (const other of [{ project: 'q' }, { deploymentId: 'e' }, { keyId: 'fedcba9876543210' }])
      expect(vault.unwrap(wrapped, { ...NAME, ...other })).toBeUndefined();
    for (const part of [new Uint8Array(), wrapped.subarray(1), wrapped.subarray(0, -1)])
      expect(vault.unwrap(part, NAME)).toBeUndefined();
  });

  it('are rotated by putting a new one in front', () => {
    const [old, young, secret] = [key(), key(), key()];
    const before = new MasterKeys([old]).wrap(secret, NAME);
    const rotated = new MasterKeys([young, old]);
    expect(rotated.unwrap(before, NAME)).toEqual(secret);
    const after = rotated.wrap(secret, NAME);
    expect(new MasterKeys([young]).unwrap(after, NAME)).toEqual(secret);
    expect(new MasterKeys([young]).unwrap(before, NAME)).toBeUndefined();
  });

  it('are read from base64, and never shown where they cannot be', () => {
    const [one, two] = [key(), key()];
    expect(parseMasterKeys(`${base64(one)}\n\n ${base64(two)}\n`)).toEqual([one, two]);
    expect(parseMasterKeys(base64(one).replace('=', ''))).toEqual([one]);
    for (const text of [
      '',
      ' \n',
      'short',
      `${base64(one)} ${base64(two).slice(4)}`,
      'x'.repeat(44),
    ]) {
      const words = text.split(/\s+/).filter(Boolean);
      const error = failureOf(() => parseMasterKeys(text));
      for (const word of words) expect(error).not.toContain(word);
    }
    expect(() => new MasterKeys([])).toThrow();
    expect(() => new MasterKeys([one, two.subarray(1)])).toThrow('32 bytes');
  });
});

function failureOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('it did not fail');
}
