import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  type CreateEventResponse,
  CreateEventResponseSchema,
  type Event,
  EventSchema,
  EventType,
  type NewEvent,
  type Run,
  type Step,
} from '@worldwire/proto';
import type { LogEnd, PayloadChoice, Payloads, RunRow } from '../store/operations.js';
import { runTopic, streamTopic } from '../store/store.js';
import { decide } from './decide.js';
import { checkRunIdTime, eventIdOf } from './identifiers.js';
import { payloadBytes, stripEvent, stripRun, stripStep } from './payloads.js';
import { type Context, type Program, store } from './program.js';
import { Rejection } from './rejection.js';
import type { Scope } from './scope.js';
import type { Decision, EventCommand, EventState, NewData, Recorded } from './state.js';
import { checkExecutor, type Terms } from './terms.js';
import { wholeMillis } from './time.js';

/** What an event without its payload takes in the log, roughly; keeps tiny events from being free. */
const EVENT_OVERHEAD_BYTES = 200;

const STREAMS_AT_A_TIME = 1_000;

/** What appending brought about, and where. */
export interface Appended {
  readonly response: CreateEventResponse;
  readonly key: number;
  /** The last position of the log now. */
  readonly last: number;
  /** Of the run. */
  readonly specVersion: number;
}

/** Loads what an event depends on, decides it, and writes what follows. Rejects before it writes anything. */
export function* appendEvent(
  scope: Scope,
  runId: string,
  event: NewEvent,
  data: NewData,
  terms: Terms,
  context: Context,
): Program<Appended> {
  const { payloads } = terms;
  const state = yield* load(scope, runId, event, data, payloads);
  const now = Math.max(context.now, state.row?.lastEventAt ?? 0);
  const command: EventCommand = {
    runId,
    correlationId: event.correlationId,
    data,
    specVersion: event.specVersion || state.row?.run.specVersion || scope.limits.maxSpecVersion,
    resumeId: event.resumeId,
    resumePayloadDigest: event.resumePayloadDigest,
    computeInstanceId: event.computeInstanceId,
    now,
    at: timestampFromMs(now),
    limits: scope.limits,
  };
  if (data.case === 'runCreated' && state.row === undefined) checkRunIdTime(runId, now);
  const decision = decide(state, command);
  if (data.case === 'runStarted' || data.case === 'stepStarted')
    checkExecutor(terms, runId, state.row?.run.specVersion ?? command.specVersion);
  if (decision.repeated !== undefined)
    return yield* repeat(state.row!, decision.repeated, payloads);

  const before = lastPosition(state.row);
  const added = decision.records.reduce((sum, r) => sum + recordBytes(r), 0);
  const end: LogEnd = {
    lastPosition: before + decision.records.length,
    lastEventAt: now,
    bytes: (state.row?.bytes ?? 0) + added,
  };
  checkRoom(runId, decision, end, scope);
  const events = decision.records.map((record, index) =>
    toEvent(record, before + index + 1, event, command),
  );
  const key = yield* write(scope, state, command, decision, events, end);
  const response = respond(state, decision, events, end, payloads, scope);
  const { specVersion } = decision.newRun?.run ?? state.row!.run;
  return { response, key, last: end.lastPosition, specVersion };
}

function* load(
  scope: Scope,
  runId: string,
  event: NewEvent,
  data: NewData,
  payloads: boolean,
): Program<EventState> {
  const { correlationId } = event;
  const row = yield* store.getRun(scope.project, runId, runPayloads(data, payloads));
  switch (data.case) {
    case 'stepCreated':
    case 'stepStarted':
    case 'stepCompleted':
    case 'stepFailed':
    case 'stepRetrying': {
      if (row === undefined) return { row };
      const choice: PayloadChoice = payloads ? 'all' : 'none';
      return { row, step: yield* store.getStep(row.key, correlationId, choice) };
    }
    case 'hookCreated': {
      if (row === undefined) return { row };
      const hook = yield* store.getHook(row.key, correlationId);
      return { row, hook, token: yield* store.getToken(scope.project, data.value.token) };
    }
    case 'hookReceived': {
      if (row === undefined) return { row };
      const hook = yield* store.getHook(row.key, correlationId);
      if (event.resumeId === undefined) return { row, hook };
      return { row, hook, resume: yield* store.getResume(row.key, event.resumeId) };
    }
    case 'hookDisposed':
      return row === undefined
        ? { row }
        : { row, hook: yield* store.getHook(row.key, correlationId) };
    case 'waitCreated':
    case 'waitCompleted':
      return row === undefined
        ? { row }
        : { row, wait: yield* store.getWait(row.key, correlationId) };
    case 'attrSet': {
      if (row === undefined || data.value.writer?.writer.case !== 'workflow') return { row };
      const attributesWritten = yield* store.hasEvent(row.key, EventType.ATTR_SET, correlationId);
      return { row, attributesWritten };
    }
    default:
      return { row };
  }
}

/** Run events answer with the run's arguments, which the runtime replays from. */
function runPayloads(data: NewData, payloads: boolean): PayloadChoice {
  if (!payloads) return 'none';
  return data.case.startsWith('run') || data.case === 'attrSet' ? 'input' : 'none';
}

function* repeat(row: RunRow, position: number, payloads: boolean): Program<Appended> {
  const event = yield* store.getEvent(row.key, position, payloads);
  const response = create(CreateEventResponseSchema, event === undefined ? {} : { event });
  const { specVersion } = row.run;
  return { response, key: row.key, last: lastPosition(row), specVersion };
}

function* write(
  scope: Scope,
  state: EventState,
  command: EventCommand,
  decision: Decision,
  events: readonly Event[],
  end: LogEnd,
): Program<number> {
  const { project } = scope;
  let key = state.row?.key;
  if (decision.newRun !== undefined) key = yield* store.insertRun(project, decision.newRun.run);
  if (key === undefined) throw new TypeError('an event was accepted for a run that does not exist');
  if (events.length > 0) yield* store.appendEvents(key, events, end);
  const { run, step, hook, wait, resume } = decision;
  if (run !== undefined)
    yield* store.updateRun(key, stripRun(withEnd(run.next, end)), run.payloads);
  if (step?.insert) yield* store.insertStep(key, step.next);
  else if (step !== undefined) yield* store.updateStep(key, stripStep(step.next), step.payloads);
  if (decision.dropToken !== undefined) yield* store.dropTokenHolder(project, decision.dropToken);
  if (hook !== undefined) yield* store.insertHook(project, key, hook.next, hook.state);
  if (decision.disposeHook) yield* store.disposeHook(key, command.correlationId);
  if (wait?.insert) yield* store.insertWait(key, wait.next);
  else if (wait !== undefined) yield* store.updateWait(key, wait.next);
  if (resume !== undefined && command.resumeId !== undefined)
    yield* store.insertResume(key, command.resumeId, { ...resume, position: end.lastPosition });
  if (decision.ended) yield* store.releaseRun(key, command.now);
  if (decision.purge) {
    yield* store.purgeRun(project, key, command.runId);
    yield* wakeReaders(project, command.runId);
  }
  if (events.length > 0) yield* store.notify(runTopic(project, command.runId));
  return key;
}

/** Lets those who read the run's streams live see that there is nothing more to come. */
function* wakeReaders(project: string, runId: string): Program<void> {
  let after: number | undefined;
  for (;;) {
    const { items, more } = yield* store.listStreams(project, runId, after, STREAMS_AT_A_TIME);
    for (const { value: name } of items) yield* store.notify(streamTopic(project, name));
    after = items.at(-1)?.key;
    if (!more) return;
  }
}

function toEvent(
  record: Recorded,
  position: number,
  source: NewEvent,
  command: EventCommand,
): Event {
  const event = create(EventSchema, {
    eventId: eventIdOf(position),
    runId: command.runId,
    position: BigInt(position),
    correlationId: command.correlationId,
    specVersion: command.specVersion,
    createdAt: command.at,
  });
  event.data = record;
  if (source.occurredAt !== undefined) event.occurredAt = wholeMillis(source.occurredAt);
  if (command.resumeId !== undefined) event.resumeId = command.resumeId;
  if (source.computeInstanceId !== undefined) event.computeInstanceId = source.computeInstanceId;
  if (source.traceRequestId !== undefined) event.traceRequestId = source.traceRequestId;
  return event;
}

function respond(
  state: EventState,
  decision: Decision,
  events: readonly Event[],
  end: LogEnd,
  payloads: boolean,
  scope: Scope,
): CreateEventResponse {
  const response = create(CreateEventResponseSchema, {
    stepCreated: decision.stepCreated ?? false,
  });
  const last = events.at(-1);
  if (last !== undefined) response.event = payloads ? last : stripEvent(last);
  const kind = last?.data.case ?? (state.step ? 'step' : 'run');
  if (kind.startsWith('run') || kind === 'attrSet') {
    const run = decision.newRun?.run ?? decision.run?.next ?? state.row?.run;
    if (run !== undefined)
      response.run = withPayloads(withEnd(run, end), decision.run?.payloads ?? {}, payloads);
    response.maxEvents = scope.limits.maxEvents;
  }
  if (decision.step !== undefined)
    response.step = withPayloads(decision.step.next, decision.step.payloads, payloads);
  if (decision.hook?.state === 'live') {
    const { metadata, ...hook } = decision.hook.next;
    response.hook = payloads && metadata !== undefined ? decision.hook.next : hook;
  }
  if (decision.wait !== undefined) response.wait = decision.wait.next;
  return response;
}

function withPayloads<T extends Run | Step>(record: T, added: Payloads, payloads: boolean): T {
  if (payloads) return { ...record, ...added };
  return (isRun(record) ? stripRun(record) : stripStep(record)) as T;
}

function isRun(record: Run | Step): record is Run {
  return record.$typeName === 'worldwire.v1.Run';
}

function withEnd(run: Run, end: LogEnd): Run {
  return { ...run, lastPosition: BigInt(end.lastPosition) };
}

function lastPosition(row: RunRow | undefined): number {
  return Number(row?.run.lastPosition ?? 0);
}

function recordBytes(record: Recorded): number {
  return EVENT_OVERHEAD_BYTES + payloadBytes(record);
}

/** A log that is full takes only the run's end, so that every run can end. */
function checkRoom(runId: string, decision: Decision, end: LogEnd, scope: Scope): void {
  if (decision.ended || decision.records.length === 0) return;
  const { maxEvents, maxRunBytes } = scope.limits;
  if (end.lastPosition > maxEvents)
    throw new Rejection('EVENT_LIMIT_EXCEEDED', `run ${runId} may hold ${maxEvents} events`, {
      run_id: runId,
      maximum: String(maxEvents),
    });
  if (end.bytes > maxRunBytes)
    throw new Rejection('RUN_TOO_LARGE', `run ${runId} may hold ${maxRunBytes} bytes`, {
      run_id: runId,
      maximum: String(maxRunBytes),
    });
}
