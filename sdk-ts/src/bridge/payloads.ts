import type { JsonObject, MessageInitShape } from '@bufbuild/protobuf';
import { type Timestamp, timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { Failure, FailureSchema } from '@worldwire/proto';
import type { Loose } from './upstream-world.js';

/** Marks bytes inside of values that a World keeps as JSON or as text. */
const MARK = 'worldwire.bytes';

/** How a World takes payloads: as bytes, or, before spec version 2, as JSON values. */
export type PayloadForm = 'bytes' | 'json';

/** How a World takes the errors of user code: as bytes from spec version 5 on, as a message and a stack before. */
export type ErrorForm = 'bytes' | 'structured';

/** Payload bytes as the SDK would hand them to the World. */
export function toWorldPayload(bytes: Uint8Array | undefined, form: PayloadForm): Loose {
  if (bytes === undefined || form === 'bytes') return bytes;
  return [MARK, Buffer.from(bytes).toString('base64')];
}

/** Payload bytes as the World returned them. What is neither bytes nor marked is returned as its JSON text. */
export function fromWorldPayload(value: Loose): Uint8Array<ArrayBuffer> | undefined {
  if (value === undefined || value === null) return undefined;
  if (value instanceof Uint8Array) return plain(value);
  if (Array.isArray(value)) {
    // The 4.0 line stands an empty array where it leaves a payload out.
    if (value.length === 0) return undefined;
    if (value.length === 2 && value[0] === MARK) return plain(Buffer.from(value[1], 'base64'));
  }
  return plain(Buffer.from(JSON.stringify(value) ?? String(value)));
}

function plain(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(bytes);
}

/** An error in the World's form, whole, as `run_failed` has it. */
export function toWorldError(failure: Failure | undefined, form: ErrorForm): Loose {
  const given = failure?.form;
  if (given === undefined || given.case === undefined) return undefined;
  if (given.case === 'structured') return { ...structuredOf(given.value) };
  return form === 'bytes'
    ? given.value
    : { message: `${MARK}:${Buffer.from(given.value).toString('base64')}` };
}

/** An error in the World's form as step events have it: below spec version 5 its stack stands beside it. */
export function toWorldStepError(failure: Failure | undefined, form: ErrorForm): Loose {
  const error = toWorldError(failure, form);
  if (error === undefined || error instanceof Uint8Array || form === 'bytes') return { error };
  return { error: error.message, stack: error.stack, code: error.code };
}

function structuredOf({ message, stack, code }: Loose) {
  return {
    message,
    ...(stack !== undefined && { stack }),
    ...(code !== undefined && { code }),
  };
}

/** An error as the World keeps it: bytes, a text with its stack beside it, or a structure. */
export function fromWorldError(
  value: Loose,
  stack?: Loose,
  code?: Loose,
): MessageInitShape<typeof FailureSchema> | undefined {
  if (value === undefined || value === null) return undefined;
  if (value instanceof Uint8Array) return { form: { case: 'payload', value: plain(value) } };
  const parts = typeof value === 'object' ? value : { message: value };
  const message = String(parts.message ?? JSON.stringify(value));
  if (message.startsWith(`${MARK}:`)) {
    const bytes = Buffer.from(message.slice(MARK.length + 1), 'base64');
    return { form: { case: 'payload', value: plain(bytes) } };
  }
  return {
    form: {
      case: 'structured',
      value: {
        message,
        stack: text(parts.stack) ?? text(stack),
        code: text(parts.code) ?? text(code),
      },
    },
  };
}

/** A string, or undefined for anything else. */
export function text(value: Loose): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** A time of the World: a Date, or what a Date can be made of. */
export function toTimestamp(value: Loose): Timestamp | undefined {
  if (value === undefined || value === null) return undefined;
  const ms = value instanceof Date ? value.getTime() : new Date(value).getTime();
  return Number.isNaN(ms) ? undefined : timestampFromMs(ms);
}

/** A time of the wire, cut to milliseconds. */
export function toDate(value: Timestamp | undefined): Date | undefined {
  if (value === undefined) return undefined;
  return new Date(Number(value.seconds) * 1000 + Math.floor(value.nanos / 1_000_000));
}

/** Plain JSON of an object, as a Struct holds it. */
export function toJsonObject(value: Loose): JsonObject | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  return JSON.parse(JSON.stringify(value)) as JsonObject;
}

/** Leaves out members without a value, which Worlds tell from undefined ones. */
export function compact<T extends object>(value: T): T {
  for (const key of Object.keys(value) as (keyof T)[])
    if (value[key] === undefined) delete value[key];
  return value;
}
