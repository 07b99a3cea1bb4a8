import type { MessageInitShape } from '@bufbuild/protobuf';
import { codeToString } from '@connectrpc/connect/protocol-connect';
import {
  type CreateEventRequest,
  type CreateEventResponseSchema,
  ErrorInfoSchema,
  type EventService,
  type NewEvent,
  ResolveData,
  RetryInfoSchema,
} from '@worldwire/proto';
import { durationMs } from '../client/duration.js';
import { asked, type Bridged, type Handlers } from './bridged.js';
import { eventsOfEveryRun } from './correlation.js';
import { fromWorldHook, fromWorldRun, fromWorldStep, fromWorldWait, shown } from './entities.js';
import { type About, errorOfStatus, explain, runIsMissing } from './errors.js';
import {
  eventTypeOf,
  fromWorldEvent,
  hasType,
  positionOf,
  toWorldEvent,
  toWorldEventParams,
} from './events.js';
import { filteredPage, type Order, pageInfoOf, paginationOf, resolveDataOf } from './paging.js';
import { compact } from './payloads.js';
import { refusal } from './refusal.js';
import { specVersionOf } from './spec-versions.js';
import type { Loose, LoosePage } from './upstream-world.js';

type CreatedInit = MessageInitShape<typeof CreateEventResponseSchema>;

const LOG_ORDER: Order = 'asc';

/** EventService, by `events.*` of the World. */
export function eventHandlers(bridged: Bridged): Handlers<typeof EventService> {
  const { world, traits } = bridged;

  async function createEvent(request: CreateEventRequest): Promise<CreatedInit> {
    const event = requireData(request.event);
    const params = compact({
      ...toWorldEventParams(event),
      resolveData: resolveDataOf(request.resolveData),
      eventCount:
        request.expectedPosition === undefined ? undefined : Number(request.expectedPosition),
      sinceCursor: request.sinceCursor,
      preloadEvents: request.preloadEvents || undefined,
      skipPreload: request.skipPreload || undefined,
      viaStepDispatch: request.viaStepDispatch || undefined,
    });
    const result = await asked(bridged, aboutEvent(request.runId, event), async () => {
      const version = await specVersionOf(bridged, request.runId, [event]);
      return world.events.create(
        request.runId || null,
        toWorldEvent(event, traits, version),
        params,
      );
    });
    const delta = await deltaOf(request, result);
    // A preloaded log comes with its run, which Worlds bring with a start only.
    const run =
      request.preloadEvents && delta !== undefined && !result?.run
        ? await asked(bridged, { kind: 'run', runId: request.runId }, () =>
            world.runs.get(request.runId, { resolveData: params.resolveData }),
          )
        : result?.run;
    return createdFrom({ ...result, run }, request.resolveData, delta);
  }

  /** What the writer asked for of the events that it has not seen. */
  async function deltaOf(
    request: CreateEventRequest,
    result: Loose,
  ): Promise<CreatedInit['delta']> {
    const { event, expectedPosition, sinceCursor, preloadEvents, skipPreload } = request;
    if (skipPreload && event?.data.case === 'runStarted') return undefined;
    if (sinceCursor === undefined && !preloadEvents)
      return expectedPosition === undefined
        ? undefined
        : skippedOf(request, expectedPosition, result);
    const page = broughtBy(result) ?? (await logOf(request, compact({ cursor: sinceCursor })));
    return {
      events: (page.data ?? []).map((one) => fromWorldEvent(one, traits)),
      page: pageInfoOf(page),
    };
  }

  /** The events between the position that the writer has seen and that of its own. */
  async function skippedOf(request: CreateEventRequest, seen: bigint, result: Loose) {
    const own = positionOf(String(result?.event?.eventId ?? ''), traits);
    const skipped = own - seen - 1n;
    if (skipped <= 0n) return { events: [] };
    const page = broughtBy(result) ?? (await logOf(request, { limit: Number(own) - 1 }));
    const events = (page.data ?? [])
      .map((one) => fromWorldEvent(one, traits))
      .filter(({ position = 0n }) => position > seen && position < own);
    return { events, page: { hasMore: BigInt(events.length) < skipped } };
  }

  /** The events that a World brought along. It need not; what it did not bring is read. */
  function broughtBy(result: Loose): LoosePage | undefined {
    return Array.isArray(result?.events) ? { ...result, data: result.events } : undefined;
  }

  function logOf({ runId, resolveData }: CreateEventRequest, from: Loose): Promise<LoosePage> {
    return asked(bridged, { kind: 'event', runId }, () =>
      world.events.list({
        runId,
        pagination: { sortOrder: LOG_ORDER, ...from },
        resolveData: resolveDataOf(resolveData),
      }),
    );
  }

  function createdFrom(
    result: Loose,
    resolveData: ResolveData,
    delta?: CreatedInit['delta'],
  ): CreatedInit {
    const { event, run, step, hook, wait } = result ?? {};
    // Upstream leaves payloads out of the event alone; here an answer has none at all.
    const bare = (entity: Loose) =>
      shown(resolveData === ResolveData.NONE ? withoutPayloads(entity) : entity, resolveData);
    return {
      event: event && fromWorldEvent(event, traits),
      run: run && fromWorldRun(bare(run), event ? positionOf(String(event.eventId), traits) : 0n),
      step: step && fromWorldStep(bare(step)),
      hook: hook && fromWorldHook(bare(hook)),
      wait: wait && fromWorldWait(wait),
      stepCreated: result?.stepCreated === true,
      maxEvents: Number(result?.maxEvents ?? 0),
      delta,
    };
  }

  return {
    createEvent,

    async createEventBatch({ runId, events, resolveData }) {
      const given = events.map(requireData);
      const { results } = await asked(bridged, { kind: 'run', runId }, async () => {
        const version = await specVersionOf(bridged, runId, given);
        const items = given.map((event) => ({
          ...toWorldEvent(event, traits, version),
          ...toWorldEventParams(event),
        }));
        return world.events.createBatch!(runId, items, { resolveData: resolveDataOf(resolveData) });
      });
      return {
        results: await Promise.all(
          (results as Loose[]).map(async (result, index) => {
            if (result.error === undefined)
              return {
                outcome: { case: 'created' as const, value: createdFrom(result, resolveData) },
              };
            const { status, error, message } = result;
            const cause = errorOfStatus(status, error, message);
            const about = aboutEvent(runId, events[index]!);
            return {
              outcome: {
                case: 'error' as const,
                value: itemError(await explain(world, cause, about)),
              },
            };
          }),
        ),
      };
    },

    async getEvent({ runId, eventId, resolveData }) {
      const about: About = { kind: 'event', runId, id: eventId };
      const params = { resolveData: resolveDataOf(resolveData) };
      const event =
        world.events.get === undefined
          ? await findEvent(runId, eventId, params)
          : await asked(bridged, about, () => world.events.get!(runId, eventId, params));
      if (event === undefined || event === null) throw await missingEvent(runId, eventId);
      return { event: fromWorldEvent(event, traits) };
    },

    async listEvents({ runId, page, types, resolveData }) {
      const found = await asked(bridged, { kind: 'event', runId, cursor: page?.cursor ?? '' }, () =>
        filteredPage(
          (pagination) =>
            world.events.list({ runId, pagination, resolveData: resolveDataOf(resolveData) }),
          types.length === 0 ? undefined : (event) => hasType(event, types),
          paginationOf(page, LOG_ORDER),
        ),
      );
      if (isEmptyStart(found, page?.cursor) && (await runIsMissing(world, runId)))
        throw noRun(runId);
      return logPage(found);
    },

    async listEventsByCorrelation({ runId, correlationId, page, resolveData }) {
      const about: About = { kind: 'event', runId, cursor: page?.cursor ?? '' };
      const query = { correlationId, resolveData: resolveDataOf(resolveData) };
      const found = await asked(bridged, about, () =>
        runId === '' && traits.v5
          ? eventsOfEveryRun(world, { ...query, pagination: paginationOf(page, LOG_ORDER) })
          : filteredPage(
              (pagination) =>
                world.events.listByCorrelationId({ ...query, ...(runId && { runId }), pagination }),
              // A World of the 4.x line may look for the id in every run.
              runId === '' ? undefined : (event) => event.runId === runId,
              paginationOf(page, LOG_ORDER),
            ),
      );
      if (isEmptyStart(found, page?.cursor) && (await runIsMissing(world, runId)))
        throw noRun(runId);
      return logPage(found);
    },
  };

  function logPage(page: LoosePage) {
    return {
      events: (page.data ?? []).map((event) => fromWorldEvent(event, traits)),
      page: pageInfoOf(page),
    };
  }

  /** For Worlds that list events and cannot get one. */
  async function findEvent(runId: string, eventId: string, params: Loose): Promise<Loose> {
    const about: About = { kind: 'event', runId, id: eventId };
    let cursor: string | undefined;
    do {
      const page: LoosePage = await asked(bridged, about, () =>
        world.events.list({ runId, ...params, pagination: compact({ sortOrder: 'asc', cursor }) }),
      );
      const event = page.data?.find((one) => one.eventId === eventId);
      if (event !== undefined) return event;
      cursor = page.hasMore ? (page.cursor ?? undefined) : undefined;
    } while (cursor !== undefined);
    return undefined;
  }

  async function missingEvent(runId: string, eventId: string) {
    if (await runIsMissing(world, runId)) return noRun(runId);
    return refusal('EVENT_NOT_FOUND', `run ${runId} has no event ${eventId}`, {
      run_id: runId,
      event_id: eventId,
    });
  }
}

/** A run, a step or a hook as upstream shows it where no data is to be resolved. */
function withoutPayloads(entity: Loose): Loose {
  const { input, output, metadata, ...rest } = entity;
  return rest;
}

/** Whether a list has nothing at its beginning: what a World answers also where there is no run. */
export function isEmptyStart(page: LoosePage, cursor: string | undefined): boolean {
  return (page.data ?? []).length === 0 && !page.hasMore && !cursor;
}

export function noRun(runId: string) {
  return refusal('RUN_NOT_FOUND', `there is no run ${runId}`, { run_id: runId });
}

/** Only what protobuf's typing asks for: a World cannot be handed an event without a type. */
function requireData(event: NewEvent | undefined): NewEvent {
  if (event?.data.case === undefined)
    throw refusal('EVENT_TYPE_REQUIRED', 'the event has no data that this World knows');
  return event;
}

function aboutEvent(runId: string, event: NewEvent): About {
  const eventType = eventTypeOf(event.data.case)!;
  return {
    kind: (/^(step|hook|wait)_/.exec(eventType)?.[1] as About['kind']) ?? 'run',
    runId,
    id: event.correlationId,
    eventType,
    lazy: event.data.case === 'stepStarted' && event.data.value.input !== undefined,
    ...(event.resumeId !== undefined && { resumeId: event.resumeId }),
  };
}

function itemError(error: Awaited<ReturnType<typeof explain>>) {
  const info = error.findDetails(ErrorInfoSchema)[0];
  const delay = error.findDetails(RetryInfoSchema)[0]?.retryDelay;
  return {
    code: codeToString(error.code),
    reason: info?.reason ?? '',
    message: error.rawMessage,
    metadata: info?.metadata ?? {},
    retryAfterMs: delay === undefined ? undefined : BigInt(Math.round(durationMs(delay))),
  };
}
