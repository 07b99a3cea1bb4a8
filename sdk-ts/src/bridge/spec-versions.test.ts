import { Capability, type NewEvent } from '@worldwire/proto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bytes, localWorld, refusalOf, Served, ulid } from './testing/served.js';
import type { Loose } from './upstream-world.js';

/** A local World that takes events in batches, one after the other, and whose reads of runs can be made to fail. */
function batching(dataDir: string, isBroken: () => boolean): unknown {
  const world = localWorld('v5', dataDir);
  return {
    ...world,
    runs: {
      ...world.runs,
      get: (...args: Loose[]) =>
        isBroken() ? Promise.reject(new Error('the disk is gone')) : world.runs.get(...args),
    },
    events: {
      ...world.events,
      createBatch: async (runId: string, events: Loose[]) => {
        const results: Loose[] = [];
        for (const event of events) results.push(await world.events.create(runId, event, {}));
        return { results };
      },
    },
  };
}

describe('the spec version of events that give none', () => {
  let served: Served;
  let broken = false;
  beforeAll(async () => {
    served = await Served.start((dataDir) => batching(dataDir, () => broken));
  });
  afterAll(() => served.close());

  const value = { deploymentId: 'dpl_1', workflowName: 'wf', input: bytes('') };
  const created = (specVersion: number) =>
    ({ specVersion, data: { case: 'runCreated', value } }) as NewEvent;
  const started = (specVersion = 0) =>
    ({
      specVersion,
      data: { case: 'runStarted', value: { create: value } },
    }) as unknown as NewEvent;
  const step = (correlationId: string, specVersion = 0) =>
    ({
      correlationId,
      specVersion,
      data: { case: 'stepCreated', value: { stepName: 's', input: bytes('i') } },
    }) as NewEvent;

  async function versions(runId: string): Promise<number[]> {
    const { events } = await served.events.listEvents({ runId });
    return events.map(({ specVersion }) => specVersion);
  }

  it('is that of their run, as a batch creates it', async () => {
    const runId = `wrun_${ulid()}`;
    const { capabilities } = await served.world.getWorld({});
    expect(capabilities).toContain(Capability.EVENT_BATCH);
    const events = [created(5), step('step_1'), step('step_2', 6)];
    await served.events.createEventBatch({ runId, events });
    expect(await versions(runId)).toEqual([5, 5, 6]);
    await served.events.createEventBatch({ runId, events: [step('step_3'), step('step_4')] });
    expect(await versions(runId)).toEqual([5, 5, 6, 5, 5]);
  });

  it('is that of their run also for a start that might have created it', async () => {
    const runId = `wrun_${ulid()}`;
    await served.events.createEvent({ runId, event: created(4) });
    await served.events.createEvent({ runId, event: started() });
    expect(await versions(runId)).toEqual([4, 4]);
    const fresh = `wrun_${ulid()}`;
    await served.events.createEvent({ runId: fresh, event: started() });
    expect(new Set(await versions(fresh))).toEqual(new Set([7]));
  });

  it('is not guessed where the run cannot be read', async () => {
    const runId = `wrun_${ulid()}`;
    await served.events.createEvent({ runId, event: created(4) });
    broken = true;
    try {
      const refused = await refusalOf(served.events.createEvent({ runId, event: started() }));
      expect(refused.reason).toBe('INTERNAL');
    } finally {
      broken = false;
    }
    expect(await versions(runId)).toEqual([4]);
  });
});
