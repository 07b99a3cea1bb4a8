import { type Duration, type Timestamp, timestampFromMs } from '@bufbuild/protobuf/wkt';
import { invalid } from './rejection.js';

/** Milliseconds since the epoch of a timestamp; finer parts are dropped. */
export function millisOf(timestamp: Timestamp): number {
  return Number(timestamp.seconds) * 1000 + Math.floor(timestamp.nanos / 1_000_000);
}

/** The timestamp without what is finer than a millisecond; the same one where there is nothing finer. */
export function wholeMillis(timestamp: Timestamp): Timestamp {
  return timestamp.nanos % 1_000_000 === 0 ? timestamp : timestampFromMs(millisOf(timestamp));
}

/** Milliseconds of a duration, finer parts dropped; -1 for one that is negative or malformed. */
export function millisOfDuration({ seconds, nanos }: Duration): number {
  if (seconds < 0n || !(nanos >= 0 && nanos <= MAX_NANOS)) return -1;
  return Number(seconds) * 1000 + Math.trunc(nanos / 1_000_000);
}

const MAX_NANOS = 999_999_999;
/** The milliseconds that a Timestamp may name: the years 1 to 9999, the same that its JSON form can say. */
const MIN_TIME_MS = -62_135_596_800_000;
const MAX_TIME_MS = 253_402_300_799_999;

/** Refuses a timestamp outside the years 1 to 9999, or with nanoseconds that are none. */
export function checkTime(field: string, timestamp: Timestamp | undefined): void {
  if (timestamp === undefined) return;
  const time = millisOf(timestamp);
  const { nanos } = timestamp;
  if (!(time >= MIN_TIME_MS && time <= MAX_TIME_MS && nanos >= 0 && nanos <= MAX_NANOS))
    throw invalid(field, 'is not a time between the years 1 and 9999');
}
