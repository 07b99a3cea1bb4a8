import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { type Event, ResolveData, SortOrder } from '@worldwire/proto';
import { type Check, check } from '../../check.js';
import type { Context } from '../../context.js';
import * as events from '../../fixtures/new-event.js';
import { about, atOf } from '../../fixtures/records.js';
import type { RunHandle } from '../../fixtures/run-handle.js';
import { bytes, idsOf } from './support.js';

/** Writes an event of each type that the core profile has, and returns what was answered. */
async function everyType(t: Context): Promise<{ run: RunHandle; answered: Event[] }> {
  const run = await t.startedRun();
  const answered: Event[] = [];
  const write = async (event: events.NewEventInit) => {
    const { event: written } = await t.accepted(`${event.data?.case}`, () => run.write(event));
    t.equal(written?.data.case, event.data?.case, 'the type of the answered event');
    t.equal(written?.correlationId, event.correlationId ?? '', 'the answered correlation id');
    if (written !== undefined) answered.push(written);
  };
  await write(events.stepCreated('step_1', { input: bytes('devl"in"') }));
  await write(events.stepStarted('step_1'));
  await write(events.stepRetrying('step_1', run.failure(), timestampFromMs(Date.now() - 60_123)));
  await write(events.stepStarted('step_1'));
  await write(events.stepCompleted('step_1', { result: bytes('devl"out"') }));
  await write(events.stepCreated('step_2'));
  await write(events.stepFailed('step_2', run.failure('for good')));
  await write(events.hookCreated('hook_1', t.unique('token'), { metadata: bytes('devl"m"') }));
  await write(events.hookReceived('hook_1', { payload: bytes('devl"p"') }));
  await write(events.hookDisposed('hook_1'));
  await write(events.waitCreated('wait_1', timestampFromMs(Date.now() + 3_600_456)));
  await write(events.waitCompleted('wait_1'));
  await write(events.runFailed(run.failure('the end'), 'A_CODE'));
  return { run, answered };
}

/** What the log keeps of an event. */
export const eventChecks: readonly Check[] = [
  check(
    'log/events-as-committed',
    'An event is the same in the answer to its write and on every read, whatever happens later',
    {
      requirements: ['WW-LOG-001', 'WW-LOG-002', 'WW-LOG-003', 'WW-LOG-005', 'WW-LOG-006'],
    },
    async (t) => {
      const { run, answered } = await everyType(t);
      const log = await run.log();
      t.equal(log.slice(2), answered, 'the events of the log');
      t.equal(
        log.slice(0, 2).map(({ data }) => data.case),
        ['runCreated', 'runStarted'],
        'its begin',
      );
      t.equal(new Set(idsOf(log)).size, log.length, 'different event ids');
      const down = await t.api.events.listEvents({
        runId: run.id,
        page: { sortOrder: SortOrder.DESCENDING, limit: 100 },
      });
      for (const event of down.events)
        t.equal(
          event,
          log.find(({ eventId }) => eventId === event.eventId),
          'newest first',
        );
      for (const event of log) {
        const { eventId } = event;
        const read = await t.accepted(`GetEvent of ${event.data.case}`, () =>
          t.api.events.getEvent({ runId: run.id, eventId }),
        );
        t.equal(read.event, event, `GetEvent of ${event.data.case}`);
      }
      for (const correlationId of ['step_1', 'hook_1', 'wait_1']) {
        const read = await t.api.events.listEventsByCorrelation({ runId: run.id, correlationId });
        t.equal(read.events, about(log, correlationId), `the events of ${correlationId}`);
      }
    },
  ),
  check(
    'log/names-without-payloads',
    'Names, tokens, times and codes of events are returned as written, also without payloads',
    { requirements: ['WW-LOG-004', 'WW-PAGE-042'] },
    async (t) => {
      const run = await t.startedRun();
      const token = t.unique('token');
      const stepName = `step//./src/a.ts//${t.unique('name')}`;
      const [retryAfter, resumeAt] = [
        timestampFromMs(Date.now() - 12_345),
        timestampFromMs(Math.floor(Date.now() / 1000) * 1000 + 3_600_321),
      ];
      await run.given(
        events.stepCreated('step_1', { stepName }),
        events.stepStarted('step_1'),
        events.stepRetrying('step_1', run.failure(), retryAfter),
        events.hookCreated('hook_1', token, { metadata: bytes('devl1') }),
        events.waitCreated('wait_1', resumeAt),
        events.runFailed(run.failure(), 'CODE_7'),
      );
      const reads = async (resolveData: ResolveData) => {
        const { events: service } = t.api;
        const log = await run.log({ resolveData });
        const single = await Promise.all(
          idsOf(log).map(
            async (eventId) =>
              (await service.getEvent({ runId: run.id, eventId, resolveData })).event!,
          ),
        );
        const down = await service.listEvents({
          runId: run.id,
          resolveData,
          page: { sortOrder: SortOrder.DESCENDING, limit: 100 },
        });
        return { log, single, down: down.events.toReversed() };
      };
      for (const resolveData of [ResolveData.ALL, ResolveData.NONE])
        for (const [what, log] of Object.entries(await reads(resolveData))) {
          const told = log.map(({ data }) => {
            if (data.case === 'stepCreated') return data.value.stepName;
            if (data.case === 'stepRetrying') return data.value.retryAfter;
            if (data.case === 'hookCreated') return data.value.token;
            if (data.case === 'waitCreated') return data.value.resumeAt;
            if (data.case === 'runFailed') return data.value.errorCode;
            return undefined;
          });
          const wanted = [stepName, undefined, retryAfter, token, resumeAt, 'CODE_7'];
          t.equal(told.slice(2), wanted, `${what} under ${ResolveData[resolveData]}`);
        }
    },
  ),
  check(
    'log/attribute-changes-without-payloads',
    'The changes of attr_set are returned as written, also without payloads',
    { requirements: ['WW-LOG-004'], capabilities: ['ATTRIBUTES'] },
    async (t) => {
      const run = await t.startedRun();
      const changes = [{ key: 'a', value: '1' }, { key: 'b', value: 'é "x"' }, { key: 'c' }];
      await run.given(
        events.attrSet('attr_1', { changes, writer: { writer: { case: 'workflow', value: {} } } }),
      );
      for (const resolveData of [ResolveData.ALL, ResolveData.NONE]) {
        const data = (await run.log({ resolveData })).at(-1)?.data;
        const told = data?.case === 'attrSet' ? data.value.changes : [];
        t.equal(
          told.map(({ key, value }) => [key, value]),
          changes.map(({ key, value }) => [key, value]),
          'the changes',
        );
      }
    },
  ),
  check(
    'log/created-at',
    'The time of an event is a whole millisecond, the same on every read, and never runs back',
    { requirements: ['WW-LOG-007', 'WW-LOG-008'] },
    async (t) => {
      const run = await t.startedRun();
      const apis = [t.client('a'), t.client('b'), t.client('c')];
      let before = 0;
      const answered: Event[] = [];
      for (let index = 0; index < 30; index++) {
        const { event } = await t.accepted('step_created', () =>
          run.write(events.stepCreated(`step_${index}`), { api: apis[index % apis.length]! }),
        );
        const at = atOf(t, 'created_at', event?.createdAt);
        t.ok(Number.isInteger(at), 'created_at is a whole millisecond', 'an integer', at);
        t.ok(at >= before, 'created_at against the event before', `at least ${before}`, at);
        before = at;
        answered.push(event!);
      }
      for (let round = 0; round < 2; round++) {
        const log = await run.log({
          resolveData: round === 0 ? ResolveData.ALL : ResolveData.NONE,
        });
        t.equal(
          log.slice(2).map(({ createdAt }) => createdAt),
          answered.map(({ createdAt }) => createdAt),
          'created_at of the log',
        );
        await t.sleep(5);
      }
    },
  ),
  check(
    'log/occurred-at-orders-nothing',
    'The time that a writer gives orders nothing',
    { requirements: ['WW-LOG-011', 'WW-LOG-030'] },
    async (t) => {
      const run = await t.startedRun();
      const hours = [0, -5, 3, -20, 40, 1, -1];
      for (const [index, hour] of hours.entries())
        await run.given({
          ...events.stepCreated(`step_${index}`),
          occurredAt: timestampFromMs(Date.now() + hour * 3_600_000),
        });
      const ids = (await run.log()).slice(2).map(({ correlationId }) => correlationId);
      t.equal(
        ids,
        hours.map((_, index) => `step_${index}`),
        'the order of the log',
      );
      const { events: down } = await t.api.events.listEvents({
        runId: run.id,
        page: { sortOrder: SortOrder.DESCENDING, limit: hours.length },
      });
      t.equal(
        down.map(({ correlationId }) => correlationId),
        ids.toReversed(),
        'the order, newest first',
      );
    },
  ),
  check(
    'log/writer-notes',
    'What a writer notes of itself and its time is returned as written',
    { requirements: ['WW-LOG-010'] },
    async (t) => {
      const run = await t.startedRun();
      const notes = {
        occurredAt: timestampFromMs(Date.now() - 7_654_321),
        computeInstanceId: t.unique('instance'),
        traceRequestId: t.unique('trace'),
      };
      const { event } = await t.accepted('step_created', () =>
        run.write({ ...events.stepCreated('step_1'), ...notes }),
      );
      for (const one of [event, (await run.log()).at(-1)]) {
        t.equal(one?.occurredAt, notes.occurredAt, 'occurred_at');
        t.equal(one?.computeInstanceId, notes.computeInstanceId, 'compute_instance_id');
        t.equal(one?.traceRequestId, notes.traceRequestId, 'trace_request_id');
      }
    },
  ),
  check(
    'log/accompanying',
    'Timings, and names and tokens that only accompany an event, are returned as written',
    { requirements: ['WW-LOG-012'] },
    async (t) => {
      const run = await t.startedRun();
      const token = t.unique('token');
      const timings = {
        ttfs: 12.5,
        stso: 0.25,
        stepCount: 3,
        eventCount: 9,
        rsfs: 4,
        finalSchedulingReplay: 1.75,
        optimizations: ['a', 'b'],
      };
      await run.given(
        events.stepCreated('step_1', { workflowName: 'wf' }),
        events.stepStarted('step_1', { stepName: 'named', attempt: 1, workflowName: 'wf' }),
        events.stepCompleted('step_1', { stepName: 'named', result: bytes('devl1'), timings }),
        events.hookCreated('hook_1', token),
        events.hookReceived('hook_1', { token, payload: bytes('devl1') }),
        { correlationId: 'hook_1', data: { case: 'hookDisposed', value: { token } } },
      );
      for (const resolveData of [ResolveData.ALL, ResolveData.NONE])
        for (const { data } of await run.log({ resolveData })) {
          if (data.case === 'stepCreated') t.equal(data.value.workflowName, 'wf', 'step_created');
          if (data.case === 'stepStarted') t.equal(data.value.stepName, 'named', 'step_started');
          if (data.case === 'stepCompleted') {
            t.equal(data.value.stepName, 'named', 'step_completed');
            t.equal(data.value.timings as unknown, timings, 'timings');
          }
          if (data.case === 'hookReceived' || data.case === 'hookDisposed')
            t.equal(data.value.token, token, `the token of ${data.case}`);
        }
    },
  ),
  check(
    'log/runs-apart',
    'Two runs whose steps and waits have the same ids have logs of their own',
    { requirements: ['WW-LOG-020', 'WW-PAGE-048'] },
    async (t) => {
      const runs = [await t.startedRun(), await t.startedRun(), await t.startedRun()];
      for (const [index, run] of runs.entries())
        await run.given(
          events.stepCreated('step_same', { input: bytes(`devl${index}`) }),
          events.waitCreated('wait_same'),
          events.hookCreated(`hook_${index}`, t.unique('token')),
          ...(index === 1 ? [events.stepCompleted('step_same')] : []),
        );
      for (const [index, run] of runs.entries()) {
        const log = await run.log();
        t.equal(log.length, index === 1 ? 6 : 5, 'events in the log');
        for (const { runId } of log) t.equal(runId, run.id, 'the run of an event');
        const { events: own } = await t.api.events.listEventsByCorrelation({
          runId: run.id,
          correlationId: 'step_same',
        });
        t.equal(own, about(log, 'step_same'), 'the events of one entity');
        const foreign = (await runs[(index + 1) % 3]!.log())[2]!;
        const read = await t.outcome(() =>
          t.api.events.getEvent({ runId: run.id, eventId: foreign.eventId }),
        );
        // Ids may be those of positions, which other runs have too.
        if ('value' in read) t.equal(read.value.event?.runId, run.id, 'the run of a read event');
      }
    },
  ),
];
