/** What every engine does with the removal of ended runs. */
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { RunStatus } from '@worldwire/proto';
import { describe, expect, it } from 'vitest';
import {
  aHook,
  anEvent,
  anyRun,
  aResult,
  aRun,
  aStep,
  bytes,
  type Calls,
  everything,
  MIB,
  P,
  values,
} from '../store-records.js';

export function removalContract(call: Calls): void {
  /** A run with something of everything that it may hold, which ended at a time. */
  async function endedRun(runId: string, at: number, project = P): Promise<number> {
    const run = aRun(runId, { input: bytes(5_000), attributes: { color: 'red' } });
    const key = await call.insertRun(project, run);
    const events = [
      anEvent(runId, 1, { case: 'runCreated', value: {} as never }),
      aResult(runId, 2, 'step', bytes(5_000)),
    ];
    await call.appendEvents(key, events, { lastPosition: 2, lastEventAt: at, bytes: 1 });
    await call.insertStep(key, aStep(runId, 'step', { input: bytes(5_000) }));
    await call.insertResume(key, 'resume', { hookId: 'h', digest: 'd', position: 1 });
    const stream = await call.insertStream(project, runId, 's', 1);
    await call.appendChunks(stream.key, 0, [bytes(3), bytes(5_000)]);
    await call.putWriter(stream.key, 'w', 2);
    const { input: _, ...rest } = run;
    const ended = { status: RunStatus.COMPLETED, completedAt: timestampFromMs(at) };
    await call.updateRun(key, { ...rest, ...ended } as typeof run, { output: bytes(5_000) });
    return key;
  }

  const idsOf = async (project = P) =>
    values(await call.listRuns(project, anyRun, everything, 'none')).map(({ runId }) => runId);

  describe('removal', () => {
    it('hides runs that ended before a time, the oldest first, and nothing else', async () => {
      await endedRun('r3', 3_000);
      await endedRun('r1', 1_000);
      await endedRun('r2', 2_000, 'other');
      await call.insertRun(P, aRun('active'));
      expect(await call.hideRuns(1_000, 10)).toBe(0);
      expect(await call.hideRuns(3_000, 1)).toBe(1);
      expect(await idsOf()).toEqual(['r3', 'active']);
      expect(await idsOf('other')).toEqual(['r2']);
      expect(await call.hideRuns(3_000, 10)).toBe(1);
      expect(await call.hideRuns(3_000, 10)).toBe(0);
      expect(await idsOf()).toEqual(['r3', 'active']);
      expect(await idsOf('other')).toEqual([]);
    });

    it('leaves nothing of a hidden run to be found, and lets another one have its id', async () => {
      await endedRun('r', 1_000);
      await endedRun('r', 1_000, 'other');
      await call.hideRuns(2_000, 10);
      expect(await call.getRun(P, 'r', 'all')).toBeUndefined();
      expect(await call.getStream(P, 'r', 's')).toBeUndefined();
      expect(await call.findStream(P, 's')).toBeUndefined();
      expect(values(await call.listStreams(P, 'r', undefined, 10))).toEqual([]);
      const events = await call.listProjectEvents(P, [], 'step', everything, true);
      expect(values(events)).toEqual([]);
      expect((await call.listAttributeKeys(P, anyRun, undefined, 10)).items).toEqual([]);
      await endedRun('r', 9_000);
      while ((await call.removeHidden(3)) > 0);
      expect((await call.getRun(P, 'r', 'all'))?.run.output).toEqual(bytes(5_000));
      const stream = await call.getStream(P, 'r', 's');
      expect(await call.listChunks(stream!.key, 0, 10, MIB)).toHaveLength(2);
    });

    it('keeps a run as long as one of its tokens is retained', async () => {
      const key = await endedRun('r', 1_000);
      const hook = aHook('r', 'h', 't', { tokenRetentionUntil: timestampFromMs(5_000) });
      await call.insertHook(P, key, hook, 'live');
      expect(await call.hideRuns(2_000, 10)).toBe(0);
      expect(await call.pruneRetainedHooks(5_001, 10)).toBe(1);
      expect(await call.hideRuns(2_000, 10)).toBe(1);
    });
  });
}
