import { timestampMs } from '@bufbuild/protobuf/wkt';
import { type Check, check } from '../../check.js';
import type { Context } from '../../context.js';
import { runCreated, runStarted } from '../../fixtures/new-event.js';
import { RunHandle } from '../../fixtures/run-handle.js';

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
/** The highest bit of the 48 that hold a ULID's time. */
const HIGHEST_BIT = 2 ** 47;

/** A run id as SDKs make them, of a time. */
function runIdAt(t: Context, timeMs: number): string {
  let time = '';
  for (let rest = timeMs, digit = 0; digit < 10; digit++) {
    time = CROCKFORD[rest % 32] + time;
    rest = Math.floor(rest / 32);
  }
  return `wrun_${time}${t.random.text(16)}`;
}

/** The World's time, to a second or so. */
async function timeOf(t: Context): Promise<number> {
  const run = await t.run();
  const { createdAt } = await run.get();
  if (createdAt === undefined) t.fail('a run has no created_at', 'a time', 'none');
  return timestampMs(createdAt);
}

const createdAs = (t: Context, runId: string) =>
  t.api.events.createEvent({ runId, event: runCreated() });

/** Ids of runs. */
export const runIdChecks: readonly Check[] = [
  check(
    'identifiers/run-id-made',
    'A run without an id is given one that no other run has, on the event and on the run',
    { requirements: ['WW-ID-012', 'WW-RUN-012'] },
    async (t) => {
      const made = await Promise.all(
        Array.from({ length: 40 }, () => t.api.events.createEvent({ event: runCreated() })),
      );
      for (const { event, run } of made) {
        t.ok(run?.runId, 'the run has no id', 'an id', run);
        t.equal(event?.runId, run?.runId, 'the run id of the event');
      }
      const ids = made.map(({ run }) => run!.runId);
      t.equal(new Set(ids).size, ids.length, 'the number of different ids');
      const { run } = await t.api.runs.getRun({ runId: ids[0]! });
      t.equal(run?.runId, ids[0], 'the id of the run that is read');
    },
  ),
  check(
    'identifiers/run-id-made-as-sdks-do',
    'A run id that the World makes is wrun_ and a ULID of its time',
    { requirements: ['WW-ID-013'] },
    async (t) => {
      const run = await t.run();
      const ulid = /^wrun_([0-7][0-9A-HJKMNP-TV-Z]{9})[0-9A-HJKMNP-TV-Z]{16}$/.exec(run.id)?.[1];
      if (ulid === undefined)
        return t.fail('the run id has another form', 'wrun_ and a ULID', run.id);
      let time = 0;
      for (const digit of ulid) time = time * 32 + CROCKFORD.indexOf(digit);
      const { createdAt } = await run.get();
      const apart = Math.abs((time % HIGHEST_BIT) - timestampMs(createdAt!));
      t.ok(
        apart < MINUTE_MS,
        'the time of the ULID is far from created_at',
        'less than a minute',
        apart,
      );
    },
  ),
  check(
    'identifiers/run-id-kept',
    'A run has the id that its client gave it',
    { requirements: ['WW-ID-014'] },
    async (t) => {
      const now = await timeOf(t);
      for (const event of [
        runCreated(),
        runStarted({ workflowName: 'conformance', deploymentId: 'dpl', input: new Uint8Array(1) }),
      ]) {
        const runId = runIdAt(t, now);
        const { run } = await t.accepted('a run of an id as SDKs make them', () =>
          t.api.events.createEvent({ runId, event }),
        );
        t.equal(run?.runId, runId, 'the id in the answer');
        const handle = RunHandle.of(t, runId);
        t.equal((await handle.get()).runId, runId, 'the id of the run');
        for (const each of await handle.log()) t.equal(each.runId, runId, 'the run id of an event');
      }
    },
  ),
  check(
    'identifiers/run-id-of-another-form',
    'Run ids of another form are taken',
    { requirements: ['WW-ID-015'] },
    async (t) => {
      const end = t.random.text(16);
      for (const runId of [
        `run-${end}`,
        end,
        `wrun_hc_${end}`,
        `wrun_${end.toLowerCase()}`,
        `123e4567-e89b-12d3-a456-${end}`,
        `_${end}`,
      ]) {
        const { run } = await t.accepted(`a run of the id ${runId}`, () => createdAs(t, runId));
        t.equal(run?.runId, runId, 'the id of the run');
      }
    },
  ),
  check(
    'identifiers/run-id-of-another-time',
    'A run id of a time long past or ahead is refused, and one of the last day taken',
    { requirements: ['WW-ID-016', 'WW-ID-017'] },
    async (t) => {
      const now = await timeOf(t);
      for (const [what, time] of [
        ['25 hours ago', now - 25 * HOUR_MS],
        ['a day and a minute ago', now - 24 * HOUR_MS - MINUTE_MS],
        ['a year ago', now - 8_760 * HOUR_MS],
        ['1970', 0],
        ['ten minutes ahead', now + 10 * MINUTE_MS],
        ['two days ahead', now + 48 * HOUR_MS],
        ['the year 6429', HIGHEST_BIT - 1],
      ] as const) {
        const runId = runIdAt(t, time);
        await t.refused(
          `a run id of ${what}`,
          () => createdAs(t, runId),
          'RUN_ID_TIME_OUT_OF_RANGE',
          { run_id: runId },
        );
        await t.refused(
          'a read of the refused run',
          () => t.api.runs.getRun({ runId }),
          'RUN_NOT_FOUND',
        );
      }
      for (const [what, time] of [
        ['23 hours ago', now - 23 * HOUR_MS],
        ['an hour ago', now - HOUR_MS],
        ['now', now],
        ['almost four minutes ahead', now + 4 * MINUTE_MS - 5_000],
      ] as const)
        await t.accepted(`a run id of ${what}`, () => createdAs(t, runIdAt(t, time)));
    },
  ),
  check(
    'identifiers/run-id-with-a-region',
    'The time of a run id is read without its highest bit',
    { requirements: ['WW-ID-018'] },
    async (t) => {
      const now = await timeOf(t);
      await t.accepted('a run id of now with the highest bit', () =>
        createdAs(t, runIdAt(t, now + HIGHEST_BIT)),
      );
      await t.refused(
        'a run id of two days ago with the highest bit',
        () => createdAs(t, runIdAt(t, now - 48 * HOUR_MS + HIGHEST_BIT)),
        'RUN_ID_TIME_OUT_OF_RANGE',
      );
    },
  ),
];
