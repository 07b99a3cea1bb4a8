import { rmSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { readProtocol } from './protocol.mjs';
import { readSpec } from './registry.mjs';
import { SmallSpec } from './testing/small-spec.mjs';

const spec = new SmallSpec();
afterAll(() => rmSync(spec.dir, { recursive: true }));

describe('the registry', () => {
  it('holds the sentences of the chapters and the rows of the tables, by chapter and number', () => {
    expect(readSpec(spec.dir).registry.requirements).toEqual([
      {
        id: 'WW-RUN-001',
        level: 'MUST',
        sentence: 'The World MUST keep a run.',
        chapter: 'RUN',
        since: '1.0',
        capability: '',
      },
      {
        id: 'WW-RUN-002',
        level: 'SHOULD',
        sentence: 'The World SHOULD NOT skip, see `a.b. C`, or repeat a position.',
        chapter: 'RUN',
        since: '1.0',
        capability: 'POSITIONS',
      },
      {
        id: 'WW-RUN-101',
        level: 'MUST',
        sentence:
          'The World MUST answer `run_started` with `create` as follows: run absent: `run_created` and `run_started` (run running); run running: success without an event or `RUN_GONE`.',
        chapter: 'RUN',
        since: '1.0',
        capability: '',
      },
      {
        id: 'WW-ERR-001',
        level: 'MAY',
        sentence: 'The World MAY refuse, unlike [WW-RUN-001].',
        chapter: 'ERR',
        since: '1.0',
        capability: '',
      },
    ]);
  });
});

describe('the generated tables', () => {
  it('stand in the chapters', () => {
    expect(spec.read('02-runs.md')).toContain('| WW-RUN-101 | `run_started` with `create` |');
    expect(spec.read('11-errors.md')).toContain(
      '| `RUN_GONE` | `failed_precondition` | no | `RunExpiredError` | 410 | The run has ended. |',
    );
  });

  it('are not filled where nothing makes them', () => {
    spec.edit('11-errors.md', 'generated: errors', 'generated: mistakes');
    expect(() => spec.build()).toThrow('mistakes');
  });
});

it('reads the protocol with its comments', () => {
  const { errors, capabilities, limits } = readProtocol();
  expect(errors.find(({ reason }) => reason === 'RUN_GONE')).toMatchObject({
    code: 'failed_precondition',
    upstreamStatus: 410,
    comment: expect.stringContaining('The run has ended'),
  });
  expect(capabilities.find(({ capability }) => capability === 'STREAM_WRITERS')).toMatchObject({
    fields: ['worldwire.v1.AppendRequest.writer_id'],
  });
  for (const { comment } of [...errors, ...capabilities, ...limits]) expect(comment).not.toBe('');
});
