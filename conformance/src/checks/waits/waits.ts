import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { type Event, ResolveData, WaitStatus } from '@worldwire/proto';
import { type Check, check } from '../../check.js';
import type { Context } from '../../context.js';
import * as events from '../../fixtures/new-event.js';
import { about, atOf, dataOf, typesOf, waitOf, waitsOf } from '../../fixtures/records.js';
import type { RunHandle } from '../../fixtures/run-handle.js';

const HOUR_MS = 3_600_000;
const YEAR_MS = 365 * 24 * HOUR_MS;

/** Waits from their creation to their completion. */
export const waitChecks: readonly Check[] = [
  check(
    'waits/resume-at-on-every-read',
    'resume_at of a created wait is returned to the millisecond by every read of its event, with and without data',
    { requirements: ['WW-WAIT-001', 'WW-WAIT-005'] },
    async (t: Context) => {
      const now = Date.now();
      for (const at of [
        now + HOUR_MS + 1,
        now - YEAR_MS + 999,
        now + 30 * YEAR_MS + 123,
        now,
        1_000,
      ]) {
        const run = await t.startedRun();
        const id = t.unique('wait');
        const { event } = await t.accepted(`wait_created until ${new Date(at).toISOString()}`, () =>
          run.write(events.waitCreated(id, timestampFromMs(at))),
        );
        for (const [how, stored] of [
          ['the answer', event] as const,
          ...(await everyRead(t, run, id)),
        ]) {
          t.equal(
            atOf(t, `resume_at by ${how}`, dataOf(t, stored, 'waitCreated').resumeAt),
            at,
            `resume_at by ${how}`,
          );
        }
      }
    },
  ),
  check(
    'waits/answers',
    'The answers to wait_created and wait_completed carry the wait as it is then',
    { requirements: ['WW-WAIT-002', 'WW-WAIT-003', 'WW-WAIT-008'] },
    async (t: Context) => {
      for (const run of [await t.run(), await t.startedRun()]) {
        const id = t.unique('wait');
        const at = Date.now() + HOUR_MS;
        const created = await t.accepted('wait_created', () =>
          run.write(events.waitCreated(id, timestampFromMs(at))),
        );
        t.equal(created.event?.correlationId, id, 'the correlation id of the event');
        t.equal(created.wait?.runId, run.id, 'run_id of the wait');
        t.equal(created.wait?.status, WaitStatus.WAITING, 'the state of a created wait');
        t.equal(atOf(t, 'resume_at', created.wait?.resumeAt), at, 'resume_at of a created wait');
        t.ok(created.wait?.completedAt === undefined, 'a created wait has no completed_at');
        const completed = await t.accepted('wait_completed long before resume_at', () =>
          run.write(events.waitCompleted(id)),
        );
        t.equal(completed.event?.data.case, 'waitCompleted', 'the event');
        t.equal(completed.wait?.status, WaitStatus.COMPLETED, 'the state of a completed wait');
        t.equal(completed.wait?.waitId, created.wait?.waitId, 'the wait of both answers');
        t.equal(
          atOf(t, 'resume_at', completed.wait?.resumeAt),
          at,
          'resume_at of a completed wait',
        );
        t.ok(completed.wait?.completedAt !== undefined, 'a completed wait has completed_at');
        t.equal(
          typesOf(about(await run.log(), id)),
          ['waitCreated', 'waitCompleted'],
          'the events',
        );
      }
    },
  ),
  check(
    'waits/without-time-refused',
    'A wait without resume_at is refused, and leaves nothing',
    { requirements: ['WW-WAIT-004'] },
    async (t: Context) => {
      const run = await t.startedRun();
      const id = t.unique('wait');
      await t.refused(
        'wait_created without resume_at',
        () => run.write({ correlationId: id, data: { case: 'waitCreated', value: {} } }),
        'INVALID_ARGUMENT',
      );
      t.equal(await run.types(), ['runCreated', 'runStarted'], 'the log');
      await t.refused(
        'its completion',
        () => run.write(events.waitCompleted(id)),
        'WAIT_NOT_FOUND',
      );
      await t.accepted('the same id with a time', () => run.write(events.waitCreated(id)));
    },
  ),
  check(
    'waits/many-in-a-run',
    'A run may have many waits, and each completes by itself, in any order and once',
    { requirements: ['WW-WAIT-002', 'WW-WAIT-003', 'WW-WAIT-006', 'WW-WAIT-007'] },
    async (t: Context) => {
      const run = await t.startedRun();
      const ids = Array.from({ length: 5 }, () => t.unique('wait'));
      for (const id of ids)
        await t.accepted('wait_created', () => run.write(events.waitCreated(id)));
      const log = ids.map(() => 'waitCreated');
      for (const id of [...ids].reverse()) {
        await t.refused(
          'wait_created of a wait that is there',
          () => run.write(events.waitCreated(id)),
          'WAIT_ALREADY_EXISTS',
        );
        await t.accepted('wait_completed', () => run.write(events.waitCompleted(id)));
        log.push('waitCompleted');
        await t.refused(
          'wait_completed again',
          () => run.write(events.waitCompleted(id)),
          'WAIT_ALREADY_COMPLETED',
        );
        await t.refused(
          'wait_created of a completed wait',
          () => run.write(events.waitCreated(id)),
          'WAIT_ALREADY_EXISTS',
        );
      }
      t.equal((await run.types()).slice(2), log, 'the log');
    },
  ),
  check(
    'waits/same-id-in-two-runs',
    'The same wait id in two runs is two waits',
    { requirements: ['WW-WAIT-010'] },
    async (t: Context) => {
      const [first, second] = [await t.startedRun(), await t.startedRun()];
      const id = t.unique('wait');
      const times = [Date.now() + HOUR_MS, Date.now() + 2 * HOUR_MS];
      for (const [at, run] of [first, second].entries()) {
        const { wait } = await t.accepted('wait_created', () =>
          run.write(events.waitCreated(id, timestampFromMs(times[at]!))),
        );
        t.equal(atOf(t, 'resume_at', wait?.resumeAt), times[at], 'resume_at');
      }
      await first.given(events.waitCompleted(id));
      const { wait } = await t.accepted('wait_completed of the other wait', () =>
        second.write(events.waitCompleted(id)),
      );
      t.equal(atOf(t, 'resume_at', wait?.resumeAt), times[1], 'resume_at of the other wait');
      t.equal(wait?.runId, second.id, 'its run');
      for (const run of [first, second])
        t.equal(
          typesOf(about(await run.log(), id)),
          ['waitCreated', 'waitCompleted'],
          'the events',
        );
    },
  ),
  check(
    'waits/reads',
    'GetWait and ListWaits show a wait in the state that the log leads to, with times that stand',
    { requirements: ['WW-WAIT-011', 'WW-WAIT-012'], capabilities: ['WAIT_READS'] },
    async (t: Context) => {
      const run = await t.startedRun();
      const other = await t.startedRun();
      const id = t.unique('wait');
      const at = Date.now() + HOUR_MS;
      await other.given(events.waitCreated(id));
      const { wait: created } = await run.write(events.waitCreated(id, timestampFromMs(at)));
      const judge = async (status: WaitStatus) => {
        const listed = await waitsOf(run, t.api);
        t.equal(
          listed.map(({ waitId }) => waitId),
          [id],
          'the waits of the run',
        );
        for (const wait of [await waitOf(t, run, id), ...listed]) {
          t.equal(wait.status, status, 'the state');
          t.equal(atOf(t, 'resume_at', wait.resumeAt), at, 'resume_at');
          t.equal(wait.createdAt, created?.createdAt, 'created_at');
          t.equal(wait.runId, run.id, 'run_id');
          const isDone = status === WaitStatus.COMPLETED;
          t.equal(wait.completedAt !== undefined, isDone, 'whether completed_at is set');
        }
      };
      await judge(WaitStatus.WAITING);
      await t.sleep(3);
      await run.given(events.waitCompleted(id));
      await judge(WaitStatus.COMPLETED);
      const done = await waitOf(t, run, id);
      await t.outcome(() => run.write(events.waitCompleted(id)));
      await t.outcome(() => run.write(events.waitCreated(id)));
      t.equal(await waitOf(t, run, id), done, 'a completed wait after refused events');
      t.equal((await waitOf(t, other, id)).status, WaitStatus.WAITING, 'the wait of the other run');
    },
  ),
];

/** The creating event by each read that returns events. */
async function everyRead(
  t: Context,
  run: RunHandle,
  correlationId: string,
): Promise<[how: string, event: Event | undefined][]> {
  const log = t.api.events;
  const found: [string, Event | undefined][] = [];
  for (const resolveData of [ResolveData.ALL, ResolveData.NONE]) {
    const how = resolveData === ResolveData.ALL ? 'with data' : 'without data';
    const listed = (await run.log({ resolveData })).at(-1);
    found.push([`ListEvents ${how}`, listed]);
    const eventId = listed?.eventId ?? '';
    const { event } = await log.getEvent({ runId: run.id, eventId, resolveData });
    found.push([`GetEvent ${how}`, event]);
    const related = await log.listEventsByCorrelation({
      runId: run.id,
      correlationId,
      resolveData,
    });
    found.push([`ListEventsByCorrelation ${how}`, related.events[0]]);
  }
  return found;
}
