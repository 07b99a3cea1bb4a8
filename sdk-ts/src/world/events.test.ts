import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { type Event, EventSchema, type NewEvent, NewEventSchema } from '@worldwire/proto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as v4 from 'workflow-world-4';
import * as v5 from 'workflow-world-5';
import { eventTypeOf, fromEvent, type NewEventInit, toNewEvent } from './events.js';
import { v4Events, v5Events } from './testing/generators.js';
import type { UpstreamEventRequest } from './upstream.js';

const NOW = 1_700_000_000_123;

/** What goes over the wire, and what a World makes of it. */
function stored(init: NewEventInit): Event {
  const written = toBinary(NewEventSchema, create(NewEventSchema, init));
  const event: NewEvent = fromBinary(NewEventSchema, written);
  const { $typeName: _, ...members } = event;
  return create(EventSchema, {
    ...members,
    eventId: `evnt_${'1'.padStart(26, '0')}`,
    runId: 'wrun_1',
    position: 1n,
    createdAt: timestampFromMs(NOW),
  } as never);
}

function roundTrip(request: UpstreamEventRequest, reader: 'v4' | 'v5') {
  return fromEvent(stored(toNewEvent(request)), reader);
}

describe.each([
  ['v4', v4Events, v4.CreateEventSchema, v4.EventSchema],
  ['v5', v5Events, v5.CreateEventSchema, v5.EventSchema],
] as const)('events of SDK %s', (reader, events, requestSchema, eventSchema) => {
  it('come back as they were written, in the shape that the SDK validates', () => {
    fc.assert(
      fc.property(events, (request) => {
        expect(requestSchema.parse(request)).toBeDefined();
        const event = roundTrip(request, reader);
        const { runId, eventId, createdAt, ...rest } = event;
        expect(rest).toStrictEqual(request);
        expect({ runId, eventId, createdAt }).toEqual({
          runId: 'wrun_1',
          eventId: `evnt_${'1'.padStart(26, '0')}`,
          createdAt: new Date(NOW),
        });
        expect(eventSchema.parse(event)).toMatchObject(rest);
      }),
      { numRuns: 1000 },
    );
  });

  it('carry what the writer says beside the event', () => {
    const occurredAt = new Date(NOW - 7);
    const event = stored(
      toNewEvent(
        { eventType: 'hook_received', correlationId: 'hook_1', eventData: {} },
        {
          occurredAt,
          resumeId: 'r1',
          resumePayloadDigest: 'ab',
          computeInstanceId: 'i1',
          requestId: 'q1',
        },
      ),
    );
    expect(event).toMatchObject({ computeInstanceId: 'i1', traceRequestId: 'q1' });
    expect(fromEvent(event, reader)).toMatchObject({ occurredAt, resumeId: 'r1' });
  });
});

describe('a start', () => {
  it('creates its run where it names the workflow', () => {
    const input = new Uint8Array([1, 0, 2]);
    const { data } = create(
      NewEventSchema,
      toNewEvent({
        eventType: 'run_started',
        eventData: { input, deploymentId: 'd', workflowName: 'w', executionContext: undefined },
      }),
    );
    expect(data).toMatchObject({
      case: 'runStarted',
      value: { create: { deploymentId: 'd', workflowName: 'w', input } },
    });
  });

  it('creates nothing without', () => {
    const { data } = create(NewEventSchema, toNewEvent({ eventType: 'run_started' }));
    expect(data).toMatchObject({ case: 'runStarted', value: {} });
    expect((data.value as { create?: unknown }).create).toBeUndefined();
  });
});

describe('errors across the lines', () => {
  it('SDK 4 is told that it cannot read bytes', () => {
    const request = {
      eventType: 'step_failed',
      correlationId: 's',
      eventData: { stepName: 's', error: new Uint8Array([1]) },
    };
    expect(v4.EventSchema.parse(roundTrip(request, 'v4'))).toMatchObject({
      eventData: { error: expect.stringContaining('cannot be read here') },
    });
  });

  it('SDK 5 gets the structure of an older error', () => {
    const request = {
      eventType: 'step_failed',
      correlationId: 's',
      eventData: { error: 'no', stack: 'at x' },
    };
    expect(roundTrip(request, 'v5').eventData).toEqual({ error: { message: 'no', stack: 'at x' } });
  });

  it('an object that is no error keeps its text', () => {
    const request = { eventType: 'run_failed', eventData: { error: { a: 1 } } };
    expect(roundTrip(request, 'v4').eventData).toEqual({ error: { message: '{"a":1}' } });
  });
});

describe('World-written events', () => {
  it.each([
    ['hook_conflict', { case: 'hookConflict', value: { token: 't', conflictingRunId: 'wrun_2' } }],
    ['noop', { case: 'noop', value: { sealed: true } }],
  ] as const)('%s is read', (type, data) => {
    const event = create(EventSchema, {
      eventId: 'evnt_1',
      runId: 'wrun_1',
      correlationId: type === 'noop' ? '' : 'hook_1',
      createdAt: timestampFromMs(NOW),
      data,
    } as never);
    expect(eventTypeOf(event)).toBe(type);
    expect(v5.EventSchema.parse(fromEvent(event, 'v5'))).toMatchObject({ eventType: type });
  });

  it.each(['hook_conflict', 'noop', 'future_thing'])('%s cannot be created', (eventType) => {
    expect(() => toNewEvent({ eventType })).toThrow(`"${eventType}" cannot be created`);
  });

  it('an unknown type is named', () => {
    // Field 99, a message of no bytes: a type of tomorrow.
    const event = fromBinary(EventSchema, new Uint8Array([0x9a, 0x06, 0x00]));
    expect(() => fromEvent(event, 'v5')).toThrow(/data field 99.*update @worldwire\/sdk/);
  });
});

describe('payloads', () => {
  it.each([
    ['a string', 'text'],
    ['an object', {}],
    ['an array', [1]],
    ['null', null],
  ])('%s is refused where bytes are needed', (_what, input) => {
    const request = { eventType: 'step_created', correlationId: 's', eventData: { input } };
    expect(() => toNewEvent(request)).toThrow(
      expect.objectContaining({ name: 'WorkflowWorldError', status: 400 }),
    );
  });

  it('are not copied, and without their bytes the rest of an event stays', () => {
    const result = new Uint8Array(8);
    const init = toNewEvent({
      eventType: 'step_completed',
      correlationId: 's',
      eventData: { stepName: 'n', result },
    });
    expect((init.data as { value: { result: unknown } }).value.result).toBe(result);
    const bare = stored(
      toNewEvent({
        eventType: 'step_completed',
        correlationId: 's',
        eventData: { stepName: 'n' },
      }),
    );
    expect(fromEvent(bare, 'v5').eventData).toEqual({ stepName: 'n' });
  });
});
