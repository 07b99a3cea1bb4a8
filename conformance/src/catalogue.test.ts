import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { catalogue } from './catalogue.js';
import { oracles } from './oracles/index.js';
import { requirements } from './requirements.js';

const all = [...catalogue, ...oracles];

describe('the catalogue', () => {
  test('gives each check an id of its own, in the one form', () => {
    const ids = all.map(({ id }) => id);
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
    expect(ids.filter((id) => !/^[a-z]+\/[a-z0-9]+(-[a-z0-9]+)*$/.test(id))).toEqual([]);
  });

  test('says in each title what holds, without a key word', () => {
    const modal = /\b(MUST|SHOULD|SHALL|MAY)\b/;
    expect(all.filter(({ title }) => modal.test(title)).map(({ id }) => id)).toEqual([]);
  });

  test('cites requirements that there are, of one level', () => {
    const wrong = all.filter(({ requirements: cited }) => {
      const levels = new Set(cited.map((id) => requirements.get(id)?.level));
      return cited.length === 0 || levels.size !== 1 || levels.has(undefined);
    });
    expect(wrong.map(({ id }) => id)).toEqual([]);
  });

  test('needs for each requirement the capability that gates it', () => {
    const wrong = catalogue.flatMap(({ id, requirements: cited, capabilities, absent }) =>
      cited
        .map((requirement) => requirements.get(requirement)?.capability ?? '')
        .filter((needed) => needed !== '' && !capabilities.includes(needed) && absent.length === 0)
        .map((needed) => `${id} needs ${needed}`),
    );
    expect(wrong).toEqual([]);
  });
});

test('the suite knows neither the reference World nor an SDK', () => {
  const folder = fileURLToPath(new URL('.', import.meta.url));
  const named = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .filter((name) =>
      /from '(@worldwire\/(reference-world|sdk|mutants)|@?workflow)/.test(
        readFileSync(join(folder, name), 'utf8'),
      ),
    );
  expect(named).toEqual([]);
});
