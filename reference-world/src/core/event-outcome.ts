import { create } from '@bufbuild/protobuf';
import {
  type CreateEventBatchResponse,
  type CreateEventBatchResult,
  type CreateEventResponse,
  type Event,
  EventSchema,
  EventType,
} from '@worldwire/proto';
import type { Key, Payloads, Slice } from '../store/operations.js';
import { stripRun, stripStep } from './payloads.js';
import { type Program, store } from './program.js';
import type { Scope } from './scope.js';

/** The events that give a step an error. */
const STEP_ERRORS: readonly EventType[] = [EventType.STEP_RETRYING, EventType.STEP_FAILED];

/** What is kept of a response: the log has the event, and the store the payloads. */
export function stripResponse(response: CreateEventResponse): CreateEventResponse {
  const { delta: _delta, event, ...rest } = response;
  const kept: CreateEventResponse = rest;
  if (event !== undefined)
    kept.event = create(EventSchema, { runId: event.runId, position: event.position });
  if (kept.run !== undefined) kept.run = stripRun(kept.run);
  if (kept.step !== undefined) kept.step = stripStep(kept.step);
  if (kept.hook !== undefined) {
    const { metadata: _metadata, ...hook } = kept.hook;
    kept.hook = hook;
  }
  return kept;
}

/** Completes what was kept with what the log and the store have. */
export function* restoreResponse(
  scope: Scope,
  runId: string,
  kept: CreateEventResponse,
  payloads: boolean,
): Program<CreateEventResponse> {
  const row = yield* store.getRun(scope.project, runId, payloads ? 'input' : 'none');
  if (row === undefined) return kept;
  const response = { ...kept };
  if (kept.event !== undefined) {
    const event = yield* store.getEvent(row.key, Number(kept.event.position), payloads);
    if (event !== undefined) response.event = event;
  }
  if (!payloads) return response;
  if (kept.run !== undefined)
    response.run = { ...kept.run, ...inputOf(row.run), ...endOf(response.event) };
  if (kept.step !== undefined) {
    const { stepId } = kept.step;
    const step = yield* store.getStep(row.key, stepId, 'input');
    const error = yield* errorAt(row.key, stepId, Number(kept.event?.position ?? 0));
    response.step = {
      ...kept.step,
      ...(step && inputOf(step)),
      ...error,
      ...endOf(response.event),
    };
  }
  if (kept.hook !== undefined && response.event?.data.case === 'hookCreated') {
    const { metadata } = response.event.data.value;
    response.hook = { ...kept.hook, ...(metadata === undefined ? {} : { metadata }) };
  }
  return response;
}

function inputOf(record: { input?: Uint8Array }): { input?: Uint8Array } {
  return record.input === undefined ? {} : { input: record.input };
}

/** The error of a step as it was at a position of the log: the last one that an event up to there gave it. */
function* errorAt(key: Key, stepId: string, position: number): Program<Payloads> {
  let after: number | undefined = position + 1;
  while (after !== undefined) {
    const slice: Slice = { after, descending: true, limit: 1 };
    const { items } = yield* store.listEvents(key, STEP_ERRORS, stepId, slice, true);
    const error = endOf(items[0]?.value);
    if (error.error !== undefined) return error;
    after = items[0]?.key;
  }
  return {};
}

/** The output or error that an event gave its run or step. */
function endOf(event: Event | undefined): Payloads {
  const data = event?.data;
  switch (data?.case) {
    case 'runCompleted':
      return data.value.output === undefined ? {} : { output: data.value.output };
    case 'stepCompleted':
      return data.value.result === undefined ? {} : { output: data.value.result };
    case 'runFailed':
    case 'stepFailed':
    case 'stepRetrying':
      return data.value.error === undefined ? {} : { error: data.value.error };
    default:
      return {};
  }
}

/** What is kept of a batch's response. */
export function stripBatch(response: CreateEventBatchResponse): CreateEventBatchResponse {
  return {
    ...response,
    results: response.results.map((result) =>
      result.outcome.case === 'created'
        ? { ...result, outcome: { case: 'created', value: stripResponse(result.outcome.value) } }
        : result,
    ),
  };
}

/** Completes what was kept of a batch's response. */
export function* restoreBatch(
  scope: Scope,
  runId: string,
  kept: CreateEventBatchResponse,
  payloads: boolean,
): Program<CreateEventBatchResponse> {
  const results: CreateEventBatchResult[] = [];
  for (const result of kept.results) {
    if (result.outcome.case !== 'created') results.push(result);
    else {
      const value = yield* restoreResponse(scope, runId, result.outcome.value, payloads);
      results.push({ ...result, outcome: { case: 'created', value } });
    }
  }
  return { ...kept, results };
}
