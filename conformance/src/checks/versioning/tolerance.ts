import { create, type DescMethodUnary, fromBinary, toBinary, toJson } from '@bufbuild/protobuf';
import {
  CreateEventRequestSchema,
  EventService,
  GetRunRequestSchema,
  ListEventsRequestSchema,
  NewEventSchema,
  PROTOCOL_VERSION,
  QueueService,
  ReadRequestSchema,
  ReadResponseSchema,
  RunService,
  SortOrder,
  StepCreatedSchema,
  StreamService,
  services,
  WorldService,
} from '@worldwire/proto';
import { type Check, check } from '../../check.js';
import { callRaw, envelope, postBytes, postStream, refusalIn } from '../../fixtures/connect-raw.js';
import * as events from '../../fixtures/new-event.js';
import { sampleRequests } from '../../fixtures/sample-requests.js';

const HEADER = 'worldwire-protocol-version';

/** Fields of later versions, one of each wire type: varint, 64 bit, length-delimited, 32 bit. */
const LATER_FIELDS = Buffer.concat([
  later(2_000, 0, [0x96, 0x01]),
  later(2_001, 1, [1, 2, 3, 4, 5, 6, 7, 8]),
  later(2_002, 2, [3, 0x61, 0x62, 0x63]),
  later(2_003, 5, [1, 2, 3, 4]),
  later(2_002, 2, [0]),
]);

// Numbers of fields in the definitions.
const RUN_ID = CreateEventRequestSchema.field.runId.number;
const EVENT = CreateEventRequestSchema.field.event.number;
const PAGE = ListEventsRequestSchema.field.page.number;
const CORRELATION_ID = NewEventSchema.field.correlationId.number;
const STEP_CREATED = NewEventSchema.field.stepCreated.number;
const STEP_NAME = StepCreatedSchema.field.stepName.number;
const STEP_INPUT = StepCreatedSchema.field.input.number;

const unaryMethods = services.flatMap((service) =>
  service.methods.filter((method): method is DescMethodUnary => method.methodKind === 'unary'),
);

/** What a World does with clients that are newer or older than itself. */
export const toleranceChecks: readonly Check[] = [
  check(
    'versioning/header-absent',
    'Requests without the header worldwire-protocol-version are served',
    { requirements: ['WW-VER-002'] },
    async (t) => {
      const run = await t.startedRun();
      const requests = [
        [WorldService.method.getWorld, new Uint8Array()],
        [RunService.method.getRun, toBinary(GetRunRequestSchema, idOf(run.id))],
        [EventService.method.createEvent, stepCreatedBytes(run.id, 'step_1')],
      ] as const;
      for (const [method, body] of requests)
        await t.accepted(`${method.name} without the header`, () =>
          callRaw(t, method as DescMethodUnary, body),
        );
      await t.accepted('JSON without the header', () =>
        callRaw(t, RunService.method.getRun, `{"runId":"${run.id}"}`),
      );
      const read = create(ReadRequestSchema, { runId: run.id, name: t.streamName });
      await t.given('a closed stream', () =>
        t.api.streams.close({ runId: run.id, name: t.streamName }),
      );
      const { ended, error } = await postStream(
        t,
        StreamService.method.read,
        envelope(toBinary(ReadRequestSchema, read)),
      );
      t.equal([ended, error], [true, undefined], 'how a stream without the header ends');
    },
  ),
  check(
    'versioning/higher-minor-version',
    'Requests of clients with a higher minor version are served',
    { requirements: ['WW-VER-003'] },
    async (t) => {
      const [major] = PROTOCOL_VERSION.split('.');
      for (const minor of [99, 4_000_000]) {
        const api = t.client('newer', { headers: { [HEADER]: `${major}.${minor}` } });
        const run = await t.startedRun();
        await t.accepted('GetWorld', () => api.world.getWorld({}));
        await t.accepted('GetRun', () => run.get(api));
        await t.accepted('CreateEvent', () => run.write(events.stepCreated('step_1'), { api }));
        await t.accepted('Append', () =>
          api.streams.append({
            ...{ runId: run.id, name: t.streamName, close: true },
            chunks: [new Uint8Array([1])],
          }),
        );
        const reader = t.reader({ runId: run.id, name: t.streamName, api });
        t.equal((await reader.toEnd()).length, 1, 'the chunks that a newer client reads');
      }
    },
  ),
  check(
    'versioning/unknown-binary-fields',
    'Fields that the World does not know change nothing, wherever they stand in a binary request',
    { requirements: ['WW-VER-004'] },
    async (t) => {
      for (const method of unaryMethods) {
        if (method.name === 'WaitForRun') continue;
        const plain = await postBytes(t, method, new Uint8Array());
        const more = await postBytes(t, method, LATER_FIELDS);
        const { code, reason } = refusalIn(more.body);
        const before = refusalIn(plain.body);
        t.equal(
          [more.status, ...(more.status === 200 ? [] : [code, reason])],
          [plain.status, ...(plain.status === 200 ? [] : [before.code, before.reason])],
          `what ${method.name} answers to nothing but unknown fields, against an empty request`,
        );
      }
      const run = await t.startedRun();
      const got = await callRaw(
        t,
        RunService.method.getRun,
        Buffer.concat([LATER_FIELDS, toBinary(GetRunRequestSchema, idOf(run.id)), LATER_FIELDS]),
      );
      t.equal(got.run?.runId, run.id, 'the run that is read');
      // Within the request, the event and the data of the event.
      const data = Buffer.concat([
        lengthDelimited(STEP_NAME, 'laterStep'),
        LATER_FIELDS,
        lengthDelimited(STEP_INPUT, 'devl[1]'),
      ]);
      const event = Buffer.concat([
        LATER_FIELDS,
        lengthDelimited(CORRELATION_ID, 'step_1'),
        lengthDelimited(STEP_CREATED, data),
      ]);
      const written = await callRaw(
        t,
        EventService.method.createEvent,
        Buffer.concat([
          lengthDelimited(RUN_ID, run.id),
          LATER_FIELDS,
          lengthDelimited(EVENT, event),
        ]),
      );
      t.equal(
        [written.event?.data.case, written.step?.stepId, written.step?.stepName],
        ['stepCreated', 'step_1', 'laterStep'],
        'the event that is written',
      );
      const page = Buffer.concat([LATER_FIELDS, Buffer.from([0x18, SortOrder.DESCENDING])]);
      const list = await callRaw(
        t,
        EventService.method.listEvents,
        Buffer.concat([
          toBinary(ListEventsRequestSchema, create(ListEventsRequestSchema, { runId: run.id })),
          lengthDelimited(PAGE, page),
        ]),
      );
      t.equal(list.events[0]?.data.case, 'stepCreated', 'the newest event first');
    },
  ),
  check(
    'versioning/unknown-fields-of-streams',
    'Fields that the World does not know change nothing in a request for a stream',
    { requirements: ['WW-VER-004'] },
    async (t) => {
      const { run, of } = await sampleRequests(t);
      const { read } = StreamService.method;
      const request = toBinary(ReadRequestSchema, of(read) as never);
      const { frames, ended, error } = await postStream(
        t,
        read,
        envelope(Buffer.concat([LATER_FIELDS, request, LATER_FIELDS])),
      );
      t.equal([ended, error], [true, undefined], `the end of the stream of ${run.id}`);
      const chunks = frames.flatMap(({ data }) => fromBinary(ReadResponseSchema, data).chunks);
      t.equal(chunks.length, 2, 'the number of chunks');
    },
  ),
  check(
    'versioning/unknown-json-fields',
    'A field that the World does not know is refused in JSON',
    { requirements: ['WW-VER-005'] },
    async (t) => {
      const run = await t.startedRun();
      const before = await run.log();
      const event = {
        ...(toJson(CreateEventRequestSchema, stepCreated(run.id, 'step_1')) as object),
      } as {
        event: { stepCreated: object };
      };
      const misspelt = [
        [RunService.method.getRun, { runId: run.id, runid: 'x' }],
        [EventService.method.listEvents, { runId: run.id, page: { limits: 1 } }],
        [EventService.method.createEvent, { ...event, evnt: {} }],
        [
          EventService.method.createEvent,
          {
            ...event,
            event: { ...event.event, stepCreated: { ...event.event.stepCreated, nam: 'x' } },
          },
        ],
        [QueueService.method.enqueue, { message: { queueName: t.queueName(), bdy: 'AQ==' } }],
      ] as const;
      for (const [method, request] of misspelt)
        await t.refused(
          `${method.name} with ${JSON.stringify(request).slice(0, 200)}`,
          () => callRaw(t, method as DescMethodUnary, JSON.stringify(request)),
          'INVALID_ARGUMENT',
        );
      t.equal(await run.log(), before, 'the log after the refusals');
      await t.accepted('the same without the field', () =>
        callRaw(t, EventService.method.createEvent, JSON.stringify(event)),
      );
    },
  ),
];

function idOf(runId: string) {
  return create(GetRunRequestSchema, { runId });
}

function stepCreated(runId: string, stepId: string) {
  return create(CreateEventRequestSchema, { runId, event: events.stepCreated(stepId) });
}

function stepCreatedBytes(runId: string, stepId: string): Uint8Array {
  return toBinary(CreateEventRequestSchema, stepCreated(runId, stepId));
}

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)];
}

function later(field: number, wireType: number, value: readonly number[]): Buffer {
  return Buffer.from([...varint(field * 8 + wireType), ...value]);
}

function lengthDelimited(field: number, value: string | Uint8Array): Buffer {
  const bytes = Buffer.from(value as string);
  return Buffer.concat([Buffer.from([...varint(field * 8 + 2), ...varint(bytes.length)]), bytes]);
}
