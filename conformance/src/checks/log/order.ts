import { type Event, RunStatus, SortOrder, StepStatus } from '@worldwire/proto';
import { type Check, check } from '../../check.js';
import type { Context } from '../../context.js';
import * as events from '../../fixtures/new-event.js';
import { Race } from '../../fixtures/race.js';
import { about, absentRun, atOf, typesOf } from '../../fixtures/records.js';
import type { RunHandle } from '../../fixtures/run-handle.js';
import type { Api } from '../../wire/api.js';
import { nextMoment } from '../../wire/recorder.js';
import { beginsWith, bytes, idsOf, pause } from './support.js';

/** An accepted event, and when its request was sent and answered. */
interface Written {
  readonly eventId: string;
  readonly sent: number;
  readonly answered: number;
}

const WRITERS = 6;

/** Lets several clients write to one run, and tells when all have. */
function writers(t: Context, run: RunHandle, each: number) {
  const written: Written[] = [];
  let done = false;
  const all = Promise.all(
    Array.from({ length: WRITERS }, async (_, writer) => {
      const api = t.client(`writer ${writer + 1}`);
      for (let index = 0; index < each; index++) {
        const id = `${writer}_${index}`;
        const event =
          index % 3 === 0
            ? events.stepCreated(`step_${id}`)
            : index % 3 === 1
              ? events.waitCreated(`wait_${id}`)
              : events.hookReceived('hook_1', { payload: bytes(id) });
        const sent = nextMoment();
        const { event: stored } = await t.accepted(`${event.data?.case}`, () =>
          run.write(event, { api }),
        );
        written.push({ eventId: stored?.eventId ?? '', sent, answered: nextMoment() });
        if (index % 5 === 4) await pause(t, 2);
      }
    }),
  ).finally(() => {
    done = true;
  });
  return { written, all, isDone: () => done };
}

/** A started run with a hook for payloads. */
async function written(t: Context): Promise<RunHandle> {
  const run = await t.startedRun();
  await run.given(events.hookCreated('hook_1', t.unique('token')));
  return run;
}

/** The order of a log. */
export const orderChecks: readonly Check[] = [
  check(
    'log/acknowledged-is-there',
    'An event is in the log, as its last, when its write is answered, whoever reads',
    { requirements: ['WW-LOG-025', 'WW-LOG-030', 'WW-PAGE-001'] },
    async (t) => {
      const run = await written(t);
      const apis = Array.from({ length: 4 }, (_, index) => t.client(`client ${index + 1}`));
      for (let index = 0; index < 40; index++) {
        const [writer, reader] = [t.random.pick(apis), t.random.pick(apis)];
        const { event } = await t.accepted('step_created', () =>
          run.write(events.stepCreated(`step_${index}`), { api: writer }),
        );
        const page = { sortOrder: SortOrder.DESCENDING, limit: 1 };
        const last = (await reader.events.listEvents({ runId: run.id, page })).events[0];
        t.equal(last, event, 'the last event of the log');
        const eventId = event?.eventId ?? '';
        const read = await t.accepted('GetEvent', () =>
          reader.events.getEvent({ runId: run.id, eventId }),
        );
        t.equal(read.event, event, 'GetEvent');
      }
      const ids = (await run.log()).slice(3).map(({ correlationId }) => correlationId);
      t.equal(
        ids,
        Array.from({ length: 40 }, (_, index) => `step_${index}`),
        'the order',
      );
    },
  ),
  check(
    'log/order-of-many',
    'Events of many clients stand in the log once each, and behind those that were answered before',
    { requirements: ['WW-LOG-025', 'WW-LOG-028', 'WW-LOG-030'] },
    async (t) => {
      const run = await written(t);
      const work = writers(t, run, 40);
      await work.all;
      const log = await run.log();
      const place = new Map(idsOf(log).map((id, index) => [id, index]));
      t.equal(log.length, 3 + work.written.length, 'events in the log');
      t.equal(place.size, log.length, 'different event ids');
      let behind = -1;
      const byAnswer = [...work.written].sort((a, b) => a.answered - b.answered);
      const bySending = [...work.written].sort((a, b) => a.sent - b.sent);
      let next = 0;
      for (const { eventId, sent } of bySending) {
        for (; next < byAnswer.length && byAnswer[next]!.answered < sent; next++)
          behind = Math.max(behind, place.get(byAnswer[next]!.eventId) ?? -1);
        const at = place.get(eventId);
        t.ok(at !== undefined, 'an accepted event is in the log', eventId, 'missing');
        t.ok(at! > behind, 'an event against those answered before it was sent', `> ${behind}`, at);
      }
    },
  ),
  check(
    'log/nothing-vanishes',
    'What one read of a log shows, every later read shows, while many clients write',
    { requirements: ['WW-LOG-002', 'WW-LOG-001'] },
    async (t) => {
      const run = await written(t);
      const work = writers(t, run, 30);
      const seen = new Map<string, string | undefined>();
      const reading = (async () => {
        const api = t.client('reader');
        while (!work.isDone()) {
          const log = await run.log({}, api);
          const now = new Map(log.map(({ eventId, data }) => [eventId, data.case]));
          for (const [id, type] of seen)
            t.equal(now.get(id), type, `an event that was read before, ${id}`);
          for (const [id, type] of now) seen.set(id, type);
        }
      })();
      await Promise.all([work.all, reading]);
      const last = new Set(idsOf(await run.log()));
      for (const id of seen.keys())
        t.ok(last.has(id), 'an event that was read before', id, 'missing');
    },
  ),
  check(
    'log/prefix-reads',
    'Every read of a log that others write to is a prefix of it, without a gap',
    {
      requirements: ['WW-LOG-032', 'WW-LOG-031', 'WW-RUN-009', 'WW-LOG-024'],
      capabilities: ['POSITIONS'],
    },
    async (t) => {
      const run = await written(t);
      const work = writers(t, run, 30);
      const reads: string[][] = [];
      const look = async (
        name: string,
        read: (api: ReturnType<Context['client']>) => Promise<void>,
      ) => {
        const api = t.client(name);
        while (!work.isDone()) await read(api);
      };
      const dense = (log: readonly Event[], what: string, from = 1) => {
        for (const [index, { position }] of log.entries())
          t.equal(Number(position), from + index, `the position of event ${index + 1}, ${what}`);
      };
      await Promise.all([
        work.all,
        look('reader', async (api) => {
          const log = await run.log({}, api);
          dense(log, 'oldest first');
          reads.push(idsOf(log));
        }),
        look('reader of the end', async (api) => {
          const page = { sortOrder: SortOrder.DESCENDING, limit: 20 };
          const { events: down } = await api.events.listEvents({ runId: run.id, page });
          const up = down.toReversed();
          dense(up, 'newest first', Number(up[0]?.position ?? 1n));
        }),
        look('reader of the run', async (api) => {
          const { lastPosition } = await run.get(api);
          const log = await run.log({}, api);
          t.ok(
            BigInt(log.length) >= lastPosition,
            'the log against the last_position that was read before',
            `at least ${lastPosition}`,
            log.length,
          );
          const after = await run.get(api);
          t.ok(
            after.lastPosition >= BigInt(log.length),
            'last_position against the log that was read before',
            `at least ${log.length}`,
            after.lastPosition,
          );
        }),
      ]);
      const final = idsOf(await run.log());
      for (const read of reads) t.ok(beginsWith(final, read), 'a read is a prefix of the log');
      t.equal(Number((await run.get()).lastPosition), final.length, 'last_position at the end');
    },
  ),
  check(
    'log/positions',
    'Positions count the events of a log from 1 and make their ids, also where requests are refused',
    {
      requirements: ['WW-LOG-031', 'WW-LOG-033', 'WW-LOG-034', 'WW-LOG-022'],
      capabilities: ['POSITIONS'],
    },
    async (t) => {
      const run = await written(t);
      const race = new Race(t);
      const rounds = await race.rounds(20, async (round) => {
        await race.run(
          Array.from(
            { length: 6 },
            (_, index) => (api) =>
              run.write(
                index % 2 === 0
                  ? events.stepCreated(`step_${round}`)
                  : events.waitCreated(`wait_${round}_${index}`),
                { api },
              ),
          ),
        );
      });
      const log = await run.log();
      t.equal(log.length, 3 + rounds * 4, 'events in the log');
      for (const [index, { position, eventId }] of log.entries()) {
        t.equal(Number(position), index + 1, 'a position');
        t.equal(eventId, `evnt_${String(index + 1).padStart(26, '0')}`, 'an event id');
      }
      t.equal((await run.get()).lastPosition, BigInt(log.length), 'last_position of the run');
    },
  ),
  check(
    'log/times-in-order',
    'No event of a log is older than the one before it, however many clients write',
    { requirements: ['WW-LOG-035', 'WW-LOG-008'], capabilities: ['POSITIONS'] },
    async (t) => {
      const run = await written(t);
      await writers(t, run, 25).all;
      let before = 0;
      for (const { createdAt, eventId } of await run.log()) {
        const at = atOf(t, 'created_at', createdAt);
        t.ok(at >= before, `created_at of ${eventId}`, `at least ${before}`, at);
        before = at;
      }
    },
  ),
  check(
    'log/pair-of-a-start',
    'A start that creates its run appends both events side by side, whoever else writes',
    { requirements: ['WW-LOG-036', 'WW-RUN-016'], capabilities: ['POSITIONS'] },
    async (t) => {
      const race = new Race(t);
      await race.rounds(30, async () => {
        const run = absentRun(t);
        await race.run([
          ...Array.from(
            { length: 3 },
            () => (api: ReturnType<Context['client']>) =>
              run.write(events.runStarted(events.createsRun()), { api }),
          ),
          ...Array.from(
            { length: 3 },
            (_, index) => (api: ReturnType<Context['client']>) =>
              run.write(events.stepCreated(`step_${index}`), { api }),
          ),
        ]);
        t.equal((await run.types()).slice(0, 2), ['runCreated', 'runStarted'], 'the first events');
      });
    },
  ),
  check(
    'log/pair-of-a-step',
    'A start that creates its step appends both events side by side, whoever else writes',
    { requirements: ['WW-LOG-036', 'WW-LOG-028'], capabilities: ['POSITIONS', 'LAZY_STEPS'] },
    async (t) => {
      const run = await written(t);
      const race = new Race(t);
      await race.rounds(30, async (round) => {
        const outcomes = await race.run([
          ...Array.from(
            { length: 4 },
            (_, index) => (api: ReturnType<Context['client']>) =>
              run.write(events.stepStartedLazily(`step_${round}_${index % 2}`), { api }),
          ),
          (api) => run.write(events.waitCreated(`wait_${round}`), { api }),
          (api) => run.write(events.hookReceived('hook_1'), { api }),
        ]);
        t.equal(outcomes.filter((outcome) => 'value' in outcome).length, 4, 'accepted requests');
      });
      const log = await run.log();
      for (const [index, { data, correlationId }] of log.entries()) {
        if (data.case !== 'stepCreated') continue;
        const next = log[index + 1];
        t.equal(
          [next?.data.case, next?.correlationId],
          ['stepStarted', correlationId],
          `the event behind step_created of ${correlationId}`,
        );
        t.equal(typesOf(about(log, correlationId)).length, 2, `events of ${correlationId}`);
      }
    },
  ),
  check(
    'log/records-with-their-events',
    'No reader sees a record without the event that made it, or an event without its record',
    { requirements: ['WW-LOG-021', 'WW-LOG-024', 'WW-RUN-031'] },
    async (t) => {
      const apis = [t.client('reader of records'), t.client('reader of the log')] as const;
      // One after the other: reads that wait for each other come too late to see anything.
      for (let round = 0; round < 16; round++) {
        const run = await t.startedRun();
        const token = t.unique('token');
        let done = false;
        const writing = (async () => {
          for (const event of [
            events.stepCreated('step_1'),
            events.hookCreated(`hook_${round}`, token),
            events.stepStarted('step_1'),
            events.stepCompleted('step_1'),
            events.runCompleted(),
          ]) {
            await t.accepted(`${event.data?.case}`, () => run.write(event));
            await pause(t, 3);
          }
        })().finally(() => {
          done = true;
        });
        const reading = async (read: () => Promise<void>) => {
          for (let last = false; !last; ) {
            last = done;
            await read();
          }
        };
        await Promise.all([
          writing,
          reading(() => recordsThenLog(t, run, token, apis[0])),
          reading(() => logThenRecords(t, run, token, apis[1])),
        ]);
      }
    },
  ),
];

/** What a record shows is in the log that is read after it. */
async function recordsThenLog(t: Context, run: RunHandle, token: string, api: Api): Promise<void> {
  const { status } = await run.get(api);
  const step = await t.outcome(() => api.steps.getStep({ runId: run.id, stepId: 'step_1' }));
  const hook = await t.outcome(() => api.hooks.getHookByToken({ token }));
  const types = await run.types(api);
  const shows = (record: string, type: string) =>
    t.ok(types.includes(type), `${type} in the log that is read after ${record}`, type, types);
  if (status === RunStatus.COMPLETED) shows('a completed run', 'runCompleted');
  if ('value' in hook) shows('its hook', 'hookCreated');
  if ('refusal' in step) return;
  shows('its step', 'stepCreated');
  const state = step.value.step?.status;
  if (state === StepStatus.RUNNING) shows('a running step', 'stepStarted');
  if (state === StepStatus.COMPLETED) shows('a completed step', 'stepCompleted');
}

/** What a log shows is in the records that are read after it. */
async function logThenRecords(t: Context, run: RunHandle, token: string, api: Api): Promise<void> {
  const types = await run.types(api);
  const has = (type: string) => types.includes(type);
  const step = await t.outcome(() => api.steps.getStep({ runId: run.id, stepId: 'step_1' }));
  const hook = await t.outcome(() => api.hooks.getHookByToken({ token }));
  const { status } = await run.get(api);
  if (has('stepCreated')) t.ok('value' in step, 'the step behind step_created', 'there', step);
  const state = 'value' in step ? (step.value.step?.status ?? 0) : 0;
  if (has('stepStarted'))
    t.ok(state >= StepStatus.RUNNING, 'the state behind step_started', 'running', state);
  if (has('stepCompleted')) t.equal(state, StepStatus.COMPLETED, 'the state behind step_completed');
  if (has('runCompleted')) {
    t.equal(status, RunStatus.COMPLETED, 'the state behind run_completed');
    t.ok('refusal' in hook, 'the hook behind the end of its run', 'gone', hook);
  } else if (has('hookCreated') && 'refusal' in hook)
    t.ok(
      (await run.types(api)).includes('runCompleted'),
      'a hook is gone',
      'with its run',
      'before',
    );
}
