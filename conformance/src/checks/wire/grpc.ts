import { create, type DescMethodUnary, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  EventService,
  GetRunRequestSchema,
  GetRunResponseSchema,
  ReadRequestSchema,
  RunService,
  SortOrder,
  StreamService,
  services,
} from '@worldwire/proto';
import { type Check, check } from '../../check.js';
import type { Context } from '../../context.js';
import { envelope } from '../../fixtures/connect-raw.js';
import { type GrpcOutcome, postGrpc, postGrpcWeb } from '../../fixtures/grpc-raw.js';
import * as events from '../../fixtures/new-event.js';
import { needsProtocol, served, serves } from '../../fixtures/protocols.js';
import { absentRun } from '../../fixtures/records.js';
import { offers, sampleRequests } from '../../fixtures/sample-requests.js';
import type { Protocol } from '../../wire/transport.js';

/** gRPC and gRPC-Web. */
export const grpcChecks: readonly Check[] = [
  ...(['grpc', 'grpc-web'] as const).map((protocol) =>
    check(
      `wire/${protocol}-served`,
      `Every method answers over ${protocol === 'grpc' ? 'gRPC' : 'gRPC-Web'}`,
      { requirements: [protocol === 'grpc' ? 'WW-WIRE-010' : 'WW-WIRE-011'] },
      async (t) => {
        t.ok(
          await serves(t, protocol),
          `GetWorld does not answer over ${protocol}`,
          'an answer',
          'none',
        );
        await everyMethodOver(t, protocol);
      },
    ),
  ),
  check(
    'wire/grpc-trailers',
    'gRPC calls end with trailers that tell the outcome, with the details of an error',
    { requirements: ['WW-WIRE-012'] },
    async (t) => {
      await needsProtocol(t, 'grpc');
      await outcomes(t, postGrpc, 'application/grpc');
    },
  ),
  check(
    'wire/grpc-web-trailers',
    'gRPC-Web calls end with a frame of trailers that tells the outcome, with the details of an error',
    { requirements: ['WW-WIRE-013'] },
    async (t) => {
      await needsProtocol(t, 'grpc-web');
      await outcomes(t, postGrpcWeb, 'application/grpc-web');
    },
  ),
  check(
    'wire/same-answers',
    'What is written over one protocol is read the same over each other one',
    { requirements: ['WW-WIRE-014'] },
    async (t) => {
      const run = await t.startedRun();
      const all = await served(t);
      const bytes = new Uint8Array(Array.from({ length: 256 }, (_, index) => index));
      for (const [index, protocol] of all.entries()) {
        const api = t.client(protocol, { protocol });
        const stepId = `step_${index}`;
        await t.accepted(`step_created over ${protocol}`, () =>
          run.write(events.stepCreated(stepId, { input: bytes }), { api }),
        );
        await t.accepted(`Append over ${protocol}`, () =>
          api.streams.append({
            runId: run.id,
            name: t.streamName,
            chunks: [bytes, bytes.subarray(0, 1)],
          }),
        );
      }
      await t.given('a closed stream', () =>
        t.api.streams.close({ runId: run.id, name: t.streamName }),
      );
      const page = { sortOrder: SortOrder.ASCENDING };
      const views = [];
      for (const protocol of all) {
        const api = t.client(protocol, { protocol });
        const reader = t.reader({ runId: run.id, name: t.streamName, api });
        const chunks = (await reader.toEnd()).map(({ index, data }) => [index, data]);
        views.push({
          protocol,
          view: [
            await run.get(api),
            await run.log({}, api),
            (await api.steps.listSteps({ runId: run.id, page })).steps,
            chunks,
          ],
        });
      }
      const [first, ...others] = views;
      for (const { protocol, view } of others)
        t.equal(view, first!.view, `what is read over ${protocol}, against ${first!.protocol}`);
      const [, log, , chunks] = first!.view as [
        unknown,
        { data: { value?: { input?: unknown } } }[],
        unknown,
        unknown[],
      ];
      t.equal(log.at(-1)?.data.value?.input, bytes, 'the payload that was written');
      t.equal(chunks.length, 2 * all.length, 'the number of chunks');
    },
  ),
];

/** Calls each method and each stream once. */
async function everyMethodOver(t: Context, protocol: Protocol): Promise<void> {
  const { of, run } = await sampleRequests(t);
  for (const method of services.flatMap((service) => service.methods)) {
    if (method.methodKind !== 'unary') continue;
    const reads = method.idempotency === 1;
    const outcome = await t.outcome(() =>
      t.call(
        method as DescMethodUnary,
        reads ? of(method) : create(method.input),
        undefined,
        protocol,
      ),
    );
    if (!('refusal' in outcome)) continue;
    const { code, reason, message } = outcome.refusal;
    t.ok(
      reason !== '' && reason !== 'METHOD_NOT_FOUND' && !(reads && offers(t, method)),
      `${method.name} is not served over ${protocol}`,
      reads ? 'an answer' : 'an answer or a refusal with a reason',
      `${code}/${reason}: ${message}`,
    );
  }
  const api = t.client(protocol, { protocol });
  const reader = t.reader({ runId: run.id, name: t.streamName, api });
  t.equal((await reader.toEnd()).length, 2, `the chunks of a Read over ${protocol}`);
  const queueName = t.queueName();
  const consumer = await t.consumer({ queuePrefixes: [queueName], api });
  await t.given('a message', () =>
    api.queue.enqueue({ message: { queueName, body: new Uint8Array([1]) } }),
  );
  const { delivery } = await consumer.next(`a delivery over ${protocol}`);
  t.equal((await consumer.ack(delivery)).settled, true, 'whether it is settled');
  if (!t.has('WATCH_EVENTS')) return;
  for await (const { events: seen } of api.events.watchEvents(
    { runId: run.id },
    { timeoutMs: t.scaled(20_000) },
  ))
    if (seen.length > 0) return;
  t.fail(`WatchEvents over ${protocol} ends without an event`, 'events', 'none');
}

type Post = (
  t: Context,
  method: DescMethodUnary | typeof StreamService.method.read,
  body: Uint8Array,
) => Promise<GrpcOutcome>;

async function outcomes(t: Context, post: Post, type: string): Promise<void> {
  const run = await t.startedRun();
  await run.given(events.stepCreated('step_1'));
  await t.given('a closed stream', () =>
    t.api.streams.append({
      runId: run.id,
      name: t.streamName,
      chunks: [new Uint8Array([1])],
      close: true,
    }),
  );
  const told = (outcome: GrpcOutcome) => [
    outcome.httpStatus,
    outcome.headers['content-type']?.startsWith(type),
    outcome.trailers?.get('grpc-status'),
  ];
  const message = (runId: string) =>
    envelope(toBinary(GetRunRequestSchema, create(GetRunRequestSchema, { runId })));
  const { getRun } = RunService.method;
  const good = await post(t, getRun, message(run.id));
  t.equal(told(good), [200, true, '0'], 'HTTP status, content type and grpc-status of an answer');
  t.equal(good.frames.length, 1, 'the messages of a unary answer');
  const { run: got } = fromBinary(GetRunResponseSchema, good.frames[0]!.data);
  t.equal(got?.runId, run.id, 'the run that is read');
  const { createEvent } = EventService.method;
  const again = create(createEvent.input, { runId: run.id, event: events.stepCreated('step_1') });
  for (const [method, body, status, reason] of [
    [getRun, message(absentRun(t).id), '5', 'RUN_NOT_FOUND'],
    [getRun, message(''), '3', 'INVALID_ARGUMENT'],
    [createEvent, envelope(toBinary(createEvent.input, again)), '6', 'STEP_ALREADY_EXISTS'],
    [
      StreamService.method.read,
      envelope(toBinary(ReadRequestSchema, create(ReadRequestSchema, { runId: run.id }))),
      '3',
      'INVALID_ARGUMENT',
    ],
  ] as const) {
    const bad = await post(t, method, body);
    t.equal(
      told(bad),
      [200, true, status],
      `HTTP status, content type and grpc-status of ${reason}`,
    );
    t.equal(bad.frames.length, 0, `the messages beside ${reason}`);
    t.equal(bad.refusal?.reason, reason, 'the reason in grpc-status-details-bin');
    t.ok(
      (bad.trailers?.get('grpc-message') ?? '') !== '',
      'a refusal has no grpc-message',
      'a message',
      'none',
    );
  }
  const stream = create(ReadRequestSchema, { runId: run.id, name: t.streamName });
  const read = await post(
    t,
    StreamService.method.read,
    envelope(toBinary(ReadRequestSchema, stream)),
  );
  t.equal(told(read), [200, true, '0'], 'HTTP status, content type and grpc-status of a stream');
  t.ok(read.frames.length > 0, 'a stream has no messages', 'messages', 'none');
}
