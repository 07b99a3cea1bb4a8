import { describe, expect, it } from 'vitest';
import type { KeyAccessRow } from '../store/operations.js';
import { KeyAccessChain, nextKeyAccess } from './key-access.js';
import { keyIdOf, runKeyOf } from './key-derivation.js';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const key = Uint8Array.from({ length: 32 }, (_, i) => i);
const RUN = 'wrun_01KAPZ0000000000000000TEST';
const KEY_ID = '247be111d803e098';

/** The entries that chapter 19 of the specification shows. */
function example(): [KeyAccessRow, KeyAccessRow] {
  const first = nextKeyAccess('default', undefined, {
    at: Date.UTC(2026, 0, 1),
    method: 'EscrowKey',
    runId: '',
    deploymentId: 'dpl_1',
    keyId: KEY_ID,
    caller: 'ci',
    reason: '',
    outcome: 'OK',
  });
  const second = nextKeyAccess('default', first, {
    at: Date.UTC(2026, 0, 1, 0, 1, 0, 123),
    method: 'GetRunKey',
    runId: RUN,
    deploymentId: '',
    keyId: KEY_ID,
    caller: 'ops',
    reason: 'Grüße',
    outcome: 'OK',
  });
  return [first, second];
}

describe('keys', () => {
  it('derive as the specification shows', () => {
    expect(keyIdOf(key)).toBe(KEY_ID);
    expect(hex(runKeyOf(key, 'default', RUN))).toBe(
      'd101a20994429fa1a30c77160ae36fcd4bff411d705e965eb8e2f468afe78d8f',
    );
  });
});

describe('the chain', () => {
  it('has the hashes that the specification shows', () => {
    expect(example().map(({ sequence, hash }) => [sequence, hex(hash)])).toEqual([
      [1, '15f709a11d7112c7540242cb5acb6be4611b2d27749ddf4de45788d01bbe27f4'],
      [2, 'de3bcb4806b98b634175b429337b6afe49e65fcba3621933d9508b1e4a43b21e'],
    ]);
  });

  it('is followed from its first entry to its last', () => {
    const chain = new KeyAccessChain('default');
    expect([chain.count, hex(chain.head)]).toEqual([0, '00'.repeat(32)]);
    for (const entry of example()) expect(chain.follow(entry)).toBeUndefined();
    expect([chain.count, chain.head]).toEqual([2, example()[1].hash]);
  });

  it.each<[keyof KeyAccessRow, unknown]>([
    ['at', 1],
    ['method', 'ListKeys'],
    ['runId', 'other'],
    ['deploymentId', 'other'],
    ['keyId', 'other'],
    ['caller', 'other'],
    ['reason', 'other'],
    ['outcome', 'PERMISSION_DENIED'],
    ['hash', new Uint8Array(32)],
  ])('breaks where %s of an entry is another one', (field, value) => {
    for (const at of [0, 1]) {
      const chain = new KeyAccessChain('default');
      const entries: KeyAccessRow[] = example();
      entries[at] = { ...entries[at]!, [field]: value };
      const found = entries.map((entry) => chain.follow(entry));
      expect(found[at]).toContain(`entry ${at + 1} was altered`);
      expect(chain.count).toBe(at);
    }
  });

  it('breaks where text moves from one field to the next, and in another project', () => {
    const [first] = example();
    const moved = { ...first, deploymentId: 'dpl_', keyId: `1${KEY_ID}` };
    expect(new KeyAccessChain('default').follow(moved)).toContain('altered');
    expect(new KeyAccessChain('other').follow(first)).toContain('altered');
  });

  it('says which entry is missing', () => {
    expect(new KeyAccessChain('default').follow(example()[1])).toBe(
      'entry 1 is missing: entry 2 stands in its place',
    );
  });
});
