import { gzipSync } from 'node:zlib';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  CreateEventRequestSchema,
  EventService,
  GetRunRequestSchema,
  GetRunResponseSchema,
  ReadRequestSchema,
  RunService,
  StreamService,
} from '@worldwire/proto';
import { type Check, check } from '../../check.js';
import { callRaw, envelope, postBytes, postStream } from '../../fixtures/connect-raw.js';
import { postGrpc } from '../../fixtures/grpc-raw.js';
import * as events from '../../fixtures/new-event.js';
import { serves } from '../../fixtures/protocols.js';

/** Flag of a message that is compressed. */
const COMPRESSED = 1;

/** Enough of the same for any World that compresses to compress it. */
const COMPRESSIBLE = new Uint8Array(64 * 1024).fill(0x61);

/** Compressed requests and answers. */
export const compressionChecks: readonly Check[] = [
  check(
    'wire/gzip-requests',
    'Requests that are compressed by gzip are served',
    { requirements: ['WW-WIRE-019'] },
    async (t) => {
      const run = await t.startedRun();
      const gzip = { 'content-encoding': 'gzip', 'accept-encoding': 'identity' };
      const request = create(CreateEventRequestSchema, {
        runId: run.id,
        event: events.stepCreated('step_1', { input: COMPRESSIBLE }),
      });
      const { step } = await t.accepted('a compressed write', () =>
        callRaw(
          t,
          EventService.method.createEvent,
          gzipSync(toBinary(CreateEventRequestSchema, request)),
          gzip,
        ),
      );
      t.equal(step?.input, COMPRESSIBLE, 'the payload that was written');
      const json = await postBytes(
        t,
        RunService.method.getRun,
        gzipSync(JSON.stringify({ runId: run.id })),
        { 'content-type': 'application/json', 'content-encoding': 'gzip' },
      );
      t.equal(json.status, 200, 'the HTTP status of compressed JSON');
      const stream = { runId: run.id, name: t.streamName };
      await t.given('a closed stream', () => t.api.streams.close(stream));
      const read = gzipSync(toBinary(ReadRequestSchema, create(ReadRequestSchema, stream)));
      const { ended, error } = await postStream(
        t,
        StreamService.method.read,
        envelope(read, COMPRESSED),
        { 'connect-content-encoding': 'gzip' },
      );
      t.equal([ended, error], [true, undefined], 'the end of a stream by a compressed request');
      if (!(await serves(t, 'grpc'))) return;
      const get = toBinary(GetRunRequestSchema, create(GetRunRequestSchema, { runId: run.id }));
      const answer = await postGrpc(
        t,
        RunService.method.getRun,
        envelope(gzipSync(get), COMPRESSED),
        { 'grpc-encoding': 'gzip' },
      );
      t.equal(answer.refusal, undefined, 'the refusal of a compressed request over gRPC');
    },
  ),
  check(
    'wire/bad-compression',
    'Requests in an unknown compression, or that do not unpack, are refused and leave nothing',
    { requirements: ['WW-WIRE-020', 'WW-WIRE-030'] },
    async (t) => {
      const run = await t.startedRun();
      const before = await run.log();
      const event = events.stepCreated('step_1');
      const plain = toBinary(
        CreateEventRequestSchema,
        create(CreateEventRequestSchema, { runId: run.id, event }),
      );
      const packed = gzipSync(plain);
      for (const [what, encoding, body] of [
        ['an unknown compression', 'rot13', plain],
        ['gzip that is none', 'gzip', plain],
        ['gzip that is cut off', 'gzip', packed.subarray(0, packed.length - 12)],
        ['gzip with a wrong sum', 'gzip', withWrongSum(packed)],
      ] as const) {
        const { status } = await postBytes(t, EventService.method.createEvent, body, {
          'content-encoding': encoding,
        });
        t.ok(status >= 400, `${what} is accepted`, 'an error', `HTTP ${status}`);
      }
      t.equal(await run.log(), before, 'the log after the refusals');
      const stream = { runId: run.id, name: t.streamName };
      await t.given('a closed stream', () =>
        t.api.streams.append({ ...stream, chunks: [new Uint8Array([1])], close: true }),
      );
      const read = toBinary(ReadRequestSchema, create(ReadRequestSchema, stream));
      for (const [what, encoding] of [
        ['a message of a stream that is no gzip', 'gzip'],
        ['a message of a stream in an unknown compression', 'rot13'],
      ] as const) {
        const { frames, error } = await postStream(
          t,
          StreamService.method.read,
          envelope(read, COMPRESSED),
          { 'connect-content-encoding': encoding },
        );
        t.ok(
          error !== undefined && frames.length === 0,
          `${what} is answered`,
          'an error',
          `${frames.length} messages`,
        );
      }
      await t.accepted('the same without compression', () =>
        callRaw(t, EventService.method.createEvent, plain),
      );
    },
  ),
  check(
    'wire/answers-not-compressed',
    'Answers are compressed by nothing that the client did not offer',
    { requirements: ['WW-WIRE-021'] },
    async (t) => {
      const run = await t.startedRun({ create: { input: COMPRESSIBLE } });
      const get = toBinary(GetRunRequestSchema, create(GetRunRequestSchema, { runId: run.id }));
      for (const [what, headers] of [
        ['offers none', {}],
        ['offers identity only', { 'accept-encoding': 'identity' }],
        ['offers one that the World cannot have', { 'accept-encoding': 'rot13' }],
      ] as const) {
        const answer = await postBytes(t, RunService.method.getRun, get, headers);
        t.equal(answer.status, 200, `the HTTP status where the client ${what}`);
        t.equal(
          answer.headers['content-encoding'] ?? 'identity',
          'identity',
          `the compression where the client ${what}`,
        );
        const { run: got } = fromBinary(GetRunResponseSchema, answer.body);
        t.equal(got?.input, COMPRESSIBLE, 'the payload');
      }
      const stream = { runId: run.id, name: t.streamName };
      await t.given('a closed stream', () =>
        t.api.streams.append({ ...stream, chunks: [COMPRESSIBLE], close: true }),
      );
      const { frames, headers } = await postStream(
        t,
        StreamService.method.read,
        envelope(toBinary(ReadRequestSchema, create(ReadRequestSchema, stream))),
      );
      t.equal(
        headers['connect-content-encoding'] ?? 'identity',
        'identity',
        'the compression of a stream',
      );
      t.ok(
        frames.every(({ flag }) => (flag & COMPRESSED) === 0),
        'a stream has compressed messages',
        'none',
        frames.map(({ flag }) => flag),
      );
      if (!(await serves(t, 'grpc'))) return;
      const answer = await postGrpc(t, RunService.method.getRun, envelope(get));
      t.ok(
        answer.frames.every(({ flag }) => flag === 0),
        'gRPC answers are compressed',
        'identity',
        answer.headers['grpc-encoding'],
      );
    },
  ),
];

/** The checksum of gzip stands in the first four of the last eight bytes. */
function withWrongSum(packed: Uint8Array): Uint8Array {
  const wrong = Uint8Array.from(packed);
  wrong[wrong.length - 8]! ^= 0xff;
  return wrong;
}
