import { everyRun } from './every-run.js';
import type { Order } from './paging.js';
import { refusal } from './refusal.js';
import type { Loose, LoosePage, UpstreamWorld } from './upstream-world.js';

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1000;

/** Where an event stands among those of all runs: by its time, then by its run, then by its place in the run's log. */
type Place = readonly [time: number, runId: string, nth: number];

interface Placed {
  readonly place: Place;
  readonly event: Loose;
}

/** What is asked for. The pagination is as `paginationOf` gives it. */
export interface EntityQuery {
  readonly correlationId: string;
  readonly pagination: { readonly limit?: number; readonly cursor?: string; sortOrder: Order };
  readonly resolveData: 'all' | 'none';
}

/**
 * The events of an entity in every run, for Worlds of the 5.0 line, which find them within one run only. They are put
 * together from all runs for every page, in the order of their times.
 */
export async function eventsOfEveryRun(
  world: UpstreamWorld,
  { correlationId, pagination, resolveData }: EntityQuery,
): Promise<LoosePage> {
  const { sortOrder, cursor } = pagination;
  const limit = Math.min(pagination.limit || DEFAULT_LIMIT, MAX_LIMIT);
  const after = cursor === undefined ? undefined : decode(cursor, correlationId, sortOrder);
  const found: Placed[] = [];
  for await (const runs of everyRun(world)) {
    const logs = runs.map(({ runId }) => eventsOfRun(world, runId, correlationId, resolveData));
    found.push(...(await Promise.all(logs)).flat());
  }
  const sign = sortOrder === 'desc' ? -1 : 1;
  const left = found
    .filter(({ place }) => after === undefined || sign * compare(place, after) > 0)
    .sort((a, b) => sign * compare(a.place, b.place));
  const shown = left.slice(0, limit);
  const last = shown.at(-1)?.place ?? after;
  return {
    data: shown.map(({ event }) => event),
    cursor: last === undefined ? null : encode(last, correlationId, sortOrder),
    hasMore: left.length > shown.length,
  };
}

async function eventsOfRun(
  world: UpstreamWorld,
  runId: string,
  correlationId: string,
  resolveData: 'all' | 'none',
): Promise<Placed[]> {
  const found: Placed[] = [];
  let time = Number.NEGATIVE_INFINITY;
  let cursor: string | undefined;
  do {
    const pagination = { sortOrder: 'asc', ...(cursor && { cursor }) };
    const page: LoosePage = await world.events.listByCorrelationId({
      runId,
      correlationId,
      pagination,
      resolveData,
    });
    for (const event of page.data ?? []) {
      // Earlier betas of the line look for the id in every run.
      if (event.runId !== runId) continue;
      // A clock that went back does not change the order of a log.
      time = Math.max(time, new Date(event.createdAt).getTime());
      found.push({ place: [time, runId, found.length], event });
    }
    cursor = page.hasMore ? (page.cursor ?? undefined) : undefined;
  } while (cursor !== undefined);
  return found;
}

function compare(a: Place, b: Place): number {
  if (a[0] !== b[0]) return a[0] - b[0];
  if (a[1] !== b[1]) return a[1] < b[1] ? -1 : 1;
  return a[2] - b[2];
}

function encode(place: Place, correlationId: string, order: Order): string {
  return Buffer.from(JSON.stringify([correlationId, order, ...place])).toString('base64url');
}

function decode(cursor: string, correlationId: string, order: Order): Place {
  const foreign = refusal('INVALID_CURSOR', 'the cursor is none of this list', { cursor });
  let read: unknown;
  try {
    read = JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    // No cursor of this list is anything but JSON.
    throw foreign;
  }
  const [id, sorted, time, runId, nth] = Array.isArray(read) ? read : [];
  if (id !== correlationId || sorted !== order) throw foreign;
  if (typeof time !== 'number' || typeof runId !== 'string' || typeof nth !== 'number')
    throw foreign;
  return [time, runId, nth];
}
