import { create, toBinary } from '@bufbuild/protobuf';
import { EventService, ReadRequestSchema, RunService, StreamService } from '@worldwire/proto';
import { type Check, check } from '../../check.js';
import { envelope, envelopesOf, pathOf } from '../../fixtures/connect-raw.js';
import * as events from '../../fixtures/new-event.js';
import { served } from '../../fixtures/protocols.js';

/** Idle streams that a World serves beside other calls. */
const STREAMS = 100;

/** Many calls, live streams, and HTTP/2. */
export const connectionChecks: readonly Check[] = [
  check(
    'wire/connect-over-http-2',
    'Connect is served over HTTP/2 without TLS on the same port',
    { requirements: ['WW-WIRE-004'] },
    async (t) => {
      const run = await t.startedRun();
      const stream = { runId: run.id, name: t.streamName };
      await t.given('a closed stream', () =>
        t.api.streams.append({ ...stream, chunks: [new Uint8Array([1])], close: true }),
      );
      const calls = [
        [RunService.method.getRun, 'application/json', JSON.stringify({ runId: run.id })],
        [
          StreamService.method.read,
          'application/connect+proto',
          envelope(toBinary(ReadRequestSchema, create(ReadRequestSchema, stream))),
        ],
        [
          EventService.method.createEvent,
          'application/json',
          JSON.stringify({
            runId: run.id,
            event: { correlationId: 'step_1', stepCreated: { stepName: 'x', input: 'AQ==' } },
          }),
        ],
      ] as const;
      for (const [method, type, body] of calls) {
        const answer = await t
          .raw({
            ...{ path: pathOf(method), http2: true, body },
            headers: { 'content-type': type, 'connect-protocol-version': '1' },
          })
          .catch((error: unknown) =>
            t.fail(`${method.name} has no answer over HTTP/2`, 'HTTP 200', String(error)),
          );
        t.equal(
          [answer.status, answer.headers['content-type']?.split(';')[0]],
          [200, type],
          `HTTP status and content type of ${method.name} over HTTP/2`,
        );
        if (method.methodKind === 'server_streaming')
          t.ok(
            envelopesOf(answer.body).length >= 2,
            'the stream has a chunk and an end',
            '2 or more',
            answer.body.length,
          );
      }
    },
  ),
  check(
    'wire/responses-at-once',
    'The responses of a stream come as they are made, over every protocol',
    { requirements: ['WW-WIRE-009'] },
    async (t) => {
      for (const protocol of await served(t)) {
        const api = t.client(`reader over ${protocol}`, { protocol });
        const run = await t.startedRun();
        const stream = { runId: run.id, name: t.streamName };
        const reader = t.reader({ ...stream, api });
        await reader.attached();
        for (let chunk = 1; chunk <= 3; chunk++) {
          await t.api.streams.append({ ...stream, chunks: [new Uint8Array([chunk])] });
          await reader.count(chunk);
        }
        t.equal(reader.ended, undefined, 'the end of a stream that nobody closed');
        const queueName = t.queueName();
        const consumer = await t.consumer({ queuePrefixes: [queueName], api });
        await t.api.queue.enqueue({ message: { queueName, body: new Uint8Array([1]) } });
        const { delivery } = await consumer.next(`a delivery over ${protocol}`);
        await consumer.ack(delivery);
      }
    },
  ),
  check(
    'wire/hundred-streams',
    'A hundred idle streams keep no other call waiting',
    { requirements: ['WW-WIRE-031'] },
    async (t) => {
      const run = await t.startedRun();
      const queueName = t.queueName();
      const reading = Array.from({ length: STREAMS / 2 }, (_, index) =>
        t.reader({ runId: run.id, name: `out_${index}` }),
      );
      await Promise.all(reading.map((reader) => reader.attached()));
      const consumers = await Promise.all(
        Array.from({ length: STREAMS / 2 }, (_, index) =>
          t
            .consumer({ queuePrefixes: [`${queueName}_${index}_`] })
            .catch((error: unknown) =>
              t.fail('a stream among a hundred is not served', 'an open stream', String(error)),
            ),
        ),
      );
      // Beside them calls that wait, and calls that do not.
      const poll = t.outcome(() =>
        t.api.runs.waitForRun({ runId: run.id, timeout: { seconds: 20n } }),
      );
      await t.accepted('a read beside a hundred streams', () => run.get());
      await t.accepted('a write beside a hundred streams', () =>
        run.write(events.stepCreated('step_1')),
      );
      await t.api.queue.enqueue({
        message: { queueName: `${queueName}_49_`, body: new Uint8Array([1]) },
      });
      const last = consumers.at(-1)!;
      await last.ack((await last.next('a delivery to the last consumer')).delivery);
      await t.api.streams.append({ runId: run.id, name: 'out_49', chunks: [new Uint8Array([1])] });
      await reading.at(-1)!.count(1);
      await t.accepted('the end of the run', () => run.write(events.runCompleted()));
      t.ok('value' in (await poll), 'the long poll is refused', 'an answer', await poll);
      t.equal(
        [...reading, ...consumers].filter(({ ended }) => ended !== undefined).length,
        0,
        'the streams that ended',
      );
    },
  ),
];
