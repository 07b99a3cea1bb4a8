import { ConnectError } from '@connectrpc/connect';
import {
  type Event,
  type Hook,
  type PageInfo,
  ResolveData,
  type Run,
  SortOrder,
  type Step,
  type Wait,
} from '@worldwire/proto';
import type { WorldFacts } from '../../subject/world.js';
import type { Api } from '../../wire/api.js';
import { nextMoment } from '../../wire/recorder.js';
import { AUDITED, scopeOf } from './answers.js';
import { entryOf, type LogRead } from './log-reads.js';

/** A run as it was read after a check: its log, what follows from it, and the log again. */
export interface Snapshot {
  readonly runId: string;
  readonly log: readonly Event[];
  readonly run: Run;
  readonly steps: readonly Step[];
  readonly hooks: readonly Hook[];
  /** Undefined where the World has no reads of waits. */
  readonly waits: readonly Wait[] | undefined;
  /** Both reads of the log. */
  readonly reads: readonly [LogRead, LogRead];
  /** Whether nothing was appended while it was read. */
  readonly still: boolean;
}

/** Runs with more of a kind are left out: reading them would take longer than the check. */
const MOST_ITEMS = 3_000;

const taken = new WeakMap<Api, Map<string, Promise<Snapshot | undefined>>>();

/** Reads a run once for all oracles of an audit; undefined where it cannot be read or is too large. */
export function snapshotOf(
  api: Api,
  runId: string,
  facts: WorldFacts,
): Promise<Snapshot | undefined> {
  let snapshots = taken.get(api);
  if (snapshots === undefined) {
    snapshots = new Map();
    taken.set(api, snapshots);
  }
  let snapshot = snapshots.get(runId);
  if (snapshot === undefined) {
    snapshot = readOr(api, runId, facts);
    snapshots.set(runId, snapshot);
  }
  return snapshot;
}

async function readOr(api: Api, runId: string, facts: WorldFacts): Promise<Snapshot | undefined> {
  try {
    return await read(api, runId, facts);
  } catch (error) {
    if (error instanceof ConnectError || error instanceof TooMuch) return undefined;
    throw error;
  }
}

async function read(api: Api, runId: string, facts: WorldFacts): Promise<Snapshot | undefined> {
  const [first, log] = await readLog(api, runId, ResolveData.ALL);
  const { run } = await api.runs.getRun({ runId });
  if (run === undefined) return undefined;
  const steps = await all(async (cursor) => {
    const answer = await api.steps.listSteps({ runId, page: ascending(cursor) });
    return [answer.steps, answer.page];
  });
  const hooks = await all(async (cursor) => {
    const answer = await api.hooks.listHooks({ runId, page: ascending(cursor) });
    return [answer.hooks, answer.page];
  });
  const waits = facts.has('WAIT_READS')
    ? await all(async (cursor) => {
        const answer = await api.waits.listWaits({ runId, page: ascending(cursor) });
        return [answer.waits, answer.page];
      })
    : undefined;
  const [second] = await readLog(api, runId, ResolveData.NONE);
  const still =
    first.entries.length === second.entries.length &&
    first.entries.every(({ id }, index) => second.entries[index]?.id === id);
  return { runId, log, run, steps, hooks, waits, reads: [first, second], still };
}

async function readLog(
  api: Api,
  runId: string,
  resolveData: ResolveData,
): Promise<[LogRead, Event[]]> {
  const begun = nextMoment();
  const events = await all(async (cursor) => {
    const answer = await api.events.listEvents({ runId, resolveData, page: ascending(cursor) });
    return [answer.events, answer.page];
  });
  const entries = events.map(entryOf);
  const read = { scope: scopeOf(AUDITED), runId, begun, ended: nextMoment(), entries };
  return [{ ...read, fromStart: true, whole: true }, events];
}

function ascending(cursor: string) {
  return { cursor, sortOrder: SortOrder.ASCENDING };
}

class TooMuch extends Error {}

async function all<T>(
  page: (cursor: string) => Promise<[T[], PageInfo | undefined]>,
): Promise<T[]> {
  const items: T[] = [];
  for (let cursor = ''; ; ) {
    const [more, info] = await page(cursor);
    items.push(...more);
    if (info?.hasMore !== true) return items;
    // Cursors that lead nowhere are for the checks of paging.
    if (items.length > MOST_ITEMS || more.length === 0 || info.cursor === '') throw new TooMuch();
    cursor = info.cursor;
  }
}
