import { describe, expect, it } from 'vitest';
import { requirements } from '../requirements.js';
import { oracles } from './index.js';

it('has oracles with ids of their own', () => {
  const ids = oracles.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
});

describe.each(oracles)('$id', ({ requirements: cited, capabilities }) => {
  it('cites requirements that hold wherever it judges', () => {
    for (const id of cited) {
      const capability = requirements.get(id)?.capability;
      expect(['', ...capabilities], id).toContain(capability);
    }
  });

  it('cites either duties or recommendations', () => {
    const levels = new Set(cited.map((id) => requirements.get(id)?.level));
    expect(levels.size).toBe(1);
  });
});
