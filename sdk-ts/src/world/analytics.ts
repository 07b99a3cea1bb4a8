import {
  type Event,
  EventType,
  eventTypeNames,
  ResolveData,
  type Run,
  type Step,
} from '@worldwire/proto';
import { WorldError } from '../client/error.js';
import {
  fromPage,
  nonEmpty,
  nonZero,
  requiredDate,
  toDate,
  toPageRequest,
  toTimestamp,
} from './convert.js';
import { translated, worldError } from './errors.js';
import { eventTypeOf } from './events.js';
import { runStatusName, runStatusValue } from './runs.js';
import type { Connect, Session } from './session.js';
import { stepStatusName } from './steps.js';
import type { Payload, UpstreamPage, UpstreamPagination, UpstreamRunStatus } from './upstream.js';

/** What upstream's analytics pages hold by default. */
const DEFAULT_LIMIT = 40;
/** How many events one lookup may name. */
const MAX_EVENT_IDS = 100;

const HOOK_EVENTS = [
  EventType.HOOK_CREATED,
  EventType.HOOK_RECEIVED,
  EventType.HOOK_DISPOSED,
  EventType.HOOK_CONFLICT,
];
const WAIT_EVENTS = [EventType.WAIT_CREATED, EventType.WAIT_COMPLETED];

export interface Window {
  /** ISO 8601, inclusive. */
  startTime?: string;
  /** ISO 8601, exclusive. */
  endTime?: string;
}

export interface ListRuns extends Window {
  workflowName?: string;
  status?: UpstreamRunStatus;
  attributes?: Record<string, string>;
  pagination?: UpstreamPagination;
}

export interface ListOfRun {
  runId: string;
  pagination?: UpstreamPagination;
}

/**
 * `world.analytics` of SDK 5: rows without payloads, for the command line and the web view. Rows come from
 * the log itself, so that they never lag, and hooks and waits of ended runs are there too.
 */
export function createAnalytics(connect: Connect) {
  const getRun = async ({ client }: Session, runId: string): Promise<Run> => {
    const { run } = await client.runs.getRun({ runId, resolveData: ResolveData.NONE });
    return run!;
  };

  /** All events of some types, of a run or of one entity of it. */
  const collect = async (
    { client }: Session,
    runId: string,
    types: EventType[],
    correlationId?: string,
  ): Promise<Event[]> => {
    const request = { runId, resolveData: ResolveData.NONE };
    const source =
      correlationId === undefined
        ? client.listEvents({ ...request, types })
        : client.listEventsByCorrelation({ ...request, correlationId });
    const events: Event[] = [];
    for await (const event of source) {
      if (types.includes(typeOf(event))) events.push(event);
    }
    return events;
  };

  const listEvents = (
    params: ListOfRun & { eventType?: string; correlationId?: string },
  ): Promise<UpstreamPage<Payload>> =>
    translated(async () => {
      const session = await connect();
      const run = await getRun(session, params.runId);
      const type = params.eventType === undefined ? undefined : typeNumber(params.eventType);
      const request = {
        runId: params.runId,
        page: pageOf(params.pagination),
        resolveData: ResolveData.NONE,
      };
      const { events, page } =
        params.correlationId === undefined
          ? await session.client.events.listEvents({
              ...request,
              types: type === undefined ? [] : [type],
            })
          : await session.client.events.listEventsByCorrelation({
              ...request,
              correlationId: params.correlationId,
            });
      const wanted = events.filter((event) => type === undefined || typeOf(event) === type);
      return fromPage(
        wanted.map((event) => eventRow(event, run)),
        page,
      );
    });

  return {
    runs: {
      get: (runId: string) => translated(async () => runRow(await getRun(await connect(), runId))),

      list: (params: ListRuns = {}): Promise<UpstreamPage<Payload>> =>
        translated(async () => {
          const { client } = await connect();
          const { runs, page } = await client.runs.listRuns({
            page: pageOf(params.pagination),
            workflowName: params.workflowName,
            statuses: params.status === undefined ? [] : [runStatusValue(params.status)],
            ...windowOf(params),
            attributes: params.attributes,
            resolveData: ResolveData.NONE,
          });
          return fromPage(runs.map(runRow), page);
        }),
    },

    attributes: {
      list: (
        params: Window & { workflowName?: string; pagination?: UpstreamPagination } = {},
      ): Promise<UpstreamPage<Payload>> =>
        translated(async () => {
          const { client } = await connect();
          const { attributes, page } = await client.runs.listAttributeKeys({
            page: pageOf(params.pagination),
            workflowName: params.workflowName,
            ...windowOf(params),
          });
          const rows = attributes.map((attribute) => ({
            key: attribute.key,
            runCount: Number(attribute.runCount),
            firstSeenAt: requiredDate(attribute.firstSeenAt),
            lastSeenAt: requiredDate(attribute.lastSeenAt),
          }));
          return fromPage(rows, page);
        }),
    },

    steps: {
      get: (runId: string, stepId: string) =>
        translated(async () => {
          const session = await connect();
          const request = { runId, stepId, resolveData: ResolveData.NONE };
          const [run, { step }] = await Promise.all([
            getRun(session, runId),
            session.client.steps.getStep(request),
          ]);
          return stepRow(step!, run);
        }),

      list: ({ runId, pagination }: ListOfRun): Promise<UpstreamPage<Payload>> =>
        translated(async () => {
          const session = await connect();
          const request = { runId, page: pageOf(pagination), resolveData: ResolveData.NONE };
          const [run, { steps, page }] = await Promise.all([
            getRun(session, runId),
            session.client.steps.listSteps(request),
          ]);
          return fromPage(
            steps.map((step) => stepRow(step, run)),
            page,
          );
        }),
    },

    events: {
      get: (runId: string, eventId: string) =>
        translated(async () => {
          const session = await connect();
          const request = { runId, eventId, resolveData: ResolveData.NONE };
          const [run, { event }] = await Promise.all([
            getRun(session, runId),
            session.client.events.getEvent(request),
          ]);
          return eventRow(event!, run);
        }),

      /** The rows of up to 100 events, without those that do not exist. */
      getMany: (runId: string, eventIds: readonly string[]) =>
        translated(async () => {
          const ids = [...new Set(eventIds)];
          if (ids.length > MAX_EVENT_IDS) {
            throw worldError(`at most ${MAX_EVENT_IDS} events can be looked up at a time`, {
              status: 400,
            });
          }
          if (ids.length === 0) return [];
          const session = await connect();
          const run = await getRun(session, runId);
          const events = await Promise.all(
            ids.map((eventId) =>
              session.client.events
                .getEvent({ runId, eventId, resolveData: ResolveData.NONE })
                .then(({ event }) => event)
                .catch(unlessMissing),
            ),
          );
          return events.flatMap((event) => (event === undefined ? [] : [eventRow(event, run)]));
        }),

      list: listEvents,
      listByCorrelationId: (params: ListOfRun & { correlationId: string }) => listEvents(params),
    },

    hooks: {
      get: (hookId: string, params: { runId?: string } = {}) =>
        translated(async () => {
          const session = await connect();
          const events = await collect(session, params.runId ?? '', HOOK_EVENTS, hookId);
          // Ids are unique within a run: without a run, the newest one is meant.
          const runId = params.runId ?? events.at(-1)?.runId;
          const own = events.filter((event) => event.runId === runId);
          if (runId === undefined || own.length === 0) throw missing('hook', hookId);
          const [row] = hookRows(own, await getRun(session, runId));
          return row!;
        }),

      list: ({ runId, pagination }: ListOfRun): Promise<UpstreamPage<Payload>> =>
        translated(async () => {
          const session = await connect();
          const [run, events] = await Promise.all([
            getRun(session, runId),
            collect(session, runId, HOOK_EVENTS),
          ]);
          return slice(hookRows(events, run), pagination);
        }),
    },

    waits: {
      get: (runId: string, waitId: string) =>
        translated(async () => {
          const session = await connect();
          const [run, events] = await Promise.all([
            getRun(session, runId),
            collect(session, runId, WAIT_EVENTS, waitId),
          ]);
          const [row] = waitRows(events, run);
          if (row === undefined) throw missing('wait', waitId);
          return row;
        }),

      list: ({
        runId,
        status,
        pagination,
      }: ListOfRun & { status?: 'waiting' | 'completed' }): Promise<UpstreamPage<Payload>> =>
        translated(async () => {
          const session = await connect();
          const [run, events] = await Promise.all([
            getRun(session, runId),
            collect(session, runId, WAIT_EVENTS),
          ]);
          const rows = waitRows(events, run);
          const wanted = rows.filter((row) => status === undefined || row.status === status);
          return slice(wanted, pagination);
        }),
    },
  };
}

function pageOf(pagination: UpstreamPagination | undefined) {
  return toPageRequest({ ...pagination, limit: pagination?.limit ?? DEFAULT_LIMIT });
}

function windowOf({ startTime, endTime }: Window) {
  return { createdFrom: toTimestamp(startTime), createdBefore: toTimestamp(endTime) };
}

function typeNumber(name: string): EventType {
  const type = eventTypeNames.valueOf(name);
  if (type === undefined) throw worldError(`"${name}" is no event type`, { status: 400 });
  return type;
}

function typeOf(event: Event): EventType {
  return typeNumber(eventTypeOf(event));
}

function unlessMissing(error: unknown): undefined {
  if (error instanceof WorldError && error.reason === 'EVENT_NOT_FOUND') return undefined;
  throw error;
}

function missing(kind: string, id: string): Error {
  return worldError(`${kind} ${id} not found`, { status: 404 });
}

/** Pages rows that were made from a log; their order never changes, so an offset is a stable cursor. */
function slice<T>(rows: T[], pagination: UpstreamPagination = {}): UpstreamPage<T> {
  const { cursor, limit = DEFAULT_LIMIT, sortOrder } = pagination;
  if (cursor !== undefined && !/^\d+$/.test(cursor)) {
    throw worldError('the cursor is not one of this list', { status: 400 });
  }
  const ordered = sortOrder === 'desc' ? rows.toReversed() : rows;
  const from = Number(cursor ?? 0);
  const end = Math.min(from + limit, ordered.length);
  return {
    data: ordered.slice(from, end),
    cursor: end > 0 ? String(end) : null,
    hasMore: end < ordered.length,
  };
}

/** What rows of every kind tell of their run's SDK. */
function sdkFields(run: Run) {
  const context: Payload = run.executionContext ?? {};
  const { workflowCoreVersion: version, features } = context;
  return {
    workflowCoreVersion: typeof version === 'string' ? version : null,
    workflowEncryptionEnabled:
      typeof features?.encryption === 'boolean' ? features.encryption : null,
  };
}

function runRow(run: Run) {
  return {
    runId: run.runId,
    status: runStatusName(run.status),
    deploymentId: run.deploymentId,
    workflowName: run.workflowName,
    specVersion: nonZero(run.specVersion),
    attributes: { ...run.attributes },
    createdAt: requiredDate(run.createdAt),
    updatedAt: requiredDate(run.updatedAt),
    startedAt: toDate(run.startedAt) ?? null,
    completedAt: toDate(run.completedAt) ?? null,
    errorCode: run.errorCode ?? null,
    ...sdkFields(run),
  };
}

function stepRow(step: Step, run: Run) {
  return {
    runId: step.runId,
    stepId: step.stepId,
    stepName: step.stepName,
    status: stepStatusName(step.status),
    attempt: step.attempt,
    createdAt: requiredDate(step.createdAt),
    updatedAt: requiredDate(step.updatedAt),
    startedAt: toDate(step.startedAt) ?? null,
    completedAt: toDate(step.completedAt) ?? null,
    retryAfter: toDate(step.retryAfter) ?? null,
    errorCode: null,
    computeInstanceId: step.computeInstanceId ?? null,
    ...sdkFields(run),
  };
}

function eventRow(event: Event, run: Run) {
  // Every member below belongs to some event types; those of the others are absent.
  const data = (event.data.value ?? {}) as Payload;
  return {
    runId: event.runId,
    eventId: event.eventId,
    eventType: eventTypeOf(event),
    correlationId: nonEmpty(event.correlationId) ?? null,
    entityId: nonEmpty(event.correlationId) ?? null,
    stepName: (data.stepName as string | undefined) ?? null,
    workflowName: run.workflowName,
    deploymentId: run.deploymentId,
    specVersion: nonZero(event.specVersion),
    runCreatedAt: requiredDate(run.createdAt),
    createdAt: requiredDate(event.createdAt),
    region: null,
    vercelId: null,
    requestId: event.traceRequestId ?? null,
    computeInstanceId: event.computeInstanceId ?? null,
    resumeAt: toDate(data.resumeAt) ?? null,
    retryAfter: toDate(data.retryAfter) ?? null,
    errorCode: (data.errorCode as string | undefined) ?? null,
    isWebhook: (data.isWebhook as boolean | undefined) ?? null,
    isSystem: (data.isSystem as boolean | undefined) ?? null,
    ...sdkFields(run),
  };
}

type HookStatus = 'created' | 'received' | 'disposed' | 'conflict';

/** Hooks as their events tell of them, by creation. */
function hookRows(events: Event[], run: Run) {
  return [...byEntity(events)].map(([hookId, own]) => {
    const last = own.at(-1)!;
    const received = own.findLast(({ data }) => data.case === 'hookReceived');
    const disposed = own.findLast(({ data }) => data.case === 'hookDisposed');
    const created = own.find(({ data }) => data.case === 'hookCreated');
    const hook = created?.data.case === 'hookCreated' ? created.data.value : undefined;
    let status: HookStatus = 'created';
    if (own.some(({ data }) => data.case === 'hookConflict')) status = 'conflict';
    else if (disposed !== undefined) status = 'disposed';
    else if (received !== undefined) status = 'received';
    return {
      runId: run.runId,
      hookId,
      status,
      createdAt: requiredDate(own[0]!.createdAt),
      updatedAt: requiredDate(last.createdAt),
      receivedAt: toDate(received?.createdAt) ?? null,
      disposedAt: toDate(disposed?.createdAt) ?? null,
      isWebhook: hook?.isWebhook ?? null,
      isSystem: hook?.isSystem ?? null,
      ...sdkFields(run),
    };
  });
}

/** Waits as their events tell of them, by creation. */
function waitRows(events: Event[], run: Run) {
  return [...byEntity(events)].map(([waitId, own]) => {
    const created = own.find(({ data }) => data.case === 'waitCreated');
    const completed = own.find(({ data }) => data.case === 'waitCompleted');
    const wait = created?.data.case === 'waitCreated' ? created.data.value : undefined;
    return {
      runId: run.runId,
      waitId,
      status: completed === undefined ? ('waiting' as const) : ('completed' as const),
      resumeAt: toDate(wait?.resumeAt) ?? null,
      createdAt: requiredDate(own[0]!.createdAt),
      updatedAt: requiredDate(own.at(-1)!.createdAt),
      completedAt: toDate(completed?.createdAt) ?? null,
      ...sdkFields(run),
    };
  });
}

function byEntity(events: Event[]): Map<string, Event[]> {
  const groups = new Map<string, Event[]>();
  for (const event of events) {
    const group = groups.get(event.correlationId);
    if (group === undefined) groups.set(event.correlationId, [event]);
    else group.push(event);
  }
  return groups;
}
