import { create } from '@bufbuild/protobuf';
import {
  type GetHookByTokenRequest,
  type GetHookByTokenResponse,
  GetHookByTokenResponseSchema,
  type GetHookRequest,
  type GetHookResponse,
  GetHookResponseSchema,
  type GetStepRequest,
  type GetStepResponse,
  GetStepResponseSchema,
  type GetWaitRequest,
  type GetWaitResponse,
  GetWaitResponseSchema,
  type ListHooksRequest,
  type ListHooksResponse,
  ListHooksResponseSchema,
  type ListStepsRequest,
  type ListStepsResponse,
  ListStepsResponseSchema,
  type ListWaitsRequest,
  type ListWaitsResponse,
  ListWaitsResponseSchema,
  WaitStatus,
} from '@worldwire/proto';
import { requireRunRow, withPayloads } from './event-rules.js';
import { hookNotFound, isLapsed } from './hook.js';
import { checkId, checkName } from './identifiers.js';
import { openPage, type Paging, valuesOf } from './pages.js';
import { store } from './program.js';
import { checkReadable, readableStep } from './readable.js';
import { invalid, Rejection } from './rejection.js';
import type { Rule, Scope } from './scope.js';
import { termsOf } from './terms.js';
import { waitNotFound } from './wait.js';

/** StepService.GetStep. */
export const getStep: Rule<GetStepRequest, GetStepResponse> = function* (scope, request) {
  checkId('step_id', request.stepId, scope.limits);
  const row = yield* requireRunRow(scope, request.runId);
  const choice = withPayloads(request.resolveData) ? 'all' : 'none';
  const terms = termsOf(request.reader, choice === 'all');
  const step = yield* store.getStep(row.key, request.stepId, choice);
  if (step === undefined)
    throw new Rejection('STEP_NOT_FOUND', `run ${request.runId} has no step ${request.stepId}`, {
      run_id: request.runId,
      step_id: request.stepId,
    });
  checkReadable(terms, row.run, step);
  return create(GetStepResponseSchema, { step });
};

/** StepService.ListSteps. */
export const listSteps: Rule<ListStepsRequest, ListStepsResponse> = function* (scope, request) {
  const page = openPage(request.page, paging(scope, 'steps', [request.runId]));
  const row = yield* requireRunRow(scope, request.runId);
  const choice = withPayloads(request.resolveData) ? 'all' : 'none';
  const terms = termsOf(request.reader, choice === 'all');
  const sliced = yield* store.listSteps(row.key, page.slice, choice);
  const steps = valuesOf(sliced).map((step) => readableStep(terms, step, row.run.specVersion));
  return create(ListStepsResponseSchema, { steps, page: page.info(sliced) });
};

/** HookService.GetHook. */
export const getHook: Rule<GetHookRequest, GetHookResponse> = function* (scope, request) {
  const { hookId, runId, resolveData } = request;
  checkId('hook_id', hookId, scope.limits);
  const payloads = withPayloads(resolveData);
  const row =
    runId === ''
      ? undefined
      : yield* store.getRun(scope.project, checkId('run_id', runId, scope.limits), 'none');
  if (runId !== '' && row === undefined) throw hookNotFound(hookId);
  const hook = yield* store.readHook(scope.project, row?.key, hookId, payloads);
  if (hook === undefined) throw hookNotFound(hookId);
  return create(GetHookResponseSchema, { hook });
};

/** HookService.GetHookByToken. */
export const getHookByToken: Rule<GetHookByTokenRequest, GetHookByTokenResponse> = function* (
  scope,
  { token, resolveData },
  context,
) {
  checkName('token', token, scope.limits.maxTokenLength);
  const holder = yield* store.getToken(scope.project, token);
  const hook =
    holder === undefined || isLapsed(holder, context.now)
      ? undefined
      : yield* store.readHookByToken(scope.project, token, withPayloads(resolveData));
  if (hook === undefined)
    throw new Rejection('HOOK_NOT_FOUND', 'no live hook has this token', { token });
  return create(GetHookByTokenResponseSchema, { hook });
};

/** HookService.ListHooks. */
export const listHooks: Rule<ListHooksRequest, ListHooksResponse> = function* (scope, request) {
  const page = openPage(request.page, paging(scope, 'hooks', [request.runId]));
  const payloads = withPayloads(request.resolveData);
  const key = request.runId === '' ? undefined : (yield* requireRunRow(scope, request.runId)).key;
  const sliced = yield* store.listHooks(scope.project, key, page.slice, payloads);
  return create(ListHooksResponseSchema, { hooks: valuesOf(sliced), page: page.info(sliced) });
};

/** WaitService.GetWait. */
export const getWait: Rule<GetWaitRequest, GetWaitResponse> = function* (scope, request) {
  checkId('wait_id', request.waitId, scope.limits);
  const row = yield* requireRunRow(scope, request.runId);
  const wait = yield* store.getWait(row.key, request.waitId);
  if (wait === undefined) throw waitNotFound(request.runId, request.waitId);
  return create(GetWaitResponseSchema, { wait });
};

/** WaitService.ListWaits. */
export const listWaits: Rule<ListWaitsRequest, ListWaitsResponse> = function* (scope, request) {
  if (WaitStatus[request.status] === undefined)
    throw invalid('status', 'is not a state that this World knows');
  const filters = [request.runId, String(request.status)];
  const page = openPage(request.page, paging(scope, 'waits', filters));
  const row = yield* requireRunRow(scope, request.runId);
  const sliced = yield* store.listWaits(row.key, request.status, page.slice);
  return create(ListWaitsResponseSchema, { waits: valuesOf(sliced), page: page.info(sliced) });
};

function paging({ limits }: Scope, list: string, filters: readonly string[]): Paging {
  return {
    list,
    filters,
    defaultLimit: limits.defaultPage,
    maxLimit: limits.maxPage,
    maxBytes: limits.maxPageBytes,
  };
}
