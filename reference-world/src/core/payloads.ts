import type { Event, Failure, NewEvent, Run, Step } from '@worldwire/proto';

type Data = NewEvent['data'] | Event['data'];
type Case = NonNullable<Data['case']>;

/** The payload field of each event type that has one; what RESOLVE_DATA_NONE leaves out. */
const PAYLOAD_FIELDS: Partial<Record<Case, string>> = {
  runCreated: 'input',
  runStarted: 'create',
  runCompleted: 'output',
  runFailed: 'error',
  stepCreated: 'input',
  stepStarted: 'input',
  stepCompleted: 'result',
  stepFailed: 'error',
  stepRetrying: 'error',
  hookCreated: 'metadata',
  hookReceived: 'payload',
};

/** Returns the event without its payload; the event itself where it has none. */
export function stripEvent(event: Event): Event {
  const { data } = event;
  if (data.case === undefined) return event;
  const field = PAYLOAD_FIELDS[data.case];
  if (field === undefined || !(field in data.value)) return event;
  const value: Record<string, unknown> = { ...data.value };
  delete value[field];
  return { ...event, data: { case: data.case, value } as Event['data'] };
}

/** Returns the event with a payload of its own, where that is bytes. */
export function copyEvent(event: Event): Event {
  const { data } = event;
  if (data.case === undefined) return { ...event };
  const field = PAYLOAD_FIELDS[data.case] ?? '';
  const payload: unknown = Reflect.get(data.value, field);
  const value = {
    ...data.value,
    ...(payload instanceof Uint8Array && { [field]: payload.slice() }),
  };
  return { ...event, data: { case: data.case, value } as Event['data'] };
}

/** Returns the run without its payloads. */
export function stripRun(run: Run): Run {
  const { input: _input, output: _output, error: _error, ...rest } = run;
  return rest;
}

/** Returns the step without its payloads. */
export function stripStep(step: Step): Step {
  const { input: _input, output: _output, error: _error, ...rest } = step;
  return rest;
}

/** How many payload bytes an event carries. */
export function payloadBytes(data: Data): number {
  if (data.case === undefined) return 0;
  const field = PAYLOAD_FIELDS[data.case];
  if (field === undefined) return 0;
  if (data.case === 'runStarted') return data.value.create?.input?.length ?? 0;
  return sizeOf((data.value as unknown as Record<string, unknown>)[field]);
}

/** How many payload bytes the record of a run or of a step carries. */
export function recordBytes({ input, output, error }: Run | Step): number {
  return sizeOf(input) + sizeOf(output) + sizeOf(error);
}

function sizeOf(payload: unknown): number {
  if (payload instanceof Uint8Array) return payload.length;
  if (payload === undefined || payload === null || typeof payload !== 'object') return 0;
  const { form } = payload as Failure;
  if (form.case === 'payload') return form.value.length;
  if (form.case !== 'structured') return 0;
  const { message, stack, code } = form.value;
  return (
    Buffer.byteLength(message) + Buffer.byteLength(stack ?? '') + Buffer.byteLength(code ?? '')
  );
}
