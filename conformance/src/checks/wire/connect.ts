import {
  create,
  type DescMethod,
  fromBinary,
  fromJson,
  type JsonValue,
  type Message,
  toBinary,
  toJson,
} from '@bufbuild/protobuf';
import {
  EventService,
  errorRules,
  QueueService,
  ReadRequestSchema,
  ReceiveRequestSchema,
  RunService,
  StepService,
  StreamService,
  services,
  WatchEventsRequestSchema,
} from '@worldwire/proto';
import { type Check, check } from '../../check.js';
import type { Context } from '../../context.js';
import { bodyOf, envelope, postBytes, postStream, refusalIn } from '../../fixtures/connect-raw.js';
import * as events from '../../fixtures/new-event.js';
import { absentRun } from '../../fixtures/records.js';
import { offers, sampleRequests } from '../../fixtures/sample-requests.js';

const TYPES = ['application/proto', 'application/json'] as const;

/** The HTTP status that the Connect protocol gives to codes that a client can provoke. */
const STATUS_OF: Readonly<Record<string, number>> = {
  invalid_argument: 400,
  failed_precondition: 400,
  not_found: 404,
  already_exists: 409,
  unauthenticated: 401,
  permission_denied: 403,
  unimplemented: 501,
  resource_exhausted: 429,
};

/** The Connect protocol over HTTP/1.1. */
export const connectChecks: readonly Check[] = [
  check(
    'wire/connect-unary',
    'Every unary method answers to POST in binary and in JSON, over HTTP/1.1',
    { requirements: ['WW-WIRE-001', 'WW-WIRE-003'] },
    async (t) => {
      const { of } = await sampleRequests(t);
      for (const method of services.flatMap((service) => service.methods)) {
        if (method.methodKind !== 'unary') continue;
        const reads = method.idempotency === 1;
        const message = reads ? of(method) : create(method.input);
        for (const type of TYPES) {
          const { status, headers, body } = await postBytes(
            t,
            method,
            bodyOf(method, message, type === 'application/json'),
            { 'content-type': type },
          );
          const told = `HTTP ${status} of ${headers['content-type']}: ${Buffer.from(body).toString().slice(0, 200)}`;
          if (status !== 200) {
            const { reason } = refusalIn(body);
            t.ok(
              errorRules.has(reason) &&
                reason !== 'METHOD_NOT_FOUND' &&
                !(reads && offers(t, method)),
              `${method.name} by ${type} is not served`,
              reads ? 'an answer' : 'an answer or a refusal with a reason',
              told,
            );
            continue;
          }
          t.ok(
            headers['content-type']?.startsWith(type),
            `${method.name} answers in another form`,
            type,
            told,
          );
          t.ok(
            parses(method, type, body),
            `${method.name} answers what is no message`,
            method.output.name,
            told,
          );
        }
      }
    },
  ),
  check(
    'wire/connect-streams',
    'Every streaming method answers in binary and in JSON, and ends with an end-of-stream message',
    { requirements: ['WW-WIRE-002', 'WW-WIRE-008'] },
    async (t) => {
      const run = await t.startedRun();
      const stream = { runId: run.id, name: t.streamName };
      await t.given('a closed stream', () =>
        t.api.streams.append({ ...stream, chunks: [new Uint8Array([1])], close: true }),
      );
      await run.given(events.runCompleted());
      const good: [DescMethod, Message][] = [
        [StreamService.method.read, create(ReadRequestSchema, stream)],
      ];
      if (t.has('WATCH_EVENTS'))
        good.push([
          EventService.method.watchEvents,
          create(WatchEventsRequestSchema, { runId: run.id }),
        ]);
      for (const [method, message] of good)
        for (const json of [false, true]) {
          const { frames, ended, error } = await streamOf(t, method, message, json);
          t.equal([ended, error], [true, undefined], `the end of ${method.name}`);
          t.ok(frames.length > 0, `${method.name} sends no message`, 'messages', 'none');
          for (const { data } of frames)
            t.ok(
              parses(method, json ? 'application/json' : 'application/proto', data),
              `${method.name} sends what is no message`,
              method.output.name,
              Buffer.from(data).toString().slice(0, 200),
            );
        }
      const bad = [
        [QueueService.method.receive, create(ReceiveRequestSchema)],
        [StreamService.method.read, create(ReadRequestSchema, { runId: run.id })],
      ] as const;
      for (const [method, message] of bad)
        for (const json of [false, true]) {
          const { frames, ended, error } = await streamOf(t, method, message, json);
          t.equal(frames.length, 0, `the messages of a ${method.name} that is refused`);
          t.equal(
            [ended, error?.code],
            [true, 'invalid_argument'],
            `the end of a ${method.name} that is refused`,
          );
        }
    },
  ),
  check(
    'wire/status-of-codes',
    'A refusal over Connect has the HTTP status of its code, and the error as JSON',
    { requirements: ['WW-WIRE-007'] },
    async (t) => {
      const run = await t.startedRun();
      await run.given(events.stepCreated('step_1'), events.stepCompleted('step_1'));
      const { createEvent } = EventService.method;
      const write = (event: events.NewEventInit) =>
        create(createEvent.input, { runId: run.id, event });
      const calls: (readonly [DescMethod, Message, string])[] = [
        [RunService.method.getRun, create(RunService.method.getRun.input), 'invalid_argument'],
        [
          RunService.method.getRun,
          create(RunService.method.getRun.input, { runId: absentRun(t).id }),
          'not_found',
        ],
        [
          StepService.method.getStep,
          create(StepService.method.getStep.input, { runId: run.id, stepId: 'step_9' }),
          'not_found',
        ],
        [createEvent, write(events.stepCreated('step_1')), 'already_exists'],
        [createEvent, write(events.stepCompleted('step_1')), 'failed_precondition'],
      ];
      for (const [method, message, code] of calls)
        for (const type of TYPES) {
          const { status, headers, body } = await postBytes(
            t,
            method,
            bodyOf(method, message, type === 'application/json'),
            { 'content-type': type },
          );
          const refusal = refusalIn(body);
          t.equal(
            [refusal.code, status, headers['content-type']?.split(';')[0]],
            [code, STATUS_OF[code], 'application/json'],
            `code, HTTP status and content type of a refusal of ${method.name} by ${type}`,
          );
        }
    },
  ),
];

function streamOf(t: Context, method: DescMethod, message: Message, json: boolean) {
  return postStream(
    t,
    method,
    envelope(
      json
        ? Buffer.from(JSON.stringify(toJson(method.input, message)))
        : toBinary(method.input, message),
    ),
    { 'content-type': `application/connect+${json ? 'json' : 'proto'}` },
  );
}

/** Whether bytes are an answer of the method. */
function parses(method: DescMethod, type: (typeof TYPES)[number], body: Uint8Array): boolean {
  try {
    if (type === 'application/proto') fromBinary(method.output, body);
    else fromJson(method.output, JSON.parse(Buffer.from(body).toString()) as JsonValue);
    return true;
  } catch {
    return false;
  }
}
