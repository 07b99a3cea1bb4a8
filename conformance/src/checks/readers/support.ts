import type { MessageInitShape } from '@bufbuild/protobuf';
import { type Event, type ListEventsRequestSchema, SortOrder } from '@worldwire/proto';
import type { Context } from '../../context.js';
import * as events from '../../fixtures/new-event.js';
import type { ReaderInit } from '../../fixtures/readers.js';
import type { RunHandle } from '../../fixtures/run-handle.js';

/** The reason of every refusal for a reader's sake. */
export const NOT_READ = 'FEATURE_NOT_READ';

type Asked = Omit<MessageInitShape<typeof ListEventsRequestSchema>, '$typeName' | 'runId' | 'page'>;

/** A page of a log as a reader sees it. */
export interface Part {
  readonly events: readonly Event[];
  readonly cursor: string;
  readonly hasMore: boolean;
}

/** Reads a page of a log, oldest event first. */
export async function pageOf(
  t: Context,
  run: RunHandle,
  asked: Asked,
  page: { cursor?: string; limit?: number; sortOrder?: SortOrder } = {},
): Promise<Part> {
  const answer = await t.api.events.listEvents({
    ...asked,
    runId: run.id,
    page: { sortOrder: SortOrder.ASCENDING, ...page },
  });
  const { cursor = '', hasMore = false } = answer.page ?? {};
  return { events: answer.events, cursor, hasMore };
}

/** Reads a log page by page; each page that has more holds something. */
export async function pagesOf(
  t: Context,
  run: RunHandle,
  reader: ReaderInit,
  limit: number,
): Promise<Event[]> {
  const all: Event[] = [];
  for (let cursor = '', more = true; more; ) {
    const part = await pageOf(t, run, { reader }, { cursor, limit });
    t.ok(part.events.length <= limit, 'a page is longer than its limit', limit, part.events.length);
    if (part.hasMore) t.ok(part.events.length > 0, 'a page that has more holds nothing');
    all.push(...part.events);
    ({ cursor, hasMore: more } = part);
  }
  return all;
}

/** The spec version below that of the newest runs, for a reader to which they are too new. */
export function olderVersion(t: Context): number {
  const version = t.specVersion - 1;
  return version < 1 ? t.notApplicable('the World has no spec version above 1') : version;
}

/** A form of errors that a run's own errors do not have. */
export function otherForm(run: RunHandle): string {
  return run.failure().form?.case === 'payload' ? 'structured' : 'payload';
}

/** The form that a run's own errors have. */
export function ownForm(run: RunHandle): string {
  return run.failure().form?.case ?? '';
}

/** Sets an attribute, as a step does. */
export function attrSet(correlationId: string, key: string): events.NewEventInit {
  return events.attrSet(correlationId, {
    changes: [{ key, value: 'blue' }],
    writer: { writer: { case: 'step', value: { stepId: 'step_1', attempt: 1 } } },
  });
}

/** A run whose log holds attribute changes between other events, and one at its end. */
export async function runWithAttributes(t: Context): Promise<RunHandle> {
  const run = await t.startedRun();
  await run.given(
    attrSet('attr_1', 'colour'),
    events.stepCreated('step_1'),
    attrSet('attr_2', 'size'),
    attrSet('attr_3', 'shape'),
    events.stepCompleted('step_1'),
    attrSet('attr_4', 'weight'),
  );
  return run;
}

/** An event as a noop at its place. */
export function asNoop(event: Event): unknown {
  return { ...event, data: { case: 'noop', value: { sealed: false } } };
}

/** Events as plain values, in which a noop says nothing of how it came about. */
export function plainly(list: readonly Event[]): unknown[] {
  return list.map((event) => (event.data.case === 'noop' ? asNoop(event) : event));
}

/** The types of events. */
export function typesOf(list: readonly Event[]): string[] {
  return list.map(({ data }) => data.case ?? 'none');
}
