import {
  EventType,
  eventTypeNames,
  type Failure,
  type Reader,
  skippableEventTypes,
} from '@worldwire/proto';
import { invalid, Rejection } from './rejection.js';

/** The event type that holds a position for others. */
export const NOOP = 'noop';
const ALL_TYPES = Object.values(EventType).filter(
  (type): type is EventType => typeof type === 'number' && type !== EventType.UNSPECIFIED,
);

/** What the reader of an answer reads. What is undefined has no bound. */
export interface Terms {
  /** Whether the answer has payloads. */
  readonly payloads: boolean;
  /** The highest spec version of runs whose payloads it reads. */
  readonly maxSpecVersion?: number;
  /** The names of the event types that it knows. */
  readonly eventTypes?: ReadonlySet<string>;
  /** The forms of errors that it reads. */
  readonly errorForms?: ReadonlySet<string>;
}

/** The terms of a request, or a refusal with INVALID_ARGUMENT. */
export function termsOf(reader: Reader | undefined, payloads: boolean): Terms {
  if (reader === undefined) return { payloads };
  const { maxSpecVersion, eventTypes, errorForms } = reader;
  if (maxSpecVersion < 0) throw invalid('reader.max_spec_version', 'is negative');
  return {
    payloads,
    ...(maxSpecVersion > 0 ? { maxSpecVersion } : {}),
    ...(eventTypes.length > 0 ? { eventTypes: new Set(eventTypes) } : {}),
    ...(errorForms.length > 0 ? { errorForms: new Set(errorForms) } : {}),
  };
}

/** Whether the reader reads everything. */
export function isUnbound({ maxSpecVersion, eventTypes, errorForms }: Terms): boolean {
  return (maxSpecVersion ?? eventTypes ?? errorForms) === undefined;
}

/** Whether names that have no bound, or hold this one, are read. */
export function reads(names: ReadonlySet<string> | undefined, name: string): boolean {
  return names === undefined || names.has(name);
}

/** Whether a run is too new for the reader of its payloads. */
export function isTooNew({ payloads, maxSpecVersion }: Terms, specVersion: number): boolean {
  return payloads && maxSpecVersion !== undefined && specVersion > maxSpecVersion;
}

/** The feature that the reader of an error, in a run of a spec version, lacks; undefined where it reads both. */
export function lackOf(
  terms: Terms,
  specVersion: number,
  error: Failure | undefined,
): string | undefined {
  if (isTooNew(terms, specVersion)) return `spec_version:${specVersion}`;
  const form = error?.form.case;
  if (!terms.payloads || form === undefined || reads(terms.errorForms, form)) return undefined;
  return `error_form:${form}`;
}

/**
 * The types of a filter that a list holds for the reader, as the store takes them: without those that are left out
 * because the reader knows neither them nor `noop`.
 */
export function typesFor(
  { eventTypes }: Terms,
  wanted: readonly EventType[],
): readonly EventType[] {
  if (eventTypes === undefined || eventTypes.has(NOOP)) return wanted;
  const types = (wanted.length > 0 ? wanted : ALL_TYPES).filter((type) => {
    const name = eventTypeNames.nameOf(type) ?? '';
    return eventTypes.has(name) || !skippableEventTypes.has(name);
  });
  // To the store, no types at all means every type.
  return types.length > 0 ? types : [EventType.UNSPECIFIED];
}

/** Refuses to let somebody start what it could not execute. */
export function checkExecutor({ maxSpecVersion }: Terms, runId: string, specVersion: number): void {
  if (maxSpecVersion !== undefined && specVersion > maxSpecVersion)
    throw notRead(`spec_version:${specVersion}`, runId);
}

/** The refusal of what a reader does not read. */
export function notRead(feature: string, runId: string, eventId?: string): Rejection {
  return new Rejection(
    'FEATURE_NOT_READ',
    `the reader does not read ${feature}, which ${eventId ?? 'the record'} of run ${runId} has`,
    { run_id: runId, feature, ...(eventId === undefined ? {} : { event_id: eventId }) },
  );
}
