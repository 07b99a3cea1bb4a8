import { describe, expect, test } from 'vitest';
import { concernsClients, concernsWorlds } from '../audience.js';
import { catalogue } from '../catalogue.js';
import { oracles } from '../oracles/index.js';
import { excluded, requirements } from '../requirements.js';
import { sdkCatalogue } from './catalogue.js';

describe('the catalogue of clients', () => {
  test('gives each check an id of its own, also among those of Worlds', () => {
    const ids = [...sdkCatalogue, ...catalogue, ...oracles].map(({ id }) => id);
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
    const own = sdkCatalogue.map(({ id }) => id);
    expect(own.filter((id) => !/^[a-z]+\/[a-z0-9]+(-[a-z0-9]+)*$/.test(id))).toEqual([]);
  });

  test('says in each title what holds, without a key word', () => {
    const modal = /\b(MUST|SHOULD|SHALL|MAY)\b/;
    expect(sdkCatalogue.filter(({ title }) => modal.test(title)).map(({ id }) => id)).toEqual([]);
  });

  test('cites requirements that there are, of one level', () => {
    const wrong = sdkCatalogue.filter(({ requirements: cited }) => {
      const levels = new Set(cited.map((id) => requirements.get(id)?.level));
      return cited.length === 0 || levels.size !== 1 || levels.has(undefined);
    });
    expect(wrong.map(({ id }) => id)).toEqual([]);
  });

  test('shows every requirement of clients that is not excluded with a reason', () => {
    const cited = new Set(sdkCatalogue.flatMap((check) => check.requirements));
    const open = [...requirements.keys()].filter(
      (id) => concernsClients(id) && !cited.has(id) && !excluded.has(id),
    );
    expect(open).toEqual([]);
  });

  test('leaves no requirement to nobody', () => {
    const nobodys = [...requirements.keys()].filter(
      (id) => !concernsClients(id) && !concernsWorlds(id),
    );
    expect(nobodys).toEqual([]);
  });

  test('cites nothing that is excluded', () => {
    const cited = sdkCatalogue.flatMap((check) => check.requirements);
    expect(cited.filter((id) => excluded.has(id))).toEqual([]);
  });
});
