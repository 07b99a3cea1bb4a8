import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { CreateEventBatchResponse } from '@worldwire/proto';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  bytes,
  CREATION,
  type EventInit,
  ev,
  reasonOf,
  TestWorld,
} from '../testing/memory/world.js';

const RUN = 'wrun_1';
const created = (id: string) => ev('stepCreated', { stepName: 's', input: bytes(id) }, id);
const started = (id: string) => ev('stepStarted', {}, id);
const completed = (id: string) => ev('stepCompleted', { result: bytes('r') }, id);
const outcomes = ({ results }: CreateEventBatchResponse) =>
  results.map(({ outcome }) =>
    outcome.case === 'created' ? Number(outcome.value.event?.position) : outcome.value?.reason,
  );

let world: TestWorld;
beforeEach(() => {
  world = new TestWorld();
  world.start(RUN);
});

describe('a batch', () => {
  it('lands in its order, one position after the other', () => {
    const wait = ev('waitCreated', { resumeAt: timestampFromMs(1) }, 'w');
    const batch = [created('a'), started('a'), wait, ev('runCompleted', {})];
    expect(outcomes(world.batch(RUN, batch))).toEqual([3, 4, 5, 6]);
    expect(world.types(RUN).slice(2)).toEqual([
      'stepCreated',
      'stepStarted',
      'waitCreated',
      'runCompleted',
    ]);
  });

  it('writes what can be written, and says why of the rest', () => {
    world.write(RUN, created('a'));
    const response = world.batch(RUN, [created('a'), started('a'), completed('x'), created('b')]);
    expect(outcomes(response)).toEqual([
      'STEP_ALREADY_EXISTS',
      'STEP_ALREADY_EXISTS',
      'STEP_NOT_FOUND',
      4,
    ]);
    expect(response.results[2]!.outcome.value).toMatchObject({
      code: 'not_found',
      metadata: { run_id: RUN, step_id: 'x' },
    });
    expect(world.log(RUN)).toHaveLength(4);
  });

  it('carries the wait of an item that is too early', () => {
    world.write(RUN, created('a'));
    const retryAfter = timestampFromMs(world.now + 500);
    world.write(RUN, ev('stepRetrying', { retryAfter }, 'a'));
    const { results } = world.batch(RUN, [started('a')]);
    expect(results[0]!.outcome.value).toMatchObject({ reason: 'TOO_EARLY', retryAfterMs: 500n });
  });

  it('whose ending is refused keeps the rest', () => {
    world.write(RUN, ev('runCompleted', {}));
    expect(outcomes(world.batch(RUN, [created('a'), ev('runFailed', {})]))).toEqual([
      'RUN_ALREADY_ENDED',
      'RUN_ALREADY_ENDED',
    ]);
  });

  it('is answered again as it was', () => {
    world.write(RUN, created('a'));
    const batch = [created('a'), created('b'), started('b')];
    const first = world.batch(RUN, batch, 'r');
    world.write(RUN, completed('b'));
    expect(world.batch(RUN, batch, 'r')).toEqual(first);
    expect(world.log(RUN)).toHaveLength(6);
    for (const other of [
      [created('a'), created('b'), completed('b')],
      [created('a'), created('c')],
    ])
      expect(reasonOf(() => world.batch(RUN, other, 'r'))).toBe(
        other.length === 3 ? 'BATCH_INVALID' : 'REQUEST_ID_REUSED',
      );
    const middle = [created('a'), created('c'), created('d')];
    expect(reasonOf(() => world.batch(RUN, middle, 'r'))).toBe('REQUEST_ID_REUSED');
  });

  it('of no run is refused', () => {
    expect(reasonOf(() => world.batch('wrun_none', [created('a')]))).toBe('RUN_NOT_FOUND');
  });
});

const many = (count: number): EventInit[] =>
  Array.from({ length: count }, (_, i) => created(`step_${i}`));

it.each<[string, EventInit[], string]>([
  ['nothing', [], 'INVALID_ARGUMENT'],
  ['33 events', many(33), 'INVALID_ARGUMENT'],
  ['a run_created', [ev('runCreated', CREATION)], 'BATCH_INVALID'],
  ['a run_started', [ev('runStarted', {})], 'BATCH_INVALID'],
  ['a run_cancelled', [ev('runCancelled', {})], 'BATCH_INVALID'],
  ['a hook_created', [ev('hookCreated', { token: 't' }, 'h')], 'BATCH_INVALID'],
  ['a hook_disposed', [ev('hookDisposed', {}, 'h')], 'BATCH_INVALID'],
  [
    'an attr_set',
    [
      ev(
        'attrSet',
        { changes: [{ key: 'k' }], writer: { writer: { case: 'workflow', value: {} } } },
        'a',
      ),
    ],
    'BATCH_INVALID',
  ],
  ['an ending before the end', [ev('runCompleted', {}), created('a')], 'BATCH_INVALID'],
  ['two endings', [ev('runCompleted', {}), ev('runFailed', {})], 'BATCH_INVALID'],
  ['two events of a step', [started('a'), completed('a')], 'BATCH_INVALID'],
  ['a pair the wrong way round', [started('a'), created('a')], 'BATCH_INVALID'],
  [
    'a pair with an input at the start',
    [created('a'), ev('stepStarted', { stepName: 's', input: bytes('') }, 'a')],
    'BATCH_INVALID',
  ],
  ['a pair and more', [created('a'), started('a'), completed('a')], 'BATCH_INVALID'],
  ['a pair apart', [created('a'), created('b'), started('a')], 'BATCH_INVALID'],
  ['a malformed item', [created('a'), created('../b')], 'INVALID_ID'],
  ['an item without data', [created('a'), {}], 'EVENT_TYPE_REQUIRED'],
])('a batch with %s is refused whole', (_what, events, reason) => {
  expect(reasonOf(() => world.batch(RUN, events))).toBe(reason);
  expect(world.log(RUN)).toHaveLength(2);
});

it('takes 32 events', () => {
  expect(outcomes(world.batch(RUN, many(32)))).toHaveLength(32);
});
