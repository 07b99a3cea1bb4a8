import type { CreateEventBatchResponse, Event } from '@worldwire/proto';
import type { Context } from '../../context.js';
import type { NewEventInit } from '../../fixtures/new-event.js';
import type { RunHandle } from '../../fixtures/run-handle.js';
import type { Api } from '../../wire/api.js';

/** Bytes of a text. */
export function bytes(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** Sends a batch. */
export function sendBatch(
  run: RunHandle,
  items: readonly NewEventInit[],
  { api, requestId = '' }: { api: Api; requestId?: string },
): Promise<CreateEventBatchResponse> {
  return api.events.createEventBatch({ runId: run.id, events: [...items], requestId });
}

/** What became of the items: the type of an accepted one, the reason of a refused one. */
export function resultsOf({ results }: CreateEventBatchResponse): string[] {
  return results.map(({ outcome }) =>
    outcome.case === 'created'
      ? (outcome.value.event?.data.case ?? 'no event')
      : (outcome.value?.reason ?? 'nothing'),
  );
}

/** The ids of events. */
export function idsOf(events: readonly Event[]): string[] {
  return events.map(({ eventId }) => eventId);
}

/** Whether the ids begin with those of a shorter list. */
export function beginsWith(longer: readonly string[], shorter: readonly string[]): boolean {
  return shorter.every((id, index) => longer[index] === id);
}

/** A refused write leaves the log and the records as they were. */
export async function unchanged(
  t: Context,
  run: RunHandle,
  what: string,
  act: () => Promise<unknown>,
): Promise<void> {
  const before = [await run.log(), await run.get()];
  await act();
  t.equal([await run.log(), await run.get()], before, `the log and the run after ${what}`);
}

/** Lets others go first, for a random moment. */
export function pause(t: Context, ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, t.random.below(ms + 1)));
}
