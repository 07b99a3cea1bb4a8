import type { JsonObject } from '@bufbuild/protobuf';
import { type Timestamp, timestampFromMs, timestampMs } from '@bufbuild/protobuf/wkt';
import {
  type Failure,
  type PageInfo,
  type PageRequest,
  ResolveData,
  SortOrder,
} from '@worldwire/proto';
import { worldError } from './errors.js';
import type {
  Payload,
  Reader,
  UpstreamPage,
  UpstreamPagination,
  UpstreamResolveData,
} from './upstream.js';

/** Leaves out members without a value: the SDK's schemas tell absent from undefined. */
export function compact<T extends object>(value: T): T {
  for (const key of Object.keys(value) as (keyof T)[]) {
    if (value[key] === undefined) delete value[key];
  }
  return value;
}

/** `undefined` for the empty string, which is how proto3 spells absent. */
export function nonEmpty(value: string): string | undefined {
  return value === '' ? undefined : value;
}

/** `undefined` for zero. */
export function nonZero(value: number): number | undefined {
  return value === 0 ? undefined : value;
}

/** Whether a value is a Uint8Array, also one of another realm. */
export function isBytes(value: unknown): value is Uint8Array {
  return (
    value instanceof Uint8Array || Object.prototype.toString.call(value) === '[object Uint8Array]'
  );
}

/**
 * A payload as the wire takes it: the SDK's own bytes, untouched.
 *
 * @throws WorkflowWorldError (400) for anything but bytes or undefined.
 */
export function toBytes(value: unknown, field: string): Uint8Array<ArrayBuffer> | undefined {
  if (value === undefined) return undefined;
  if (!isBytes(value)) {
    const kind = value === null ? 'null' : Array.isArray(value) ? 'an array' : `a ${typeof value}`;
    throw worldError(`${field} must be the bytes that the SDK serialized, but is ${kind}`, {
      status: 400,
    });
  }
  if (value instanceof Uint8Array) return value as Uint8Array<ArrayBuffer>;
  const { buffer, byteOffset, byteLength } = value as Uint8Array<ArrayBuffer>;
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** A point in time as the SDK gives it: a Date, or what a Date can be made of. */
export function toTimestamp(value: unknown): Timestamp | undefined {
  if (value === undefined || value === null) return undefined;
  const ms = value instanceof Date ? value.getTime() : new Date(value as string | number).getTime();
  if (Number.isNaN(ms)) throw worldError('a time is not valid', { status: 400 });
  return timestampFromMs(ms);
}

/** A time of the wire as a Date, to the millisecond. */
export function toDate(value: Timestamp): Date;
export function toDate(value: Timestamp | undefined): Date | undefined;
export function toDate(value: Timestamp | undefined): Date | undefined {
  return value === undefined ? undefined : new Date(timestampMs(value));
}

/** A time that every stored record has. */
export function requiredDate(value: Timestamp | undefined): Date {
  return value === undefined ? new Date(0) : toDate(value);
}

/** Plain JSON of an object: undefined members go, dates become strings. */
export function toJsonObject(value: unknown): JsonObject | undefined {
  if (value === undefined || value === null) return undefined;
  return JSON.parse(JSON.stringify(value)) as JsonObject;
}

export function toResolveData(value: UpstreamResolveData | undefined): ResolveData {
  return value === 'none' ? ResolveData.NONE : ResolveData.ALL;
}

export function toPageRequest(
  pagination: UpstreamPagination | undefined,
): Pick<PageRequest, 'limit' | 'cursor' | 'sortOrder'> {
  return {
    limit: pagination?.limit ?? 0,
    cursor: pagination?.cursor ?? '',
    sortOrder: toSortOrder(pagination?.sortOrder),
  };
}

function toSortOrder(order: 'asc' | 'desc' | undefined): SortOrder {
  if (order === undefined) return SortOrder.UNSPECIFIED;
  return order === 'asc' ? SortOrder.ASCENDING : SortOrder.DESCENDING;
}

export function fromPage<T>(data: T[], page: PageInfo | undefined): UpstreamPage<T> {
  return { data, cursor: page?.cursor || null, hasMore: page?.hasMore ?? false };
}

/**
 * Reads every page of a list, for callers that ask for no limit and mean everything.
 *
 * `fetchPage` is called with the cursor to go on from.
 */
export async function allPages<T>(
  pagination: UpstreamPagination | undefined,
  fetchPage: (pagination: UpstreamPagination) => Promise<UpstreamPage<T>>,
): Promise<UpstreamPage<T>> {
  let page = await fetchPage({ ...pagination });
  if (!page.hasMore) return page;
  const data = page.data;
  while (page.hasMore) {
    const cursor = page.cursor ?? undefined;
    page = await fetchPage({ ...pagination, cursor });
    for (const item of page.data) data.push(item);
    // Without progress an unlucky World would keep us here forever.
    if (page.hasMore && (page.cursor ?? undefined) === cursor) break;
  }
  return { ...page, data };
}

/** The wire's form of an error that user code threw. */
export type FailureInit = { form: Failure['form'] } | undefined;

/**
 * An event's error on its way out: bytes stay bytes, and the older forms (a message with its stack, or
 * an object that has both) become a structure.
 */
export function toFailure(error: unknown, stack?: unknown, code?: unknown): FailureInit {
  if (error === undefined) return undefined;
  if (isBytes(error)) return { form: { case: 'payload', value: toBytes(error, 'error')! } };
  const parts = typeof error === 'object' && error !== null ? (error as Payload) : {};
  const message = typeof error === 'string' ? error : (parts.message ?? describe(error));
  const structured = compact({
    $typeName: 'worldwire.v1.StructuredError' as const,
    message: String(message),
    stack: asString(parts.stack) ?? asString(stack),
    code: asString(parts.code) ?? asString(code),
  });
  return { form: { case: 'structured', value: structured } };
}

function asString(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function describe(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error);
  return JSON.stringify(error) ?? 'Unknown error';
}

/** An error as a run or a step carries it: bytes for SDK 5, `{message, stack, code}` for SDK 4. */
export function fromFailure(
  failure: Failure | undefined,
  reader: Reader,
  errorCode?: string,
): Payload {
  const form = failure?.form;
  if (form === undefined || form.case === undefined) return undefined;
  if (form.case === 'payload') {
    return reader === 'v5' ? form.value : compact({ message: OPAQUE_ERROR, code: errorCode });
  }
  const { message, stack, code } = form.value;
  return compact({ message, stack, code: code ?? errorCode });
}

/** What SDK 4 is told of an error that it cannot read. */
export const OPAQUE_ERROR = 'The error cannot be read here';
