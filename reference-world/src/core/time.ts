import type { Duration, Timestamp } from '@bufbuild/protobuf/wkt';
import { invalid } from './rejection.js';

/** Milliseconds since the epoch of a timestamp; finer parts are dropped. */
export function millisOf(timestamp: Timestamp): number {
  return Number(timestamp.seconds) * 1000 + Math.floor(timestamp.nanos / 1_000_000);
}

/** Milliseconds of a duration; finer parts are dropped. */
export function millisOfDuration(duration: Duration): number {
  return Number(duration.seconds) * 1000 + Math.trunc(duration.nanos / 1_000_000);
}

/** Last millisecond that a Timestamp may name: the end of the year 9999. */
const MAX_TIME_MS = 253_402_300_799_999;

/** Refuses a timestamp outside the years 1 to 9999, or with nanoseconds that are none. */
export function checkTime(field: string, timestamp: Timestamp | undefined): void {
  if (timestamp === undefined) return;
  const time = millisOf(timestamp);
  if (
    !Number.isFinite(time) ||
    Math.abs(time) > MAX_TIME_MS ||
    timestamp.nanos < 0 ||
    timestamp.nanos > 999_999_999
  )
    throw invalid(field, 'is not a time between the years 1 and 9999');
}
