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

/** What names a stream. */
interface StreamName {
  readonly runId: string;
  readonly name: string;
}

/** How many chunks of an append are new: those that the writer has not brought before. */
function newChunks(sequence: number, landed: number, count: number): number {
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
  const { chunks, writerId } = request;
  const sequence = Number(request.sequence);
  const standing = yield* findWritable(scope, request);
  if (standing === 'gone') return create(AppendResponseSchema, { tailIndex: -1n, wasClosed: true });
  const landed =
    standing === undefined || writerId === '' ? 0 : yield* store.getWriter(standing.key, writerId);
  if (standing?.closed) return closedAnswer(standing, request, landed);

  const appended = writerId === '' ? chunks.length : newChunks(sequence, landed, chunks.length);
  const stream = standing ?? (yield* insertStream(scope, request, context));
  if (appended > 0) {
    yield* store.appendChunks(stream.key, stream.length, chunks.slice(chunks.length - appended));
    if (writerId !== '') yield* store.putWriter(stream.key, writerId, sequence + chunks.length);
  }
  if (request.close) yield* store.closeStream(stream.key);
  if (appended > 0 || request.close) yield* store.notify(streamTopic(scope.project, request.name));
  return create(AppendResponseSchema, {
    tailIndex: BigInt(stream.length + appended - 1),
    appended,
  });
};

/**
 * What an append to a closed stream hears: that its chunks were discarded, whatever their sequence, or, where it is the
 * repetition of one that had landed, that nothing is amiss.
 */
function closedAnswer(stream: StreamRow, request: AppendRequest, landed: number): AppendResponse {
  const { chunks, writerId } = request;
  const repeats =
    writerId !== '' && chunks.length > 0 && Number(request.sequence) + chunks.length <= landed;
  return create(AppendResponseSchema, {
    tailIndex: BigInt(stream.length - 1),
    wasClosed: !repeats,
  });
}

/** StreamService.Close. */
export const close: Rule<CloseRequest, CloseResponse> = function* (scope, request, context) {
  checkStream(request, scope.limits);
  const standing = yield* findWritable(scope, request);
  if (standing === 'gone') return create(CloseResponseSchema, { tailIndex: -1n });
  const stream = standing ?? (yield* insertStream(scope, request, context));
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
    oneOrder: true,
  });
  const stream = yield* locateReadable(scope, request);
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
    oneOrder: true,
  });
  const { after, limit } = page.slice;
  const sliced = yield* store.listStreams(scope.project, request.runId, after, limit);
  return create(ListStreamsResponseSchema, { names: valuesOf(sliced), page: page.info(sliced) });
};

/** Where a live read begins, and of which run's stream, as far as that is known yet. */
export const openRead: Rule<
  { readonly runId: string; readonly name: string; readonly startIndex: bigint },
  { readonly runId: string; readonly from: number }
> = function* (scope, request) {
  checkName(request, scope.limits);
  const start = Number(request.startIndex);
  if (start > Number.MAX_SAFE_INTEGER) throw invalid('start_index', 'is too large');
  const stream = yield* locateReadable(scope, request);
  const from = start >= 0 ? start : Math.max(0, (stream?.length ?? 0) + start);
  return { runId: stream?.runId ?? request.runId, from };
};

/** The next chunks of a live read, and of which run's stream they are. `done`: the stream is closed and nothing follows them. */
export const readChunks: Rule<
  {
    readonly runId: string;
    readonly name: string;
    readonly from: number;
    readonly maxBytes: number;
  },
  { readonly runId: string; readonly chunks: readonly ChunkRow[]; readonly done: boolean }
> = function* (scope, request) {
  const stream = yield* locateReadable(scope, request);
  if (stream === undefined) return { runId: request.runId, chunks: [], done: false };
  const { from, maxBytes } = request;
  const chunks =
    from >= stream.length
      ? []
      : yield* store.listChunks(stream.key, from, scope.limits.maxPage, maxBytes);
  const next = (chunks.at(-1)?.index ?? from - 1) + 1;
  return { runId: stream.runId, chunks, done: stream.closed && next >= stream.length };
};

/** A chunk as the wire carries it. */
export function toChunk({ index, data }: ChunkRow): { index: bigint; data: Uint8Array } {
  return { index: BigInt(index), data };
}

/**
 * The stream that a write is for; undefined where there is none yet. `gone`: retention has removed what the run had, so
 * nothing may come after it, under a new name either.
 */
function* findWritable(
  scope: Scope,
  { runId, name }: StreamName,
): Program<StreamRow | undefined | 'gone'> {
  const stream = yield* store.getStream(scope.project, runId, name);
  if (stream !== undefined) return stream.expired ? 'gone' : stream;
  const row = yield* store.getRun(scope.project, runId, 'none');
  return row?.run.expiredAt === undefined ? undefined : 'gone';
}

function insertStream(
  scope: Scope,
  { runId, name }: StreamName,
  context: Context,
): Program<StreamRow> {
  return store.insertStream(scope.project, runId, name, context.now);
}

/** Finds a stream to read from; refuses one that retention removed, because its end would pass for the real one. */
function* locateReadable(scope: Scope, stream: StreamName): Program<StreamRow | undefined> {
  const row = yield* locate(scope, stream);
  if (row?.expired)
    throw new Rejection('STREAM_EXPIRED', 'the stream was removed when its run ended', {
      run_id: row.runId,
      name: row.name,
    });
  return row;
}

function* locate(scope: Scope, { runId, name }: StreamName): Program<StreamRow | undefined> {
  return runId === ''
    ? yield* store.findStream(scope.project, name)
    : yield* store.getStream(scope.project, runId, name);
}

function checkStream(request: StreamName, limits: CoreLimits): void {
  checkId('run_id', request.runId, limits);
  checkId('name', request.name, { ...limits, maxIdLength: MAX_STREAM_NAME });
}

function checkName(request: StreamName, limits: CoreLimits): void {
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
