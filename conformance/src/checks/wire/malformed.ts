import { create, type DescMethod, toBinary } from '@bufbuild/protobuf';
import {
  CreateEventRequestSchema,
  EventService,
  QueueService,
  ReadRequestSchema,
  RunService,
  StreamService,
} from '@worldwire/proto';
import { type Check, check } from '../../check.js';
import type { Context } from '../../context.js';
import {
  callRaw,
  envelope,
  pathOf,
  postBytes,
  postStream,
  refusalIn,
} from '../../fixtures/connect-raw.js';
import { postGrpc, postGrpcWeb } from '../../fixtures/grpc-raw.js';
import { sendBeginning, sendNoise } from '../../fixtures/half-open.js';
import * as events from '../../fixtures/new-event.js';
import { serves } from '../../fixtures/protocols.js';

/** Four gigabytes, the most that a frame can announce. */
const MOST = 0xffff_ffff;

/** How long a broken connection is left open. */
const STAY_MS = 200;

/** Requests that are none. */
export const malformedChecks: readonly Check[] = [
  check(
    'wire/not-a-message',
    'Bytes that are no message of the method are refused as invalid_argument, and leave nothing',
    { requirements: ['WW-WIRE-025', 'WW-WIRE-030'] },
    async (t) => {
      const run = await t.startedRun();
      const before = await run.log();
      const event = events.stepCreated('step_1');
      const good = toBinary(
        CreateEventRequestSchema,
        create(CreateEventRequestSchema, { runId: run.id, event }),
      );
      const { createEvent } = EventService.method;
      const bad: (readonly [string, Uint8Array])[] = [
        ['bytes at random', new Uint8Array([0xff, 0xff, 0xff, 0xff])],
        ['a message that lacks its last byte', good.subarray(0, good.length - 1)],
        ['a message that lacks its last three bytes', good.subarray(0, good.length - 3)],
        ['a message with half a tag behind', Buffer.concat([good, new Uint8Array([0x80])])],
        ['a field with the number 0', Buffer.concat([good, new Uint8Array([0, 0])])],
        ['a wire type that does not exist', Buffer.concat([good, new Uint8Array([0x0f, 0])])],
        ['an end of a group that did not begin', Buffer.concat([good, new Uint8Array([0x0c])])],
        ['a length beyond the end', Buffer.concat([good, new Uint8Array([0x0a, 0x7f, 0x61])])],
        ['JSON', Buffer.from('{"runId":"wrun_1"}')],
        ['text', Buffer.from('hello, World')],
      ];
      for (const [what, body] of bad) {
        const { status, body: answer } = await postBytes(t, createEvent, body);
        t.equal(
          [status, refusalIn(answer).code],
          [400, 'invalid_argument'],
          `HTTP status and code of ${what}`,
        );
      }
      for (const [protocol, post] of [
        ['grpc', postGrpc],
        ['grpc-web', postGrpcWeb],
      ] as const) {
        if (!(await serves(t, protocol))) continue;
        for (const [what, body] of bad) {
          const { refusal } = await post(t, createEvent, envelope(body));
          t.equal(refusal?.code, 'invalid_argument', `the code of ${what} over ${protocol}`);
        }
      }
      t.equal(await run.log(), before, 'the log after the refusals');
      await t.accepted('the message as it should be', () => callRaw(t, createEvent, good));
    },
  ),
  check(
    'wire/stream-requests',
    'A request for a stream that is cut off, empty or doubled is refused',
    { requirements: ['WW-WIRE-026', 'WW-WIRE-030'] },
    async (t) => {
      const run = await t.startedRun();
      const stream = { runId: run.id, name: t.streamName };
      await t.given('a closed stream', () =>
        t.api.streams.append({ ...stream, chunks: [new Uint8Array([1])], close: true }),
      );
      const { read } = StreamService.method;
      const good = envelope(toBinary(ReadRequestSchema, create(ReadRequestSchema, stream)));
      const bad: (readonly [string, Uint8Array])[] = [
        ['a request that is cut off in its message', good.subarray(0, good.length - 2)],
        ['a request that is cut off in its frame', good.subarray(0, 3)],
        ['a request without a message', new Uint8Array()],
        ['a request with two messages', Buffer.concat([good, good])],
        ['a message that is none', envelope(new Uint8Array([0xff, 0xff, 0xff]))],
      ];
      for (const [what, body] of bad) {
        const { frames, error, httpStatus } = await postStream(t, read, body);
        t.ok(
          error !== undefined && frames.length === 0,
          `${what} is answered`,
          'an error and no message',
          `HTTP ${httpStatus} with ${frames.length} messages`,
        );
        for (const [protocol, post] of [
          ['grpc', postGrpc],
          ['grpc-web', postGrpcWeb],
        ] as const) {
          if (!(await serves(t, protocol))) continue;
          const outcome = await post(t, read, body);
          t.ok(
            outcome.httpStatus !== 200 || outcome.refusal !== undefined,
            `${what} is answered over ${protocol}`,
            'an error',
            `${outcome.frames.length} messages`,
          );
        }
      }
      const { ended, error, frames } = await postStream(t, read, good);
      t.equal([ended, error, frames.length > 0], [true, undefined, true], 'the good request');
    },
  ),
  check(
    'wire/announced-lengths',
    'A frame that announces more than follows, or more than the World takes, is refused without waiting',
    { requirements: ['WW-WIRE-027', 'WW-WIRE-030'] },
    async (t) => {
      const run = await t.startedRun();
      const { read } = StreamService.method;
      const message = toBinary(
        ReadRequestSchema,
        create(ReadRequestSchema, { runId: run.id, name: t.streamName }),
      );
      for (const length of [message.length + 1, 1_000_000, MOST]) {
        const body = envelope(message, 0, length);
        const { error } = await postStream(t, read, body);
        t.ok(
          error !== undefined,
          `a frame that announces ${length} bytes is served`,
          'an error',
          'none',
        );
        for (const [protocol, post] of [
          ['grpc', postGrpc],
          ['grpc-web', postGrpcWeb],
        ] as const) {
          if (!(await serves(t, protocol))) continue;
          const { refusal, httpStatus } = await post(t, RunService.method.getRun, body);
          t.ok(
            refusal !== undefined || httpStatus !== 200,
            `a frame that announces ${length} bytes is served over ${protocol}`,
            'an error',
            'none',
          );
        }
      }
      const { maxRequestBytes } = t.facts.limits;
      if (maxRequestBytes > 0n && maxRequestBytes < BigInt(MOST)) {
        const answer = await sendBeginning(
          t,
          pathOf(read),
          { 'content-type': 'application/connect+proto', 'connect-protocol-version': '1' },
          envelope(message, 0, MOST),
        );
        t.ok(
          answer !== undefined,
          'the World waits for more bytes than it takes',
          'a refusal at once',
          'no answer while the request is open',
        );
      }
      await t.accepted('a good call afterwards', () => run.get());
    },
  ),
  check(
    'wire/content-types',
    'A content type of no protocol is refused with 415',
    { requirements: ['WW-WIRE-028', 'WW-WIRE-030'] },
    async (t) => {
      const run = await t.startedRun();
      const before = await run.log();
      const body = JSON.stringify({
        ...{ runId: run.id },
        event: { correlationId: 'step_1', stepCreated: { stepName: 'x', input: 'AQ==' } },
      });
      const { createEvent } = EventService.method;
      const methods: readonly DescMethod[] = [
        createEvent,
        RunService.method.getRun,
        StreamService.method.read,
        QueueService.method.receive,
      ];
      for (const method of methods)
        for (const type of ['text/plain', 'application/xml', 'application/x-www-form-urlencoded']) {
          const { status } = await postBytes(t, method, body, { 'content-type': type });
          t.equal(status, 415, `the HTTP status of ${type} for ${method.name}`);
        }
      t.equal(await run.log(), before, 'the log after the refusals');
      await t.accepted('the same as JSON', () => callRaw(t, createEvent, body));
    },
  ),
  check(
    'wire/unknown-methods',
    'A method that the World does not have fails with METHOD_NOT_FOUND',
    { requirements: ['WW-WIRE-029'] },
    async (t) => {
      const path = '/worldwire.v1.RunService/MethodOfALaterVersion';
      for (const [type, body] of [
        ['application/proto', new Uint8Array()],
        ['application/json', '{}'],
      ] as const) {
        const { status, body: answer } = await t.raw({
          path,
          headers: { 'content-type': type, 'connect-protocol-version': '1' },
          body,
        });
        const { code, reason } = refusalIn(answer);
        t.equal(
          [status, code, reason],
          [501, 'unimplemented', 'METHOD_NOT_FOUND'],
          `HTTP status, code and reason by ${type}`,
        );
      }
      for (const [protocol, post] of [
        ['grpc', postGrpc],
        ['grpc-web', postGrpcWeb],
      ] as const) {
        if (!(await serves(t, protocol))) continue;
        const { refusal } = await post(t, path, envelope(new Uint8Array()));
        t.equal(
          [refusal?.code, refusal?.reason],
          ['unimplemented', 'METHOD_NOT_FOUND'],
          `code and reason over ${protocol}`,
        );
      }
      await t.accepted('a method that it has', () => t.api.world.getWorld({}));
    },
  ),
  check(
    'wire/broken-connections',
    'Connections that break, or speak no HTTP, leave the others alone',
    { requirements: ['WW-WIRE-030'] },
    async (t) => {
      const run = await t.startedRun();
      const reader = t.reader({ runId: run.id, name: t.streamName });
      await reader.attached();
      const head = `POST ${pathOf(RunService.method.getRun)} HTTP/1.1\r\nhost: world\r\n`;
      const noises = [
        Buffer.from(t.random.text(64)),
        new Uint8Array([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00]),
        Buffer.from(head),
        Buffer.from(`${head}content-type: application/proto\r\ncontent-length: 500\r\n\r\nabc`),
        Buffer.from(`${head}content-length: minus\r\n\r\n`),
        Buffer.from(`${head}transfer-encoding: chunked\r\n\r\nzz\r\n`),
        Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nthese are no frames of HTTP/2'),
        Buffer.from('PRI * HT'),
        new Uint8Array(),
      ];
      await Promise.all(noises.map((bytes) => sendNoise(t, Buffer.from(bytes), STAY_MS)));
      await t.accepted('a good call on a connection that was there', () => run.get());
      await t.accepted('a good call on a new connection', () =>
        callRaw(t, RunService.method.getRun, JSON.stringify({ runId: run.id })),
      );
      await survives(t, run.id);
      t.equal(
        await reader.count(1).then((chunks) => chunks.length),
        1,
        'the chunks of a reader that was there',
      );
    },
  ),
];

async function survives(t: Context, runId: string): Promise<void> {
  await t.accepted('an append', () =>
    t.api.streams.append({ runId, name: t.streamName, chunks: [new Uint8Array([1])], close: true }),
  );
}
