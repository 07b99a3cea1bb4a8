import { SortOrder } from '@worldwire/proto';
import { type Check, check } from '../../check.js';
import * as events from '../../fixtures/new-event.js';
import { absentRun } from '../../fixtures/records.js';
import type { WriteOptions } from '../../fixtures/run-handle.js';
import { cursorAfter, delta } from './delta-support.js';
import { bytes, sendBatch, unchanged } from './support.js';

const CAPABILITY = { capabilities: ['EVENT_DELTAS'] } as const;
const PLACED = { capabilities: ['EVENT_DELTAS', 'POSITIONS'] } as const;

/** What rides on the answer to a write. */
export const deltaChecks: readonly Check[] = [
  check(
    'log/expected-position',
    'A writer that names the position it has seen is told of what it has not, and writes in any case',
    { requirements: ['WW-LOG-060', 'WW-LOG-061', 'WW-LOG-066'], ...PLACED },
    async (t) => {
      const run = await t.startedRun();
      await run.given(
        events.stepCreated('step_1', { input: bytes('devl"in"') }),
        events.waitCreated('wait_1'),
        events.hookCreated('hook_1', t.unique('token')),
      );
      for (const [index, seen] of [5, 4, 2, 0, 1, 100, 9].entries()) {
        const before = await run.log();
        const answer = await t.accepted(`a write that has seen ${seen}`, () =>
          run.write(events.stepCreated(`step_new_${index}`), { expectedPosition: BigInt(seen) }),
        );
        t.equal(Number(answer.event?.position), before.length + 1, 'the position of the event');
        t.equal((await run.log()).at(-1), answer.event, 'the last event of the log');
        await delta(t, run, `seen ${seen}`, answer, before.slice(seen), { cursor: false });
      }
    },
  ),
  check(
    'log/since-cursor',
    'A writer that gives a cursor is told of all behind it, its own event included',
    { requirements: ['WW-LOG-062', 'WW-LOG-067', 'WW-LOG-066'], ...CAPABILITY },
    async (t) => {
      const run = await t.startedRun();
      await run.given(
        events.stepCreated('step_1', { input: bytes('devl"in"') }),
        events.waitCreated('wait_1'),
      );
      for (const seen of [4, 3, 1, 2]) {
        const sinceCursor = await cursorAfter(t, run, seen);
        const answer = await t.accepted(`a write that has seen ${seen}`, () =>
          run.write(events.stepCreated(t.unique('step')), { sinceCursor }),
        );
        const log = await run.log();
        t.equal(log.at(-1), answer.event, 'the last event of the log');
        await delta(t, run, `a cursor behind ${seen}`, answer, log.slice(seen), { cursor: true });
        const own = answer.delta?.page?.cursor ?? '';
        const next = await t.accepted('a write with the cursor of the delta', () =>
          run.write(events.waitCreated(t.unique('wait')), { sinceCursor: own }),
        );
        const known = seen + (answer.delta?.events.length ?? 0);
        const then = (await run.log()).slice(known);
        await delta(t, run, 'the cursor of a delta', next, then, { cursor: true });
      }
    },
  ),
  check(
    'log/since-cursor-wins',
    'A cursor counts where an expected position is given too',
    { requirements: ['WW-LOG-063', 'WW-LOG-062'], ...PLACED },
    async (t) => {
      const run = await t.startedRun();
      await run.given(events.stepCreated('step_1'), events.stepCreated('step_2'));
      for (const expectedPosition of [0n, 4n, 3n]) {
        const sinceCursor = await cursorAfter(t, run, 2);
        const answer = await t.accepted('a write with both', () =>
          run.write(events.stepCreated(t.unique('step')), { sinceCursor, expectedPosition }),
        );
        const wanted = (await run.log()).slice(2);
        await delta(t, run, 'both', answer, wanted, { cursor: true });
      }
    },
  ),
  check(
    'log/delta-of-a-conflict',
    'A hook_created that becomes hook_conflict is answered with the delta that it asks for',
    { requirements: ['WW-LOG-061', 'WW-LOG-062', 'WW-LOG-067'], ...CAPABILITY },
    async (t) => {
      const token = t.unique('token');
      const holder = await t.startedRun();
      await holder.given(events.hookCreated('hook_holder', token));
      const run = await t.startedRun();
      await run.given(
        events.stepCreated('step_1', { input: bytes('devl"in"') }),
        events.waitCreated('wait_1'),
      );
      const conflict = async (what: string, options: WriteOptions) => {
        const answer = await t.accepted(what, () =>
          run.write(events.hookCreated(t.unique('hook'), token), options),
        );
        t.equal(answer.event?.data.case, 'hookConflict', `${what}: the event`);
        return answer;
      };
      for (const seen of [4, 3, 2]) {
        const sinceCursor = await cursorAfter(t, run, seen);
        const since = await conflict(`a cursor behind ${seen}`, { sinceCursor });
        const log = await run.log();
        await delta(t, run, `a cursor behind ${seen}`, since, log.slice(seen), { cursor: true });
        if (!t.has('POSITIONS')) continue;
        const placed = await conflict(`seen ${seen}`, { expectedPosition: BigInt(seen) });
        await delta(t, run, `seen ${seen}`, placed, log.slice(seen), { cursor: false });
      }
    },
  ),
  check(
    'log/preload',
    'A start or a payload that asks for the log is answered with it from its beginning, and the run',
    { requirements: ['WW-LOG-064', 'WW-LOG-066', 'WW-LOG-067'], ...CAPABILITY },
    async (t) => {
      const run = await t.run();
      await run.given(
        events.stepCreated('step_1', { input: bytes('devl"in"') }),
        events.hookCreated('hook_1', t.unique('token')),
      );
      const writes = [
        ['the first start', () => run.write(events.runStarted(), { preloadEvents: true })],
        ['a later start', () => run.write(events.runStarted(), { preloadEvents: true })],
        ['a payload', () => run.write(events.hookReceived('hook_1'), { preloadEvents: true })],
      ] as const;
      for (const [what, write] of writes) {
        const answer = await t.accepted(what, write);
        t.equal(answer.run?.runId, run.id, `${what}: the run`);
        t.equal(answer.run?.status, (await run.get()).status, `${what}: the state of the run`);
        await delta(t, run, what, answer, await run.log(), { cursor: true });
      }
      const fresh = absentRun(t);
      const answer = await t.accepted('a start that creates the run', () =>
        fresh.write(events.runStarted(events.createsRun()), { preloadEvents: true }),
      );
      await delta(t, fresh, 'a new run', answer, await fresh.log(), { cursor: true });
    },
  ),
  check(
    'log/skip-preload',
    'A start that wants no events is answered without, whatever else it asks for',
    { requirements: ['WW-LOG-065'], ...CAPABILITY },
    async (t) => {
      const run = await t.run();
      await run.given(events.stepCreated('step_1'));
      const sinceCursor = await cursorAfter(t, run, 1);
      const asks: WriteOptions[] = [
        { preloadEvents: true },
        { sinceCursor },
        { preloadEvents: true, sinceCursor },
        ...(t.has('POSITIONS') ? [{ expectedPosition: 0n }] : []),
      ];
      for (const ask of asks) {
        const answer = await t.accepted('run_started with skip_preload', () =>
          run.write(events.runStarted(), { ...ask, skipPreload: true }),
        );
        t.ok(answer.delta === undefined, 'no delta', 'none', answer.delta);
        const control = await t.accepted('run_started without', () =>
          run.write(events.runStarted(), ask),
        );
        t.ok(control.delta !== undefined, 'a delta without skip_preload', 'a delta', 'none');
      }
      const other = await t.accepted('step_created with skip_preload', () =>
        run.write(events.stepCreated('step_2'), { sinceCursor, skipPreload: true }),
      );
      t.ok(other.delta !== undefined, 'a delta with another event', 'a delta', 'none');
    },
  ),
  check(
    'log/delta-of-a-long-log',
    'A delta that is cut short says so, and its cursor leads to the rest',
    {
      requirements: ['WW-LOG-066', 'WW-LOG-067', 'WW-LOG-064'],
      capabilities: ['EVENT_DELTAS', 'EVENT_BATCH'],
    },
    async (t) => {
      const run = await t.startedRun();
      const size = Math.min(t.facts.limits.maxEventBatch || 16, 64);
      const wanted = Math.min((t.facts.limits.maxEventPage || 100) + 1, 1_100);
      for (let count = 0; count < wanted; count += size)
        await t.given('a batch', () =>
          sendBatch(
            run,
            Array.from({ length: size }, (_, at) => events.waitCreated(`wait_${count + at}`)),
            { api: t.api },
          ),
        );
      await run.given(events.hookCreated('hook_1', t.unique('token')));
      const preload = await t.accepted('run_started with the log', () =>
        run.write(events.runStarted(), { preloadEvents: true }),
      );
      await delta(t, run, 'preload', preload, await run.log(), { cursor: true });
      const sinceCursor = await cursorAfter(t, run, 1);
      const since = await t.accepted('hook_received since a cursor', () =>
        run.write(events.hookReceived('hook_1'), { sinceCursor }),
      );
      await delta(t, run, 'since', since, (await run.log()).slice(1), { cursor: true });
      if (!t.has('POSITIONS')) return;
      const log = await run.log();
      const expected = await t.accepted('hook_received that has seen 2', () =>
        run.write(events.hookReceived('hook_1'), { expectedPosition: 2n }),
      );
      await delta(t, run, 'expected', expected, log.slice(2), { cursor: false });
    },
  ),
  check(
    'log/delta-refused',
    'A cursor that leads nowhere and a negative position are refused, and nothing is written',
    { requirements: ['WW-LOG-068'], ...CAPABILITY },
    async (t) => {
      const [run, other] = [await t.startedRun(), await t.startedRun()];
      await run.given(events.stepCreated('step_1'));
      const list = t.api.events;
      const page = { limit: 1, sortOrder: SortOrder.DESCENDING };
      const cursors = {
        'no cursor at all': 'nothing',
        'of another run': await cursorAfter(t, other, 1),
        'of the other order': (await list.listEvents({ runId: run.id, page })).page?.cursor ?? '',
        'of a filter':
          (await list.listEvents({ runId: run.id, types: [8, 1], page: { limit: 1 } })).page
            ?.cursor ?? '',
        'of another list': (await t.api.steps.listSteps({ runId: run.id })).page?.cursor ?? '',
      };
      await unchanged(t, run, 'the refusals', async () => {
        for (const [what, sinceCursor] of Object.entries(cursors)) {
          await t.refused(
            `a cursor ${what} in ListEvents`,
            () =>
              list.listEvents({
                runId: run.id,
                page: { cursor: sinceCursor, sortOrder: SortOrder.ASCENDING },
              }),
            'INVALID_CURSOR',
          );
          await t.refused(
            `a write with a cursor ${what}`,
            () => run.write(events.stepCreated('step_2'), { sinceCursor }),
            'INVALID_CURSOR',
          );
        }
        await t.refused(
          'a write with a negative position',
          () => run.write(events.stepCreated('step_2'), { expectedPosition: -1n }),
          'INVALID_ARGUMENT',
        );
      });
      const sinceCursor = await cursorAfter(t, run, 1);
      await t.accepted('a write with a good cursor', () =>
        run.write(events.stepCreated('step_2'), { sinceCursor }),
      );
    },
  ),
  check(
    'log/no-delta-unasked',
    'A write that asks for no events is answered with none',
    { requirements: ['WW-LOG-069'] },
    async (t) => {
      const run = absentRun(t);
      const list = [
        events.runCreated(),
        events.runStarted(),
        events.stepCreated('step_1'),
        events.stepStarted('step_1'),
        events.stepCompleted('step_1'),
        events.hookCreated('hook_1', t.unique('token')),
        events.hookReceived('hook_1'),
        events.waitCreated('wait_1'),
        events.waitCompleted('wait_1'),
        events.hookDisposed('hook_1'),
        events.runCompleted(),
      ];
      for (const event of list) {
        const answer = await t.accepted(`${event.data?.case}`, () => run.write(event));
        t.ok(answer.delta === undefined, `the delta of ${event.data?.case}`, 'none', answer.delta);
      }
    },
  ),
];
