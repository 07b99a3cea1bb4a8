import type { MessageInitShape } from '@bufbuild/protobuf';
import {
  Capability,
  type CreateEventResponse,
  type Event,
  type ItemError,
  type RunCreatedSchema,
} from '@worldwire/proto';
import { WorldError } from '../client/error.js';
import { allPages, compact, fromPage, nonZero, toPageRequest, toResolveData } from './convert.js';
import { toUpstreamError, translated } from './errors.js';
import { fromEvent, type NewEventInit, toNewEvent } from './events.js';
import { readHook } from './hooks.js';
import { readable, readerOfLogs, readerOfWrite } from './reader.js';
import { fromRun } from './runs.js';
import { openErrors, sealError } from './sealed-errors.js';
import { type Connect, declares, type Session } from './session.js';
import { fromStep } from './steps.js';
import type {
  UpstreamEvent,
  UpstreamEventParams,
  UpstreamEventRequest,
  UpstreamEventResult,
  UpstreamPage,
  UpstreamPagination,
  UpstreamResolveData,
} from './upstream.js';
import { fromWait } from './waits.js';

export interface BatchItem {
  event: UpstreamEventRequest;
  occurredAt?: Date;
  computeInstanceId?: string;
}

export interface BatchParams {
  resolveData?: UpstreamResolveData;
  requestId?: string;
}

type BatchResult =
  | ({ status: 200 } & UpstreamEventResult)
  | { status: number; error: string; message: string };

export interface ListParams {
  runId: string;
  pagination?: UpstreamPagination;
  resolveData?: UpstreamResolveData;
}

/** `world.events` of both SDK lines. */
export function createEvents(connect: Connect) {
  const listPage = async (
    session: Session,
    { runId, resolveData }: ListParams,
    pagination: UpstreamPagination,
  ): Promise<UpstreamPage<UpstreamEvent>> => {
    const { events, page } = await session.client.events.listEvents({
      runId,
      page: toPageRequest(pagination),
      resolveData: toResolveData(resolveData),
      reader: readerOfLogs(session),
    });
    return fromPage(await readEvents(session, readable(session, events)), page);
  };

  return {
    /**
     * Writes one event; the World makes an id for a run that has none.
     *
     * Where nothing changed (a start of a running run, a cancellation of a cancelled one) the result has
     * the run and no `event`: both lines of the SDK go by the run.
     */
    create: (
      runId: string | null,
      data: UpstreamEventRequest,
      params: UpstreamEventParams = {},
    ): Promise<UpstreamEventResult> =>
      translated(async () => {
        const session = await connect();
        const starts = data.eventType === 'run_started';
        const response = await session.client.events.createEvent({
          runId: runId ?? '',
          event: await prepared(session, runId ?? '', toNewEvent(data, params)),
          expectedPosition: params.eventCount === undefined ? undefined : BigInt(params.eventCount),
          sinceCursor: params.sinceCursor,
          // Both lines replay from the log that rides on a start, and otherwise list it next.
          preloadEvents: starts ? params.skipPreload !== true : params.preloadEvents === true,
          skipPreload: starts && params.skipPreload === true,
          resolveData: toResolveData(params.resolveData),
          viaStepDispatch: params.viaStepDispatch === true,
          reader: readerOfWrite(session, data.eventType),
        });
        const reportsSkipped = params.eventCount !== undefined && params.sinceCursor === undefined;
        const result = await fromCreated(response, session, reportsSkipped);
        if (params.replayEventObserver !== undefined) {
          for (const event of result.events ?? []) params.replayEventObserver(event);
        }
        return result;
      }),

    /** Writes several events of one run in one commit, each with the outcome that it would have had alone. */
    createBatch: (
      runId: string,
      items: BatchItem[],
      params: BatchParams = {},
    ): Promise<{ results: BatchResult[] }> =>
      translated(async () => {
        const session = await connect();
        const events = await Promise.all(
          items.map(({ event, occurredAt, computeInstanceId }) => {
            const fields = { occurredAt, computeInstanceId, requestId: params.requestId };
            return prepared(session, runId, toNewEvent(event, fields));
          }),
        );
        if (!declares(session, Capability.EVENT_BATCH)) {
          return { results: await oneByOne(session, runId, events, params) };
        }
        const { results } = await session.client.events.createEventBatch({
          runId,
          events,
          resolveData: toResolveData(params.resolveData),
        });
        return {
          results: await Promise.all(
            results.map(async ({ outcome }): Promise<BatchResult> => {
              if (outcome.case === 'created') {
                return { status: 200, ...(await fromCreated(outcome.value, session, false)) };
              }
              return refusal(itemError(outcome.value));
            }),
          ),
        };
      }),

    get: (
      runId: string,
      eventId: string,
      params?: { resolveData?: UpstreamResolveData },
    ): Promise<UpstreamEvent> =>
      translated(async () => {
        const session = await connect();
        const { event } = await session.client.events.getEvent({
          runId,
          eventId,
          resolveData: toResolveData(params?.resolveData),
          reader: readerOfLogs(session),
        });
        const [read] = await readEvents(session, [event!]);
        return read!;
      }),

    /** Lists a log; without a limit, everything from the cursor on. */
    list: (params: ListParams): Promise<UpstreamPage<UpstreamEvent>> =>
      translated(async () => {
        const session = await connect();
        if (params.pagination?.limit !== undefined) {
          return listPage(session, params, params.pagination);
        }
        return allPages(params.pagination, (pagination) => listPage(session, params, pagination));
      }),

    /** Lists the events of one entity; SDK 4 may leave the run out. */
    listByCorrelationId: (
      params: Omit<ListParams, 'runId'> & { runId?: string; correlationId: string },
    ): Promise<UpstreamPage<UpstreamEvent>> =>
      translated(async () => {
        const session = await connect();
        const fetchPage = async (pagination: UpstreamPagination) => {
          const { events, page } = await session.client.events.listEventsByCorrelation({
            runId: params.runId ?? '',
            correlationId: params.correlationId,
            page: toPageRequest(pagination),
            resolveData: toResolveData(params.resolveData),
            reader: readerOfLogs(session),
          });
          return fromPage(await readEvents(session, readable(session, events)), page);
        };
        if (params.pagination?.limit !== undefined) return fetchPage(params.pagination);
        return allPages(params.pagination, fetchPage);
      }),
  };
}

/** An event as the World is to have it: it names the key of the run that it creates, and its error is sealed. */
async function prepared(
  session: Session,
  runId: string,
  event: NewEventInit,
): Promise<NewEventInit> {
  const create = createOf(event.data);
  // A run that the World is to name cannot have been sealed for.
  if (create !== undefined && runId !== '') {
    create.encryptionKeyId = await session.keys.stamp(session, runId, create);
  }
  return sealError(session, runId, event);
}

function createOf(
  data: NewEventInit['data'],
): MessageInitShape<typeof RunCreatedSchema> | undefined {
  if (data?.case === 'runCreated') return data.value;
  return data?.case === 'runStarted' ? data.value.create : undefined;
}

async function readEvents(session: Session, events: Event[]): Promise<UpstreamEvent[]> {
  await openErrors(session, { events });
  return events.map((event) => fromEvent(event, session.reader));
}

/** A batch for a World that has none: the same outcomes, one commit each. */
async function oneByOne(
  session: Session,
  runId: string,
  events: NewEventInit[],
  params: BatchParams,
): Promise<BatchResult[]> {
  const results: BatchResult[] = [];
  for (const event of events) {
    try {
      const created = await session.client.events.createEvent({
        runId,
        event,
        resolveData: toResolveData(params.resolveData),
      });
      results.push({ status: 200, ...(await fromCreated(created, session, false)) });
    } catch (error) {
      if (!(error instanceof WorldError) || error.retryable) throw error;
      results.push(refusal(error));
    }
  }
  return results;
}

function itemError(error: ItemError | undefined): WorldError {
  return new WorldError(error?.message ?? 'the World gave no outcome', {
    code: error?.code ?? 'unknown',
    reason: error?.reason,
    metadata: error?.metadata,
    retryAfterMs: error?.retryAfterMs === undefined ? undefined : Number(error.retryAfterMs),
  });
}

/** SDK 5 goes by the status, as it does for a single write over HTTP. */
function refusal(error: WorldError): BatchResult {
  const { message } = toUpstreamError(error) as Error;
  const code = error.upstreamStatus === 409 ? 'conflict' : (error.reason ?? error.code);
  return { status: error.upstreamStatus, error: code, message };
}

/**
 * What a write brought about.
 *
 * @param reportsSkipped Whether the events are those at the positions that the write skipped over, which
 * must not advance the reader's cursor and do not include the write's own event.
 */
async function fromCreated(
  response: CreateEventResponse,
  session: Session,
  reportsSkipped: boolean,
): Promise<UpstreamEventResult> {
  const { event, run, step, hook, wait, delta } = response;
  const { reader, keys } = session;
  if (run !== undefined) keys.noteRun(run.runId, run);
  await openErrors(session, {
    runs: [run],
    steps: [step],
    events: [event, ...(delta?.events ?? [])],
  });
  const result: UpstreamEventResult = compact({
    event: event && fromEvent(event, reader),
    run: run && fromRun(run, reader),
    step: step && fromStep(step, reader),
    hook: hook && readHook(hook, session),
    wait: wait && fromWait(wait),
    stepCreated: response.stepCreated ? true : undefined,
    maxEvents: nonZero(response.maxEvents),
  });
  if (delta === undefined) return result;
  const seen = reportsSkipped && event ? event.position : undefined;
  const events = readable(session, delta.events)
    .filter(({ position }) => seen === undefined || position < seen)
    .map((one) => fromEvent(one, reader));
  const { cursor, hasMore } = fromPage(events, delta.page);
  return { ...result, events, cursor: reportsSkipped ? null : cursor, hasMore };
}
