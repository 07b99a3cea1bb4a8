import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  type BatchGetRunsRequest,
  type BatchGetRunsResponse,
  BatchGetRunsResponseSchema,
  type BatchGetRunsResult,
  BatchGetRunsResultSchema,
  CancelOutcome,
  type CancelRunsRequest,
  type CancelRunsResponse,
  CancelRunsResponseSchema,
  type CancelRunsResult,
  CancelRunsResultSchema,
  type GetRunRequest,
  type GetRunResponse,
  GetRunResponseSchema,
  type ListAttributeKeysRequest,
  type ListAttributeKeysResponse,
  ListAttributeKeysResponseSchema,
  type ListRunsRequest,
  type ListRunsResponse,
  ListRunsResponseSchema,
  NewEventSchema,
  RunCancelledSchema,
  RunStatus,
} from '@worldwire/proto';
import type { RunFilter } from '../store/operations.js';
import { appendEvent } from './append.js';
import { fingerprint } from './cursor.js';
import { withPayloads } from './event-rules.js';
import { checkId, checkText } from './identifiers.js';
import type { CoreLimits } from './limits.js';
import { checkCount, once } from './outcomes.js';
import { openPage, openTextPage, valuesOf } from './pages.js';
import { recordBytes } from './payloads.js';
import { type Context, type Program, store } from './program.js';
import { checkReadable, readableRun } from './readable.js';
import { invalid, Rejection } from './rejection.js';
import { isEnded, runNotFound } from './run.js';
import type { Rule, Scope } from './scope.js';
import { termsOf } from './terms.js';
import { checkTime, millisOf } from './time.js';

const MAX_ATTRIBUTE_FILTERS = 8;

/** RunService.GetRun. */
export const getRun: Rule<GetRunRequest, GetRunResponse> = function* (scope, request) {
  checkId('run_id', request.runId, scope.limits);
  const choice = withPayloads(request.resolveData) ? 'all' : 'none';
  const terms = termsOf(request.reader, choice === 'all');
  const row = yield* store.getRun(scope.project, request.runId, choice);
  if (row === undefined) throw runNotFound(request.runId);
  checkReadable(terms, row.run);
  return create(GetRunResponseSchema, { run: row.run });
};

/** RunService.BatchGetRuns. */
export const batchGetRuns: Rule<BatchGetRunsRequest, BatchGetRunsResponse> = function* (
  scope,
  request,
) {
  const choice = withPayloads(request.resolveData) ? 'all' : 'none';
  const terms = termsOf(request.reader, choice === 'all');
  if (request.runIds.length > scope.limits.maxBulkIds)
    throw invalid('run_ids', `may hold ${scope.limits.maxBulkIds} ids`);
  for (const runId of request.runIds) checkId('run_ids', runId, scope.limits);
  const results: BatchGetRunsResult[] = [];
  let bytes = 0;
  for (const runId of request.runIds) {
    const row = yield* store.getRun(scope.project, runId, choice);
    bytes += row === undefined ? 0 : recordBytes(row.run);
    if (bytes > scope.limits.maxBulkBytes && results.length > 0)
      throw new Rejection(
        'PAYLOAD_TOO_LARGE',
        'these runs carry more payload than one answer may have: ask for fewer, or without payloads',
        {
          limit: 'max_bulk_bytes',
          maximum: String(scope.limits.maxBulkBytes),
          actual: String(bytes),
        },
      );
    const run = row && readableRun(terms, row.run);
    results.push(create(BatchGetRunsResultSchema, run === undefined ? {} : { run }));
  }
  return create(BatchGetRunsResponseSchema, { results });
};

/** RunService.ListRuns. */
export const listRuns: Rule<ListRunsRequest, ListRunsResponse> = function* (scope, request) {
  const filter = runFilter(request, scope.limits);
  const choice = withPayloads(request.resolveData) ? 'all' : 'none';
  const terms = termsOf(request.reader, choice === 'all');
  const page = openPage(request.page, {
    list: 'runs',
    filters: [JSON.stringify(filter)],
    defaultLimit: scope.limits.defaultPage,
    maxLimit: scope.limits.maxPage,
    descending: true,
    maxBytes: scope.limits.maxPageBytes,
  });
  const sliced = yield* store.listRuns(scope.project, filter, page.slice, choice);
  const runs = valuesOf(sliced).map((run) => readableRun(terms, run));
  return create(ListRunsResponseSchema, { runs, page: page.info(sliced) });
};

/** RunService.CancelRuns. */
export const cancelRuns: Rule<CancelRunsRequest, CancelRunsResponse> = function* (
  scope,
  request,
  context,
) {
  const { runIds, cancelReason } = request;
  checkCount('run_ids', runIds.length, scope.limits.maxBulkIds);
  if (new Set(runIds).size < runIds.length) throw invalid('run_ids', 'holds an id twice');
  if (cancelReason !== undefined)
    checkText('cancel_reason', cancelReason, scope.limits.maxCancelReasonLength);
  return yield* once(
    scope,
    request.requestId,
    `CancelRuns ${fingerprint(runIds)}`,
    CancelRunsResponseSchema,
    context,
    function* () {
      const results = new Map<string, CancelRunsResult>();
      // In one order, so that no two calls hold a run each and wait for the other's.
      for (const runId of runIds.toSorted())
        results.set(runId, yield* tryCancel(scope, runId, cancelReason, context));
      return create(CancelRunsResponseSchema, { results: runIds.map((id) => results.get(id)!) });
    },
  );
};

/** RunService.ListAttributeKeys. */
export const listAttributeKeys: Rule<ListAttributeKeysRequest, ListAttributeKeysResponse> =
  function* (scope, request) {
    const filter = runFilter({ ...request, statuses: [], attributes: {} }, scope.limits);
    const page = openTextPage(request.page, {
      list: 'keys',
      filters: [JSON.stringify(filter)],
      defaultLimit: 40,
      maxLimit: 100,
    });
    const { items, more } = yield* store.listAttributeKeys(
      scope.project,
      filter,
      page.after,
      page.limit,
    );
    return create(ListAttributeKeysResponseSchema, {
      attributes: items.map((item) => ({
        key: item.key,
        runCount: BigInt(item.runCount),
        firstSeenAt: timestampFromMs(item.firstSeenAt),
        lastSeenAt: timestampFromMs(item.lastSeenAt),
      })),
      page: page.info(items.at(-1)?.key, more),
    });
  };

/** Cancels a run; one that cannot be cancelled does not stop the others. */
function* tryCancel(
  scope: Scope,
  runId: string,
  cancelReason: string | undefined,
  context: Context,
): Program<CancelRunsResult> {
  try {
    return yield* cancelOne(scope, runId, cancelReason, context);
  } catch (error) {
    if (!(error instanceof Rejection)) throw error;
    const outcome = CancelOutcome.FAILED;
    return create(CancelRunsResultSchema, { runId, outcome, errorReason: error.reason });
  }
}

function* cancelOne(
  scope: Scope,
  runId: string,
  cancelReason: string | undefined,
  context: Context,
): Program<CancelRunsResult> {
  checkId('run_ids', runId, scope.limits);
  const row = yield* store.getRun(scope.project, runId, 'none');
  if (row === undefined)
    return create(CancelRunsResultSchema, { runId, outcome: CancelOutcome.NOT_FOUND });
  const { status } = row.run;
  if (status === RunStatus.CANCELLED)
    return create(CancelRunsResultSchema, {
      runId,
      outcome: CancelOutcome.ALREADY_CANCELLED,
      status,
    });
  if (isEnded(status))
    return create(CancelRunsResultSchema, {
      runId,
      outcome: CancelOutcome.NOT_CANCELLABLE,
      status,
    });
  const value = create(RunCancelledSchema, cancelReason === undefined ? {} : { cancelReason });
  const data = { case: 'runCancelled', value } as const;
  const event = create(NewEventSchema, { specVersion: row.run.specVersion, data });
  yield* appendEvent(scope, runId, event, data, { payloads: false }, context);
  return create(CancelRunsResultSchema, {
    runId,
    outcome: CancelOutcome.CANCELLED,
    status: RunStatus.CANCELLED,
  });
}

function runFilter(
  request: Pick<
    ListRunsRequest,
    'workflowName' | 'statuses' | 'createdFrom' | 'createdBefore' | 'attributes'
  >,
  limits: CoreLimits,
): RunFilter {
  const { workflowName, statuses, createdFrom, createdBefore } = request;
  if (workflowName !== undefined) checkText('workflow_name', workflowName, limits.maxNameLength);
  const attributes = Object.entries(request.attributes);
  if (attributes.length > MAX_ATTRIBUTE_FILTERS)
    throw invalid('attributes', `may hold ${MAX_ATTRIBUTE_FILTERS} filters`);
  for (const text of attributes.flat()) checkText('attributes', text, limits.maxNameLength);
  for (const status of statuses)
    if (RunStatus[status] === undefined || status === RunStatus.UNSPECIFIED)
      throw invalid('statuses', 'holds a state that this World does not know');
  checkTime('created_from', createdFrom);
  checkTime('created_before', createdBefore);
  return {
    ...(workflowName === undefined ? {} : { workflowName }),
    statuses: [...new Set(statuses)].sort((a, b) => a - b),
    ...(createdFrom === undefined ? {} : { createdFrom: millisOf(createdFrom) }),
    ...(createdBefore === undefined ? {} : { createdBefore: millisOf(createdBefore) }),
    // A map comes in any order, and the cursor must not depend on it.
    attributes: Object.fromEntries(attributes.sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}
