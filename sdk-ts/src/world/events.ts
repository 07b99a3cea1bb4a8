import type { MessageInitShape } from '@bufbuild/protobuf';
import {
  type AttributeWriter,
  type AttributeWriterSchema,
  type Event,
  eventTypeNames,
  type Failure,
  type NewEventSchema,
  type StepTimings,
} from '@worldwire/proto';
import {
  compact,
  fromFailure,
  nonEmpty,
  nonZero,
  OPAQUE_ERROR,
  requiredDate,
  toBytes,
  toDate,
  toFailure,
  toJsonObject,
  toTimestamp,
} from './convert.js';
import { worldError } from './errors.js';
import type {
  Payload,
  Reader,
  UpstreamEvent,
  UpstreamEventData,
  UpstreamEventParams,
  UpstreamEventRequest,
} from './upstream.js';

export type NewEventInit = MessageInitShape<typeof NewEventSchema>;
type NewEventData = NonNullable<NewEventInit['data']>;

/**
 * An event that the SDK wants written, as the wire takes it.
 *
 * @throws WorkflowWorldError (400) for an unknown type, or where a payload is not bytes.
 */
export function toNewEvent(
  event: UpstreamEventRequest,
  params: Pick<
    UpstreamEventParams,
    'occurredAt' | 'resumeId' | 'resumePayloadDigest' | 'computeInstanceId' | 'requestId'
  > = {},
): NewEventInit {
  return {
    correlationId: event.correlationId ?? '',
    specVersion: event.specVersion ?? 0,
    occurredAt: toTimestamp(params.occurredAt),
    resumeId: params.resumeId,
    resumePayloadDigest: params.resumePayloadDigest,
    computeInstanceId: params.computeInstanceId,
    traceRequestId: params.requestId,
    data: toData(event.eventType, event.eventData ?? {}),
  };
}

function toData(type: string, data: UpstreamEventData): NewEventData {
  switch (type) {
    case 'run_created':
      return { case: 'runCreated', value: toRunCreated(data) };
    case 'run_started':
      return { case: 'runStarted', value: { create: toRunStartedCreate(data) } };
    case 'run_completed':
      return { case: 'runCompleted', value: { output: toBytes(data.output, 'output') } };
    case 'run_failed':
      return {
        case: 'runFailed',
        value: { error: toFailure(data.error, data.stack), errorCode: data.errorCode },
      };
    case 'run_cancelled':
      return { case: 'runCancelled', value: { cancelReason: data.cancelReason } };
    case 'attr_set':
      return { case: 'attrSet', value: toAttrSet(data) };
    case 'step_created':
      return {
        case: 'stepCreated',
        value: {
          stepName: data.stepName,
          workflowName: data.workflowName,
          input: toBytes(data.input, 'input'),
        },
      };
    case 'step_started':
      return {
        case: 'stepStarted',
        value: {
          stepName: data.stepName,
          attempt: data.attempt,
          workflowName: data.workflowName,
          input: toBytes(data.input, 'input'),
          ownerMessageId: data.ownerMessageId,
        },
      };
    case 'step_completed':
      return {
        case: 'stepCompleted',
        value: {
          stepName: data.stepName,
          workflowName: data.workflowName,
          result: toBytes(data.result, 'result'),
          timings: toTimings(data),
        },
      };
    case 'step_failed':
      return {
        case: 'stepFailed',
        value: {
          stepName: data.stepName,
          error: toFailure(data.error, data.stack),
          timings: toTimings(data),
        },
      };
    case 'step_retrying':
      return {
        case: 'stepRetrying',
        value: {
          stepName: data.stepName,
          error: toFailure(data.error, data.stack),
          retryAfter: toTimestamp(data.retryAfter),
        },
      };
    case 'hook_created':
      return {
        case: 'hookCreated',
        value: {
          token: data.token,
          tokenRetentionUntil: toTimestamp(data.tokenRetentionUntil),
          metadata: toBytes(data.metadata, 'metadata'),
          isWebhook: data.isWebhook,
          isSystem: data.isSystem,
        },
      };
    case 'hook_received':
      return {
        case: 'hookReceived',
        value: { token: data.token, payload: toBytes(data.payload, 'payload') },
      };
    case 'hook_disposed':
      return { case: 'hookDisposed', value: { token: data.token } };
    case 'wait_created':
      return { case: 'waitCreated', value: { resumeAt: toTimestamp(data.resumeAt) } };
    case 'wait_completed':
      return { case: 'waitCompleted', value: { resumeAt: toTimestamp(data.resumeAt) } };
    default:
      throw worldError(`events of type "${type}" cannot be created`, { status: 400 });
  }
}

function toRunCreated(data: UpstreamEventData) {
  return {
    deploymentId: data.deploymentId as string,
    workflowName: data.workflowName as string,
    input: toBytes(data.input, 'input'),
    executionContext: toJsonObject(data.executionContext),
    attributes: data.attributes as Record<string, string> | undefined,
    allowReservedAttributes: data.allowReservedAttributes === true,
    encryptionPublicKey: data.encryptionPublicKey as string | undefined,
  };
}

/** A start creates its run only where it names the workflow; SDK 4 may send members without values. */
function toRunStartedCreate(data: UpstreamEventData) {
  if (data.workflowName === undefined || data.deploymentId === undefined) return undefined;
  return toRunCreated(data);
}

function toAttrSet(data: UpstreamEventData) {
  const changes = data.changes as { key: string; value: string | null }[];
  return {
    changes: changes.map(({ key, value }) => ({ key, value: value ?? undefined })),
    writer: data.writer && { writer: toWriter(data.writer) },
    allowReservedAttributes: data.allowReservedAttributes === true,
  };
}

function toWriter(writer: Payload): MessageInitShape<typeof AttributeWriterSchema>['writer'] {
  if (writer.type === 'workflow') return { case: 'workflow', value: {} };
  return { case: 'step', value: { stepId: writer.stepId, attempt: writer.attempt } };
}

const TIMINGS = ['ttfs', 'stso', 'stepCount', 'eventCount', 'rsfs', 'finalSchedulingReplay'];

function toTimings(data: UpstreamEventData) {
  const given = TIMINGS.filter((name) => data[name] !== undefined);
  if (given.length === 0 && data.optimizations === undefined) return undefined;
  return {
    ...Object.fromEntries(given.map((name) => [name, data[name] as number])),
    optimizations: (data.optimizations as string[] | undefined) ?? [],
  };
}

/**
 * A stored event in the shape that an SDK reads. `eventData` is there where the type has data, and holds
 * no payloads where the World left them out.
 *
 * @throws WorkflowWorldError for an event type that this adapter does not know, with its name.
 */
export function fromEvent(event: Event, reader: Reader): UpstreamEvent {
  const { eventType, eventData } = fromData(event, reader);
  return compact({
    eventType,
    correlationId: nonEmpty(event.correlationId),
    specVersion: nonZero(event.specVersion),
    eventData,
    runId: event.runId,
    eventId: event.eventId,
    createdAt: requiredDate(event.createdAt),
    occurredAt: toDate(event.occurredAt),
    resumeId: event.resumeId,
  });
}

/** The SDK's name of an event's type, for records that need nothing more. */
export function eventTypeOf(event: Event): string {
  const member = event.data.case;
  const name = member?.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  if (name === undefined || eventTypeNames.valueOf(name) === undefined) throw unknownType(event);
  return name;
}

function unknownType(event: Event) {
  const fields = event.$unknown?.map(({ no }) => no).join(', ');
  const what = event.data.case ?? (fields ? `data field ${fields}` : 'none');
  return worldError(
    `event ${event.eventId} of run ${event.runId} has a type that this SDK does not know (${what}); ` +
      'the World is newer: update @worldwire/sdk',
  );
}

function fromData(
  event: Event,
  reader: Reader,
): { eventType: string; eventData: UpstreamEventData | undefined } {
  const { data } = event;
  switch (data.case) {
    case 'runCreated': {
      const { value } = data;
      const attributes = Object.keys(value.attributes).length > 0 ? value.attributes : undefined;
      return {
        eventType: 'run_created',
        eventData: compact({
          deploymentId: value.deploymentId,
          workflowName: value.workflowName,
          input: value.input,
          executionContext: value.executionContext,
          attributes,
          allowReservedAttributes: value.allowReservedAttributes || undefined,
          encryptionPublicKey: value.encryptionPublicKey,
        }),
      };
    }
    case 'runStarted':
      return { eventType: 'run_started', eventData: undefined };
    case 'runCompleted':
      return { eventType: 'run_completed', eventData: compact({ output: data.value.output }) };
    case 'runFailed': {
      const { error, errorCode } = data.value;
      return {
        eventType: 'run_failed',
        eventData: compact({ error: fromFailure(error, reader), errorCode }),
      };
    }
    case 'runCancelled':
      return {
        eventType: 'run_cancelled',
        eventData: unlessEmpty({ cancelReason: data.value.cancelReason }),
      };
    case 'attrSet': {
      const { changes, writer, allowReservedAttributes } = data.value;
      return {
        eventType: 'attr_set',
        eventData: compact({
          changes: changes.map(({ key, value }) => ({ key, value: value ?? null })),
          writer: fromWriter(writer),
          allowReservedAttributes: allowReservedAttributes || undefined,
        }),
      };
    }
    case 'stepCreated': {
      const { stepName, workflowName, input } = data.value;
      return { eventType: 'step_created', eventData: compact({ stepName, workflowName, input }) };
    }
    case 'stepStarted': {
      const { stepName, attempt, workflowName, input, ownerMessageId } = data.value;
      return {
        eventType: 'step_started',
        eventData: unlessEmpty({ stepName, attempt, workflowName, input, ownerMessageId }),
      };
    }
    case 'stepCompleted': {
      const { stepName, workflowName, result, timings } = data.value;
      return {
        eventType: 'step_completed',
        eventData: compact({ stepName, workflowName, result, ...fromTimings(timings) }),
      };
    }
    case 'stepFailed': {
      const { stepName, error, timings } = data.value;
      return {
        eventType: 'step_failed',
        eventData: compact({ stepName, ...stepError(error, reader), ...fromTimings(timings) }),
      };
    }
    case 'stepRetrying': {
      const { stepName, error, retryAfter } = data.value;
      return {
        eventType: 'step_retrying',
        eventData: compact({
          stepName,
          ...stepError(error, reader),
          retryAfter: toDate(retryAfter),
        }),
      };
    }
    case 'hookCreated': {
      const { token, tokenRetentionUntil, metadata, isWebhook, isSystem } = data.value;
      return {
        eventType: 'hook_created',
        eventData: compact({
          token,
          tokenRetentionUntil: toDate(tokenRetentionUntil),
          metadata,
          isWebhook,
          isSystem,
        }),
      };
    }
    case 'hookReceived': {
      const { token, payload } = data.value;
      return { eventType: 'hook_received', eventData: compact({ token, payload }) };
    }
    case 'hookDisposed':
      return {
        eventType: 'hook_disposed',
        eventData: unlessEmpty({ token: data.value.token }),
      };
    case 'waitCreated':
      return {
        eventType: 'wait_created',
        eventData: { resumeAt: requiredDate(data.value.resumeAt) },
      };
    case 'waitCompleted':
      return {
        eventType: 'wait_completed',
        eventData: unlessEmpty({ resumeAt: toDate(data.value.resumeAt) }),
      };
    case 'hookConflict': {
      const { token, conflictingRunId } = data.value;
      return {
        eventType: 'hook_conflict',
        eventData: compact({ token, conflictingRunId: nonEmpty(conflictingRunId) }),
      };
    }
    case 'noop':
      return { eventType: 'noop', eventData: unlessEmpty({ sealed: data.value.sealed }) };
    default:
      throw unknownType(event);
  }
}

/** SDK 4 writes a step's error as a message with a stack beside it, and reads it so. */
function stepError(failure: Failure | undefined, reader: Reader): UpstreamEventData {
  const form = failure?.form;
  if (form?.case === undefined) return {};
  if (reader === 'v5') return { error: fromFailure(failure, reader) };
  if (form.case === 'payload') return { error: OPAQUE_ERROR };
  return { error: form.value.message, stack: form.value.stack };
}

function fromWriter(writer: AttributeWriter | undefined): UpstreamEventData | undefined {
  switch (writer?.writer.case) {
    case 'workflow':
      return { type: 'workflow' };
    case 'step': {
      const { stepId, attempt } = writer.writer.value;
      return { type: 'step', stepId, attempt };
    }
    default:
      return undefined;
  }
}

function fromTimings(timings: StepTimings | undefined): UpstreamEventData {
  if (timings === undefined) return {};
  const { optimizations } = timings;
  const { ttfs, stso, stepCount, eventCount, rsfs, finalSchedulingReplay } = timings;
  return {
    ...{ ttfs, stso, stepCount, eventCount, rsfs, finalSchedulingReplay },
    optimizations: optimizations.length > 0 ? optimizations : undefined,
  };
}

function unlessEmpty(data: UpstreamEventData): UpstreamEventData | undefined {
  const kept = compact(data);
  return Object.keys(kept).length > 0 ? kept : undefined;
}
