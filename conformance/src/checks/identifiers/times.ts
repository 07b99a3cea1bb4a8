import { create, isMessage, type Message, toBinary } from '@bufbuild/protobuf';
import { type Timestamp, TimestampSchema } from '@bufbuild/protobuf/wkt';
import { CreateEventRequestSchema, EventService, RunService, SortOrder } from '@worldwire/proto';
import { type Check, check } from '../../check.js';
import type { Context } from '../../context.js';
import { callRaw } from '../../fixtures/connect-raw.js';
import {
  hookCreated,
  hookReceived,
  type NewEventInit,
  runCompleted,
  stepCompleted,
  stepCreated,
  stepRetrying,
  stepStarted,
  waitCompleted,
  waitCreated,
} from '../../fixtures/new-event.js';
import type { RunHandle } from '../../fixtures/run-handle.js';
import type { Api } from '../../wire/api.js';

const YEAR_1 = -62_135_596_800n;
const YEAR_9999 = 253_402_300_799n;

const at = (seconds: bigint, nanos = 0): Timestamp => create(TimestampSchema, { seconds, nanos });

/** Every Timestamp within a value, with where it stands. */
function timesIn(value: unknown, path = ''): [string, Timestamp][] {
  if (isMessage(value, TimestampSchema)) return [[path, value]];
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return [];
  return Object.entries(value).flatMap(([name, member]) => timesIn(member, `${path}.${name}`));
}

/** The id of the hook of a busy run; no other run has it, as some Worlds know one hook of an id only. */
const hookIdOf = (run: RunHandle) => `hook_${run.id}`;

/** A run with a step, a hook and a wait, in the middle of its work. */
async function busyRun(t: Context): Promise<RunHandle> {
  const run = await t.startedRun();
  await run.given(
    stepCreated('step_1'),
    stepStarted('step_1'),
    stepCompleted('step_1'),
    stepCreated('step_2'),
    stepStarted('step_2'),
    hookCreated(hookIdOf(run), t.unique('token')),
    hookReceived(hookIdOf(run)),
    waitCreated('wait_1'),
  );
  return run;
}

/** Everything that can be read of a run. */
async function everything(t: Context, run: RunHandle, api: Api = t.api) {
  const { id: runId } = run;
  const page = { sortOrder: SortOrder.ASCENDING };
  return {
    run: await run.get(api),
    log: await run.log({}, api),
    steps: (await api.steps.listSteps({ runId, page })).steps,
    hooks: (await api.hooks.listHooks({ runId, page })).hooks,
    waits: t.has('WAIT_READS') ? (await api.waits.listWaits({ runId, page })).waits : [],
  };
}

/** A wait that ends at a time, and what is read of it. */
async function waitUntil(t: Context, run: RunHandle, resumeAt: Timestamp) {
  const waitId = t.unique('wait');
  const { event } = await t.accepted(`a wait until ${resumeAt.seconds} s`, () =>
    run.write(waitCreated(waitId, resumeAt)),
  );
  const stored = (await run.log()).find(({ correlationId }) => correlationId === waitId);
  const waits = t.has('WAIT_READS')
    ? [(await t.api.waits.getWait({ runId: run.id, waitId })).wait]
    : [];
  const ofEvents = [event, stored].map((each) =>
    each?.data.case === 'waitCreated' ? each.data.value.resumeAt : undefined,
  );
  return [...ofEvents, ...waits.map((wait) => wait?.resumeAt)];
}

/** Ids of events, and times. */
export const timeChecks: readonly Check[] = [
  check(
    'identifiers/event-found-by-id',
    'Each event is found by the id under which the log shows it',
    { requirements: ['WW-ID-019'] },
    async (t) => {
      const run = await busyRun(t);
      const log = await run.log();
      t.equal(new Set(log.map(({ eventId }) => eventId)).size, log.length, 'the number of ids');
      for (const event of log) {
        const { eventId } = event;
        const found = await t.accepted(`the event ${eventId}`, () =>
          t.api.events.getEvent({ runId: run.id, eventId }),
        );
        t.equal(found.event, event, `the event ${eventId}`);
      }
      const { event } = await run.write(stepCreated(t.unique('step')));
      const { event: found } = await t.api.events.getEvent({
        runId: run.id,
        eventId: event?.eventId ?? '',
      });
      t.equal(found, event, 'the event of the answer to its write');
    },
  ),
  check(
    'identifiers/event-ids-sort',
    'Event ids sort byte by byte as the log does',
    { requirements: ['WW-ID-020'] },
    async (t) => {
      const run = await busyRun(t);
      for (let at = 0; at < 12; at++) await run.given(hookReceived(hookIdOf(run)));
      const ids = (await run.log()).map(({ eventId }) => eventId);
      const sorted = [...ids].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      t.equal(ids, sorted, 'the ids in the order of the log');
    },
  ),
  check(
    'identifiers/whole-milliseconds',
    'Times that the World sets are whole milliseconds',
    { requirements: ['WW-ID-021'] },
    async (t) => {
      const run = await busyRun(t);
      const answer = await run.write(waitCompleted('wait_1'));
      const queueName = t.queueName();
      const consumer = await t.consumer({ queuePrefixes: [queueName] });
      await t.api.queue.enqueue({
        message: { queueName, contentType: 'application/json', body: new Uint8Array([123, 125]) },
      });
      const { delivery } = await consumer.next('a delivery');
      await consumer.ack(delivery);
      const found = timesIn({ answer, delivery, read: await everything(t, run) });
      t.ok(found.length > 20, 'too few times were returned', 'more than 20', found.length);
      for (const [where, { nanos }] of found)
        if (!where.endsWith('resumeAt'))
          t.equal(nanos % 1_000_000, 0, `the nanoseconds beyond milliseconds of ${where}`);
    },
  ),
  check(
    'identifiers/times-stay',
    'A time is the same in the answer to the write, on every read, after later events and over JSON',
    { requirements: ['WW-ID-022'] },
    async (t) => {
      const run = await t.run();
      const { run: created } = await t.api.runs.getRun({ runId: run.id });
      const answers = [];
      const steps: NewEventInit[] = [stepCreated('step_1'), stepStarted('step_1')];
      const { data } = { data: { case: 'runStarted', value: {} } } as const;
      for (const event of [{ data }, ...steps, stepCompleted('step_1'), waitCreated('wait_1')])
        answers.push(await run.write(event));
      const early = await everything(t, run);
      await t.sleep(5);
      await run.given(
        stepCreated('step_2'),
        stepStarted('step_2'),
        hookCreated(t.unique('hook'), t.unique('token')),
      );
      const late = await everything(t, run, t.client('another'));
      t.equal(late.log.slice(0, early.log.length), early.log, 'the events, read again later');
      t.equal(
        answers.map(({ event }) => event?.createdAt),
        late.log.slice(1, 1 + answers.length).map(({ createdAt }) => createdAt),
        'created_at of the events in the answers and in the log',
      );
      t.equal(answers[0]?.run?.startedAt, late.run.startedAt, 'started_at of the run');
      t.equal(created?.createdAt, late.run.createdAt, 'created_at of the run');
      const step = late.steps.find(({ stepId }) => stepId === 'step_1');
      t.equal(answers[1]?.step?.createdAt, step?.createdAt, 'created_at of the step');
      t.equal(answers[2]?.step?.startedAt, step?.startedAt, 'started_at of the step');
      t.equal(answers[3]?.step?.completedAt, step?.completedAt, 'completed_at of the step');
      const { results } = await t.api.runs.batchGetRuns({ runIds: [run.id] });
      t.equal(results[0]?.run, late.run, 'the run in a batch');
      for (const event of late.log) {
        const { eventId } = event;
        const { event: found } = await t.api.events.getEvent({ runId: run.id, eventId });
        t.equal(found?.createdAt, event.createdAt, 'created_at of an event that is read alone');
      }
      const { runs } = await t.api.runs.listRuns({ page: { limit: 100 } });
      const listed = runs.find(({ runId }) => runId === run.id);
      if (listed !== undefined) t.equal(listed, late.run, 'the run in a list');
      const json = await callRaw(t, RunService.method.getRun, JSON.stringify({ runId: run.id }));
      t.equal(plainTimes(json), plainTimes({ run: late.run }), 'the times of the run over JSON');
      const events = await callRaw(
        t,
        EventService.method.listEvents,
        JSON.stringify({ runId: run.id }),
      );
      t.equal(
        plainTimes(events).filter(([where]) => where.startsWith('.events')),
        plainTimes({ events: late.log }).slice(0, plainTimes(events).length),
        'the times of the log over JSON',
      );
      await run.given(runCompleted());
      const ended = await everything(t, run);
      t.equal(
        [ended.run.createdAt, ended.run.startedAt],
        [late.run.createdAt, late.run.startedAt],
        'created_at and started_at after the end',
      );
      t.equal(ended.log.slice(0, late.log.length), late.log, 'the events after the end');
    },
  ),
  check(
    'identifiers/restart-keeps-all',
    'Times, ids and deployments are the same after the process died and was started again',
    { requirements: ['WW-ID-023'], capabilities: ['DURABILITY'], needs: ['process'] },
    async (t) => {
      const [busy, ended] = [await busyRun(t), await busyRun(t)];
      await ended.given(runCompleted());
      const pending = await t.run({ create: { deploymentId: t.unique('dpl') } });
      const runs = [busy, ended, pending];
      const before = [];
      for (const run of runs) before.push(await everything(t, run));
      await t.process.kill();
      await t.process.start();
      const api = t.client('after the restart');
      for (const [at, run] of runs.entries()) {
        const after = await everything(t, run, api);
        for (const part of Object.keys(after) as (keyof typeof after)[])
          t.equal(
            after[part] as unknown,
            before[at]![part] as unknown,
            `${part} after the restart`,
          );
      }
    },
  ),
  check(
    'identifiers/given-times',
    'Times that a client gives come back as given, cut to milliseconds, however far away',
    { requirements: ['WW-ID-024'] },
    async (t) => {
      const run = await t.startedRun();
      const now = BigInt(Math.floor(Date.now() / 1_000));
      const cases: [Timestamp, Timestamp][] = [
        [at(now + 3_600n), at(now + 3_600n)],
        [at(now, 123_456_789), at(now, 123_000_000)],
        [at(now, 999_999_999), at(now, 999_000_000)],
        [at(now, 1_000_000), at(now, 1_000_000)],
        [at(0n), at(0n)],
        [at(-1n, 500_000_000), at(-1n, 500_000_000)],
        [at(-86_400n * 365n * 100n, 7_000_000), at(-86_400n * 365n * 100n, 7_000_000)],
        [at(4_102_444_800n), at(4_102_444_800n)],
        [at(YEAR_1), at(YEAR_1)],
        [at(YEAR_9999, 999_000_000), at(YEAR_9999, 999_000_000)],
      ];
      for (const [given, expected] of cases)
        for (const found of await waitUntil(t, run, given))
          t.equal(found, expected, `resume_at ${given.seconds} s and ${given.nanos} ns`);
      for (const [given, expected] of cases) {
        const stepId = t.unique('step');
        await run.given(stepCreated(stepId), stepStarted(stepId));
        const { step } = await t.accepted('a retry at a time', () =>
          run.write(stepRetrying(stepId, run.failure(), given)),
        );
        t.equal(step?.retryAfter, expected, `retry_after ${given.seconds} s and ${given.nanos} ns`);
        const { step: read } = await t.api.steps.getStep({ runId: run.id, stepId });
        t.equal(read?.retryAfter, expected, 'retry_after of the step');
        const event = (await run.log()).at(-1);
        t.equal(
          event?.data.case === 'stepRetrying' ? event.data.value.retryAfter : undefined,
          expected,
          'retry_after of the event',
        );
      }
    },
  ),
  check(
    'identifiers/occurred-at',
    'The time that a client says an event occurred at comes back as given',
    { requirements: ['WW-ID-026'] },
    async (t) => {
      const run = await t.startedRun();
      const now = BigInt(Math.floor(Date.now() / 1_000));
      for (const [given, expected] of [
        [at(now, 123_456_789), at(now, 123_000_000)],
        [at(86_400n), at(86_400n)],
        [at(4_102_444_800n, 1_000_000), at(4_102_444_800n, 1_000_000)],
      ] as const) {
        const { event } = await t.accepted('an event that says when it occurred', () =>
          run.write({ ...stepCreated(t.unique('step')), occurredAt: given }),
        );
        t.equal(event?.occurredAt, expected, 'occurred_at in the answer');
        t.equal((await run.log()).at(-1)?.occurredAt, expected, 'occurred_at in the log');
      }
      const { event } = await run.write(stepCreated(t.unique('step')));
      t.equal(event?.occurredAt, undefined, 'occurred_at of an event that names none');
    },
  ),
  check(
    'identifiers/time-out-of-range',
    'A time outside the years 1 to 9999, or with nanoseconds that are none, is refused',
    { requirements: ['WW-ID-025'] },
    async (t) => {
      const run = await t.startedRun();
      await run.given(stepCreated('step_1'), stepStarted('step_1'));
      const before = await run.types();
      const times = [
        at(YEAR_1 - 1n, 999_000_000),
        at(YEAR_9999 + 1n),
        at(2n ** 62n),
        at(-(2n ** 63n)),
        at(0n, -1),
        at(0n, 1_000_000_000),
        at(0n, 2_147_483_647),
      ];
      const events: Record<string, (time: Timestamp) => NewEventInit> = {
        resume_at: (time) => waitCreated(t.unique('wait'), time),
        retry_after: (time) => stepRetrying('step_1', run.failure(), time),
        occurred_at: (time) => ({ ...stepCreated(t.unique('step')), occurredAt: time }),
      };
      for (const [name, event] of Object.entries(events))
        for (const time of times) {
          // Bytes, as the JSON form cannot say such times.
          const request = create(CreateEventRequestSchema, { runId: run.id, event: event(time) });
          const body = toBinary(CreateEventRequestSchema, request);
          await t.refused(
            `${name} of ${time.seconds} s and ${time.nanos} ns`,
            () => callRaw(t, EventService.method.createEvent, body),
            'INVALID_ARGUMENT',
          );
        }
      t.equal(await run.types(), before, 'the log');
      await t.accepted('a wait until the first moment of the year 1', () =>
        run.write(waitCreated(t.unique('wait'), at(YEAR_1))),
      );
    },
  ),
];

/** Where each time stands, and what it is. */
function plainTimes(value: unknown): [string, string][] {
  const body = isMessage(value) ? (value as Message) : value;
  return timesIn(body).map(([where, { seconds, nanos }]) => [where, `${seconds}.${nanos}`]);
}
