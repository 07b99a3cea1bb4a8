import { create, toBinary } from '@bufbuild/protobuf';
import {
  CreateEventRequestSchema,
  EventService,
  QueueService,
  ReceiveRequestSchema,
  RunService,
  RunStatus,
  WaitForRunRequestSchema,
} from '@worldwire/proto';
import { type Check, check } from '../../check.js';
import {
  callRaw,
  envelope,
  pathOf,
  postBytes,
  postStream,
  refusalIn,
} from '../../fixtures/connect-raw.js';
import { postGrpc, postGrpcWeb } from '../../fixtures/grpc-raw.js';
import { sendAndLeave } from '../../fixtures/half-open.js';
import * as events from '../../fixtures/new-event.js';
import { serves } from '../../fixtures/protocols.js';
import { about, stepsOf, typesOf } from '../../fixtures/records.js';

/** A deadline that passes during a long poll. */
const SOON_MS = 250;

/** The furthest deadlines that the headers can say: 115 days and 11,415 years. */
const FAR_MS = '9999999999';
const FAR_HOURS = '99999999H';

/** Writes whose callers go away. */
const LEAVERS = 40;

/** Deadlines, and callers that go away. */
export const deadlineChecks: readonly Check[] = [
  check(
    'wire/deadlines-pass',
    'A call whose deadline passes ends with deadline_exceeded, over every protocol',
    { requirements: ['WW-WIRE-022'] },
    async (t) => {
      const run = await t.startedRun();
      const poll = pollOf(run.id, 8n);
      const timeout = { 'connect-timeout-ms': String(SOON_MS) };
      const { waitForRun } = RunService.method;
      const binary = await postBytes(t, waitForRun, poll, timeout);
      t.equal(
        [binary.status, refusalIn(binary.body).code],
        [504, 'deadline_exceeded'],
        'HTTP status and code of a long poll',
      );
      const json = await postBytes(
        t,
        waitForRun,
        JSON.stringify({ runId: run.id, timeout: '8s' }),
        {
          ...timeout,
          'content-type': 'application/json',
        },
      );
      t.equal(
        [json.status, refusalIn(json.body).code],
        [504, 'deadline_exceeded'],
        'HTTP status and code of a long poll in JSON',
      );
      const receive = create(ReceiveRequestSchema, { queuePrefixes: [t.queueName()] });
      const stream = envelope(toBinary(ReceiveRequestSchema, receive));
      const { ended, error } = await postStream(t, QueueService.method.receive, stream, timeout);
      t.equal([ended, error?.code], [true, 'deadline_exceeded'], 'the end of a stream');
      const grpcTimeout = { 'grpc-timeout': `${SOON_MS}m` };
      for (const [protocol, post] of [
        ['grpc', postGrpc],
        ['grpc-web', postGrpcWeb],
      ] as const) {
        if (!(await serves(t, protocol))) continue;
        const { refusal } = await post(t, waitForRun, envelope(poll), grpcTimeout);
        t.equal(refusal?.code, 'deadline_exceeded', `the code of a long poll over ${protocol}`);
        const live = await post(t, QueueService.method.receive, stream, grpcTimeout);
        t.equal(live.refusal?.code, 'deadline_exceeded', `the code of a stream over ${protocol}`);
      }
      await t.accepted('a call without a deadline', () => run.get());
    },
  ),
  check(
    'wire/far-deadlines',
    'A call with a deadline far away is served to its end',
    { requirements: ['WW-WIRE-023'] },
    async (t) => {
      const { waitForRun } = RunService.method;
      const ways: [string, (poll: Uint8Array) => Promise<string>][] = [
        [
          'Connect',
          async (poll) => {
            const { run } = await callRaw(t, waitForRun, poll, { 'connect-timeout-ms': FAR_MS });
            return RunStatus[run?.status ?? 0]!;
          },
        ],
        [
          'Connect, of a timer that counts 31 bits',
          async (poll) => {
            const { run } = await callRaw(t, waitForRun, poll, {
              'connect-timeout-ms': '2147483648',
            });
            return RunStatus[run?.status ?? 0]!;
          },
        ],
      ];
      for (const [protocol, post] of [
        ['grpc', postGrpc],
        ['grpc-web', postGrpcWeb],
      ] as const)
        if (await serves(t, protocol))
          ways.push([
            protocol,
            async (poll) => {
              const { refusal, frames } = await post(t, waitForRun, envelope(poll), {
                'grpc-timeout': FAR_HOURS,
              });
              return refusal === undefined && frames.length === 1
                ? 'COMPLETED'
                : `${refusal?.code}: ${refusal?.message}`;
            },
          ]);
      await Promise.all(
        ways.map(async ([name, way]) => {
          const run = await t.startedRun();
          const answer = way(pollOf(run.id, 20n));
          const ending = t.sleep(SOON_MS).then(() => run.given(events.runCompleted()));
          const [status] = await Promise.all([
            t.accepted(`a long poll over ${name}`, () => answer),
            ending,
          ]);
          t.equal(status, 'COMPLETED', `the run that a long poll over ${name} waited for`);
        }),
      );
      // A stream lives on.
      const run = await t.startedRun();
      const api = t.client('a patient reader', { headers: { 'connect-timeout-ms': FAR_MS } });
      const reader = t.reader({ runId: run.id, name: t.streamName, api });
      await reader.attached();
      await t.sleep(SOON_MS);
      await t.api.streams.append({
        ...{ runId: run.id, name: t.streamName, close: true },
        chunks: [new Uint8Array([1])],
      });
      t.equal((await reader.toEnd()).length, 1, 'the chunks of a stream with a deadline far away');
    },
  ),
  check(
    'wire/writer-gone',
    'A write whose caller goes away happens wholly or not at all, and can be asked for again',
    { requirements: ['WW-WIRE-024'] },
    async (t) => {
      const run = await t.startedRun();
      const stepIds = Array.from({ length: LEAVERS }, (_, index) => `step_${index}`);
      const headers = { 'content-type': 'application/proto', 'connect-protocol-version': '1' };
      await Promise.all(
        stepIds.map((stepId, index) => {
          const event = events.stepCreated(stepId);
          const request = create(CreateEventRequestSchema, { runId: run.id, event });
          return sendAndLeave(
            t,
            pathOf(EventService.method.createEvent),
            headers,
            toBinary(CreateEventRequestSchema, request),
            index % 8,
          );
        }),
      );
      // What is still under way may land at any time: a step that an earlier log has must be among the later steps.
      const earlier = await run.log();
      const steps = new Set((await stepsOf(run, t.api)).map(({ stepId }) => stepId));
      const later = await run.log();
      for (const stepId of stepIds) {
        if (about(earlier, stepId).length > 0)
          t.ok(steps.has(stepId), `${stepId} has an event and no record`, 'both', 'an event');
        if (steps.has(stepId))
          t.ok(
            about(later, stepId).length > 0,
            `${stepId} has a record and no event`,
            'both',
            'a record',
          );
      }
      for (const stepId of stepIds) {
        const again = await t.outcome(() => run.write(events.stepCreated(stepId)));
        if ('refusal' in again)
          t.equal(again.refusal.reason, 'STEP_ALREADY_EXISTS', `the answer to ${stepId} once more`);
      }
      const log = await run.log();
      for (const stepId of stepIds)
        t.equal(typesOf(about(log, stepId)), ['stepCreated'], `the events of ${stepId}`);
      t.equal((await stepsOf(run, t.api)).length, LEAVERS, 'the number of steps');
    },
  ),
];

function pollOf(runId: string, seconds: bigint): Uint8Array {
  return toBinary(
    WaitForRunRequestSchema,
    create(WaitForRunRequestSchema, { runId, timeout: { seconds } }),
  );
}
