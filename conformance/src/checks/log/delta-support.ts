import { type CreateEventResponse, type Event, SortOrder } from '@worldwire/proto';
import type { Context } from '../../context.js';
import type { RunHandle } from '../../fixtures/run-handle.js';
import { idsOf } from './support.js';

/** The cursor behind the first events of a log. */
export async function cursorAfter(t: Context, run: RunHandle, limit: number): Promise<string> {
  const { events: page, page: info } = await t.api.events.listEvents({
    runId: run.id,
    page: { limit, sortOrder: SortOrder.ASCENDING },
  });
  if (page.length !== limit) t.fail('a page of the log', limit, page.length);
  return info?.cursor ?? '';
}

/** Everything behind a cursor. */
export async function rest(run: RunHandle, t: Context, from: string): Promise<Event[]> {
  const all: Event[] = [];
  for (let cursor = from, more = true; more; ) {
    const page = { cursor, sortOrder: SortOrder.ASCENDING };
    const answer = await t.api.events.listEvents({ runId: run.id, page });
    all.push(...answer.events);
    cursor = answer.page?.cursor ?? '';
    more = answer.page?.hasMore ?? false;
  }
  return all;
}

/** Expects a delta that is whole, or that goes on by its cursor. */
export async function delta(
  t: Context,
  run: RunHandle,
  what: string,
  { delta: given }: CreateEventResponse,
  wanted: readonly Event[],
  { cursor }: { cursor: boolean },
): Promise<void> {
  t.ok(given !== undefined, `${what}: the answer carries a delta`, 'a delta', 'none');
  const told = given?.events ?? [];
  t.equal(told, wanted.slice(0, told.length), `${what}: the events of the delta`);
  t.equal(given?.page?.hasMore ?? false, told.length < wanted.length, `${what}: has_more`);
  if (!cursor) {
    t.equal(given?.page?.cursor ?? '', '', `${what}: the cursor`);
    return;
  }
  const further = await rest(run, t, given?.page?.cursor ?? '');
  t.equal(idsOf(further), idsOf(wanted.slice(told.length)), `${what}: behind the cursor`);
}
