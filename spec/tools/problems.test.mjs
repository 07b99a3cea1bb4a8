import { rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freeze } from './frozen.mjs';
import { SmallSpec } from './testing/small-spec.mjs';

let spec;
beforeEach(() => {
  spec = new SmallSpec();
});
afterEach(() => rmSync(spec.dir, { recursive: true }));

/** The problems after an edit and a build: those that no build takes away. */
function problemsAfter(path, from, to) {
  spec.edit(path, from, to);
  spec.build();
  return spec.problems();
}

it('finds nothing wrong with what is right', () => {
  expect(spec.problems()).toEqual([]);
});

describe('a chapter', () => {
  it('gives an id once', () => {
    expect(problemsAfter('02-runs.md', 'WW-RUN-002', 'WW-RUN-001')).toContain(
      'WW-RUN-001 is given twice',
    );
  });

  it.each([
    ['none', 'MUST keep', 'keeps'],
    ['two', 'MUST keep a run', 'MUST keep a run and SHOULD return it'],
    ['one that is not used', 'MUST keep', 'SHALL keep'],
  ])('has one key word in a sentence, not %s', (_, from, to) => {
    expect(problemsAfter('02-runs.md', from, to)[0]).toMatch(/WW-RUN-001 must have exactly one/);
  });

  it('has no key word behind a sentence', () => {
    expect(problemsAfter('02-runs.md', 'It is not lost', 'It MUST NOT be lost')[0]).toMatch(
      /WW-RUN-001 has a key word behind/,
    );
  });

  it('has no key word without an id, in a paragraph or a table', () => {
    const wild = '# Runs\n\nA World MAY sleep.\n\n| MUST | not |\n|---|---|\n';
    expect(problemsAfter('02-runs.md', '# Runs\n', wild)).toEqual([
      '02-runs.md: a key word without an id: A World MAY sleep.',
      '02-runs.md: a key word without an id: | MUST | not |',
    ]);
  });

  it('has only ids of its own', () => {
    expect(problemsAfter('02-runs.md', 'WW-RUN-002', 'WW-STEP-002')).toContain(
      '02-runs.md: WW-STEP-002 belongs to another chapter',
    );
  });

  it('names capabilities that there are', () => {
    expect(problemsAfter('02-runs.md', 'POSITIONS', 'POSITION')).toContain(
      'WW-RUN-002: there is no capability POSITION',
    );
  });

  it('has heads that can be read', () => {
    expect(problemsAfter('02-runs.md', '*(POSITIONS)*', '*(positions)*')[0]).toMatch(
      /cannot read the head/,
    );
  });

  it('refers to requirements that there are', () => {
    expect(problemsAfter('11-errors.md', '[WW-RUN-001]', '[WW-RUN-009]')).toEqual([
      '11-errors.md: there is no requirement WW-RUN-009',
    ]);
  });
});

describe('the tables of transitions', () => {
  it.each([
    ['an unknown reason', 'refuse: RUN_GONE', 'refuse: RUN_LOST', 'there is no reason RUN_LOST'],
    ['an unknown column', 'running: [', 'sleeping: [', 'run "sleeping" is no column of table run'],
    ['an unknown variant', 'given: create', 'given: destroy', 'given "destroy" is not described'],
    ['a number below 101', 'id: WW-RUN-101', 'id: WW-RUN-011', 'is no id of table run'],
  ])('refuse %s', (_, from, to, problem) => {
    expect(problemsAfter('transitions.yaml', from, to).join()).toContain(problem);
  });
});

describe('what is generated', () => {
  it.each([
    ['02-runs.md', '`RUN_GONE`', '`RUN_LOST`'],
    ['11-errors.md', '410', '409'],
    ['requirements/current.json', '"SHOULD"', '"MUST"'],
    ['transitions.json', '"RUN_GONE"', '"RUN_LOST"'],
    ['exclusions.json', '{}', '{"WW-RUN-001": "no"}'],
  ])('is stale where %s was edited', (path, from, to) => {
    spec.edit(path, from, to);
    expect(spec.problems()).toContain(`${path} is stale: run node spec/tools/build.mjs`);
  });
});

describe('a frozen revision', () => {
  beforeEach(() => expect(freeze(spec.dir, '1.0', false)).toBeUndefined());

  it('keeps every id', () => {
    expect(problemsAfter('02-runs.md', 'WW-RUN-002', 'WW-RUN-003')).toContain(
      'WW-RUN-002 of 1.0 is gone, and not in withdrawn.yaml',
    );
  });

  it('lets an id go that is withdrawn, and never come back', () => {
    spec.write('requirements/withdrawn.yaml', 'WW-RUN-002: nobody needs it\n');
    expect(spec.problems()).toContain('WW-RUN-002 was withdrawn and is used again');
    expect(problemsAfter('02-runs.md', /- \*\*\[WW-RUN-002.*?position\.\n/s, '')).toEqual([]);
  });

  it.each([
    ['level', 'MUST keep', 'SHOULD keep'],
    ['sentence', 'keep a run', 'keep a run or two'],
    ['sentence', 'SHOULD NOT skip', 'SHOULD skip'],
    ['capability', ' *(POSITIONS)*', ''],
  ])('keeps the %s of each', (what, from, to) => {
    expect(problemsAfter('02-runs.md', from, to).join()).toContain(
      `has another ${what} than in 1.0`,
    );
  });

  it('keeps the outcomes of each row', () => {
    expect(problemsAfter('transitions.yaml', '[nothing, { refuse: RUN_GONE }]', 'nothing')).toEqual(
      ['WW-RUN-101 has another sentence than in 1.0'],
    );
  });

  it('lets a sentence be worded anew that is listed, and its marks change', () => {
    spec.write('requirements/reworded.yaml', 'WW-RUN-001: the same, shorter\n');
    expect(problemsAfter('02-runs.md', 'keep a run', 'keep runs')).toEqual([]);
    expect(problemsAfter('02-runs.md', 'see `a.b. C`,', 'see `a.b. C`')).toEqual([]);
  });

  it('wants to know since when there is what came later', () => {
    const added = (since) => `- **[WW-RUN-003]**${since} The World MAY sleep.\n\n<!-- gen`;
    expect(problemsAfter('02-runs.md', '<!-- gen', added(''))).toEqual([
      'WW-RUN-003 came after 1.0 was released, and does not say since when',
    ]);
    expect(problemsAfter('02-runs.md', added(''), added(' *(since 1.1)*'))).toEqual([]);
  });

  it('is never written again once it is released', () => {
    expect(freeze(spec.dir, '1.0', true)).toMatch(/released/);
    expect(freeze(spec.dir, '1.1', false)).toMatch(/revision 1\.0/);
  });
});

it('writes a draft again and again, and says how', () => {
  expect(freeze(spec.dir, '1.0', true)).toBeUndefined();
  expect(problemsAfter('02-runs.md', 'keep a run', 'keep runs')).toEqual([
    'WW-RUN-001 has another sentence than in 1.0 (a draft: node spec/tools/freeze.mjs 1.0 --draft)',
  ]);
  expect(freeze(spec.dir, '1.0', true)).toBeUndefined();
  expect(spec.problems()).toEqual([]);
});
