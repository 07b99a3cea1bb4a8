import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  BatchGetRunsRequestSchema,
  CancelOutcome,
  CancelRunsRequestSchema,
  ListAttributeKeysRequestSchema,
  ListRunsRequestSchema,
  RunStatus,
  SortOrder,
} from '@worldwire/proto';
import { beforeEach, describe, expect, it } from 'vitest';
import { CREATION, ev, reasonOf, TestWorld } from '../testing/memory/world.js';
import { runRules } from './index.js';

let world: TestWorld;
beforeEach(() => {
  world = new TestWorld();
});

describe('CancelRuns', () => {
  const cancel = (runIds: string[], more: { requestId?: string; cancelReason?: string } = {}) =>
    world.call(runRules.cancelRuns, create(CancelRunsRequestSchema, { runIds, ...more })).results;

  it('answers for each run, in order, and is stopped by none', () => {
    for (const id of ['pending', 'running', 'done', 'gone'])
      world.write(id, ev('runCreated', CREATION));
    world.write('running', ev('runStarted', {}));
    world.write('done', ev('runCompleted', {}));
    world.write('gone', ev('runCancelled', {}));
    const results = cancel(['gone', 'running', '../x', 'none', 'done', 'pending'], {
      cancelReason: 'why',
    });
    expect(
      results.map((r) => [r.runId, CancelOutcome[r.outcome], RunStatus[r.status], r.errorReason]),
    ).toEqual([
      ['gone', 'ALREADY_CANCELLED', 'CANCELLED', ''],
      ['running', 'CANCELLED', 'CANCELLED', ''],
      ['../x', 'FAILED', 'UNSPECIFIED', 'INVALID_ID'],
      ['none', 'NOT_FOUND', 'UNSPECIFIED', ''],
      ['done', 'NOT_CANCELLABLE', 'COMPLETED', ''],
      ['pending', 'CANCELLED', 'CANCELLED', ''],
    ]);
    expect(world.log('running').at(-1)!.data.value).toMatchObject({ cancelReason: 'why' });
    expect(world.log('gone')).toHaveLength(2);
  });

  it('answers a repetition with the first outcome', () => {
    world.start('wrun_1');
    const first = cancel(['wrun_1'], { requestId: 'r' });
    expect(cancel(['wrun_1'], { requestId: 'r' })).toEqual(first);
    expect(CancelOutcome[first[0]!.outcome]).toBe('CANCELLED');
    expect(reasonOf(() => cancel(['wrun_2'], { requestId: 'r' }))).toBe('REQUEST_ID_REUSED');
  });

  it('cancels also a run whose log is full', () => {
    world = new TestWorld({ maxEvents: 2 });
    world.start('wrun_1');
    expect(cancel(['wrun_1'])[0]!.outcome).toBe(CancelOutcome.CANCELLED);
  });

  it.each([
    ['no ids', [], {}],
    ['an id twice', ['a', 'a'], {}],
    ['501 ids', Array.from({ length: 501 }, (_, i) => `r${i}`), {}],
    ['a long reason', ['a'], { cancelReason: 'x'.repeat(513) }],
    ['a reason with NUL', ['a'], { cancelReason: '\0' }],
  ])('refuses %s', (_what, ids, more) => {
    expect(reasonOf(() => cancel(ids, more))).toBe('INVALID_ARGUMENT');
  });
});

describe('attributes', () => {
  const set = (changes: { key: string; value?: string }[], id = 'attr_1', more = {}) =>
    world.write(
      'wrun_1',
      ev('attrSet', { changes, writer: { writer: { case: 'workflow', value: {} } }, ...more }, id),
    ).run!.attributes;
  const count = (n: number) => Array.from({ length: n }, (_, i) => ({ key: `k${i}`, value: 'v' }));
  beforeEach(() => world.start('wrun_1'));

  it('are set, changed and removed, once for each write of the workflow', () => {
    expect(
      set([
        { key: 'a', value: '1' },
        { key: 'b', value: '' },
      ]),
    ).toEqual({ a: '1', b: '' });
    expect(reasonOf(() => set([{ key: 'a', value: '2' }]))).toBe('ATTRIBUTES_ALREADY_SET');
    expect(set([{ key: 'a', value: '2' }, { key: 'b' }, { key: 'none' }], 'attr_2')).toEqual({
      a: '2',
    });
  });

  it('may be repeated by steps', () => {
    const writer = { writer: { case: 'step' as const, value: { stepId: 's', attempt: 1 } } };
    const write = () =>
      world.write('wrun_1', ev('attrSet', { changes: [{ key: 'a' }], writer }, 'x'));
    write();
    expect(reasonOf(write)).toBe('ok');
  });

  it('take the names that objects have', () => {
    const names = ['constructor', 'toString', 'hasOwnProperty', '__defineGetter__', 'valueOf'];
    expect(Object.keys(set(names.map((key) => ({ key, value: 'v' }))))).toEqual(names);
    expect(set([{ key: 'toString' }], 'attr_2')).not.toHaveProperty('toString', 'v');
    expect(reasonOf(() => set([{ key: '__proto__', value: 'v' }], 'attr_3'))).toBe(
      'ATTRIBUTE_INVALID',
    );
    expect(Object.getOwnPropertyNames(Object.prototype)).not.toContain('v');
  });

  it('are 64 at most after the write', () => {
    set(count(64));
    expect(reasonOf(() => set([{ key: 'more', value: '' }], 'attr_2'))).toBe('ATTRIBUTE_INVALID');
    expect(Object.keys(set([{ key: 'k0' }, { key: 'more', value: '' }], 'attr_3'))).toHaveLength(
      64,
    );
  });

  it('are 8,192 bytes at most, of the JSON that the SDK counts', () => {
    const filled = (size: number) => {
      const changes = Array.from({ length: 28 }, (_, i) => ({
        key: `k${i + 10}`,
        value: 'v'.repeat(256),
      }));
      const last = { key: 'last', value: '' };
      const json = { changes: [...changes, last], writer: { type: 'workflow' } };
      last.value = 'v'.repeat(size - JSON.stringify(json).length);
      return json.changes;
    };
    expect(reasonOf(() => set(filled(8_193)))).toBe('ATTRIBUTE_INVALID');
    expect(reasonOf(() => set(filled(8_192)))).toBe('ok');
  });

  it.each<[string, { key: string; value?: string }]>([
    ['an empty key', { key: '' }],
    ['a long key', { key: 'k'.repeat(257) }],
    ['a reserved key', { key: '$x', value: '' }],
    ['a key with NUL', { key: 'a\0' }],
    ['a key with broken Unicode', { key: '\udc00' }],
    ['a value with NUL', { key: 'a', value: '\0' }],
    ['a value with broken Unicode', { key: 'a', value: 'x\ud800' }],
    ['a value of 257 bytes', { key: 'a', value: 'é'.repeat(129) }],
  ])('are refused with %s', (_what, change) => {
    expect(reasonOf(() => set([change]))).toBe('ATTRIBUTE_INVALID');
    expect(
      reasonOf(() =>
        world.write(
          'wrun_2',
          ev('runCreated', { ...CREATION, attributes: { [change.key]: change.value ?? '' } }),
        ),
      ),
    ).toBe('ATTRIBUTE_INVALID');
  });

  it('are refused twice in one write, and none at all', () => {
    expect(reasonOf(() => set([{ key: 'a' }, { key: 'a' }]))).toBe('ATTRIBUTE_INVALID');
    expect(reasonOf(() => set([]))).toBe('INVALID_ARGUMENT');
  });

  it('may be reserved where that is allowed', () => {
    expect(set([{ key: '$x', value: '1' }], 'a', { allowReservedAttributes: true })).toEqual({
      $x: '1',
    });
  });

  it('are listed by key, page by page, for one filter', () => {
    set([
      { key: 'b', value: '' },
      { key: 'a', value: '' },
      { key: 'c', value: '' },
    ]);
    const list = (page: object, more = {}) =>
      world.call(
        runRules.listAttributeKeys,
        create(ListAttributeKeysRequestSchema, { page, ...more }),
      );
    const first = list({ limit: 2 });
    expect(first.attributes.map((a) => a.key)).toEqual(['a', 'b']);
    const { cursor } = first.page!;
    expect(list({ cursor }).attributes.map((a) => a.key)).toEqual(['c']);
    const forged = Buffer.from('keys.0~a').toString('base64url');
    for (const bad of ['x', `${cursor}A`, forged, Buffer.from('key.\0').toString('base64url')])
      expect(reasonOf(() => list({ cursor: bad }))).toBe('INVALID_CURSOR');
    expect(reasonOf(() => list({ cursor }, { workflowName: 'w' }))).toBe('INVALID_CURSOR');
    expect(reasonOf(() => list({ sortOrder: SortOrder.DESCENDING }))).toBe('INVALID_ARGUMENT');
    expect(reasonOf(() => list({ limit: -1 }))).toBe('INVALID_ARGUMENT');
  });
});

describe('ListRuns', () => {
  const list = (init: object = {}) =>
    world.call(runRules.listRuns, create(ListRunsRequestSchema, init));
  const ids = (init: object = {}) => list(init).runs.map((run) => run.runId);
  beforeEach(() => {
    for (const id of ['a', 'b', 'c']) {
      world.start(id, { workflowName: id, attributes: { x: '1', y: id } });
      world.now += 1_000;
    }
    world.write('b', ev('runCompleted', {}));
  });

  it('goes from the newest, or from the oldest', () => {
    expect(ids()).toEqual(['c', 'b', 'a']);
    expect(ids({ page: { sortOrder: SortOrder.ASCENDING } })).toEqual(['a', 'b', 'c']);
  });

  it('filters by all that is set', () => {
    expect(ids({ workflowName: 'a' })).toEqual(['a']);
    expect(ids({ statuses: [RunStatus.RUNNING, RunStatus.PENDING] })).toEqual(['c', 'a']);
    expect(ids({ attributes: { x: '1', y: 'b' } })).toEqual(['b']);
    expect(ids({ attributes: { toString: '1' } })).toEqual([]);
    const from = timestampFromMs(world.now - 2_000);
    expect(ids({ createdFrom: from, createdBefore: timestampFromMs(world.now - 1_000) })).toEqual([
      'b',
    ]);
  });

  it('knows a filter again whatever the order of its parts', () => {
    const { cursor } = list({
      page: { limit: 1 },
      attributes: { x: '1', y: 'a' },
      statuses: [1, 2],
    }).page!;
    expect(ids({ page: { cursor }, attributes: { y: 'a', x: '1' }, statuses: [2, 1, 2] })).toEqual(
      [],
    );
    expect(
      reasonOf(() => ids({ page: { cursor }, attributes: { y: 'a' }, statuses: [1, 2] })),
    ).toBe('INVALID_CURSOR');
  });

  it.each([
    ['an unknown state', { statuses: [9 as RunStatus] }],
    ['no state', { statuses: [RunStatus.UNSPECIFIED] }],
    [
      '9 attributes',
      { attributes: Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`k${i}`, ''])) },
    ],
    ['NUL in a name', { workflowName: '\0' }],
    ['NUL in an attribute', { attributes: { a: '\0' } }],
    ['a time out of range', { createdFrom: { seconds: 10n ** 15n } }],
    ['a time before the year 1', { createdFrom: { seconds: -62_135_596_801n } }],
  ])('refuses %s', (_what, init) => {
    expect(reasonOf(() => ids(init))).toBe('INVALID_ARGUMENT');
  });
});

describe('BatchGetRuns', () => {
  const get = (runIds: string[]) =>
    world.call(runRules.batchGetRuns, create(BatchGetRunsRequestSchema, { runIds })).results;

  it('answers in the order asked for, twice where asked twice', () => {
    world.start('a');
    expect(get(['x', 'a', 'a']).map((r) => r.run?.runId)).toEqual([undefined, 'a', 'a']);
    expect(get([])).toEqual([]);
    expect(reasonOf(() => get(Array.from({ length: 501 }, () => 'a')))).toBe('INVALID_ARGUMENT');
  });
});
