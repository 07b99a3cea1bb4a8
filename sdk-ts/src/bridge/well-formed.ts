/**
 * What the protocol's own types forbid, refused before the World is asked: what a request leaves out and may not, and
 * values that its types have no room for. A World of the SDK is handed typed values, and is not there to judge these.
 */
import type { DescMessage, Message } from '@bufbuild/protobuf';
import { type ReflectMessage, reflect } from '@bufbuild/protobuf/reflect';
import type { Duration, Timestamp } from '@bufbuild/protobuf/wkt';
import {
  type AppendRequest,
  type AttrSet,
  type CreateEventBatchRequest,
  type NewEvent,
  type PageRequest,
  type ReadRequest,
  SortOrder,
  type StepStarted,
  type WaitCreated,
} from '@worldwire/proto';
import { eventTypeOf } from './events.js';
import { invalid, refusal } from './refusal.js';

const MAX_NANOS = 999_999_999;
const MAX_INDEX = BigInt(Number.MAX_SAFE_INTEGER);
/** The seconds of the years 1 to 9999, which a Timestamp's JSON form can say. */
const MIN_SECONDS = -62_135_596_800n;
const MAX_SECONDS = 253_402_300_799n;

const SHA_256 = /^[0-9a-f]{64}$/;

/** Fields that hold an id. Names and tokens are free text, which the World judges itself. */
const IDS: ReadonlySet<string> = new Set([
  'run_id',
  'run_ids',
  'event_id',
  'correlation_id',
  'hook_id',
  'step_id',
  'resume_id',
]);
/** The id of a stream is its name; other messages have names of that name that are free text. */
const STREAM_SERVICE = /^worldwire\.v1\.(Append|Close|Read|ListChunks|GetStreamInfo)Request$/;

/** Texts that must be given, by message. */
const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  CreateEventBatchRequest: ['run_id'],
  GetEventRequest: ['run_id', 'event_id'],
  ListEventsRequest: ['run_id'],
  ListEventsByCorrelationRequest: ['correlation_id'],
  GetRunRequest: ['run_id'],
  WaitForRunRequest: ['run_id'],
  GetStepRequest: ['run_id', 'step_id'],
  ListStepsRequest: ['run_id'],
  GetHookRequest: ['hook_id'],
  GetHookByTokenRequest: ['token'],
  AppendRequest: ['run_id', 'name'],
  CloseRequest: ['run_id', 'name'],
  ReadRequest: ['name'],
  ListChunksRequest: ['name'],
  GetStreamInfoRequest: ['name'],
  ListStreamsRequest: ['run_id'],
  NewMessage: ['queue_name'],
  WakeRunsRequest: ['queue_prefix', 'deployment_id'],
  RunCreated: ['workflow_name', 'deployment_id'],
  StepCreated: ['step_name'],
  HookCreated: ['token'],
  StepWriter: ['step_id'],
};

/** Refuses a request that the protocol's types forbid, with INVALID_ARGUMENT or INVALID_ID. */
export function checkWellFormed(schema: DescMessage, message: Message): void {
  check(reflect(schema, message));
}

function check(message: ReflectMessage): void {
  const { typeName, name: type } = message.desc;
  for (const field of REQUIRED[type] ?? [])
    if (message.get(message.desc.fields.find(({ name }) => name === field)!) === '')
      throw invalid(field, 'must be given');
  RULES[type]?.(message.message);
  for (const field of message.fields) {
    if (!message.isSet(field)) continue;
    const isId = IDS.has(field.name) || (field.name === 'name' && STREAM_SERVICE.test(typeName));
    switch (field.fieldKind) {
      case 'scalar':
        if (isId) checkId(field.name, message.get(field));
        break;
      case 'enum':
        checkEnum(field.name, field.enum.values, message.get(field));
        break;
      case 'message':
        checkMessage(field.name, field.message, message.get(field));
        break;
      case 'list':
        for (const item of message.get(field)) {
          if (field.listKind === 'scalar' && isId) {
            if (item === '') throw invalid(field.name, 'holds an empty id');
            checkId(field.name, item);
          }
          if (field.listKind === 'enum') checkEnum(field.name, field.enum.values, item);
          if (field.listKind === 'message')
            checkMessage(field.name, field.message, item as ReflectMessage);
        }
    }
  }
}

function checkMessage(name: string, schema: DescMessage, value: ReflectMessage): void {
  switch (schema.typeName) {
    case 'google.protobuf.Timestamp':
      checkTime(name, value.message as Timestamp);
      return;
    case 'google.protobuf.Duration':
      checkDuration(name, value.message as Duration);
      return;
  }
  if (schema.typeName.startsWith('worldwire.')) check(value);
}

function checkId(field: string, value: unknown): void {
  if (String(value).includes('\0'))
    throw refusal('INVALID_ID', `${field} holds a NUL character`, { field });
}

function checkEnum(field: string, known: readonly { number: number }[], value: unknown): void {
  if (!known.some(({ number }) => number === value))
    throw invalid(field, 'is not a value that the protocol has');
}

function checkTime(field: string, { seconds, nanos }: Timestamp): void {
  if (seconds < MIN_SECONDS || seconds > MAX_SECONDS || nanos < 0 || nanos > MAX_NANOS)
    throw invalid(field, 'is not a time between the years 1 and 9999');
}

function checkDuration(field: string, { seconds, nanos }: Duration): void {
  if (seconds < 0n || nanos < 0 || nanos > MAX_NANOS)
    throw invalid(field, 'is negative or malformed');
}

/** What concerns more than one field, or a number. */
const RULES: Readonly<Record<string, (message: Message) => void>> = {
  PageRequest(message) {
    if ((message as Message & { limit: number }).limit < 0)
      throw invalid('page.limit', 'must not be negative');
  },
  CreateEventBatchRequest(message) {
    if ((message as CreateEventBatchRequest).events.length === 0)
      throw invalid('events', 'must be given');
  },
  NewEvent(message) {
    const { data, correlationId, resumeId, resumePayloadDigest } = message as NewEvent;
    if (resumeId !== undefined && data.case !== 'hookReceived')
      throw invalid('event.resume_id', 'is for hook_received only');
    if (resumePayloadDigest !== undefined && !SHA_256.test(resumePayloadDigest))
      throw invalid('event.resume_payload_digest', 'is no SHA-256 in lowercase hex');
    const isByWorkflow = data.case === 'attrSet' && data.value.writer?.writer.case === 'workflow';
    const isOfEntity = /^(step|hook|wait)_/.test(eventTypeOf(data.case) ?? '');
    if ((isOfEntity || isByWorkflow) && correlationId === '')
      throw invalid('event.correlation_id', 'must be given');
  },
  AttrSet(message) {
    const { writer, changes } = message as AttrSet;
    if (changes.length === 0) throw invalid('event.attr_set.changes', 'must be given');
    if (writer?.writer.case === undefined) throw invalid('event.attr_set.writer', 'must be given');
  },
  StepStarted(message) {
    const { input, stepName } = message as StepStarted;
    if (input !== undefined && !stepName)
      throw invalid('event.step_started.step_name', 'must be given where input is');
  },
  WaitCreated(message) {
    if ((message as WaitCreated).resumeAt === undefined)
      throw invalid('event.wait_created.resume_at', 'must be given');
  },
  ReadRequest(message) {
    if ((message as ReadRequest).startIndex > MAX_INDEX)
      throw invalid('start_index', 'is too large');
  },
  ListChunksRequest: onlyForwards,
  ListStreamsRequest: onlyForwards,
  ListAttributeKeysRequest: onlyForwards,
  AppendRequest(message) {
    const { chunks, close } = message as AppendRequest;
    if (chunks.length === 0 && !close) throw invalid('chunks', 'must be given');
  },
};

/** These lists have one order. */
function onlyForwards(message: Message): void {
  const { page } = message as Message & { page?: PageRequest };
  if (page?.sortOrder === SortOrder.DESCENDING)
    throw invalid('page.sort_order', 'is not an order that this list has');
}
