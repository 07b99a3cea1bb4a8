import { afterAll, describe, expect, test } from 'vitest';
import { everyCheck } from '../src/catalogue.js';
import { lawfulDifferences } from '../src/gallery/benign.js';
import { gallery } from '../src/gallery/index.js';
import { Judges } from '../src/judges.js';
import { departures, matches, misses } from '../src/verdicts.js';

const faulty = gallery.filter(({ kills }) => kills.length > 0);
const benign = gallery.filter(({ kills }) => kills.length === 0);
// Each difference alone is judged by `node mutants/dist/kill.js`: here the World that has them all stands for them.
const judgedBenign = benign.filter((mutant) => !lawfulDifferences.includes(mutant));
// A race is met by chance, and other seeds meet others: so often may one escape on a busy machine.
const ESCAPES = 2;

const judges = new Judges();
afterAll(() => judges.close());
const judgeAsMeant = ({ name }: { name: string }) => judges.judge({ name, full: false });

describe('the gallery', () => {
  test('holds enough mutants, each with a name of its own', () => {
    expect(new Set(gallery.map(({ name }) => name)).size).toBe(gallery.length);
    expect(faulty.length).toBeGreaterThanOrEqual(40);
    expect(benign.length).toBeGreaterThanOrEqual(5);
  });

  test('kills every check', () => {
    const patterns = faulty.flatMap(({ kills }) => kills);
    const alive = everyCheck().filter((id) => !patterns.some((pattern) => matches(pattern, id)));
    expect(alive).toEqual([]);
  });
});

describe.concurrent('a faulty World', () => {
  test.each(faulty)(
    '$name is found by the checks that are meant for it',
    { retry: ESCAPES },
    async (mutant) => {
      expect(misses(mutant, await judgeAsMeant(mutant))).toEqual([]);
    },
  );
});

describe.concurrent('a benign World', () => {
  test.each(judgedBenign)('$name is accused of nothing', async (mutant) => {
    expect(departures(await judgeAsMeant(mutant))).toEqual([]);
  });
});
