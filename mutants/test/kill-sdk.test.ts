import { afterAll, describe, expect, test } from 'vitest';
import { everySdkCheck } from '../src/catalogue.js';
import { sdkGallery } from '../src/gallery/sdk/index.js';
import { Judges } from '../src/judges.js';
import { departures, matches, misses } from '../src/verdicts.js';

const faulty = sdkGallery.filter(({ kills }) => kills.length > 0);
const benign = sdkGallery.filter(({ kills }) => kills.length === 0);

const judges = new Judges();
afterAll(() => judges.close());
const judgeAsMeant = ({ name }: { name: string }) => judges.judge({ name, full: false });

describe('the gallery of clients', () => {
  test('holds enough mutants, each with a name of its own', () => {
    expect(new Set(sdkGallery.map(({ name }) => name)).size).toBe(sdkGallery.length);
    expect(faulty.length).toBeGreaterThanOrEqual(40);
    expect(benign.length).toBeGreaterThanOrEqual(1);
  });

  test('kills every check', () => {
    const patterns = faulty.flatMap(({ kills }) => kills);
    const alive = everySdkCheck().filter((id) => !patterns.some((each) => matches(each, id)));
    expect(alive).toEqual([]);
  });
});

describe.concurrent('a faulty client', () => {
  test.each(faulty)('$name is found by the checks that are meant for it', async (mutant) => {
    expect(misses(mutant, await judgeAsMeant(mutant))).toEqual([]);
  });
});

describe.concurrent('a benign client', () => {
  test.each(benign)('$name is accused of nothing', async (mutant) => {
    expect(departures(await judgeAsMeant(mutant))).toEqual([]);
  });
});
