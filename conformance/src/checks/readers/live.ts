import { ConnectError } from '@connectrpc/connect';
import type { Event } from '@worldwire/proto';
import { type Check, check } from '../../check.js';
import type { Context } from '../../context.js';
import * as events from '../../fixtures/new-event.js';
import { type ReaderInit, readerWithout } from '../../fixtures/readers.js';
import type { RunHandle } from '../../fixtures/run-handle.js';
import { refusalOf } from '../../wire/refusal.js';
import {
  asNoop,
  NOT_READ,
  olderVersion,
  pageOf,
  plainly,
  runWithAttributes,
  typesOf,
} from './support.js';

/** How long a watch of what is there may take. */
const WATCH_MS = 20_000;

/** Watches and deltas in the terms of a reader. */
export const liveChecks: readonly Check[] = [
  check(
    'readers/watch-ends-before',
    'A watch sends what is before an event that the reader does not read, and ends with the refusal',
    { requirements: ['WW-VER-016'], capabilities: ['READERS', 'WATCH_EVENTS'] },
    async (t) => {
      const run = await t.startedRun();
      await run.given(events.stepCreated('step_1'), events.runCancelled());
      const whole = await run.log();
      const watched = await watch(t, run, readerWithout('run_cancelled'));
      t.equal(watched.events, whole.slice(0, 3), 'the events of the watch');
      t.equal(
        [watched.reason, watched.feature],
        [NOT_READ, 'event_type:run_cancelled'],
        'how the watch ended',
      );
      const control = await watch(t, run, readerWithout('run_completed'));
      t.equal([control.events, control.reason], [whole, ''], 'a watch by another reader');
      const maxSpecVersion = olderVersion(t);
      t.equal((await watch(t, run, { maxSpecVersion })).reason, NOT_READ, 'a watch of a newer run');
    },
  ),
  check(
    'readers/watch-passes-over',
    'A watch sends a noop for an attr_set, or nothing, as the reader knows',
    {
      requirements: ['WW-VER-012', 'WW-VER-013'],
      capabilities: ['READERS', 'WATCH_EVENTS', 'ATTRIBUTES'],
    },
    async (t) => {
      const run = await runWithAttributes(t);
      await run.given(events.runCompleted());
      const whole = await run.log();
      const noops = await watch(t, run, readerWithout('attr_set'));
      t.equal(
        plainly(noops.events),
        whole.map((event) => (event.data.case === 'attrSet' ? asNoop(event) : event)),
        'a watch with noops',
      );
      const fewer = await watch(t, run, readerWithout('attr_set', 'noop'));
      t.equal(
        [fewer.events, fewer.reason],
        [whole.filter(({ data }) => data.case !== 'attrSet'), ''],
        'a watch without noops',
      );
    },
  ),
  check(
    'readers/deltas',
    'A delta is cut before an event that the reader does not read, and the write succeeds',
    { requirements: ['WW-VER-014', 'WW-VER-021'], capabilities: ['READERS', 'EVENT_DELTAS'] },
    async (t) => {
      const run = await t.startedRun();
      await run.given(events.waitCreated('wait_1'), events.stepCreated('step_1'));
      const whole = await run.log();
      const reader = readerWithout('wait_created');
      const { delta } = await t.accepted('a start with a preloaded log', () =>
        run.write(events.runStarted(), { preloadEvents: true, reader }),
      );
      t.equal(delta?.events, whole.slice(0, 2), 'the events of the preloaded log');
      t.equal(delta?.page?.hasMore, true, 'has_more of the preloaded log');
      await t.refused(
        'the rest of the log',
        () => pageOf(t, run, { reader }, { cursor: delta?.page?.cursor ?? '' }),
        NOT_READ,
        { feature: 'event_type:wait_created' },
      );
      const counted = await t.accepted('a write that has seen two events', () =>
        run.write(events.stepStarted('step_1'), { expectedPosition: 2n, reader }),
      );
      t.equal(counted.delta?.events, [], 'what it had not seen and can read');
      t.equal(counted.delta?.page?.hasMore, true, 'has_more of what it had not seen');
      t.equal(counted.event?.data.case, 'stepStarted', 'the event written');
    },
  ),
  check(
    'readers/deltas-pass-over',
    'A delta holds a noop for an attr_set, or nothing, as the reader knows',
    {
      requirements: ['WW-VER-012', 'WW-VER-013'],
      capabilities: ['READERS', 'EVENT_DELTAS', 'ATTRIBUTES'],
    },
    async (t) => {
      const run = await runWithAttributes(t);
      const preloaded = async (...lacking: string[]): Promise<string[]> => {
        const reader = readerWithout(...lacking);
        const { delta } = await run.write(events.runStarted(), { preloadEvents: true, reader });
        t.equal(delta?.page?.hasMore, false, `has_more without ${lacking.join(' and ')}`);
        return typesOf(delta?.events ?? []);
      };
      const types = await run.types();
      const replaced = types.map((type) => (type === 'attrSet' ? 'noop' : type));
      t.equal(await preloaded('attr_set'), replaced, 'a delta with noops');
      const kept = types.filter((type) => type !== 'attrSet');
      t.equal(await preloaded('attr_set', 'noop'), kept, 'a delta without noops');
    },
  ),
];

interface Watched {
  readonly events: readonly Event[];
  /** Why it ended, empty for success. */
  readonly reason: string;
  readonly feature: string | undefined;
}

/** Watches an ended run to the end of the watch. */
async function watch(t: Context, run: RunHandle, reader: ReaderInit): Promise<Watched> {
  const seen: Event[] = [];
  const options = { timeoutMs: t.scaled(WATCH_MS) };
  try {
    for await (const answer of t.api.events.watchEvents({ runId: run.id, reader }, options))
      seen.push(...answer.events);
    return { events: seen, reason: '', feature: undefined };
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    const { reason, metadata } = refusalOf(error);
    return { events: seen, reason, feature: metadata.feature };
  }
}
