import { create } from '@bufbuild/protobuf';
import {
  type CreateEventBatchRequest,
  type CreateEventBatchResponse,
  CreateEventBatchResponseSchema,
  type CreateEventBatchResult,
  CreateEventBatchResultSchema,
  type CreateEventRequest,
  type CreateEventResponse,
  CreateEventResponseSchema,
  type Event,
  type EventDelta,
  EventDeltaSchema,
  EventType,
  type GetEventRequest,
  type GetEventResponse,
  GetEventResponseSchema,
  type ListEventsByCorrelationRequest,
  type ListEventsByCorrelationResponse,
  ListEventsByCorrelationResponseSchema,
  type ListEventsRequest,
  type ListEventsResponse,
  ListEventsResponseSchema,
  type NewEvent,
  PageInfoSchema,
  PageRequestSchema,
  type Reader,
  ResolveData,
} from '@worldwire/proto';
import type { RunRow } from '../store/operations.js';
import { type Appended, appendEvent } from './append.js';
import { type BatchItem, itemError, validateBatch } from './batch.js';
import { fingerprint } from './cursor.js';
import { restoreBatch, restoreResponse, stripBatch, stripResponse } from './event-outcome.js';
import { checkId, positionOf } from './identifiers.js';
import { once } from './outcomes.js';
import { cursorAfter, openPage, type Paging, valuesOf } from './pages.js';
import { type Context, type Program, store } from './program.js';
import { readableEvent, readablePage, readableResponse, readableSlice } from './readable.js';
import { invalid, Rejection } from './rejection.js';
import { isEnded, runNotFound } from './run.js';
import type { Rule, Scope } from './scope.js';
import { type Terms, termsOf, typesFor } from './terms.js';
import { validateNewEvent } from './validate-event.js';

/** EventService.CreateEvent. */
export const createEvent: Rule<CreateEventRequest, CreateEventResponse> = function* (
  scope,
  request,
  context,
) {
  const data = validateNewEvent(request.event, scope.limits);
  const event = request.event!;
  const payloads = withPayloads(request.resolveData);
  const terms = termsOf(request.reader, payloads);
  const runId = runIdOf(scope, request.runId, data.case, context);
  const since = sincePosition(scope, runId, request);
  let delta: EventDelta | undefined;
  let specVersion: number | undefined;
  const response = yield* once(
    scope,
    request.requestId,
    `CreateEvent ${request.runId} ${data.case} ${event.correlationId}`,
    CreateEventResponseSchema,
    context,
    function* () {
      const appended = yield* appendEvent(scope, runId, event, data, terms, context);
      specVersion = appended.specVersion;
      delta = yield* deltaOf(scope, request, since, runId, appended, terms);
      return yield* withRun(scope, request, appended.response, payloads);
    },
    stripResponse,
    function* (kept) {
      const row = yield* store.getRun(scope.project, kept.event?.runId ?? runId, 'none');
      if (row === undefined) return kept;
      specVersion = row.run.specVersion;
      const last = Number(row.run.lastPosition);
      const appended = { response: kept, key: row.key, last, specVersion };
      delta = yield* deltaOf(scope, request, since, row.run.runId, appended, terms);
      return yield* restoreResponse(scope, row.run.runId, kept, payloads);
    },
  );
  const readable = readableResponse(terms, specVersion ?? 0, response);
  if (delta === undefined) return readable;
  return { ...readable, delta };
};

/** EventService.CreateEventBatch. */
export const createEventBatch: Rule<CreateEventBatchRequest, CreateEventBatchResponse> = function* (
  scope,
  request,
  context,
) {
  checkId('run_id', request.runId, scope.limits);
  const items = validateBatch(request.events, scope.limits);
  const payloads = withPayloads(request.resolveData);
  return yield* once(
    scope,
    request.requestId,
    `CreateEventBatch ${request.runId} ${fingerprint(items.map(subjectOf))}`,
    CreateEventBatchResponseSchema,
    context,
    () => appendBatch(scope, request.runId, items, payloads, context),
    stripBatch,
    (kept) => restoreBatch(scope, request.runId, kept, payloads),
  );
};

function subjectOf({ event, data }: BatchItem): string {
  return `${data.case} ${event.correlationId}`;
}

/** EventService.GetEvent. */
export const getEvent: Rule<GetEventRequest, GetEventResponse> = function* (scope, request) {
  const payloads = withPayloads(request.resolveData);
  const terms = termsOf(request.reader, payloads);
  checkId('event_id', request.eventId, scope.limits);
  const row = yield* requireRunRow(scope, request.runId);
  const position = positionOf(request.eventId);
  const event =
    position === undefined ? undefined : yield* store.getEvent(row.key, position, payloads);
  if (event === undefined)
    throw new Rejection(
      'EVENT_NOT_FOUND',
      `run ${request.runId} has no event ${request.eventId.slice(0, 64)}`,
      { run_id: request.runId, event_id: request.eventId.slice(0, 64) },
    );
  const read = readableEvent(terms, event, row.run.specVersion);
  return create(GetEventResponseSchema, { event: read });
};

/** EventService.ListEvents. */
export const listEvents: Rule<ListEventsRequest, ListEventsResponse> = function* (scope, request) {
  const wanted = wantedTypes(request.types);
  const payloads = withPayloads(request.resolveData);
  const terms = termsOf(request.reader, payloads);
  const types = typesFor(terms, wanted);
  const page = openPage(request.page, eventPaging(scope, request.runId, wanted));
  const row = yield* requireRunRow(scope, request.runId);
  const sliced = yield* store.listEvents(row.key, types, undefined, page.slice, payloads);
  const read = yield* readablePage(scope, terms, sliced);
  return create(ListEventsResponseSchema, { events: valuesOf(read), page: page.info(read) });
};

/** EventService.ListEventsByCorrelation. */
export const listEventsByCorrelation: Rule<
  ListEventsByCorrelationRequest,
  ListEventsByCorrelationResponse
> = function* (scope, request) {
  checkId('correlation_id', request.correlationId, scope.limits);
  const { limits } = scope;
  const page = openPage(request.page, {
    list: 'entity',
    filters: [request.runId, request.correlationId],
    defaultLimit: limits.maxEventPage,
    maxLimit: limits.maxEventPage,
    maxBytes: limits.maxPageBytes,
  });
  const payloads = withPayloads(request.resolveData);
  const terms = termsOf(request.reader, payloads);
  const types = typesFor(terms, []);
  const { correlationId, runId } = request;
  const sliced =
    runId === ''
      ? yield* store.listProjectEvents(scope.project, types, correlationId, page.slice, payloads)
      : yield* store.listEvents(
          (yield* requireRunRow(scope, runId)).key,
          types,
          correlationId,
          page.slice,
          payloads,
        );
  const read = yield* readablePage(scope, terms, sliced);
  return create(ListEventsByCorrelationResponseSchema, {
    events: valuesOf(read),
    page: page.info(read),
  });
};

/** The next events of a watched log. `ended`: nothing follows them, because the run has ended. */
export const readLog: Rule<
  {
    readonly runId: string;
    readonly afterPosition: number;
    readonly resolveData: ResolveData;
    readonly reader?: Reader | undefined;
  },
  { readonly events: Event[]; readonly ended: boolean }
> = function* (scope, { runId, afterPosition, resolveData, reader }) {
  if (!Number.isSafeInteger(afterPosition) || afterPosition < 0)
    throw invalid('after_position', 'is negative or too large');
  const row = yield* requireRunRow(scope, runId);
  const slice = {
    after: afterPosition,
    descending: false,
    limit: scope.limits.maxEventPage,
    maxBytes: scope.limits.maxPageBytes,
  };
  const terms = termsOf(reader, withPayloads(resolveData));
  const types = typesFor(terms, []);
  const sliced = yield* store.listEvents(row.key, types, undefined, slice, terms.payloads);
  const read = yield* readablePage(scope, terms, sliced);
  return { events: valuesOf(read), ended: !read.more && isEnded(row.run.status) };
};

/** Whether a read returns payloads. */
export function withPayloads(resolveData: ResolveData): boolean {
  if (resolveData !== ResolveData.UNSPECIFIED && resolveData !== ResolveData.ALL) {
    if (resolveData === ResolveData.NONE) return false;
    throw invalid('resolve_data', 'is not a value that this World knows');
  }
  return true;
}

/** Returns a run's row without payloads, or refuses with RUN_NOT_FOUND. */
export function* requireRunRow(scope: Scope, runId: string): Program<RunRow> {
  checkId('run_id', runId, scope.limits);
  const row = yield* store.getRun(scope.project, runId, 'none');
  if (row === undefined) throw runNotFound(runId);
  return row;
}

/** The types of a filter, each once and in one order, so that the same filter makes the same cursors; none means all. */
function wantedTypes(types: readonly EventType[]): EventType[] {
  for (const type of types)
    if (EventType[type] === undefined)
      throw invalid('types', 'holds a type that this World does not know');
  if (types.includes(EventType.UNSPECIFIED)) return [];
  return [...new Set(types)].sort((a, b) => a - b);
}

function eventPaging(scope: Scope, runId: string, types: readonly EventType[]): Paging {
  const { limits } = scope;
  return {
    list: 'events',
    filters: [runId, types.join()],
    defaultLimit: limits.maxEventPage,
    maxLimit: limits.maxEventPage,
    maxBytes: limits.maxPageBytes,
  };
}

function runIdOf(scope: Scope, runId: string, kind: string, context: Context): string {
  if (runId === '' && kind === 'runCreated') return `wrun_${context.newId()}`;
  return checkId('run_id', runId, scope.limits);
}

/** The position after which the writer wants to be told, by its cursor or its count. */
function sincePosition(
  scope: Scope,
  runId: string,
  request: CreateEventRequest,
): number | undefined {
  if (request.expectedPosition !== undefined && request.expectedPosition < 0n)
    throw invalid('expected_position', 'is negative');
  if (request.sinceCursor === undefined) return undefined;
  const page = create(PageRequestSchema, { cursor: request.sinceCursor });
  return openPage(page, eventPaging(scope, runId, [])).slice.after ?? 0;
}

/** A log that is preloaded comes with its run, whatever the event. */
function* withRun(
  scope: Scope,
  request: CreateEventRequest,
  response: CreateEventResponse,
  payloads: boolean,
): Program<CreateEventResponse> {
  const { event } = response;
  if (response.run !== undefined || event === undefined) return response;
  if (!request.preloadEvents || !acceptsPreload(event.data.case)) return response;
  const row = yield* store.getRun(scope.project, event.runId, payloads ? 'input' : 'none');
  if (row === undefined) return response;
  return { ...response, run: row.run, maxEvents: scope.limits.maxEvents };
}

function* deltaOf(
  scope: Scope,
  request: CreateEventRequest,
  since: number | undefined,
  runId: string,
  appended: Appended,
  terms: Terms,
): Program<EventDelta | undefined> {
  const { data } = request.event!;
  if (request.skipPreload && data.case === 'runStarted') return undefined;
  const preload = request.preloadEvents && acceptsPreload(data.case);
  if (preload || since !== undefined)
    return yield* readDelta(scope, runId, appended, preload ? 0 : since!, undefined, terms);
  if (request.expectedPosition === undefined) return undefined;
  const expected = Number(request.expectedPosition);
  const { event } = appended.response;
  const until = event === undefined ? appended.last : Number(event.position) - 1;
  if (expected >= until) return create(EventDeltaSchema, { page: create(PageInfoSchema) });
  return yield* readDelta(scope, runId, appended, expected, until, terms);
}

function acceptsPreload(kind: Event['data']['case']): boolean {
  return kind === 'runStarted' || kind === 'hookReceived';
}

/** Events after a position, up to one where it is given; without a cursor then, because the piece has an end. */
function* readDelta(
  scope: Scope,
  runId: string,
  appended: Appended,
  after: number,
  until: number | undefined,
  terms: Terms,
): Program<EventDelta> {
  const paging = eventPaging(scope, runId, []);
  const cursor = after === 0 ? '' : cursorAfter(paging, after);
  const { slice, info } = openPage(create(PageRequestSchema, { cursor }), paging);
  const wanted = until === undefined ? slice.limit : Math.min(slice.limit, until - after);
  const sliced = yield* store.listEvents(
    appended.key,
    until === undefined ? typesFor(terms, []) : [],
    undefined,
    { ...slice, limit: wanted },
    terms.payloads,
  );
  const versions = new Map([[runId, appended.specVersion]]);
  const read = yield* readableSlice(scope, terms, sliced, versions);
  const events = valuesOf(read);
  if (until !== undefined) {
    const hasMore = read.refusal !== undefined || after + sliced.items.length < until;
    return create(EventDeltaSchema, { events, page: create(PageInfoSchema, { hasMore }) });
  }
  return create(EventDeltaSchema, { events, page: info(read) });
}

function* appendBatch(
  scope: Scope,
  runId: string,
  items: readonly BatchItem[],
  payloads: boolean,
  context: Context,
): Program<CreateEventBatchResponse> {
  if ((yield* store.getRun(scope.project, runId, 'none')) === undefined) throw runNotFound(runId);
  const results: CreateEventBatchResult[] = [];
  for (const { event, data, follows } of items) {
    const first = follows === undefined ? undefined : results[follows]?.outcome;
    if (first?.case === 'error') {
      results.push(create(CreateEventBatchResultSchema, { outcome: first }));
      continue;
    }
    results.push(yield* appendItem(scope, runId, event, data, payloads, context));
  }
  return create(CreateEventBatchResponseSchema, { results });
}

function* appendItem(
  scope: Scope,
  runId: string,
  event: NewEvent,
  data: BatchItem['data'],
  payloads: boolean,
  context: Context,
): Program<CreateEventBatchResult> {
  try {
    const { response } = yield* appendEvent(scope, runId, event, data, { payloads }, context);
    return create(CreateEventBatchResultSchema, { outcome: { case: 'created', value: response } });
  } catch (error) {
    if (!(error instanceof Rejection)) throw error;
    return create(CreateEventBatchResultSchema, {
      outcome: { case: 'error', value: itemError(error) },
    });
  }
}
