import { create } from '@bufbuild/protobuf';
import {
  type AppendRequest,
  type AppendResponse,
  AppendResponseSchema,
  type CloseRequest,
  type CloseResponse,
  CloseResponseSchema,
  type GetStreamInfoRequest,
  type GetStreamInfoResponse,
  GetStreamInfoResponseSchema,
  type ListChunksRequest,
  type ListChunksResponse,
  ListChunksResponseSchema,
  type ListStreamsRequest,
  type ListStreamsResponse,
  ListStreamsResponseSchema,
} from '@worldwire/proto';
import type { ChunkRow, StreamRow } from '../store/operations.js';
import { streamTopic } from '../store/store.js';
import { checkId } from './identifiers.js';
import type { CoreLimits } from './limits.js';
import { openPage, valuesOf } from './pages.js';
import { type Context, type Program, store } from './program.js';
import { invalid, Rejection } from './rejection.js';
import type { Rule, Scope } from './scope.js';
import { checkPayloadSize } from './validate-event.js';

const MAX_STREAM_NAME = 512;

/** How many chunks of an append are new: those that the writer has not brought before. */
export function newChunks(sequence: number, landed: number, count: number): number {
  if (sequence > landed)
    throw new Rejection(
      'SEQUENCE_GAP',
      `the writer's chunk ${landed} is missing: send from there`,
      { expected: String(landed), actual: String(sequence) },
    );
  return Math.max(0, sequence + count - landed);
}

/** StreamService.Append. */
export const append: Rule<AppendRequest, AppendResponse> = function* (scope, request, context) {
  checkStream(request, scope.limits);
  checkAppend(request, scope.limits);
  const stream = yield* openStream(scope, request, context);
  const { chunks, writerId } = request;
  let fresh = chunks.length;
  if (writerId !== '') {
    const landed = yield* store.getWriter(stream.key, writerId);
    fresh = newChunks(Number(request.sequence), landed, chunks.length);
  }
  const appended = stream.closed ? 0 : fresh;
  if (appended > 0) {
    yield* store.appendChunks(stream.key, stream.length, chunks.slice(chunks.length - appended));
    if (writerId !== '')
      yield* store.putWriter(stream.key, writerId, Number(request.sequence) + chunks.length);
  }
  const closes = request.close && !stream.closed;
  if (closes) yield* store.closeStream(stream.key);
  if (appended > 0 || closes) yield* store.notify(streamTopic(scope.project, request.name));
  return create(AppendResponseSchema, {
    tailIndex: BigInt(stream.length + appended - 1),
    appended,
    wasClosed: stream.closed,
  });
};

/** StreamService.Close. */
export const close: Rule<CloseRequest, CloseResponse> = function* (scope, request, context) {
  checkStream(request, scope.limits);
  const stream = yield* openStream(scope, request, context);
  if (!stream.closed) {
    yield* store.closeStream(stream.key);
    yield* store.notify(streamTopic(scope.project, request.name));
  }
  return create(CloseResponseSchema, { tailIndex: BigInt(stream.length - 1) });
};

/** StreamService.ListChunks. */
export const listChunks: Rule<ListChunksRequest, ListChunksResponse> = function* (scope, request) {
  checkName(request, scope.limits);
  const { limits } = scope;
  const page = openPage(request.page, {
    list: 'chunks',
    filters: [request.runId, request.name],
    defaultLimit: limits.defaultPage,
    maxLimit: limits.maxPage,
  });
  if (page.slice.descending) throw invalid('page.sort_order', 'must be ascending for chunks');
  const stream = yield* locate(scope, request);
  const from = page.slice.after === undefined ? 0 : page.slice.after + 1;
  const chunks =
    stream === undefined
      ? []
      : yield* store.listChunks(stream.key, from, page.slice.limit, limits.maxPageBytes);
  const next = (chunks.at(-1)?.index ?? from - 1) + 1;
  return create(ListChunksResponseSchema, {
    chunks: chunks.map(toChunk),
    page: page.info({
      items: chunks.map((chunk) => ({ key: chunk.index })),
      more: next < (stream?.length ?? 0),
    }),
    done: stream?.closed ?? false,
  });
};

/** StreamService.GetStreamInfo. */
export const getStreamInfo: Rule<GetStreamInfoRequest, GetStreamInfoResponse> = function* (
  scope,
  request,
) {
  checkName(request, scope.limits);
  const stream = yield* locate(scope, request);
  return create(GetStreamInfoResponseSchema, {
    tailIndex: BigInt((stream?.length ?? 0) - 1),
    done: stream?.closed ?? false,
  });
};

/** StreamService.ListStreams. */
export const listStreams: Rule<ListStreamsRequest, ListStreamsResponse> = function* (
  scope,
  request,
) {
  checkId('run_id', request.runId, scope.limits);
  const page = openPage(request.page, {
    list: 'streams',
    filters: [request.runId],
    defaultLimit: scope.limits.maxPage,
    maxLimit: scope.limits.maxPage,
  });
  const { after, limit } = page.slice;
  const sliced = yield* store.listStreams(scope.project, request.runId, after, limit);
  return create(ListStreamsResponseSchema, { names: valuesOf(sliced), page: page.info(sliced) });
};

/** Where a live read begins. */
export const openRead: Rule<
  { readonly runId: string; readonly name: string; readonly startIndex: bigint },
  { readonly from: number }
> = function* (scope, request) {
  checkName(request, scope.limits);
  const start = Number(request.startIndex);
  if (!Number.isSafeInteger(start)) throw invalid('start_index', 'is too large');
  if (start >= 0) return { from: start };
  const stream = yield* locate(scope, request);
  return { from: Math.max(0, (stream?.length ?? 0) + start) };
};

/** The next chunks of a live read. `done`: the stream is closed and nothing follows them. */
export const readChunks: Rule<
  {
    readonly runId: string;
    readonly name: string;
    readonly from: number;
    readonly maxBytes: number;
  },
  { readonly chunks: readonly ChunkRow[]; readonly done: boolean }
> = function* (scope, request) {
  const stream = yield* locate(scope, request);
  if (stream === undefined) return { chunks: [], done: false };
  const { from, maxBytes } = request;
  const chunks =
    from >= stream.length
      ? []
      : yield* store.listChunks(stream.key, from, scope.limits.maxPage, maxBytes);
  const next = (chunks.at(-1)?.index ?? from - 1) + 1;
  return { chunks, done: stream.closed && next >= stream.length };
};

/** A chunk as the wire carries it. */
export function toChunk({ index, data }: ChunkRow): { index: bigint; data: Uint8Array } {
  return { index: BigInt(index), data };
}

function* openStream(
  scope: Scope,
  { runId, name }: { readonly runId: string; readonly name: string },
  context: Context,
): Program<StreamRow> {
  const stream = yield* store.getStream(scope.project, runId, name);
  return stream ?? (yield* store.insertStream(scope.project, runId, name, context.now));
}

function* locate(
  scope: Scope,
  { runId, name }: { readonly runId: string; readonly name: string },
): Program<StreamRow | undefined> {
  return runId === ''
    ? yield* store.findStream(scope.project, name)
    : yield* store.getStream(scope.project, runId, name);
}

function checkStream(
  request: { readonly runId: string; readonly name: string },
  limits: CoreLimits,
): void {
  checkId('run_id', request.runId, limits);
  checkId('name', request.name, { ...limits, maxIdLength: MAX_STREAM_NAME });
}

function checkName(
  request: { readonly runId: string; readonly name: string },
  limits: CoreLimits,
): void {
  if (request.runId !== '') checkId('run_id', request.runId, limits);
  checkId('name', request.name, { ...limits, maxIdLength: MAX_STREAM_NAME });
}

function checkAppend(request: AppendRequest, limits: CoreLimits): void {
  const { chunks, writerId, sequence } = request;
  if (chunks.length === 0 && !request.close) throw invalid('chunks', 'is empty');
  if (chunks.length > limits.maxStreamAppend)
    throw invalid('chunks', `may hold ${limits.maxStreamAppend} chunks`);
  for (const chunk of chunks) checkPayloadSize('chunks', chunk.length, limits);
  if (writerId !== '') checkId('writer_id', writerId, limits);
  else if (sequence !== 0n) throw invalid('sequence', 'needs a writer_id');
  if (sequence < 0n || sequence > BigInt(Number.MAX_SAFE_INTEGER))
    throw invalid('sequence', 'is negative or too large');
}
