/** What every engine does with runs. */
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { RunStatus } from '@worldwire/proto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RunFilter } from '../../store/operations.js';
import {
  aHook,
  aMessage,
  anyRun,
  aResult,
  aRun,
  aStep,
  aWait,
  bytes,
  type Calls,
  everything,
  failure,
  MIB,
  P,
  values,
} from '../store-records.js';

export function runsContract(call: Calls): void {
  describe('runs', () => {
    it.each([0, 10, 3_000, 20_000])('returns payloads of %i bytes as asked for', async (size) => {
      const run = aRun('r', { input: bytes(size, 3), attributes: { a: '1' } });
      const key = await call.insertRun(P, run);
      expect(await call.getRun(P, 'r', 'input')).toEqual({ key, run, lastEventAt: 0, bytes: 0 });
      const output = bytes(size, 4);
      const ended = aRun('r', { status: RunStatus.COMPLETED, attributes: { b: '2' } });
      await call.updateRun(key, ended, { output, error: failure(size) });
      expect((await call.getRun(P, 'r', 'none'))?.run).toEqual(ended);
      expect((await call.getRun(P, 'r', 'input'))?.run).toEqual({ ...ended, input: run.input });
      expect((await call.getRun(P, 'r', 'all'))?.run).toEqual({
        ...ended,
        input: run.input,
        output,
        error: failure(size),
      });
    });

    it('keeps an absent payload apart from an empty one', async () => {
      await call.insertRun(P, aRun('absent'));
      expect((await call.getRun(P, 'absent', 'all'))?.run.input).toBeUndefined();
    });

    it('has one run of an id in a project', async () => {
      await call.insertRun(P, aRun('r'));
      await call.insertRun('other', aRun('r', { workflowName: 'elsewhere' }));
      await expect(call.insertRun(P, aRun('r'))).rejects.toThrow();
      expect((await call.getRun('other', 'r', 'none'))?.run.workflowName).toBe('elsewhere');
      expect(await call.getRun(P, 'x', 'all')).toBeUndefined();
    });

    it('filters a list by everything at once, in both orders', async () => {
      const model: {
        id: string;
        w: string;
        s: RunStatus;
        at: number;
        a: Record<string, string>;
      }[] = [];
      for (let i = 0; i < 60; i++) {
        const one = {
          id: `r${i}`,
          w: `w${i % 3}`,
          s: (1 + (i % 5)) as RunStatus,
          at: 1_000 + i,
          a: { ...(i % 2 ? { odd: 'yes' } : {}), mod: String(i % 4) } as Record<string, string>,
        };
        model.push(one);
        await call.insertRun(
          i === 59 ? 'other' : P,
          aRun(one.id, {
            workflowName: one.w,
            status: one.s,
            createdAt: timestampFromMs(one.at),
            attributes: one.a,
          }),
        );
      }
      model.pop();
      const filters = fc.record({
        workflowName: fc.option(fc.constantFrom('w0', 'w1', 'none'), { nil: undefined }),
        statuses: fc.uniqueArray(fc.constantFrom<RunStatus>(1, 2, 3, 4, 5), { maxLength: 3 }),
        createdFrom: fc.option(fc.integer({ min: 990, max: 1_070 }), { nil: undefined }),
        createdBefore: fc.option(fc.integer({ min: 990, max: 1_070 }), { nil: undefined }),
        attributes: fc.constantFrom<Record<string, string>>(
          {},
          { odd: 'yes' },
          { mod: '1', odd: 'yes' },
          { mod: '0', odd: 'yes' },
          { constructor: 'x' },
        ),
      });
      await fc.assert(
        fc.asyncProperty(
          filters,
          fc.boolean(),
          fc.integer({ min: 1, max: 20 }),
          async (filter, descending, limit) => {
            const expected = model
              .filter(
                (m) =>
                  (filter.workflowName === undefined || m.w === filter.workflowName) &&
                  (filter.statuses.length === 0 || filter.statuses.includes(m.s)) &&
                  (filter.createdFrom === undefined || m.at >= filter.createdFrom) &&
                  (filter.createdBefore === undefined || m.at < filter.createdBefore) &&
                  Object.entries(filter.attributes).every(
                    ([k, v]) => Object.hasOwn(m.a, k) && m.a[k] === v,
                  ),
              )
              .map((m) => m.id);
            if (descending) expected.reverse();
            const found: string[] = [];
            let after: number | undefined;
            for (;;) {
              const page = await call.listRuns(
                P,
                filter as RunFilter,
                { after, descending, limit },
                'none',
              );
              found.push(...values(page).map((run) => run.runId));
              expect(page.more).toBe(found.length < expected.length);
              if (!page.more) break;
              after = page.items.at(-1)!.key;
            }
            expect(found).toEqual(expected);
          },
        ),
        { numRuns: 60 },
      );
    });

    it('ends a slice early by bytes, with one item at least', async () => {
      for (const id of ['a', 'b', 'c']) await call.insertRun(P, aRun(id, { input: bytes(2_000) }));
      const list = (maxBytes: number, choice: 'none' | 'all' = 'all') =>
        call.listRuns(P, anyRun, { ...everything, maxBytes }, choice);
      expect((await list(1)).items).toHaveLength(1);
      expect((await list(4_000)).items).toHaveLength(2);
      expect((await list(4_000)).more).toBe(true);
      expect((await list(6_000)).more).toBe(false);
      expect((await list(1, 'none')).items).toHaveLength(3);
    });

    it('counts attribute keys, and follows changes of attributes', async () => {
      const key = await call.insertRun(P, aRun('a', { attributes: { x: '1', y: '1' } }));
      await call.insertRun(
        P,
        aRun('b', { attributes: { y: '2' }, workflowName: 'w', createdAt: timestampFromMs(5_000) }),
      );
      await call.insertRun('other', aRun('c', { attributes: { z: '1' } }));
      const y = { key: 'y', runCount: 2, firstSeenAt: 1_000, lastSeenAt: 5_000 };
      const x = { key: 'x', runCount: 1, firstSeenAt: 1_000, lastSeenAt: 1_000 };
      expect(await call.listAttributeKeys(P, anyRun, undefined, 1)).toEqual({
        items: [x],
        more: true,
      });
      expect(await call.listAttributeKeys(P, anyRun, 'x', 5)).toEqual({ items: [y], more: false });
      expect(
        (await call.listAttributeKeys(P, { ...anyRun, workflowName: 'w' }, undefined, 5)).items,
      ).toHaveLength(1);
      await call.updateRun(key, aRun('a', { attributes: { x: '2' } }), {});
      expect((await call.listAttributeKeys(P, anyRun, 'x', 5)).items).toEqual([
        { ...y, runCount: 1, firstSeenAt: 5_000 },
      ]);
      const found = await call.listRuns(
        P,
        { ...anyRun, attributes: { x: '2' } },
        everything,
        'none',
      );
      expect(values(found).map((run) => run.runId)).toEqual(['a']);
    });

    it('releases what an ended run holds, but for retained tokens', async () => {
      const key = await call.insertRun(P, aRun('r'));
      await call.insertHook(P, key, aHook('r', 'h1', 't1'), 'live');
      await call.insertHook(
        P,
        key,
        aHook('r', 'h2', 't2', { tokenRetentionUntil: timestampFromMs(9_000) }),
        'live',
      );
      await call.insertHook(
        P,
        key,
        aHook('r', 'h3', 't3', { tokenRetentionUntil: timestampFromMs(5_000) }),
        'live',
      );
      await call.insertWait(key, aWait('r', 'w'));
      await call.releaseRun(key, 5_000);
      expect(await call.getToken(P, 't1')).toBeUndefined();
      expect(await call.getToken(P, 't3')).toBeUndefined();
      expect(await call.getToken(P, 't2')).toMatchObject({
        runId: 'r',
        hookId: 'h2',
        retainedUntil: 9_000,
      });
      expect(await call.getWait(key, 'w')).toBeUndefined();
      expect(await call.getHook(key, 'h1')).toBeUndefined();
      expect(values(await call.listHooks(P, key, everything, false)).map((h) => h.hookId)).toEqual([
        'h2',
      ]);
    });

    it('purges every payload of a run and of no other', async () => {
      for (const id of ['r', 's']) {
        const key = await call.insertRun(P, aRun(id, { input: bytes(5_000) }));
        await call.updateRun(key, aRun(id, { status: RunStatus.COMPLETED }), { output: bytes(5) });
        await call.insertStep(key, aStep(id, 'small', { input: bytes(5), error: failure(3) }));
        await call.insertStep(
          key,
          aStep(id, 'large', { input: bytes(5_000), output: bytes(5_000) }),
        );
        await call.insertHook(P, key, aHook(id, 'h', `t-${id}`, { metadata: bytes(5) }), 'live');
        await call.appendEvents(
          key,
          [aResult(id, 1, 'small', bytes(5)), aResult(id, 2, 'large', bytes(5_000))],
          { lastPosition: 2, lastEventAt: 1, bytes: 5_005 },
        );
        const stream = await call.insertStream(P, id, 'out', 1);
        await call.appendChunks(stream.key, 0, [bytes(1), bytes(2)]);
      }
      const { key } = (await call.getRun(P, 'r', 'none'))!;
      await call.purgeRun(P, key, 'r');
      const { run } = (await call.getRun(P, 'r', 'all'))!;
      expect([run.input, run.output, run.error]).toEqual([undefined, undefined, undefined]);
      for (const step of values(await call.listSteps(key, everything, 'all')))
        expect([step.input, step.output, step.error]).toEqual([undefined, undefined, undefined]);
      for (const event of values(await call.listEvents(key, [], undefined, everything, true)))
        expect((event.data.value as { result?: unknown }).result).toBeUndefined();
      expect((await call.readHook(P, key, 'h', true))?.metadata).toBeUndefined();
      const stream = (await call.getStream(P, 'r', 'out'))!;
      expect(stream).toMatchObject({ closed: true, expired: true });
      expect(await call.listChunks(stream.key, 0, 10, MIB)).toEqual([]);

      const other = (await call.getRun(P, 's', 'all'))!;
      expect(other.run.input).toEqual(bytes(5_000));
      expect((await call.getStep(other.key, 'large', 'all'))?.output).toEqual(bytes(5_000));
      expect((await call.getEvent(other.key, 2, true))?.data.value).toMatchObject({
        result: bytes(5_000),
      });
      expect(await call.getStream(P, 's', 'out')).toMatchObject({ expired: false });
    });

    it('lists active runs of a deployment that no message would wake', async () => {
      for (const id of ['a', 'b', 'c', 'd']) await call.insertRun(P, aRun(id));
      await call.insertRun(P, aRun('ended', { status: RunStatus.COMPLETED }));
      await call.insertRun(P, aRun('elsewhere', { deploymentId: 'dpl2' }));
      await call.insertMessage(P, aMessage('m1', { runId: 'b' }));
      await call.insertMessage(P, aMessage('m2', { runId: 'c', idempotencyKey: 'k' }));
      const message = (await call.findMessage(P, 'q', 'k'))!;
      const stranded = async (after?: number, limit = 10) =>
        (await call.listStrandedRuns(P, 'dpl', after, limit)).map((run) => run.runId);
      expect(await stranded()).toEqual(['a', 'd']);
      await call.buryMessage(message.key, 1, 'gone');
      expect(await stranded()).toEqual(['a', 'c', 'd']);
      const [first] = await call.listStrandedRuns(P, 'dpl', undefined, 1);
      expect(await stranded(first?.key, 1)).toEqual(['c']);
      expect(await call.reviveMessage(P, 'm2', 1)).toBe(true);
      expect(await stranded()).toEqual(['a', 'd']);
    });
  });
}
