/** How records become bytes and come back: what every engine shares. */
import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import {
  type Event,
  EventSchema,
  EventType,
  type Failure,
  FailureSchema,
  type Hook,
  type HookRunContext,
  HookRunContextSchema,
  HookSchema,
  type Run,
  RunSchema,
  type Step,
  StepSchema,
  type Wait,
  WaitSchema,
} from '@worldwire/proto';
import { payloadBytes, stripEvent, stripRun, stripStep } from '../core/payloads.js';
import type { PayloadChoice, Payloads } from './operations.js';

/** Payloads as stored: a failure is encoded. */
export interface StoredPayloads {
  readonly input?: Uint8Array | null;
  readonly output?: Uint8Array | null;
  readonly error?: Uint8Array | null;
}

/** An event as stored. The whole is `data`, or `data` followed by `payload`: encodings of one message, to be merged. */
export interface StoredEvent {
  readonly type: EventType;
  readonly data: Uint8Array;
  readonly payload: Uint8Array | null;
}

const TYPES = new Map<string, EventType>(
  EventSchema.oneofs[0]!.fields.map((field) => [
    field.localName,
    EventType[field.name.toUpperCase() as keyof typeof EventType],
  ]),
);

/** Payloads above this are kept out of the way of reads that do not want them. */
const LARGE_PAYLOAD = 2_048;

/** The type of an event: the member that its data holds. */
export function eventTypeOf(event: Event): EventType {
  const type = TYPES.get(event.data.case ?? '');
  if (type === undefined) throw new Error('an event without data cannot be stored');
  return type;
}

/** A view of the bytes that is a plain Uint8Array, whatever class the driver uses. */
export function plainBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength);
}

export function encodeEvent(event: Event): StoredEvent {
  const type = eventTypeOf(event);
  const stripped = payloadBytes(event.data) > LARGE_PAYLOAD ? stripEvent(event) : event;
  const data = toBinary(EventSchema, stripped);
  if (stripped === event) return { type, data, payload: null };
  // What stripping took away, as an event of its own: appended to the stripped one, it makes the whole.
  const kept = stripped.data.value ?? {};
  const value = Object.fromEntries(
    Object.entries(event.data.value ?? {}).filter(([field]) => !(field in kept)),
  );
  const part = create(EventSchema, {
    data: { case: event.data.case, value } as MessageInitShape<typeof EventSchema>['data'],
  });
  return { type, data, payload: toBinary(EventSchema, part) };
}

/** The event of `data` alone, without any payload that is in it unless `payloads`. */
export function decodeEvent(
  data: Uint8Array,
  payload: Uint8Array | null,
  payloads: boolean,
): Event {
  if (!payloads) return stripEvent(fromBinary(EventSchema, plainBytes(data)));
  if (payload === null) return fromBinary(EventSchema, plainBytes(data));
  return fromBinary(EventSchema, plainBytes(Buffer.concat([data, payload])));
}

/** The payloads of an update or of a record, in stored form; null where there is none. */
export function encodePayloads(payloads: Payloads): StoredPayloads {
  return {
    input: payloads.input ?? null,
    output: payloads.output ?? null,
    error: payloads.error ? toBinary(FailureSchema, payloads.error) : null,
  };
}

interface WithPayloads {
  input?: Uint8Array;
  output?: Uint8Array;
  error?: Failure;
}

function setPayloads(record: WithPayloads, stored: StoredPayloads): void {
  if (stored.input) record.input = plainBytes(stored.input);
  if (stored.output) record.output = plainBytes(stored.output);
  if (stored.error) record.error = fromBinary(FailureSchema, plainBytes(stored.error));
}

/** The run's record: without payloads and without what the log's end says. */
export function encodeRun(run: Run): Uint8Array {
  return toBinary(RunSchema, { ...stripRun(run), lastPosition: 0n });
}

/** The run's record as stored. */
export function decodeRunRecord(data: Uint8Array): Run {
  return fromBinary(RunSchema, plainBytes(data));
}

/** A run's record with what is stored beside it. */
export function completeRun(record: Run, lastPosition: number, stored: StoredPayloads): Run {
  const run: Run = { ...record, lastPosition: BigInt(lastPosition) };
  setPayloads(run, stored);
  return run;
}

/** The step's record, without payloads. */
export function encodeStep(step: Step): Uint8Array {
  return toBinary(StepSchema, stripStep(step));
}

export function decodeStep(data: Uint8Array, stored: StoredPayloads): Step {
  const step = fromBinary(StepSchema, plainBytes(data));
  setPayloads(step, stored);
  return step;
}

/** The hook's record, without metadata and run context. */
export function encodeHook(hook: Hook): Uint8Array {
  return toBinary(HookSchema, { ...hook, metadata: undefined, run: undefined });
}

export function decodeHook(
  data: Uint8Array,
  metadata: Uint8Array | null,
  run: HookRunContext | undefined,
): Hook {
  const hook = fromBinary(HookSchema, plainBytes(data));
  if (metadata) hook.metadata = plainBytes(metadata);
  if (run) hook.run = run;
  return hook;
}

/** What a resumer needs to know of the run behind a hook, from the run's record. */
export function runContextOf(runData: Uint8Array): HookRunContext {
  const run = fromBinary(RunSchema, plainBytes(runData));
  return create(HookRunContextSchema, {
    deploymentId: run.deploymentId,
    workflowName: run.workflowName,
    specVersion: run.specVersion,
    executionContext: run.executionContext,
    encryptionPublicKey: run.encryptionPublicKey,
    encryptionKeyId: run.encryptionKeyId,
  });
}

export function encodeWait(wait: Wait): Uint8Array {
  return toBinary(WaitSchema, wait);
}

export function decodeWait(data: Uint8Array): Wait {
  return fromBinary(WaitSchema, plainBytes(data));
}

/** Whether a choice asks for a payload. */
export function wants(choice: PayloadChoice, payload: 'input' | 'output' | 'error'): boolean {
  return choice === 'all' || choice === payload;
}
