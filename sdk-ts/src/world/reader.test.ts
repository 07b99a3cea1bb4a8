import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Capability } from '@worldwire/proto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createWorld, type WorldwireWorld } from './index.js';
import { eventAt, FakeWorld } from './testing/fake-world.js';

const SHARED = Symbol.for('@worldwire/sdk//shared');
const bytes = (text: string) => Buffer.from(text);
const attrSet = {
  eventType: 'attr_set',
  correlationId: 'attr_1',
  eventData: {
    changes: [{ key: 'a', value: 'b' }],
    writer: { type: 'step', stepId: 'step_1', attempt: 1 },
  },
};

beforeEach(() => {
  vi.stubEnv('WORLDWIRE_KEY', 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=');
  vi.spyOn(console, 'warn').mockImplementation(() => {});
});
afterEach(() => {
  delete (globalThis as Record<symbol, unknown>)[SHARED];
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

/** A World object for the SDK that declares a spec version. */
function worldOf(specVersion: number, url: string): WorldwireWorld {
  vi.stubEnv('WORLDWIRE_SPEC_VERSION', String(specVersion));
  vi.stubEnv('WORLDWIRE_URL', url);
  delete (globalThis as Record<symbol, unknown>)[SHARED];
  return createWorld();
}

describe('a World that serves readers', () => {
  let dir: string;
  let url: string;
  let five: WorldwireWorld;
  let four: WorldwireWorld;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'worldwire-reader-'));
    url = `embedded:${dir}`;
    five = worldOf(7, url);
    four = worldOf(3, url);
  });
  afterEach(async () => {
    await Promise.all([five.close(), four.close()]);
    rmSync(dir, { recursive: true, force: true });
  });

  const create = async (world: WorldwireWorld, specVersion: number): Promise<string> => {
    const eventData = { deploymentId: 'dpl', workflowName: 'w', input: bytes('devl[1]') };
    const { run } = await world.events.create(null, {
      eventType: 'run_created',
      specVersion,
      eventData,
    });
    return run!.runId;
  };

  it('keeps from SDK 4 what its replay would not account for', async () => {
    const runId = await create(four, 3);
    await five.events.create(runId, attrSet);
    const { events } = await four.events.create(runId, { eventType: 'run_started' });
    expect(events!.map(({ eventType }) => eventType)).toEqual(['run_created', 'run_started']);
    const { data } = await four.events.list({ runId });
    expect(data.map(({ eventType }) => eventType)).toEqual(['run_created', 'run_started']);
    const whole = await five.events.list({ runId });
    expect(whole.data.map(({ eventType }) => eventType)).toContain('attr_set');
  });

  it('does not let SDK 4 start a run with a sealed log, nor write anything', async () => {
    const runId = await create(five, 7);
    await expect(four.events.create(runId, { eventType: 'run_started' })).rejects.toMatchObject({
      name: 'WorkflowWorldError',
      code: 'FEATURE_NOT_READ',
      status: 501,
    });
    expect((await five.events.list({ runId })).data).toHaveLength(1);
    const { run } = await four.events.create(runId, { eventType: 'run_cancelled' });
    expect(run!.status).toBe('cancelled');
  });

  it('lets SDK 4 start what the SDK for Python began', async () => {
    const runId = await create(five, 5);
    const { run } = await four.events.create(runId, { eventType: 'run_started' });
    expect(run).toMatchObject({ status: 'running', specVersion: 5 });
  });
});

describe('a World that does not', () => {
  let fake: FakeWorld;
  beforeEach(async () => {
    fake = await FakeWorld.start();
    fake.log = [
      eventAt(1, { case: 'runCreated', value: {} }),
      eventAt(2, { case: 'attrSet', value: { changes: [] } }),
      eventAt(3, { case: 'noop', value: {} }),
      eventAt(4, { case: 'runCancelled', value: {} }),
    ];
  });
  afterEach(() => fake.close());

  it('is told of no reader, and SDK 4 is kept from it here', async () => {
    for (const [version, wanted] of [
      [3, ['run_created', 'run_cancelled']],
      [7, ['run_created', 'attr_set', 'noop', 'run_cancelled']],
    ] as const) {
      const world = worldOf(version, fake.http.url);
      const { data } = await world.events.list({ runId: 'wrun_1' });
      expect(data.map(({ eventType }) => eventType)).toEqual(wanted);
      await world.events.create('wrun_1', { eventType: 'run_started' });
      await world.close();
    }
    expect(fake.created.map(({ reader }) => reader)).toEqual([undefined, undefined]);
  });

  it('hides nothing of a type that nobody here knows', async () => {
    fake.log.push(eventAt(5, { case: undefined }));
    const world = worldOf(3, fake.http.url);
    await expect(world.events.list({ runId: 'wrun_1' })).rejects.toThrow('update @worldwire/sdk');
    await world.close();
  });

  it('is told of it once it declares that it serves readers', async () => {
    fake.capabilities.push(Capability.READERS);
    for (const [specVersion, maxSpecVersion] of [
      [3, 5],
      [6, 7],
      [7, 7],
    ] as const) {
      fake.created.length = 0;
      const world = worldOf(specVersion, fake.http.url);
      for (const eventType of ['run_started', 'step_started', 'run_cancelled'])
        await world.events.create('wrun_1', { eventType, correlationId: 'step_1' });
      const seen = fake.created.map(({ reader }) => reader!);
      expect(seen.map((reader) => reader.maxSpecVersion)).toEqual([
        maxSpecVersion,
        maxSpecVersion,
        0,
      ]);
      for (const { eventTypes, errorForms } of seen) {
        expect(eventTypes.includes('attr_set')).toBe(specVersion > 3);
        expect(eventTypes).toContain('run_cancelled');
        expect(errorForms).toEqual(['payload', 'structured']);
      }
      await world.close();
    }
  });
});
