import { fromJson, type JsonValue } from '@bufbuild/protobuf';
import {
  EventService,
  QueueService,
  ReadResponseSchema,
  RunService,
  StreamService,
  WorldService,
} from '@worldwire/proto';
import { type Check, check } from '../../check.js';
import type { Context } from '../../context.js';
import {
  callRaw,
  envelope,
  postBytes,
  postJson,
  postStream,
  refusalIn,
} from '../../fixtures/connect-raw.js';
import * as events from '../../fixtures/new-event.js';
import { atOf, waitOf } from '../../fixtures/records.js';

/** Bytes whose base64 has both characters in which the alphabets differ, and padding. */
const TELLING = new Uint8Array([0xfb, 0xff, 0xfe, 0xfb]);

/** A time as JSON writes it. */
const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3}|\.\d{6}|\.\d{9})?Z$/;

type Json = { readonly [key: string]: JsonValue };

/** JSON by the ProtoJSON mapping. */
export const jsonChecks: readonly Check[] = [
  check(
    'wire/json-written',
    'Answers in JSON are written by the ProtoJSON mapping',
    { requirements: ['WW-WIRE-015'] },
    async (t) => {
      const run = await t.startedRun({ create: { input: TELLING } });
      const record = (await asJson(t, RunService.method.getRun, { runId: run.id })).run as Json;
      t.equal(record.input, '+//++w==', 'bytes in JSON');
      t.equal(record.status, 'RUN_STATUS_RUNNING', 'an enum value in JSON');
      for (const name of ['createdAt', 'startedAt', 'updatedAt'])
        t.ok(
          RFC_3339.test(String(record[name])),
          `${name} in JSON is no RFC 3339 time`,
          '…Z',
          record[name],
        );
      const { events: log } = await asJson(t, EventService.method.listEvents, { runId: run.id });
      const [first] = log as Json[];
      t.ok(
        typeof (first?.runCreated as Json | undefined)?.workflowName === 'string',
        'the data of an event in JSON',
        'the member runCreated',
        first,
      );
      if (t.has('POSITIONS')) t.equal(first?.position, '1', 'a 64-bit integer in JSON');
      const { limits } = await asJson(t, WorldService.method.getWorld, {});
      for (const [name, value] of Object.entries((limits ?? {}) as Json)) {
        if (['maxPayloadBytes', 'maxRequestBytes', 'maxRunBytes'].includes(name))
          t.ok(
            /^\d+$/.test(String(value)) && typeof value === 'string',
            `${name} in JSON`,
            'digits in a string',
            value,
          );
        if (['maxLongPoll', 'maxDelay', 'requestIdRetention'].includes(name))
          t.ok(
            /^\d+(\.\d{1,9})?s$/.test(String(value)),
            `${name} in JSON`,
            'seconds with an s',
            value,
          );
      }
      const stream = { runId: run.id, name: t.streamName };
      await t.api.streams.append({
        ...stream,
        chunks: [new Uint8Array([0]), TELLING],
        close: true,
      });
      const { frames } = await readJson(t, stream);
      const chunks = frames.flatMap(
        ({ data }) => ((JSON.parse(Buffer.from(data).toString()) as Json).chunks ?? []) as Json[],
      );
      t.equal(
        chunks.map(({ index, data }) => [index ?? '0', data]),
        [
          ['0', 'AA=='],
          ['1', '+//++w=='],
        ],
        'chunks in JSON',
      );
    },
  ),
  check(
    'wire/json-read',
    'Requests in JSON are read by the ProtoJSON mapping: times with offsets, durations, null, numbers in other forms',
    { requirements: ['WW-WIRE-015'] },
    async (t) => {
      const run = await t.startedRun();
      const wait = (waitId: string, resumeAt: string) =>
        JSON.stringify({
          runId: run.id,
          event: { correlationId: waitId, waitCreated: { resumeAt } },
        });
      const times: readonly (readonly [string, string])[] = [
        ['2040-01-02T03:04:05Z', '2040-01-02T03:04:05.000Z'],
        ['2040-01-02T03:04:05.120Z', '2040-01-02T03:04:05.120Z'],
        ['2040-01-02T03:04:05.5+02:00', '2040-01-02T01:04:05.500Z'],
        ['2040-01-02T03:04:05.123456789Z', '2040-01-02T03:04:05.123Z'],
      ];
      for (const [index, [given, meant]] of times.entries()) {
        const written = await t.accepted(`a wait until ${given}`, () =>
          callRaw(t, EventService.method.createEvent, wait(`wait_${index}`, given)),
        );
        const at = atOf(t, 'resume_at', written.wait?.resumeAt);
        t.equal(new Date(Math.floor(at)).toISOString(), meant, `the time that ${given} means`);
        if (t.has('WAIT_READS')) {
          const kept = atOf(t, 'resume_at', (await waitOf(t, run, `wait_${index}`)).resumeAt);
          t.equal(Math.floor(kept), Math.floor(at), 'the time that is kept');
        }
      }
      const nulls = await callRaw(
        t,
        EventService.method.listEvents,
        JSON.stringify({ runId: run.id, page: null, types: null, resolveData: null }),
      );
      t.ok(nulls.events.length > 0, 'null is not taken as absent', 'the events of the run', 'none');
      const one = await callRaw(
        t,
        EventService.method.listEvents,
        JSON.stringify({ runId: run.id, page: { limit: '1' } }),
      );
      t.equal(one.events.length, 1, 'the events of a page of "1"');
      const queueName = t.queueName();
      const consumer = await t.consumer({ queuePrefixes: [queueName] });
      await callRaw(
        t,
        QueueService.method.enqueue,
        JSON.stringify({ message: { queueName, body: 'AQI=', delay: '0.050s' } }),
      );
      const { delivery } = await consumer.next('the message with a delay of "0.050s"');
      t.equal([...delivery.body], [1, 2], 'its body');
      await consumer.ack(delivery);
    },
  ),
  check(
    'wire/json-names',
    'JSON takes the names of fields in lowerCamelCase and as defined',
    { requirements: ['WW-WIRE-016'] },
    async (t) => {
      const run = await t.startedRun();
      const forms = [
        {
          runId: run.id,
          event: { correlationId: 'step_1', stepCreated: { stepName: 'one', input: 'AQ==' } },
        },
        {
          run_id: run.id,
          event: { correlation_id: 'step_2', step_created: { step_name: 'two', input: 'AQ==' } },
        },
        {
          runId: run.id,
          event: { correlation_id: 'step_3', stepCreated: { step_name: 'three', input: 'AQ==' } },
        },
      ];
      const names: string[] = [];
      for (const form of forms) {
        const { step } = await t.accepted(`step_created as ${JSON.stringify(form)}`, () =>
          callRaw(t, EventService.method.createEvent, JSON.stringify(form)),
        );
        names.push(`${step?.stepId} ${step?.stepName}`);
      }
      t.equal(names, ['step_1 one', 'step_2 two', 'step_3 three'], 'the steps that are written');
      const { events: newest } = await callRaw(
        t,
        EventService.method.listEvents,
        JSON.stringify({ run_id: run.id, page: { sort_order: 'SORT_ORDER_DESCENDING', limit: 1 } }),
      );
      t.equal(newest[0]?.correlationId, 'step_3', 'what the newest event is about');
    },
  ),
  check(
    'wire/json-forms',
    'JSON takes both alphabets of base64, 64-bit integers as strings and numbers, and enum values as names and numbers',
    { requirements: ['WW-WIRE-017'] },
    async (t) => {
      const run = await t.startedRun();
      const stream = { runId: run.id, name: t.streamName };
      const forms = ['+//++w==', '+//++w', '-__--w==', '-__--w'];
      await t.accepted('bytes in four forms', () =>
        callRaw(
          t,
          StreamService.method.append,
          JSON.stringify({ ...stream, chunks: forms, close: true }),
        ),
      );
      const reader = t.reader(stream);
      t.equal(
        (await reader.toEnd()).map(({ data }) => data),
        forms.map(() => TELLING),
        'the chunks',
      );
      for (const startIndex of [2, '2']) {
        const { frames, error } = await readJson(t, { ...stream, startIndex });
        t.equal(error, undefined, `the error of a Read from ${JSON.stringify(startIndex)}`);
        const chunks = frames.flatMap(
          ({ data }) =>
            fromJson(ReadResponseSchema, JSON.parse(Buffer.from(data).toString()) as JsonValue)
              .chunks,
        );
        t.equal(
          chunks.map(({ index }) => index),
          [2n, 3n],
          'the indexes of what is read',
        );
      }
      await run.given(events.stepCreated('step_1'));
      for (const sortOrder of ['SORT_ORDER_DESCENDING', 2]) {
        const { events: newest } = await t.accepted(`the order ${sortOrder}`, () =>
          callRaw(
            t,
            EventService.method.listEvents,
            JSON.stringify({ runId: run.id, page: { sortOrder, limit: 1 } }),
          ),
        );
        t.equal(newest[0]?.correlationId, 'step_1', 'what the newest event is about');
      }
    },
  ),
  check(
    'wire/json-malformed',
    'JSON that is malformed or of other types is refused as invalid_argument, and leaves nothing',
    { requirements: ['WW-WIRE-018', 'WW-WIRE-030'] },
    async (t) => {
      const run = await t.startedRun();
      const before = await run.log();
      const text = (value: unknown) => JSON.stringify(value);
      const about = { runId: run.id };
      const step = (members: object) =>
        text({
          ...about,
          event: {
            correlationId: 'step_1',
            stepCreated: { stepName: 'x', input: 'AQ==', ...members },
          },
        });
      const good = step({});
      const bad: (readonly ['createEvent' | 'listEvents', string | Uint8Array])[] = [
        ['createEvent', good.slice(0, -1)],
        ['createEvent', `${good}}`],
        ['createEvent', good.replaceAll('"', "'")],
        ['createEvent', `[${good}]`],
        ['createEvent', text(good)],
        ['createEvent', '5'],
        ['createEvent', Buffer.from(good.replace('"x"', '"\u00e9"'), 'latin1')],
        ['createEvent', step({ stepName: 5 })],
        ['createEvent', step({ stepName: { a: 1 } })],
        ['createEvent', step({ stepName: ['x'] })],
        ['createEvent', step({ input: 'not base64!' })],
        ['createEvent', step({ input: 7 })],
        ['createEvent', step({ input: [1, 2] })],
        ['createEvent', text({ ...about, event: 'stepCreated' })],
        ['createEvent', text({ ...about, event: [] })],
        [
          'createEvent',
          text({ ...about, event: { correlationId: 'w', waitCreated: { resumeAt: 'tomorrow' } } }),
        ],
        [
          'createEvent',
          text({
            ...about,
            event: { correlationId: 'w', waitCreated: { resumeAt: 2_000_000_000 } },
          }),
        ],
        ['listEvents', text({ ...about, page: { limit: 1.5 } })],
        ['listEvents', text({ ...about, page: { limit: 'many' } })],
        ['listEvents', text({ ...about, page: { limit: true } })],
        ['listEvents', text({ ...about, page: { limit: 3_000_000_000 } })],
        ['listEvents', text({ ...about, page: { sortOrder: 'UPWARDS' } })],
        ['listEvents', text({ ...about, types: 'EVENT_TYPE_RUN_CREATED' })],
      ];
      for (const [name, body] of bad) {
        const { status, body: answer } = await postBytes(t, EventService.method[name], body, {
          'content-type': 'application/json',
        });
        t.equal(
          [status, refusalIn(answer).code],
          [400, 'invalid_argument'],
          `HTTP status and code of ${Buffer.from(body).toString().slice(0, 200)}`,
        );
      }
      t.equal(await run.log(), before, 'the log after the refusals');
      await t.accepted('the good form', () => callRaw(t, EventService.method.createEvent, good));
    },
  ),
];

async function asJson(
  t: Context,
  method: Parameters<typeof postJson>[1],
  request: object,
): Promise<Json> {
  const { status, body } = await postJson(t, method, JSON.stringify(request));
  t.equal(status, 200, `the HTTP status of ${method.name}`);
  return JSON.parse(Buffer.from(body).toString()) as Json;
}

function readJson(t: Context, request: object) {
  return postStream(t, StreamService.method.read, envelope(Buffer.from(JSON.stringify(request))), {
    'content-type': 'application/connect+json',
  });
}
