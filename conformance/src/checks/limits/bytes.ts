import { gzipSync } from 'node:zlib';
import {
  create,
  type DescMessage,
  type DescMethodUnary,
  type MessageInitShape,
  toBinary,
} from '@bufbuild/protobuf';
import { AppendRequestSchema, EventService, QueueService, StreamService } from '@worldwire/proto';
import { type Check, check } from '../../check.js';
import type { Context } from '../../context.js';
import { callRaw } from '../../fixtures/connect-raw.js';
import { hookCreated, runCompleted } from '../../fixtures/new-event.js';
import { NoAnswer } from '../../outcome.js';
import { Stream } from '../streams/support.js';
import { announced } from './support.js';

const MIB = 1_048_576;
/** Larger limits are not tried: it would take a suite's memory more than a World's. */
const LARGEST = 96 * MIB;
/** More than what stands in a request beside its payload. */
const ENVELOPE = 1_024;
const SMALL = new Uint8Array([1]);

/**
 * Sends a large request in the binary form on a connection of its own, whatever the run speaks: a megabyte of JSON says
 * nothing of limits, and others wait behind it on a connection that they share.
 */
function send<I extends DescMessage, O extends DescMessage>(
  t: Context,
  method: DescMethodUnary<I, O>,
  request: MessageInitShape<I>,
) {
  return callRaw(t, method, toBinary(method.input, create(method.input, request)));
}

/** A request of more bytes than a World takes, all of whose chunks are within its limits. */
function oversized(t: Context, stream: Stream): Uint8Array {
  const most = announced(t, 'maxRequestBytes', LARGEST);
  const largest = Number(t.facts.limits.maxPayloadBytes) || most;
  const size = Math.min(largest, Math.ceil(most / 4));
  const chunk = new Uint8Array(size);
  const { runId, name } = stream;
  const chunks = Array.from({ length: Math.ceil((most + 1) / size) }, () => chunk);
  return toBinary(AppendRequestSchema, create(AppendRequestSchema, { runId, name, chunks }));
}

/** That a stream holds nothing but what is appended now. */
async function tookNothing(t: Context, stream: Stream): Promise<void> {
  await t.accepted('an append after the refused one', () =>
    stream.append(['after'], { close: true }),
  );
  stream.holds(await stream.whole(), ['after'], 'the stream');
}

/** Bytes of payloads, requests and runs. */
export const byteChecks: readonly Check[] = [
  check(
    'limits/payload',
    'A payload at the limit is taken, and one beyond it refused, of whatever kind it is',
    {
      requirements: [
        'WW-LIMIT-001',
        'WW-LIMIT-002',
        'WW-LIMIT-003',
        'WW-LIMIT-004',
        'WW-LIMIT-006',
        'WW-LIMIT-009',
        'WW-STREAM-011',
      ],
    },
    async (t) => {
      const most = announced(t, 'maxPayloadBytes', LARGEST);
      const metadata = { limit: 'max_payload_bytes', maximum: String(most) };
      const beyond = new Uint8Array(most + 1);
      const stream = new Stream(t);
      const { runId, name } = stream;
      await t.refused(
        'an append of which one chunk is too large',
        () =>
          send(t, StreamService.method.append, {
            runId,
            name,
            chunks: [SMALL, beyond, SMALL],
          }),
        'PAYLOAD_TOO_LARGE',
        metadata,
      );
      const run = await t.startedRun();
      await t.refused(
        'run_completed with an output that is too large',
        () =>
          send(t, EventService.method.createEvent, {
            runId: run.id,
            event: runCompleted({ output: beyond }),
          }),
        'PAYLOAD_TOO_LARGE',
        metadata,
      );
      t.equal(await run.types(), ['runCreated', 'runStarted'], 'the log');
      await t.refused(
        'a message with a body that is too large',
        () =>
          send(t, QueueService.method.enqueue, {
            message: { queueName: t.queueName(), body: beyond },
          }),
        'PAYLOAD_TOO_LARGE',
        metadata,
      );
      const at = new Stream(t);
      const request = Number(t.facts.limits.maxRequestBytes);
      if (request === 0 || most + ENVELOPE <= request) {
        await t.accepted('a chunk at the limit', () =>
          send(t, StreamService.method.append, {
            runId: at.runId,
            name: at.name,
            chunks: [beyond.subarray(1)],
            close: true,
          }),
        );
        // From behind it: its bytes over again would tell little, and take long in JSON.
        at.holds(await at.whole(1n), [], 'what follows the chunk', 1);
      }
      await tookNothing(t, stream);
    },
  ),
  check(
    'limits/request',
    'A request of too many bytes is refused, whether its length was announced or not',
    {
      requirements: [
        'WW-LIMIT-001',
        'WW-LIMIT-003',
        'WW-LIMIT-004',
        'WW-LIMIT-007',
        'WW-LIMIT-009',
      ],
    },
    async (t) => {
      const most = announced(t, 'maxRequestBytes', LARGEST);
      const metadata = { limit: 'max_request_bytes', maximum: String(most) };
      const stream = new Stream(t);
      const body = oversized(t, stream);
      const unannounced = { 'transfer-encoding': 'chunked' };
      for (const headers of [undefined, unannounced])
        await t.refused(
          `a request of ${body.length} bytes${headers === undefined ? '' : ', whose length is not announced'}`,
          () => answered(() => callRaw(t, StreamService.method.append, body, headers)),
          'PAYLOAD_TOO_LARGE',
          metadata,
        );
      await tookNothing(t, stream);
    },
  ),
  check(
    'limits/unpacked-request',
    'A request that unpacks to too many bytes is refused',
    { requirements: ['WW-LIMIT-001', 'WW-LIMIT-003', 'WW-LIMIT-004', 'WW-LIMIT-008'] },
    async (t) => {
      const stream = new Stream(t);
      const headers = { 'content-encoding': 'gzip' };
      const send = (body: Uint8Array) =>
        callRaw(t, StreamService.method.append, gzipSync(body, { level: 1 }), headers);
      const small = create(AppendRequestSchema, {
        ...{ runId: t.unique('wrun_hc'), name: t.unique('strm') },
        chunks: [new Uint8Array(1_000)],
      });
      const control = await t.outcome(() => send(toBinary(AppendRequestSchema, small)));
      if ('refusal' in control) t.notApplicable('the World takes no requests in gzip');
      await t.refused(
        'a small request that unpacks to a large one',
        () => send(oversized(t, stream)),
        'PAYLOAD_TOO_LARGE',
      );
      await tookNothing(t, stream);
    },
  ),
  check(
    'limits/run-bytes',
    'An event that would take a log beyond its bytes is refused, unless it ends the run',
    { requirements: ['WW-LIMIT-001', 'WW-LIMIT-003', 'WW-LIMIT-010'] },
    async (t) => {
      const most = announced(t, 'maxRunBytes', 16 * MIB);
      const largest = Number(t.facts.limits.maxPayloadBytes) || most;
      const size = Math.min(largest, Math.max(1, Math.floor(most / 4)));
      const run = await t.startedRun();
      const hook = (metadata: Uint8Array) =>
        run.write(hookCreated(t.unique('hook'), t.unique('token'), { metadata }));
      let written = 0;
      let refused = false;
      while (!refused && written <= most) {
        const before = await run.types();
        const outcome = await t.outcome(() => hook(new Uint8Array(size)));
        refused = 'refusal' in outcome;
        if ('refusal' in outcome) {
          t.equal(outcome.refusal.reason, 'RUN_TOO_LARGE', 'the reason of the refusal');
          t.equal(await run.types(), before, 'the log after the refusal');
        } else written += size;
      }
      t.ok(refused, 'a log takes more bytes than max_run_bytes', `at most ${most}`, written);
      await t.accepted('the end of a run whose log is full', () =>
        run.write(runCompleted({ output: new Uint8Array(size) })),
      );
    },
  ),
];

/**
 * A World may answer and stop reading while the request is still on its way; a client that only sees the broken
 * connection asks again.
 */
async function answered<T>(call: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof NoAnswer) || attempt === 10) throw error;
    }
  }
}
