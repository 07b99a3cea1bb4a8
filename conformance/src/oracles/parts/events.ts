import { type Timestamp, timestampMs } from '@bufbuild/protobuf/wkt';
import type { Event } from '@worldwire/proto';

/** The type of an event by which people know it, such as "step_created"; empty where it has none. */
export function kindOf({ data }: Pick<Event, 'data'>): string {
  return (data.case ?? '').replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** An event for a person. */
export function describeEvent(event: Event): string {
  const entity = event.correlationId === '' ? '' : ` of ${event.correlationId}`;
  return `${event.eventId} ${kindOf(event)}${entity}`;
}

/** A time in milliseconds, where there is one. */
export function msOf(time: Timestamp | undefined): number | undefined {
  return time === undefined ? undefined : timestampMs(time);
}

/** A time for a person. */
export function showTime(time: Timestamp | number | undefined): string {
  if (time === undefined) return 'none';
  const ms = typeof time === 'number' ? time : timestampMs(time);
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? `${ms} ms` : date.toISOString();
}
