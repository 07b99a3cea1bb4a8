import { create } from '@bufbuild/protobuf';
import {
  type CreateEventResponse,
  type Event,
  EventSchema,
  type Failure,
  NoopSchema,
  type Run,
  type Step,
  skippableEventTypes,
} from '@worldwire/proto';
import type { Sliced } from '../store/operations.js';
import { stripRun, stripStep } from './payloads.js';
import { type Program, store } from './program.js';
import { Rejection } from './rejection.js';
import type { Scope } from './scope.js';
import { isTooNew, isUnbound, lackOf, NOOP, notRead, reads, type Terms } from './terms.js';

/** The name of an event type by the member that holds its data. */
const NAMES: ReadonlyMap<string | undefined, string> = new Map(
  EventSchema.oneofs[0]!.fields.map(({ localName, name }) => [localName, name]),
);

/** Part of a log in a reader's terms. */
interface ReadableSlice extends Sliced<Event> {
  /** Why it ends where it does, where the reader does not read what follows. */
  readonly refusal?: Rejection;
}

/** A part of a log up to the first event that the reader does not read. `versions` are those of runs that are known. */
export function* readableSlice(
  scope: Scope,
  terms: Terms,
  sliced: Sliced<Event>,
  versions = new Map<string, number>(),
): Program<ReadableSlice> {
  if (isUnbound(terms)) return sliced;
  const items: { readonly key: number; readonly value: Event }[] = [];
  for (const { key, value } of sliced.items) {
    const { runId } = value;
    if (!versions.has(runId)) versions.set(runId, yield* specVersionOf(scope, terms, runId));
    const read = inTerms(terms, value, versions.get(runId)!);
    if (read instanceof Rejection) return { items, more: true, refusal: read };
    if (read !== undefined) items.push({ key, value: read });
  }
  return { items, more: sliced.more };
}

/** The same for a page, which is refused where it would begin with such an event. */
export function* readablePage(
  scope: Scope,
  terms: Terms,
  sliced: Sliced<Event>,
): Program<Sliced<Event>> {
  const read = yield* readableSlice(scope, terms, sliced);
  if (read.refusal !== undefined && read.items.length === 0) throw read.refusal;
  return read;
}

/** One event of a run with this spec version, or a refusal. */
export function readableEvent(terms: Terms, event: Event, specVersion: number): Event {
  const read = inTerms(terms, event, specVersion);
  if (read === undefined) throw unknownType(event);
  if (read instanceof Rejection) throw read;
  return read;
}

/** Refuses a run, or a step of it, that the reader does not read. */
export function checkReadable(terms: Terms, run: Run, record: Run | Step = run): void {
  const lack = lackOf(terms, run.specVersion, record.error);
  if (lack !== undefined) throw notRead(lack, run.runId);
}

/** A run without what the reader does not read. */
export function readableRun(terms: Terms, run: Run): Run {
  if (isTooNew(terms, run.specVersion)) return stripRun(run);
  return lackOf(terms, run.specVersion, run.error) === undefined ? run : withoutError(run);
}

/** A step, of a run with this spec version, without what the reader does not read. */
export function readableStep(terms: Terms, step: Step, specVersion: number): Step {
  if (isTooNew(terms, specVersion)) return stripStep(step);
  return lackOf(terms, specVersion, step.error) === undefined ? step : withoutError(step);
}

/** The records in the answer to a write, of a run with this spec version, without what the reader does not read. */
export function readableResponse(
  terms: Terms,
  specVersion: number,
  response: CreateEventResponse,
): CreateEventResponse {
  const { run, step } = response;
  return {
    ...response,
    ...(run && { run: readableRun(terms, run) }),
    ...(step && { step: readableStep(terms, step, specVersion) }),
  };
}

/** An event as it is or as a noop; undefined where it is left out, and a refusal where the reader does not read it. */
function inTerms(terms: Terms, event: Event, specVersion: number): Event | Rejection | undefined {
  const name = nameOf(event);
  if (!reads(terms.eventTypes, name)) {
    if (!skippableEventTypes.has(name)) return unknownType(event);
    if (!reads(terms.eventTypes, NOOP)) return undefined;
    return { ...event, data: { case: NOOP, value: create(NoopSchema) } };
  }
  const { error } = event.data.value as { readonly error?: Failure };
  const lack = lackOf(terms, specVersion, error);
  return lack === undefined ? event : notRead(lack, event.runId, event.eventId);
}

function unknownType(event: Event): Rejection {
  return notRead(`event_type:${nameOf(event)}`, event.runId, event.eventId);
}

function nameOf(event: Event): string {
  return NAMES.get(event.data.case) ?? '';
}

function withoutError<T extends Run | Step>(record: T): T {
  const { error: _error, ...rest } = record;
  return rest as T;
}

/** The spec version of a run, where the terms depend on it. */
function* specVersionOf(scope: Scope, terms: Terms, runId: string): Program<number> {
  if (terms.maxSpecVersion === undefined) return 0;
  const row = yield* store.getRun(scope.project, runId, 'none');
  return row?.run.specVersion ?? 0;
}
