import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  GetHookByTokenRequestSchema,
  GetHookRequestSchema,
  ListHooksRequestSchema,
} from '@worldwire/proto';
import { beforeEach, describe, expect, it } from 'vitest';
import { bytes, ev, reasonOf, TestWorld } from '../testing/memory/world.js';
import { hookRules, upkeep } from './index.js';

const DAY = 86_400_000;
let world: TestWorld;
beforeEach(() => {
  world = new TestWorld();
  world.start('wrun_a');
  world.start('wrun_b');
});

const claim = (
  run: string,
  hook = 'h',
  value: { tokenRetentionUntil?: ReturnType<typeof timestampFromMs> } = {},
) => world.write(run, ev('hookCreated', { token: 'my token/✓', ...value }, hook)).event!.data;
const byToken = () =>
  world.call(
    hookRules.getHookByToken,
    create(GetHookByTokenRequestSchema, { token: 'my token/✓' }),
  );

describe('a token', () => {
  it('has one holder, whose run the conflict names', () => {
    expect(claim('wrun_a').case).toBe('hookCreated');
    expect(claim('wrun_b')).toMatchObject({
      case: 'hookConflict',
      value: { token: 'my token/✓', conflictingRunId: 'wrun_a' },
    });
    expect(byToken().hook).toMatchObject({ runId: 'wrun_a', run: { deploymentId: 'dpl_1' } });
    expect(reasonOf(() => claim('wrun_b'))).toBe('HOOK_ALREADY_EXISTS');
    expect(reasonOf(() => world.write('wrun_b', ev('hookReceived', {}, 'h')))).toBe(
      'HOOK_NOT_FOUND',
    );
  });

  it('is free after the disposal, for another id only', () => {
    claim('wrun_a');
    world.write('wrun_a', ev('hookDisposed', {}, 'h'));
    expect(reasonOf(byToken)).toBe('HOOK_NOT_FOUND');
    expect(reasonOf(() => claim('wrun_a'))).toBe('HOOK_ALREADY_EXISTS');
    expect(claim('wrun_a', 'h2').case).toBe('hookCreated');
  });

  it('stays taken as long as it is retained, then goes to who asks', () => {
    claim('wrun_a', 'h', { tokenRetentionUntil: timestampFromMs(world.now + DAY) });
    world.write('wrun_a', ev('runCompleted', {}));
    expect(reasonOf(() => world.write('wrun_a', ev('hookReceived', {}, 'h')))).toBe('RUN_GONE');
    world.now += DAY - 1;
    expect(claim('wrun_b').case).toBe('hookConflict');
    world.now += 1;
    expect(claim('wrun_b', 'h2').case).toBe('hookCreated');
    expect(byToken().hook!.runId).toBe('wrun_b');
    expect(reasonOf(() => world.write('wrun_a', ev('hookReceived', {}, 'h')))).toBe(
      'HOOK_NOT_FOUND',
    );
  });

  it('is given back by upkeep when its time is over', () => {
    claim('wrun_a', 'h', { tokenRetentionUntil: timestampFromMs(world.now + DAY) });
    world.write('wrun_a', ev('runCompleted', {}));
    world.call(upkeep, {});
    world.now += DAY;
    world.call(upkeep, {});
    expect(reasonOf(byToken)).toBe('HOOK_NOT_FOUND');
  });

  it('may be retained to the day of the limit', () => {
    const at = (ms: number) => ({ tokenRetentionUntil: timestampFromMs(world.now + ms) });
    expect(reasonOf(() => claim('wrun_a', 'h', at(30 * DAY + 1)))).toBe('HOOK_RETENTION_TOO_LONG');
    expect(claim('wrun_a', 'h', at(30 * DAY)).case).toBe('hookCreated');
  });
});

describe('a payload', () => {
  const resumed = (id: string, digest = 'a', hook = 'h') =>
    world.write(
      'wrun_a',
      ev('hookReceived', { payload: bytes('p') }, hook, {
        resumeId: id,
        resumePayloadDigest: digest.repeat(64),
      }),
    );

  it('may come again and again, once for each resume_id', () => {
    claim('wrun_a');
    world.write('wrun_a', ev('hookReceived', {}, 'h'));
    world.write('wrun_a', ev('hookReceived', {}, 'h'));
    const first = resumed('r1');
    expect(first.event).toMatchObject({ resumeId: 'r1', position: 6n });
    expect(resumed('r1')).toEqual(first);
    expect(reasonOf(() => resumed('r1', 'b'))).toBe('RESUME_CONFLICT');
    expect(reasonOf(() => resumed('r1', 'a', 'other'))).toBe('RESUME_CONFLICT');
    expect(resumed('r2').event!.position).toBe(7n);
    world.write('wrun_a', ev('hookDisposed', {}, 'h'));
    expect(resumed('r1')).toEqual(first);
    world.write('wrun_a', ev('runCompleted', {}));
    expect(resumed('r1')).toEqual(first);
    expect(reasonOf(() => resumed('r3'))).toBe('HOOK_NOT_FOUND');
  });
});

describe('reads', () => {
  const get = (runId: string, hookId: string) =>
    world.call(hookRules.getHook, create(GetHookRequestSchema, { runId, hookId })).hook!;

  it('find the newest of the project, or that of a run', () => {
    world.write('wrun_a', ev('hookCreated', { token: 'a' }, 'h'));
    world.write('wrun_b', ev('hookCreated', { token: 'b' }, 'h'));
    expect(get('', 'h').token).toBe('b');
    expect(get('wrun_a', 'h').token).toBe('a');
    for (const [run, hook] of [
      ['wrun_none', 'h'],
      ['wrun_a', 'x'],
      ['', 'x'],
    ] as const)
      expect(reasonOf(() => get(run, hook))).toBe('HOOK_NOT_FOUND');
    const list = (runId: string) =>
      world.call(hookRules.listHooks, create(ListHooksRequestSchema, { runId })).hooks.length;
    expect([list(''), list('wrun_a')]).toEqual([2, 1]);
  });
});
