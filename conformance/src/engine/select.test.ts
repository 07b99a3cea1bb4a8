import { describe, expect, test } from 'vitest';
import { type CheckOptions, check } from '../check.js';
import { chapterOf } from '../requirements.js';
import { type Selection, select } from './select.js';

const define = (id: string, options: Partial<CheckOptions> = {}) =>
  check(id, id, { requirements: ['WW-RUN-001'], ...options }, async () => {});

const checks = [
  define('runs/one'),
  define('runs/two', { capabilities: ['ATTRIBUTES'] }),
  define('hooks/one', { requirements: ['WW-HOOK-007', 'WW-RUN-001'] }),
];

function ids(selection: Partial<Selection>): string[] {
  const whole = { include: [], exclude: [], capabilities: [], ...selection };
  return select(checks, whole, chapterOf, ['oracles/one']).map(({ id }) => id);
}

describe('a selection', () => {
  test('of nothing is everything', () => {
    expect(ids({})).toEqual(['runs/one', 'runs/two', 'hooks/one']);
  });

  test('takes ids, patterns, chapters and requirements', () => {
    expect(ids({ include: ['runs/one'] })).toEqual(['runs/one']);
    expect(ids({ include: ['*/one'] })).toEqual(['runs/one', 'hooks/one']);
    expect(ids({ include: ['HOOK'] })).toEqual(['hooks/one']);
    expect(ids({ include: ['ww-hook-007'] })).toEqual(['hooks/one']);
  });

  test('leaves out what is excluded', () => {
    expect(ids({ exclude: ['runs/*'] })).toEqual(['hooks/one']);
  });

  test('takes capabilities, and the core', () => {
    expect(ids({ capabilities: ['attributes'] })).toEqual(['runs/two']);
    expect(ids({ capabilities: ['core'] })).toEqual(['runs/one', 'hooks/one']);
  });

  test('refuses a pattern that matches nothing', () => {
    expect(() => ids({ include: ['runs/three'] })).toThrow(/no check matches "runs\/three"/);
    expect(() => ids({ exclude: ['waits/*'] })).toThrow(/no check matches/);
  });

  test('knows what always runs', () => {
    expect(ids({ include: ['oracles/one'] })).toEqual([]);
  });
});
