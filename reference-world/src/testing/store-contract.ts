/** What every engine does with every operation. */
import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  EventType,
  FailureSchema,
  RunStatus,
  type Step,
  StepStatus,
  WaitStatus,
} from '@worldwire/proto';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Operation } from '../core/program.js';
import type { LeaseRequest, RunFilter, Sliced } from '../store/operations.js';
import type { Store } from '../store/store.js';
import {
  aHook,
  aMessage,
  anEvent,
  aResult,
  aRun,
  aStep,
  aWait,
  bytes,
  type Calls,
  callsOf,
  everything,
} from './store-records.js';

const P = 'default';
const MIB = 1024 * 1024;
const failure = (size: number) =>
  create(FailureSchema, { form: { case: 'payload', value: bytes(size, 9) } });
const values = <T>(sliced: Sliced<T>): T[] => sliced.items.map((item) => item.value);
const anyRun: RunFilter = { statuses: [], attributes: {} };

/** Runs the contract against a store that `open` makes afresh and `close` disposes of. */
export function storeContract(open: () => Promise<Store>, close: (store: Store) => Promise<void>) {
  let store: Store;
  let call: Calls;
  beforeEach(async () => {
    store = await open();
    call = callsOf(store);
  });
  afterEach(() => close(store));

  describe('outcomes', () => {
    it('keeps one by project and request, and forgets the old', async () => {
      const outcome = { fingerprint: 'f', response: bytes(4) };
      await call.putOutcome(P, 'a', outcome, 10);
      await call.putOutcome('other', 'a', { ...outcome, fingerprint: 'g' }, 20);
      expect(await call.getOutcome(P, 'a')).toEqual(outcome);
      expect((await call.getOutcome('other', 'a'))?.fingerprint).toBe('g');
      expect(await call.getOutcome(P, 'b')).toBeUndefined();
      await expect(call.putOutcome(P, 'a', outcome, 30)).rejects.toThrow();
      expect(await call.pruneOutcomes(20, 10)).toBe(1);
      expect(await call.getOutcome(P, 'a')).toBeUndefined();
      expect(await call.getOutcome('other', 'a')).toBeDefined();
    });

    it('prunes no more than asked', async () => {
      for (const id of ['a', 'b', 'c'])
        await call.putOutcome(P, id, { fingerprint: '', response: bytes(0) }, 1);
      expect(await call.pruneOutcomes(2, 2)).toBe(2);
      expect(await call.pruneOutcomes(2, 2)).toBe(1);
    });
  });

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
          expect((event.data.value as unknown as Record<string, unknown>)[field]).toBeUndefined();
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
      const first = await call.listProjectEvents(P, 's', { ...everything, limit: 2 }, false);
      expect(values(first).map((e) => e.runId)).toEqual(['b', 'a']);
      expect(first.more).toBe(true);
      const second = await call.listProjectEvents(
        P,
        's',
        { ...everything, after: first.items[1]!.key },
        true,
      );
      expect(values(second).map((e) => [e.runId, e.position])).toEqual([['b', 2n]]);
      const newest = await call.listProjectEvents(
        P,
        's',
        { after: undefined, descending: true, limit: 9 },
        true,
      );
      expect(values(newest).map((e) => e.runId)).toEqual(['b', 'a', 'b']);
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

  describe('steps', () => {
    it.each([3, 5_000])(
      'replaces the record and keeps payloads of %i bytes that are not given',
      async (size) => {
        const key = await call.insertRun(P, aRun('r'));
        const input = bytes(size, 1);
        await call.insertStep(key, aStep('r', 's', { input }));
        const running = aStep('r', 's', { status: StepStatus.RUNNING, attempt: 1 });
        await call.updateStep(key, running, { error: failure(size) });
        await call.updateStep(key, running, { error: failure(size + 1) });
        const output = bytes(size, 2);
        const done = aStep('r', 's', { status: StepStatus.COMPLETED, attempt: 1 });
        await call.updateStep(key, done, { output });
        const all: Step = { ...done, input, output, error: failure(size + 1) };
        expect(await call.getStep(key, 's', 'all')).toEqual(all);
        expect(await call.getStep(key, 's', 'input')).toEqual({ ...done, input });
        expect(await call.getStep(key, 's', 'none')).toEqual(done);
        expect(values(await call.listSteps(key, everything, 'all'))).toEqual([all]);
        expect(await call.getStep(key, 'x', 'all')).toBeUndefined();
        await expect(call.insertStep(key, aStep('r', 's'))).rejects.toThrow();
      },
    );

    it('lists them by creation, whatever their ids', async () => {
      const key = await call.insertRun(P, aRun('r'));
      const other = await call.insertRun(P, aRun('other'));
      for (const id of ['c', 'a', 'd', 'b']) {
        await call.insertStep(other, aStep('other', id));
        await call.insertStep(key, aStep('r', id, { input: bytes(100) }));
      }
      const first = await call.listSteps(key, { ...everything, limit: 3 }, 'none');
      expect(values(first).map((s) => s.stepId)).toEqual(['c', 'a', 'd']);
      const rest = await call.listSteps(key, { ...everything, after: first.items[2]!.key }, 'none');
      expect(values(rest).map((s) => s.stepId)).toEqual(['b']);
      const down = await call.listSteps(
        key,
        { after: first.items[2]!.key, descending: true, limit: 9, maxBytes: 250 },
        'all',
      );
      expect([values(down).map((s) => s.stepId), down.more]).toEqual([['a', 'c'], false]);
    });
  });

  describe('hooks', () => {
    it('gives a token to one live hook, and frees it with the hook', async () => {
      const run = aRun('r', { executionContext: { features: ['x'] }, encryptionPublicKey: 'pk' });
      const key = await call.insertRun(P, run);
      const other = await call.insertRun(P, aRun('r2'));
      const hook = aHook('r', 'h', 'tok', { metadata: bytes(2) });
      await call.insertHook(P, key, hook, 'live');
      await expect(call.insertHook(P, other, aHook('r2', 'h', 'tok'), 'live')).rejects.toThrow();
      await call.insertHook(P, other, aHook('r2', 'h', 'tok'), 'conflicted');
      await call.insertHook('other', other, aHook('r2', 'h9', 'tok'), 'live');
      expect(await call.getHook(key, 'h')).toMatchObject({ state: 'live', hook: { token: 'tok' } });
      expect((await call.getHook(key, 'h'))?.hook.metadata).toBeUndefined();
      expect((await call.getHook(other, 'h'))?.state).toBe('conflicted');
      expect(await call.readHookByToken(P, 'tok', true)).toMatchObject({
        hookId: 'h',
        metadata: bytes(2),
        run: {
          workflowName: 'flow',
          deploymentId: 'dpl',
          specVersion: 6,
          executionContext: { features: ['x'] },
          encryptionPublicKey: 'pk',
        },
      });
      expect((await call.readHookByToken(P, 'tok', false))?.metadata).toBeUndefined();
      await call.disposeHook(key, 'h');
      expect((await call.getHook(key, 'h'))?.state).toBe('disposed');
      expect(await call.getToken(P, 'tok')).toBeUndefined();
      expect(await call.readHook(P, key, 'h', true)).toBeUndefined();
      await call.insertHook(P, key, aHook('r', 'h2', 'tok'), 'live');
      expect((await call.getToken(P, 'tok'))?.hookId).toBe('h2');
      await expect(call.insertHook(P, key, aHook('r', 'h', 'free'), 'live')).rejects.toThrow();
    });

    it('finds the newest of an id, and lists by run and by project', async () => {
      const a = await call.insertRun(P, aRun('a'));
      const b = await call.insertRun(P, aRun('b'));
      await call.insertHook(P, a, aHook('a', 'h', '1'), 'live');
      await call.insertHook(P, b, aHook('b', 'h', '2', { metadata: bytes(1) }), 'live');
      await call.insertHook(P, a, aHook('a', 'i', '3'), 'live');
      expect((await call.readHook(P, undefined, 'h', false))?.runId).toBe('b');
      expect((await call.readHook(P, a, 'h', false))?.runId).toBe('a');
      const tokens = async (key?: number, after?: number, descending = false, limit = 9) => {
        const page = await call.listHooks(P, key, { after, descending, limit }, true);
        for (const hook of values(page)) expect(hook.run?.workflowName).toBe('flow');
        return [values(page).map((hook) => hook.token), page.more];
      };
      expect(await tokens()).toEqual([['1', '2', '3'], false]);
      expect(await tokens(undefined, undefined, true, 2)).toEqual([['3', '2'], true]);
      expect(await tokens(a)).toEqual([['1', '3'], false]);
    });

    it('prunes retained hooks of ended runs once their time is over', async () => {
      const ended = await call.insertRun(P, aRun('a', { status: RunStatus.FAILED }));
      const active = await call.insertRun(P, aRun('b'));
      const until = (ms: number) => ({ tokenRetentionUntil: timestampFromMs(ms) });
      await call.insertHook(P, ended, aHook('a', 'h1', '1', until(100)), 'live');
      await call.insertHook(P, ended, aHook('a', 'h2', '2', until(200)), 'live');
      await call.insertHook(P, active, aHook('b', 'h3', '3', until(100)), 'live');
      expect(await call.pruneRetainedHooks(150, 10)).toBe(1);
      expect(await call.getToken(P, '1')).toBeUndefined();
      expect(await call.getToken(P, '2')).toMatchObject({ runStatus: RunStatus.FAILED });
      expect(await call.getToken(P, '3')).toBeDefined();
      await call.dropTokenHolder(P, '2');
      expect(await call.getToken(P, '2')).toBeUndefined();
      expect(await call.getHook(ended, 'h2')).toBeUndefined();
    });

    it('keeps what landed under a resume id', async () => {
      const key = await call.insertRun(P, aRun('r'));
      const resume = { hookId: 'h', digest: 'd', position: 4 };
      await call.insertResume(key, 'x', resume);
      expect(await call.getResume(key, 'x')).toEqual(resume);
      expect(await call.getResume(key, 'y')).toBeUndefined();
      await expect(call.insertResume(key, 'x', resume)).rejects.toThrow();
    });
  });

  it('waits: keeps, replaces, lists by state', async () => {
    const key = await call.insertRun(P, aRun('r'));
    for (const id of ['b', 'a', 'c']) await call.insertWait(key, aWait('r', id));
    await expect(call.insertWait(key, aWait('r', 'a'))).rejects.toThrow();
    const done = aWait('r', 'a', { status: WaitStatus.COMPLETED });
    await call.updateWait(key, done);
    expect(await call.getWait(key, 'a')).toEqual(done);
    const ids = async (status: WaitStatus, descending = false) =>
      values(await call.listWaits(key, status, { ...everything, descending })).map((w) => w.waitId);
    expect(await ids(0)).toEqual(['b', 'a', 'c']);
    expect(await ids(WaitStatus.WAITING, true)).toEqual(['c', 'b']);
    expect(await ids(WaitStatus.COMPLETED)).toEqual(['a']);
  });

  describe('queues', () => {
    let leases = 0;
    const request = (fields: Partial<LeaseRequest> = {}): LeaseRequest => ({
      project: P,
      queuePrefixes: [''],
      deploymentId: 'dpl',
      limit: 10,
      now: 2_000,
      leaseExpiresAt: 5_000,
      consumerId: 'me',
      newLeaseId: () => `lease-${leases++}`,
      maxDeliveries: 3,
      maxBytes: MIB,
      ...fields,
    });
    const lease = async (fields: Partial<LeaseRequest> = {}) => call.leaseMessages(request(fields));
    const ids = async (fields: Partial<LeaseRequest> = {}) =>
      (await lease(fields)).map((message) => message.messageId);

    it('delivers a message as it was sent, once per lease', async () => {
      const message = aMessage('m', {
        body: bytes(5_000, 7),
        headers: { a: 'ü"\\', b: '' },
        deploymentId: 'dpl',
        idempotencyKey: 'k',
      });
      await call.insertMessage(P, message);
      const [delivery] = await lease();
      const { visibleAt: _visibleAt, runId: _runId, ...sent } = message;
      expect(delivery).toEqual({
        ...sent,
        leaseId: delivery?.leaseId,
        attempt: 1,
        leaseExpiresAt: 5_000,
      });
      expect(await ids()).toEqual([]);
      expect(await ids({ now: 4_999 })).toEqual([]);
      const [again] = await lease({ now: 5_000, leaseExpiresAt: 9_000 });
      expect(again).toMatchObject({ messageId: 'm', attempt: 2 });
      expect(await call.getLease(P, delivery!.leaseId)).toBeUndefined();
      expect(await call.getLease('other', again!.leaseId)).toBeUndefined();
      const held = (await call.getLease(P, again!.leaseId))!;
      expect(held).toMatchObject({ messageId: 'm', queueName: 'q', attempt: 2 });
      await call.deleteMessage(held.key);
      expect(await call.getLease(P, again!.leaseId)).toBeUndefined();
      expect(await ids({ now: 99_000 })).toEqual([]);
    });

    it('knows an idempotency key while its message lives', async () => {
      const send = (id: string, queueName = 'q') =>
        call.insertMessage(P, aMessage(id, { idempotencyKey: 'k', queueName }));
      await send('a');
      await send('b', 'q2');
      await expect(send('c')).rejects.toThrow();
      const found = (await call.findMessage(P, 'q', 'k'))!;
      expect(found.messageId).toBe('a');
      expect(await call.findMessage('other', 'q', 'k')).toBeUndefined();
      await call.buryMessage(found.key, 1, 'e');
      expect(await call.findMessage(P, 'q', 'k')).toBeUndefined();
      await send('d');
      expect((await call.findMessage(P, 'q', 'k'))?.messageId).toBe('d');
    });

    it('takes turns between queues, oldest first within one', async () => {
      for (let i = 0; i < 5; i++)
        await call.insertMessage(P, aMessage(`a${i}`, { queueName: 'a', visibleAt: 1_000 - i }));
      for (let i = 0; i < 2; i++)
        await call.insertMessage(
          P,
          aMessage(`b${i}`, { queueName: 'b', visibleAt: 1_000 + i, deploymentId: i ? '' : 'dpl' }),
        );
      expect(await ids({ limit: 3 })).toEqual(['a4', 'b0', 'a3']);
      expect(await ids({ limit: 10 })).toEqual(['b1', 'a2', 'a1', 'a0']);
    });

    it('takes only from queues of a prefix and messages of the deployment or of none', async () => {
      await call.insertMessage(P, aMessage('1', { queueName: 'wf_%a' }));
      await call.insertMessage(P, aMessage('2', { queueName: 'wf_xa', deploymentId: 'dpl' }));
      await call.insertMessage(P, aMessage('3', { queueName: 'wf_xa', deploymentId: 'other' }));
      await call.insertMessage('other', aMessage('4', { queueName: 'wf_xa' }));
      await call.insertMessage(P, aMessage('5', { queueName: 'WF_' }));
      expect(await ids({ queuePrefixes: ['wf_%'] })).toEqual(['1']);
      expect(await ids({ queuePrefixes: ['wf', 'wf_'] })).toEqual(['2']);
      expect(await ids({ deploymentId: '' })).toEqual(['5']);
      expect(await call.nextVisibleAt(P, ['WF'], 'dpl')).toBe(5_000);
      expect(await call.nextVisibleAt(P, ['wf'], 'other')).toBe(1_000);
      expect(await call.nextVisibleAt(P, ['none'], 'other')).toBeUndefined();
    });

    it('bounds a batch by bytes, with one message at least', async () => {
      for (const id of ['a', 'b', 'c'])
        await call.insertMessage(P, aMessage(id, { body: bytes(2_000) }));
      expect(await ids({ maxBytes: 1 })).toEqual(['a']);
      expect(await ids({ maxBytes: 4_000 })).toEqual(['b', 'c']);
    });

    it('returns, extends and ends leases', async () => {
      for (const id of ['a', 'b', 'c']) await call.insertMessage(P, aMessage(id));
      const [a, b, c] = await lease();
      const keyOf = async (leaseId: string) => (await call.getLease(P, leaseId))!.key;
      await call.returnMessage(await keyOf(a!.leaseId), 3_000, 1, 'oops');
      expect(await call.getLease(P, a!.leaseId)).toBeUndefined();
      await call.extendLease(await keyOf(b!.leaseId), 50_000);
      expect(await ids({ now: 2_999 })).toEqual([]);
      expect(await ids({ now: 5_000, limit: 9 })).toEqual(['a', 'c']);
      await call.releaseConsumer(P, 'nobody', 6_000);
      expect(await ids({ now: 49_999, leaseExpiresAt: 60_000 })).toEqual(['a', 'c']);
      await call.releaseConsumer(P, 'me', 7_000);
      expect(await ids({ now: 7_000 })).toEqual(['b']);
      expect(c).toBeDefined();
    });

    it('lists who holds leases', async () => {
      const holders = async (now: number) =>
        (await call.listLeaseHolders(now)).map((holder) => Object.values(holder).join(' ')).sort();
      expect(await holders(0)).toEqual([]);
      for (const id of ['a', 'b', 'c', 'd', 'e']) await call.insertMessage(P, aMessage(id));
      await call.insertMessage('other', aMessage('f'));
      await lease({ limit: 2, consumerId: 'two' });
      await lease({ limit: 1, consumerId: 'later', leaseExpiresAt: 9_000 });
      await lease({ limit: 1, consumerId: 'gone' });
      await lease({ project: 'other', consumerId: 'two' });
      await call.releaseConsumer(P, 'gone', 3_000);
      expect(await holders(2_999)).toEqual(
        ['other two', `${P} gone`, `${P} later`, `${P} two`].sort(),
      );
      expect(await holders(3_000)).toEqual(['other two', `${P} later`, `${P} two`].sort());
      expect(await holders(5_000)).toEqual([`${P} later`]);
      const [again] = await lease({ now: 9_000, limit: 1, leaseExpiresAt: 10_000 });
      expect(await holders(9_000)).toEqual([`${P} me`]);
      const held = (await call.getLease(P, again!.leaseId))!;
      await call.returnMessage(held.key, 9_000, 1, '');
      expect(await holders(9_000)).toEqual([]);
    });

    it('makes a message dead after its deliveries, and lists and revives it', async () => {
      await call.insertMessage(P, aMessage('m', { idempotencyKey: 'k', body: bytes(3_000) }));
      let now = 2_000;
      for (let attempt = 1; attempt <= 3; attempt++) {
        const [delivery] = await lease({ now, leaseExpiresAt: now + 10 });
        expect(delivery?.attempt).toBe(attempt);
        const held = await call.getLease(P, delivery!.leaseId);
        await call.returnMessage(held!.key, now + 5, attempt, `error ${attempt}`);
        now += 5;
      }
      expect(await ids({ now })).toEqual([]);
      const dead = await call.listDeadMessages(P, '', everything);
      expect(values(dead)).toEqual([
        {
          messageId: 'm',
          queueName: 'q',
          attempts: 3,
          enqueuedAt: 1_000,
          diedAt: now,
          lastError: 'error 3',
        },
      ]);
      expect(await call.reviveMessage('other', 'm', now)).toBe(false);
      expect(await call.reviveMessage(P, 'm', now)).toBe(true);
      expect(await call.reviveMessage(P, 'm', now)).toBe(false);
      expect(values(await call.listDeadMessages(P, '', everything))).toEqual([]);
      expect(await lease({ now })).toMatchObject([
        { messageId: 'm', attempt: 1, body: bytes(3_000) },
      ]);
    });

    it('lists the dead by death', async () => {
      for (const id of ['a', 'b', 'c', 'd'])
        await call.insertMessage(
          P,
          aMessage(id, { idempotencyKey: id, queueName: id === 'd' ? 'z' : 'q' }),
        );
      for (const id of ['c', 'd', 'a', 'b'])
        await call.buryMessage(
          (await call.findMessage(P, id === 'd' ? 'z' : 'q', id))!.key,
          10,
          id,
        );
      const dead = async (queue: string, after?: number, limit = 9, descending = false) =>
        call.listDeadMessages(P, queue, { after, limit, descending });
      const first = await dead('', undefined, 2);
      expect([values(first).map((m) => m.messageId), first.more]).toEqual([['c', 'd'], true]);
      expect(values(await dead('', first.items[1]!.key)).map((m) => m.messageId)).toEqual([
        'a',
        'b',
      ]);
      expect(values(await dead('q', undefined, 9, true)).map((m) => m.messageId)).toEqual([
        'b',
        'a',
        'c',
      ]);
      expect(values(await dead('unknown'))).toEqual([]);
    });

    it('counts what is ready, delayed, leased and dead', async () => {
      for (const id of ['a', 'b', 'c', 'd', 'e'])
        await call.insertMessage(P, aMessage(id, { idempotencyKey: id }));
      await call.insertMessage(P, aMessage('later', { visibleAt: 9_000 }));
      await call.insertMessage(P, aMessage('z', { queueName: 'a-queue' }));
      await lease({ limit: 1, queuePrefixes: ['q'] });
      await lease({ limit: 1, queuePrefixes: ['q'], leaseExpiresAt: 2_001 });
      await call.buryMessage((await call.findMessage(P, 'q', 'c'))!.key, 1, '');
      const queues = await call.listQueues(P, undefined, 1, 2_500);
      expect(queues).toMatchObject({
        items: [{ value: { queueName: 'a-queue', ready: 1, delayed: 0, leased: 0, dead: 0 } }],
        more: true,
      });
      expect(values(await call.listQueues(P, queues.items[0]!.key, 9, 2_500))).toEqual([
        { queueName: 'q', ready: 3, delayed: 1, leased: 1, dead: 1 },
      ]);
    });

    it('finds the few queues that hold messages among many', async () => {
      for (let i = 0; i < 40; i++)
        await call.insertMessage(
          P,
          aMessage(`m${i}`, { queueName: `queue-${i}`, idempotencyKey: 'k' }),
        );
      for (let i = 0; i < 40; i++)
        if (i !== 7 && i !== 23)
          await call.deleteMessage((await call.findMessage(P, `queue-${i}`, 'k'))!.key);
      expect(await call.nextVisibleAt(P, ['queue-'], 'dpl')).toBe(1_000);
      expect(await ids()).toEqual(['m7', 'm23']);
    });

    it('remembers the deployment that first attached last', async () => {
      expect(await call.latestDeployment(P, 'prod')).toBeUndefined();
      await call.noteDeployment(P, 'prod', 'd1', 1);
      await call.noteDeployment(P, 'prod', 'd2', 2);
      await call.noteDeployment(P, 'prod', 'd1', 3);
      await call.noteDeployment(P, '', 'd3', 4);
      expect(await call.latestDeployment(P, 'prod')).toEqual({ deploymentId: 'd2', attachedAt: 2 });
    });
  });

  describe('streams', () => {
    it('keeps chunks, boundaries and order', async () => {
      const stream = await call.insertStream(P, 'r', 's', 1);
      expect(await call.getStream(P, 'r', 's')).toEqual(stream);
      await call.appendChunks(stream.key, 0, [bytes(3), bytes(0), bytes(20_000)]);
      await call.appendChunks(stream.key, 3, [bytes(1, 0)]);
      expect(await call.listChunks(stream.key, 0, 10, MIB)).toEqual([
        { index: 0, data: bytes(3) },
        { index: 1, data: bytes(0) },
        { index: 2, data: bytes(20_000) },
        { index: 3, data: bytes(1, 0) },
      ]);
      expect((await call.listChunks(stream.key, 2, 10, 1)).map((c) => c.index)).toEqual([2]);
      expect((await call.listChunks(stream.key, 1, 2, MIB)).map((c) => c.index)).toEqual([1, 2]);
      expect(await call.listChunks(stream.key, 4, 2, MIB)).toEqual([]);
      expect((await call.getStream(P, 'r', 's'))?.length).toBe(4);
      await expect(call.appendChunks(stream.key, 3, [bytes(1)])).rejects.toThrow();
      await call.closeStream(stream.key);
      await call.closeStream(stream.key);
      expect(await call.getStream(P, 'r', 's')).toMatchObject({ closed: true, length: 4 });
    });

    it('finds streams by name, newest first, and lists those of a run', async () => {
      await call.insertStream(P, 'r1', 's', 1);
      const newest = await call.insertStream(P, 'r2', 's', 2);
      await call.insertStream(P, 'r2', 'a', 3);
      await call.insertStream('other', 'r2', 's', 4);
      await expect(call.insertStream(P, 'r2', 's', 5)).rejects.toThrow();
      expect(await call.findStream(P, 's')).toEqual(newest);
      expect(await call.findStream(P, 'x')).toBeUndefined();
      const first = await call.listStreams(P, 'r2', undefined, 1);
      expect(first).toEqual({ items: [{ key: newest.key, value: 's' }], more: true });
      expect(values(await call.listStreams(P, 'r2', newest.key, 5))).toEqual(['a']);
    });

    it('counts what a writer has appended', async () => {
      const stream = await call.insertStream(P, 'r', 's', 1);
      expect(await call.getWriter(stream.key, 'w')).toBe(0);
      await call.putWriter(stream.key, 'w', 3);
      await call.putWriter(stream.key, 'w', 5);
      expect(await call.getWriter(stream.key, 'w')).toBe(5);
      expect(await call.getWriter(stream.key, 'v')).toBe(0);
    });
  });

  describe('commands', () => {
    const put = (name: string): Operation => ({ name: 'noteDeployment', args: [P, 'e', name, 1] });
    const latest: Operation = { name: 'latestDeployment', args: [P, 'e'] };

    it('sees what those before it did, and leaves nothing of one that rejects', async () => {
      const good = (name: string) =>
        store.execute(function* () {
          const before = yield latest;
          yield put(name);
          return before;
        });
      const bad = store.execute(function* () {
        yield put('bad');
        throw new Error('no');
      });
      const results = await Promise.allSettled([good('1'), bad, good('2')]);
      expect(results).toEqual([
        { status: 'fulfilled', value: undefined },
        { status: 'rejected', reason: new Error('no') },
        { status: 'fulfilled', value: { deploymentId: '1', attachedAt: 1 } },
      ]);
      expect(await call.latestDeployment(P, 'e')).toMatchObject({ deploymentId: '2' });
    });

    it('refuses a change in a read', async () => {
      await expect(
        store.read(function* () {
          yield put('x');
        }),
      ).rejects.toThrow('noteDeployment');
      expect(await call.latestDeployment(P, 'e')).toBeUndefined();
    });

    it('wakes those who watch a topic, after the commit and not after a rejection', async () => {
      let woken = 0;
      const stop = store.watch('t', () => {
        woken++;
      });
      const notify: Operation = { name: 'notify', args: ['t'] };
      await store.execute(function* () {
        yield put('x');
        yield notify;
        yield notify;
      });
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(woken).toBe(1);
      await store
        .execute(function* () {
          yield notify;
          throw new Error('no');
        })
        .catch(() => {});
      await store.execute(function* () {
        yield { name: 'notify', args: ['other'] };
      });
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(woken).toBe(1);
      stop();
      await call.notify('t');
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(woken).toBe(1);
    });
  });
}
