import type { MessageInitShape } from '@bufbuild/protobuf';
import {
  type AttributeWriter,
  type EventSchema,
  eventTypeNames,
  type NewEvent,
  type RunCreated,
  type StepTimings,
} from '@worldwire/proto';
import type { Traits } from './describe.js';
import {
  compact,
  fromWorldError,
  fromWorldPayload,
  text,
  toDate,
  toJsonObject,
  toTimestamp,
  toWorldError,
  toWorldPayload,
  toWorldStepError,
} from './payloads.js';
import type { Loose } from './upstream-world.js';

type EventInit = MessageInitShape<typeof EventSchema>;
type EventDataInit = EventInit['data'];

/** The SDK's name of the type of an event's data, or undefined where it has none. */
export function eventTypeOf(member: string | undefined): string | undefined {
  return member?.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** An event as `events.create` takes it. Only what the writer gave is set, and a spec version where it gave none. */
export function toWorldEvent(event: NewEvent, traits: Traits, specVersion: number): Loose {
  const eventType = eventTypeOf(event.data.case);
  const eventData = compact(dataOf(event, traits));
  return compact({
    eventType,
    correlationId: event.correlationId || undefined,
    specVersion: event.specVersion || specVersion,
    eventData: Object.keys(eventData).length > 0 || needsData(eventType) ? eventData : undefined,
  });
}

/** Types whose data upstream's schemas require, however little it holds. */
function needsData(eventType: string | undefined): boolean {
  return eventType === 'run_completed' || eventType === 'step_completed';
}

/** What `events.create` takes beside the event. */
export function toWorldEventParams(event: NewEvent): Loose {
  return compact({
    occurredAt: toDate(event.occurredAt),
    resumeId: event.resumeId,
    resumePayloadDigest: event.resumePayloadDigest,
    computeInstanceId: event.computeInstanceId,
    requestId: event.traceRequestId,
  });
}

function dataOf({ data }: NewEvent, { payloads, errors }: Traits): Loose {
  const bytes = (value: Uint8Array | undefined) => toWorldPayload(value, payloads);
  switch (data.case) {
    case 'runCreated':
      return runCreatedOf(data.value, bytes);
    case 'runStarted':
      return data.value.create === undefined ? {} : runCreatedOf(data.value.create, bytes);
    case 'runCompleted':
      return { output: bytes(data.value.output) };
    case 'runFailed':
      return {
        error: toWorldError(data.value.error, errors),
        errorCode: data.value.errorCode,
      };
    case 'runCancelled':
      return { cancelReason: data.value.cancelReason };
    case 'attrSet':
      return {
        changes: data.value.changes.map(({ key, value }) => ({ key, value: value ?? null })),
        writer: writerOf(data.value.writer),
        allowReservedAttributes: data.value.allowReservedAttributes || undefined,
      };
    case 'stepCreated': {
      const { stepName, workflowName, input } = data.value;
      return { stepName, workflowName, input: bytes(input) };
    }
    case 'stepStarted': {
      const { stepName, attempt, workflowName, input, ownerMessageId } = data.value;
      return { stepName, attempt, workflowName, input: bytes(input), ownerMessageId };
    }
    case 'stepCompleted': {
      const { stepName, workflowName, result, timings } = data.value;
      return { stepName, workflowName, result: bytes(result), ...timingsOf(timings) };
    }
    case 'stepFailed': {
      const { stepName, error, timings } = data.value;
      return { stepName, ...toWorldStepError(error, errors), ...timingsOf(timings) };
    }
    case 'stepRetrying': {
      const { stepName, error, retryAfter } = data.value;
      return { stepName, ...toWorldStepError(error, errors), retryAfter: toDate(retryAfter) };
    }
    case 'hookCreated': {
      const { token, tokenRetentionUntil, metadata, isWebhook, isSystem } = data.value;
      return {
        token,
        tokenRetentionUntil: toDate(tokenRetentionUntil),
        metadata: bytes(metadata),
        isWebhook,
        isSystem,
      };
    }
    case 'hookReceived':
      return { token: data.value.token, payload: bytes(data.value.payload) };
    case 'hookDisposed':
      return { token: data.value.token };
    case 'waitCreated':
    case 'waitCompleted':
      return { resumeAt: toDate(data.value.resumeAt) };
    default:
      return {};
  }
}

function runCreatedOf(value: RunCreated, bytes: (value: Uint8Array | undefined) => Loose): Loose {
  const { attributes, executionContext } = value;
  return compact({
    deploymentId: value.deploymentId,
    workflowName: value.workflowName,
    input: bytes(value.input),
    executionContext,
    attributes: Object.keys(attributes).length > 0 ? { ...attributes } : undefined,
    allowReservedAttributes: value.allowReservedAttributes || undefined,
    encryptionPublicKey: value.encryptionPublicKey,
  });
}

function writerOf(writer: AttributeWriter | undefined): Loose {
  if (writer?.writer.case === 'workflow') return { type: 'workflow' };
  if (writer?.writer.case !== 'step') return undefined;
  const { stepId, attempt } = writer.writer.value;
  return { type: 'step', stepId, attempt };
}

const TIMINGS = [
  'ttfs',
  'stso',
  'stepCount',
  'eventCount',
  'rsfs',
  'finalSchedulingReplay',
] as const;

function timingsOf(timings: StepTimings | undefined): Loose {
  if (timings === undefined) return {};
  const optimizations = timings.optimizations.length > 0 ? timings.optimizations : undefined;
  return { ...Object.fromEntries(TIMINGS.map((name) => [name, timings[name]])), optimizations };
}

/** A stored event of the World, with its place in the log where the World's ids tell it. */
export function fromWorldEvent(event: Loose, traits: Traits): EventInit {
  const eventId = String(event.eventId ?? '');
  return {
    eventId,
    runId: String(event.runId ?? ''),
    position: positionOf(eventId, traits),
    correlationId: text(event.correlationId) ?? '',
    specVersion: Number(event.specVersion ?? 0),
    createdAt: toTimestamp(event.createdAt),
    occurredAt: toTimestamp(event.occurredAt),
    resumeId: text(event.resumeId),
    computeInstanceId: text(event.computeInstanceId),
    traceRequestId: text(event.requestId),
    data: eventDataFrom(event.eventType, event.eventData ?? {}),
  };
}

/** An event's position by its id; 0 in a World whose ids are no positions. */
export function positionOf(eventId: string, { specVersion }: Traits): bigint {
  const digits = specVersion >= 6 ? /^evnt_(\d{26})$/.exec(eventId)?.[1] : undefined;
  return digits === undefined ? 0n : BigInt(digits);
}

function eventDataFrom(type: string, data: Loose): EventDataInit {
  switch (type) {
    case 'run_created':
      return { case: 'runCreated', value: runCreatedFrom(data) };
    case 'run_started': {
      const creates = data.workflowName !== undefined || data.deploymentId !== undefined;
      return { case: 'runStarted', value: { create: creates ? runCreatedFrom(data) : undefined } };
    }
    case 'run_completed':
      return { case: 'runCompleted', value: { output: fromWorldPayload(data.output) } };
    case 'run_failed': {
      const error = fromWorldError(data.error, data.stack);
      return { case: 'runFailed', value: { error, errorCode: text(data.errorCode) } };
    }
    case 'run_cancelled':
      return { case: 'runCancelled', value: { cancelReason: text(data.cancelReason) } };
    case 'attr_set':
      return { case: 'attrSet', value: attrSetFrom(data) };
    case 'step_created':
      return {
        case: 'stepCreated',
        value: {
          stepName: text(data.stepName) ?? '',
          workflowName: text(data.workflowName),
          input: fromWorldPayload(data.input),
        },
      };
    case 'step_started':
      return {
        case: 'stepStarted',
        value: {
          stepName: text(data.stepName),
          attempt: data.attempt,
          workflowName: text(data.workflowName),
          input: fromWorldPayload(data.input),
          ownerMessageId: text(data.ownerMessageId),
        },
      };
    case 'step_completed':
      return {
        case: 'stepCompleted',
        value: {
          stepName: text(data.stepName),
          workflowName: text(data.workflowName),
          result: fromWorldPayload(data.result),
          timings: timingsFrom(data),
        },
      };
    case 'step_failed':
      return {
        case: 'stepFailed',
        value: {
          stepName: text(data.stepName),
          error: fromWorldError(data.error, data.stack, data.code),
          timings: timingsFrom(data),
        },
      };
    case 'step_retrying':
      return {
        case: 'stepRetrying',
        value: {
          stepName: text(data.stepName),
          error: fromWorldError(data.error, data.stack, data.code),
          retryAfter: toTimestamp(data.retryAfter),
        },
      };
    case 'hook_created':
      return {
        case: 'hookCreated',
        value: {
          token: text(data.token) ?? '',
          tokenRetentionUntil: toTimestamp(data.tokenRetentionUntil),
          metadata: fromWorldPayload(data.metadata),
          isWebhook: data.isWebhook,
          isSystem: data.isSystem,
        },
      };
    case 'hook_received':
      return {
        case: 'hookReceived',
        value: { token: text(data.token), payload: fromWorldPayload(data.payload) },
      };
    case 'hook_disposed':
      return { case: 'hookDisposed', value: { token: text(data.token) } };
    case 'hook_conflict':
      return {
        case: 'hookConflict',
        value: {
          token: text(data.token) ?? '',
          conflictingRunId: text(data.conflictingRunId) ?? '',
        },
      };
    case 'wait_created':
      return { case: 'waitCreated', value: { resumeAt: toTimestamp(data.resumeAt) } };
    case 'wait_completed':
      return { case: 'waitCompleted', value: { resumeAt: toTimestamp(data.resumeAt) } };
    case 'noop':
      return { case: 'noop', value: { sealed: data.sealed === true } };
    default:
      return undefined;
  }
}

function runCreatedFrom(data: Loose) {
  return {
    deploymentId: text(data.deploymentId) ?? '',
    workflowName: text(data.workflowName) ?? '',
    input: fromWorldPayload(data.input),
    executionContext: toJsonObject(data.executionContext),
    attributes: data.attributes ?? {},
    allowReservedAttributes: data.allowReservedAttributes === true,
    encryptionPublicKey: text(data.encryptionPublicKey),
  };
}

function attrSetFrom(data: Loose) {
  const { writer } = data;
  const changes: Loose[] = Array.isArray(data.changes) ? data.changes : [];
  return {
    changes: changes.map(({ key, value }) => ({ key, value: text(value) })),
    writer: writer && {
      writer:
        writer.type === 'step'
          ? ({
              case: 'step',
              value: { stepId: writer.stepId, attempt: Number(writer.attempt ?? 0) },
            } as const)
          : ({ case: 'workflow', value: {} } as const),
    },
    allowReservedAttributes: data.allowReservedAttributes === true,
  };
}

function timingsFrom(data: Loose) {
  const given = TIMINGS.filter((name) => typeof data[name] === 'number');
  if (given.length === 0 && data.optimizations === undefined) return undefined;
  return {
    ...Object.fromEntries(given.map((name) => [name, data[name]])),
    optimizations: (data.optimizations as string[] | undefined) ?? [],
  };
}

/** Whether an event of the World has one of the wanted types, by their numbers; none wanted means any. */
export function hasType(event: Loose, types: readonly number[]): boolean {
  return types.length === 0 || types.includes(eventTypeNames.valueOf(event.eventType) ?? -1);
}
