/** What every engine does with events. */
import { EventType } from '@worldwire/proto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  anEvent,
  aResult,
  aRun,
  bytes,
  type Calls,
  everything,
  failure,
  P,
  values,
} from '../store-records.js';

export function eventsContract(call: Calls): void {
  describe('events', () => {
    it('returns them as written, whole or without payloads', async () => {
      const key = await call.insertRun(P, aRun('r'));
      const events = [
        anEvent('r', 1, {
          case: 'runCreated',
          value: { workflowName: 'w', input: bytes(4_000) } as never,
        }),
        aResult('r', 2, 's', bytes(0)),
        aResult('r', 3, 's', bytes(9)),
        aResult('r', 4, 's', bytes(20_000)),
        anEvent(
          'r',
          5,
          { case: 'stepFailed', value: { stepName: 'n', error: failure(3_000) } as never },
          's',
        ),
        anEvent('r', 6, { case: 'noop', value: { sealed: true } as never }),
      ].map((event) => event);
      await call.appendEvents(key, events, { lastPosition: 6, lastEventAt: 77, bytes: 88 });
      const whole = values(await call.listEvents(key, [], undefined, everything, true));
      expect(whole.map((e) => e.position)).toEqual([1n, 2n, 3n, 4n, 5n, 6n]);
      expect(whole[0]?.data.value).toMatchObject({ workflowName: 'w', input: bytes(4_000) });
      expect(whole[1]?.data.value).toMatchObject({ result: bytes(0) });
      expect(whole[3]?.data.value).toMatchObject({ result: bytes(20_000) });
      expect(whole[4]?.data.value).toMatchObject({ stepName: 'n', error: failure(3_000) });
      expect(whole[5]).toEqual(await call.getEvent(key, 6, true));
      const stripped = values(await call.listEvents(key, [], undefined, everything, false));
      expect(stripped[0]?.data.value).toMatchObject({ workflowName: 'w' });
      for (const event of stripped)
        for (const field of ['input', 'result', 'error'])
          expect(Reflect.get(event.data.value!, field)).toBeUndefined();
      expect(await call.getRun(P, 'r', 'none')).toMatchObject({
        run: { lastPosition: 6n },
        lastEventAt: 77,
        bytes: 88,
      });
      expect(await call.getEvent(key, 7, true)).toBeUndefined();
    });

    it('has one event at a position', async () => {
      const key = await call.insertRun(P, aRun('r'));
      const end = { lastPosition: 1, lastEventAt: 1, bytes: 1 };
      await call.appendEvents(key, [aResult('r', 1, 's', bytes(1))], end);
      await expect(call.appendEvents(key, [aResult('r', 1, 's', bytes(2))], end)).rejects.toThrow();
      expect((await call.getEvent(key, 1, true))?.data.value).toMatchObject({ result: bytes(1) });
    });

    it('pages by position, type and entity like an array would', async () => {
      const key = await call.insertRun(P, aRun('r'));
      const kinds = [
        [EventType.STEP_COMPLETED, 'stepCompleted'],
        [EventType.HOOK_CONFLICT, 'hookConflict'],
        [EventType.NOOP, 'noop'],
      ] as const;
      const model = Array.from({ length: 50 }, (_, i) => ({
        position: i + 1,
        kind: kinds[i % 3]!,
        entity: i % 3 === 2 ? '' : `e${i % 4}`,
      }));
      await call.appendEvents(
        key,
        model.map(({ position, kind, entity }) =>
          anEvent('r', position, { case: kind[1], value: {} as never }, entity),
        ),
        { lastPosition: 50, lastEventAt: 1, bytes: 1 },
      );
      await fc.assert(
        fc.asyncProperty(
          fc.uniqueArray(fc.constantFrom(...kinds.map(([type]) => type)), { maxLength: 2 }),
          fc.option(fc.constantFrom('e0', 'e1', 'none'), { nil: undefined }),
          fc.option(fc.integer({ min: 0, max: 60 }), { nil: undefined }),
          fc.boolean(),
          fc.integer({ min: 1, max: 30 }),
          fc.boolean(),
          async (types, entity, after, descending, limit, payloads) => {
            const matching = model.filter(
              (m) =>
                (types.length === 0 || types.includes(m.kind[0])) &&
                (entity === undefined || m.entity === entity) &&
                (after === undefined || (descending ? m.position < after : m.position > after)),
            );
            if (descending) matching.reverse();
            const page = await call.listEvents(
              key,
              types,
              entity,
              { after, descending, limit },
              payloads,
            );
            expect(page.items.map((item) => item.key)).toEqual(
              matching.slice(0, limit).map((m) => m.position),
            );
            expect(page.more).toBe(matching.length > limit);
          },
        ),
        { numRuns: 150 },
      );
    });

    it('lists an entity over all runs of a project in the order of the commits', async () => {
      const a = await call.insertRun(P, aRun('a'));
      const b = await call.insertRun(P, aRun('b'));
      const c = await call.insertRun('other', aRun('c'));
      const append = (key: number, run: string, position: number) =>
        call.appendEvents(key, [aResult(run, position, 's', bytes(1))], {
          lastPosition: position,
          lastEventAt: 1,
          bytes: 1,
        });
      await append(b, 'b', 1);
      await append(a, 'a', 1);
      await append(c, 'c', 1);
      await append(b, 'b', 2);
      const first = await call.listProjectEvents(P, [], 's', { ...everything, limit: 2 }, false);
      expect(values(first).map((e) => e.runId)).toEqual(['b', 'a']);
      expect(first.more).toBe(true);
      const second = await call.listProjectEvents(
        P,
        [],
        's',
        { ...everything, after: first.items[1]!.key },
        true,
      );
      expect(values(second).map((e) => [e.runId, e.position])).toEqual([['b', 2n]]);
      const newest = await call.listProjectEvents(
        P,
        [],
        's',
        { after: undefined, descending: true, limit: 9 },
        true,
      );
      expect(values(newest).map((e) => e.runId)).toEqual(['b', 'a', 'b']);
      const starts = [EventType.RUN_STARTED];
      const none = await call.listProjectEvents(P, starts, 's', everything, true);
      expect(none).toEqual({ items: [], more: false });
      expect(await call.hasEvent(a, EventType.STEP_COMPLETED, 's')).toBe(true);
      expect(await call.hasEvent(a, EventType.STEP_FAILED, 's')).toBe(false);
      expect(await call.hasEvent(a, EventType.STEP_COMPLETED, 'x')).toBe(false);
    });

    it('ends a slice early by bytes', async () => {
      const key = await call.insertRun(P, aRun('r'));
      await call.appendEvents(
        key,
        [1, 2, 3].map((position) => aResult('r', position, 's', bytes(10_000))),
        { lastPosition: 3, lastEventAt: 1, bytes: 1 },
      );
      const page = await call.listEvents(
        key,
        [],
        undefined,
        { ...everything, maxBytes: 25_000 },
        true,
      );
      expect([page.items.length, page.more]).toEqual([2, true]);
      const one = await call.listEvents(key, [], undefined, { ...everything, maxBytes: 1 }, true);
      expect([one.items.length, one.more]).toEqual([1, true]);
    });
  });
}
