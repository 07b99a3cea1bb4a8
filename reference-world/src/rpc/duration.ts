import { create } from '@bufbuild/protobuf';
import { type Duration, DurationSchema } from '@bufbuild/protobuf/wkt';

/** The duration of whole milliseconds. */
export function durationFromMs(ms: number): Duration {
  const seconds = Math.floor(ms / 1_000);
  return create(DurationSchema, {
    seconds: BigInt(seconds),
    nanos: (ms - seconds * 1_000) * 1_000_000,
  });
}
