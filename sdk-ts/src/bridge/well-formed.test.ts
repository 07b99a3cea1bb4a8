import { create, type DescMessage, type MessageInitShape } from '@bufbuild/protobuf';
import { ConnectError } from '@connectrpc/connect';
import {
  AppendRequestSchema,
  BatchGetRunsRequestSchema,
  CancelRunsRequestSchema,
  CloseRequestSchema,
  CreateEventBatchRequestSchema,
  CreateEventRequestSchema,
  EnqueueRequestSchema,
  GetEventRequestSchema,
  GetHookByTokenRequestSchema,
  GetHookRequestSchema,
  GetRunRequestSchema,
  GetStepRequestSchema,
  GetStreamInfoRequestSchema,
  ListAttributeKeysRequestSchema,
  ListChunksRequestSchema,
  ListEventsByCorrelationRequestSchema,
  ListEventsRequestSchema,
  ListRunsRequestSchema,
  ListStepsRequestSchema,
  ListStreamsRequestSchema,
  type NewEventSchema,
  ReadRequestSchema,
  ResolveData,
  type RunStatus,
  SortOrder,
  WaitForRunRequestSchema,
  WakeRunsRequestSchema,
} from '@worldwire/proto';
import { describe, expect, it } from 'vitest';
import { reasonOf } from './refusal.js';
import { checkWellFormed } from './well-formed.js';

type Data = NonNullable<MessageInitShape<typeof NewEventSchema>['data']>;
type Event = MessageInitShape<typeof NewEventSchema>;

/** What a request is refused for, or undefined where it is not. */
function refused<Desc extends DescMessage>(
  schema: Desc,
  init: MessageInitShape<Desc>,
): string | undefined {
  try {
    checkWellFormed(schema, create(schema, init));
    return undefined;
  } catch (error) {
    const connect = ConnectError.from(error);
    return `${reasonOf(connect)}: ${connect.rawMessage}`;
  }
}

const event = (data: Data, rest: Event = {}) =>
  refused(CreateEventRequestSchema, {
    runId: 'wrun_1',
    event: { correlationId: 'x', data, ...rest },
  });

const required = (field: string) => `INVALID_ARGUMENT: ${field} must be given`;

const run = { runId: 'wrun_1' };
const stream = { ...run, name: 'out' };
const created = { workflowName: 'wf', deploymentId: 'dpl' };
const workflow = { writer: { case: 'workflow', value: {} } } as const;
const changes = [{ key: 'k', value: 'v' }];

describe('a request that lacks what it must have', () => {
  const started: Data = { case: 'runStarted', value: {} };
  const events = [{ data: started }];
  const chunks = [new Uint8Array(1)];
  const message = (queueName: string) => ({ message: { queueName } });
  // biome-ignore format: a table
  const requests: readonly [DescMessage, Record<string, unknown>, readonly string[]][] = [
    [CreateEventBatchRequestSchema, { ...run, events }, ['runId', 'events']],
    [GetEventRequestSchema, { ...run, eventId: 'e' }, ['runId', 'eventId']],
    [ListEventsRequestSchema, run, ['runId']],
    [ListEventsByCorrelationRequestSchema, { correlationId: 'x' }, ['correlationId']],
    [GetRunRequestSchema, run, ['runId']],
    [WaitForRunRequestSchema, run, ['runId']],
    [GetStepRequestSchema, { ...run, stepId: 's' }, ['runId', 'stepId']],
    [ListStepsRequestSchema, run, ['runId']],
    [GetHookRequestSchema, { hookId: 'h' }, ['hookId']],
    [GetHookByTokenRequestSchema, { token: 't' }, ['token']],
    [AppendRequestSchema, { ...stream, chunks }, ['runId', 'name', 'chunks']],
    [CloseRequestSchema, stream, ['runId', 'name']],
    [ReadRequestSchema, { name: 'out' }, ['name']],
    [ListChunksRequestSchema, { name: 'out' }, ['name']],
    [GetStreamInfoRequestSchema, { name: 'out' }, ['name']],
    [ListStreamsRequestSchema, run, ['runId']],
    [WakeRunsRequestSchema, { queuePrefix: 'q', deploymentId: 'd' }, ['queuePrefix', 'deploymentId']],
  ];
  for (const [schema, whole, fields] of requests)
    it(schema.name, () => {
      expect(refused(schema, whole)).toBeUndefined();
      for (const field of fields) {
        const name = field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
        expect(refused(schema, { ...whole, [field]: undefined })).toBe(required(name));
      }
    });

  it('a message without a queue', () => {
    expect(refused(EnqueueRequestSchema, message('q'))).toBeUndefined();
    expect(refused(EnqueueRequestSchema, message(''))).toBe(required('queue_name'));
  });

  it('an append that has no chunks may close', () => {
    expect(refused(AppendRequestSchema, { ...stream, close: true })).toBeUndefined();
  });
});

describe('an event', () => {
  it('is of an entity where its type is', () => {
    const of: Data[] = [
      { case: 'stepCreated', value: { stepName: 's' } },
      { case: 'stepStarted', value: {} },
      { case: 'hookCreated', value: { token: 't' } },
      { case: 'hookDisposed', value: {} },
      { case: 'waitCompleted', value: {} },
      { case: 'attrSet', value: { changes, writer: workflow } },
    ];
    for (const data of of) {
      expect(event(data), data.case).toBeUndefined();
      expect(event(data, { correlationId: '' }), data.case).toBe(required('event.correlation_id'));
    }
    const step = { writer: { case: 'step', value: { stepId: 's' } } } as const;
    const none = { correlationId: '' };
    expect(event({ case: 'attrSet', value: { changes, writer: step } }, none)).toBeUndefined();
    expect(event({ case: 'runStarted', value: {} }, none)).toBeUndefined();
  });

  it('has what its type needs', () => {
    const without: [Data, string][] = [
      [{ case: 'runCreated', value: { ...created, workflowName: '' } }, 'workflow_name'],
      [{ case: 'runCreated', value: { ...created, deploymentId: '' } }, 'deployment_id'],
      [{ case: 'runStarted', value: { create: { workflowName: 'wf' } } }, 'deployment_id'],
      [{ case: 'stepCreated', value: {} }, 'step_name'],
      [{ case: 'stepStarted', value: { input: new Uint8Array() } }, 'event.step_started.step_name'],
      [{ case: 'hookCreated', value: {} }, 'token'],
      [{ case: 'waitCreated', value: {} }, 'event.wait_created.resume_at'],
      [{ case: 'attrSet', value: { writer: workflow } }, 'event.attr_set.changes'],
      [{ case: 'attrSet', value: { changes } }, 'event.attr_set.writer'],
      [
        {
          case: 'attrSet',
          value: { changes, writer: { writer: { case: 'step', value: { attempt: 1 } } } },
        },
        'step_id',
      ],
    ];
    for (const [data, field] of without) {
      const refusal = event(data);
      if (field.startsWith('event.')) expect(refusal).toMatch(`INVALID_ARGUMENT: ${field} must be`);
      else expect(refusal).toBe(required(field));
    }
    const lazy = { stepName: 's', input: new Uint8Array() };
    expect(event({ case: 'runCreated', value: created })).toBeUndefined();
    expect(event({ case: 'stepStarted', value: lazy })).toBeUndefined();
    expect(event({ case: 'waitCreated', value: { resumeAt: {} } })).toBeUndefined();
  });

  it('has a resume id only where it resumes a hook', () => {
    const resumeId = 'r';
    expect(event({ case: 'hookReceived', value: {} }, { resumeId })).toBeUndefined();
    expect(event({ case: 'hookDisposed', value: {} }, { resumeId })).toBe(
      'INVALID_ARGUMENT: event.resume_id is for hook_received only',
    );
  });

  it('has a digest only in lowercase hex', () => {
    const received: Data = { case: 'hookReceived', value: {} };
    const digest = (resumePayloadDigest: string) =>
      event(received, { resumeId: 'r', resumePayloadDigest });
    expect(digest('0123456789abcdef'.repeat(4))).toBeUndefined();
    for (const bad of ['', 'a'.repeat(63), 'a'.repeat(65), 'A'.repeat(64), 'g'.repeat(64)])
      expect(digest(bad)).toBe(
        'INVALID_ARGUMENT: event.resume_payload_digest is no SHA-256 in lowercase hex',
      );
  });

  it('is judged within a batch too', () => {
    const data: Data = { case: 'stepCreated', value: { stepName: 's' } };
    const events = [{ correlationId: 'x', data }, { data }];
    expect(refused(CreateEventBatchRequestSchema, { ...run, events })).toBe(
      required('event.correlation_id'),
    );
  });
});

describe('an id', () => {
  it('holds no NUL, and names and tokens may', () => {
    const nul = (field: string) => `INVALID_ID: ${field} holds a NUL character`;
    const bad = 'a\0b';
    expect(refused(GetRunRequestSchema, { runId: bad })).toBe(nul('run_id'));
    expect(refused(GetEventRequestSchema, { ...run, eventId: bad })).toBe(nul('event_id'));
    expect(refused(GetStepRequestSchema, { ...run, stepId: bad })).toBe(nul('step_id'));
    expect(refused(GetHookRequestSchema, { hookId: bad })).toBe(nul('hook_id'));
    expect(refused(ReadRequestSchema, { name: bad })).toBe(nul('name'));
    expect(refused(BatchGetRunsRequestSchema, { runIds: ['a', bad] })).toBe(nul('run_ids'));
    const received: Data = { case: 'hookReceived', value: {} };
    expect(event(received, { correlationId: bad })).toBe(nul('correlation_id'));
    expect(event(received, { resumeId: bad })).toBe(nul('resume_id'));
    expect(refused(GetHookByTokenRequestSchema, { token: bad })).toBeUndefined();
    expect(event({ case: 'stepCreated', value: { stepName: bad } })).toBeUndefined();
    expect(refused(ListRunsRequestSchema, { workflowName: bad })).toBeUndefined();
  });

  it('is not empty in a list of ids', () => {
    for (const schema of [BatchGetRunsRequestSchema, CancelRunsRequestSchema])
      expect(refused(schema, { runIds: ['a', ''] })).toBe(
        'INVALID_ARGUMENT: run_ids holds an empty id',
      );
  });
});

describe('a number', () => {
  it('is a limit only where it is not negative', () => {
    const page = (limit: number) => refused(ListRunsRequestSchema, { page: { limit } });
    expect([page(0), page(1)]).toEqual([undefined, undefined]);
    expect(page(-1)).toBe('INVALID_ARGUMENT: page.limit must not be negative');
  });

  it('is an index only where JavaScript can count so far', () => {
    const from = (startIndex: bigint) => refused(ReadRequestSchema, { name: 'out', startIndex });
    const last = BigInt(Number.MAX_SAFE_INTEGER);
    expect([from(-5n), from(last)]).toEqual([undefined, undefined]);
    expect(from(last + 1n)).toBe('INVALID_ARGUMENT: start_index is too large');
  });

  it('is an enum value only where the protocol has it', () => {
    const unknown = (field: string) =>
      `INVALID_ARGUMENT: ${field} is not a value that the protocol has`;
    expect(refused(GetRunRequestSchema, { ...run, resolveData: 99 as ResolveData })).toBe(
      unknown('resolve_data'),
    );
    expect(refused(GetRunRequestSchema, { ...run, resolveData: ResolveData.NONE })).toBeUndefined();
    expect(refused(ListRunsRequestSchema, { statuses: [1, 99 as RunStatus] })).toBe(
      unknown('statuses'),
    );
    expect(refused(ListRunsRequestSchema, { page: { sortOrder: 99 as SortOrder } })).toBe(
      unknown('sort_order'),
    );
  });
});

describe('a time', () => {
  const at = (seconds: bigint, nanos = 0) =>
    event({ case: 'waitCreated', value: { resumeAt: { seconds, nanos } } });
  const wrong = 'INVALID_ARGUMENT: resume_at is not a time between the years 1 and 9999';

  it('lies between the years 1 and 9999', () => {
    const first = BigInt(Date.parse('0001-01-01T00:00:00Z') / 1000);
    const last = BigInt(Date.parse('9999-12-31T23:59:59Z') / 1000);
    expect([at(first), at(0n), at(last, 999_999_999)]).toEqual([undefined, undefined, undefined]);
    expect([at(first - 1n), at(last + 1n)]).toEqual([wrong, wrong]);
    expect([at(0n, -1), at(0n, 1_000_000_000)]).toEqual([wrong, wrong]);
  });

  it('is judged wherever it stands', () => {
    const occurredAt = { seconds: 1n << 60n };
    expect(event({ case: 'runStarted', value: {} }, { occurredAt })).toContain('occurred_at');
    const createdFrom = { nanos: -1 };
    expect(refused(ListAttributeKeysRequestSchema, { createdFrom })).toContain('created_from');
  });
});

it('a duration is not negative', () => {
  const wait = (seconds: bigint, nanos = 0) =>
    refused(WaitForRunRequestSchema, { ...run, timeout: { seconds, nanos } });
  const wrong = 'INVALID_ARGUMENT: timeout is negative or malformed';
  expect([wait(0n), wait(5n, 999_999_999)]).toEqual([undefined, undefined]);
  expect([wait(-1n), wait(0n, -1), wait(0n, 1_000_000_000)]).toEqual([wrong, wrong, wrong]);
});

it('a list of one order is read in that', () => {
  const page = { sortOrder: SortOrder.DESCENDING };
  const wrong = 'INVALID_ARGUMENT: page.sort_order is not an order that this list has';
  expect(refused(ListChunksRequestSchema, { name: 'out', page })).toBe(wrong);
  expect(refused(ListStreamsRequestSchema, { ...run, page })).toBe(wrong);
  expect(refused(ListAttributeKeysRequestSchema, { page })).toBe(wrong);
  expect(refused(ListEventsRequestSchema, { ...run, page })).toBeUndefined();
  const ascending = { sortOrder: SortOrder.ASCENDING };
  expect(refused(ListStreamsRequestSchema, { ...run, page: ascending })).toBeUndefined();
});
