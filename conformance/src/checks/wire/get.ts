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
import { EventService, QueueService, RunService, StreamService, services } from '@worldwire/proto';
import { type Check, check } from '../../check.js';
import type { Context } from '../../context.js';
import { bodyOf, pathOf, postBytes, refusalIn } from '../../fixtures/connect-raw.js';
import * as events from '../../fixtures/new-event.js';
import { absentRun } from '../../fixtures/records.js';
import { offers, sampleRequests } from '../../fixtures/sample-requests.js';
import type { RawResponse } from '../../wire/raw.js';

/** Lists that other checks change at the same time: only their success is compared. */
const SHARED: ReadonlySet<string> = new Set([
  'ListQueues',
  'ListPushEndpoints',
  'ListAttributeKeys',
  'ListDeadMessages',
  'ListKeys',
  'ListKeyAccess',
]);

/** Reads by GET, and what GET must not do. */
export const getChecks: readonly Check[] = [
  check(
    'wire/get-reads',
    'Methods without side effects answer to GET what they answer to POST, in binary and in JSON',
    { requirements: ['WW-WIRE-005'] },
    async (t) => {
      const { of } = await sampleRequests(t);
      for (const method of services.flatMap((service) => service.methods)) {
        if (method.methodKind !== 'unary' || method.idempotency !== 1 || !offers(t, method))
          continue;
        for (const json of [true, false]) {
          const posted = told(method, json, await post(t, method, of(method), json));
          const got = told(method, json, await get(t, method, of(method), json));
          const what = `${method.name} by GET in ${json ? 'JSON' : 'binary'}`;
          if (SHARED.has(method.name)) t.equal(got[0], posted[0], `the HTTP status of ${what}`);
          else t.equal(got, posted, `the answer of ${what}`);
        }
      }
      const { getRun } = RunService.method;
      const absent = create(getRun.input, { runId: absentRun(t).id });
      for (const json of [true, false]) {
        const { status, body } = await get(t, getRun, absent, json);
        t.equal(
          [status, refusalIn(body).reason],
          [404, 'RUN_NOT_FOUND'],
          'what GET says of a run that does not exist',
        );
      }
    },
  ),
  check(
    'wire/get-has-no-effects',
    'Methods that may have effects are refused by GET with 405, and have none',
    { requirements: ['WW-WIRE-006', 'WW-WIRE-028'] },
    async (t) => {
      const run = await t.startedRun();
      const before = await run.log();
      const queueName = t.queueName();
      const requests: Readonly<Record<string, Record<string, unknown>>> = {
        CreateEvent: { runId: run.id, event: events.stepCreated('step_1') },
        CreateEventBatch: { runId: run.id, events: [events.stepCreated('step_1')] },
        CancelRuns: { runIds: [run.id] },
        Enqueue: { message: { queueName, body: new Uint8Array([1]) } },
        Append: { runId: run.id, name: t.streamName, chunks: [new Uint8Array([1])] },
        Close: { runId: run.id, name: t.streamName },
      };
      for (const method of services.flatMap((service) => service.methods)) {
        if (method.methodKind !== 'unary' || method.idempotency === 1 || !offers(t, method))
          continue;
        const message = create(method.input, requests[method.name] ?? {});
        for (const json of [true, false]) {
          const { status } = await get(t, method, message, json);
          t.equal(status, 405, `the HTTP status of ${method.name} by GET`);
        }
      }
      t.equal(await run.log(), before, 'the log afterwards');
      await t.accepted('an append to the stream, which nobody closed', () =>
        t.api.streams.append({
          runId: run.id,
          name: t.streamName,
          chunks: [new Uint8Array([2])],
          close: true,
        }),
      );
      const reader = t.reader({ runId: run.id, name: t.streamName });
      t.equal((await reader.toEnd()).length, 1, 'the chunks of the stream');
    },
  ),
  check(
    'wire/other-verbs',
    'Verbs that no method takes are refused with 405',
    { requirements: ['WW-WIRE-028', 'WW-WIRE-030'] },
    async (t) => {
      const run = await t.startedRun();
      for (const method of [
        RunService.method.getRun,
        EventService.method.createEvent,
        QueueService.method.enqueue,
        StreamService.method.read,
      ])
        for (const verb of ['PUT', 'DELETE', 'PATCH']) {
          const streams = method.methodKind !== 'unary';
          const { status } = await t.raw({
            path: pathOf(method),
            method: verb,
            headers: { 'content-type': streams ? 'application/connect+json' : 'application/json' },
            body: streams ? new Uint8Array([0, 0, 0, 0, 2, 0x7b, 0x7d]) : '{}',
          });
          t.equal(status, 405, `the HTTP status of ${verb} for ${method.name}`);
        }
      await t.accepted('a good call afterwards', () => run.get());
    },
  ),
];

function post(t: Context, method: DescMethod, message: Message, json: boolean) {
  return postBytes(t, method, bodyOf(method, message, json), {
    'content-type': `application/${json ? 'json' : 'proto'}`,
  });
}

function get(t: Context, method: DescMethod, message: Message, json: boolean) {
  const query = json
    ? `encoding=json&message=${encodeURIComponent(JSON.stringify(toJson(method.input, message)))}`
    : `encoding=proto&base64=1&message=${Buffer.from(toBinary(method.input, message)).toString('base64url')}`;
  return t.raw({ path: `${pathOf(method)}?connect=v1&${query}`, method: 'GET', headers: {} });
}

/** What is compared of an answer. */
function told(method: DescMethod, json: boolean, { status, headers, body }: RawResponse) {
  if (status !== 200) return [status, refusalIn(body)];
  const type = headers['content-type']?.split(';')[0];
  try {
    return [
      status,
      type,
      json
        ? fromJson(method.output, JSON.parse(Buffer.from(body).toString()) as JsonValue)
        : fromBinary(method.output, body),
    ];
  } catch {
    return [status, type, 'no message'];
  }
}
