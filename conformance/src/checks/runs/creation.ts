import { isDeepStrictEqual } from 'node:util';
import { RunStatus } from '@worldwire/proto';
import { type Check, check } from '../../check.js';
import type { Context } from '../../context.js';
import { createsRun, runCreated, runStarted } from '../../fixtures/new-event.js';
import { accepted, type Contestant, Race, reasons } from '../../fixtures/race.js';
import { absentRun, countOf, newRunId, typesOf } from '../../fixtures/records.js';
import { RunHandle } from '../../fixtures/run-handle.js';

/** How a run comes to be. */
export const runCreationChecks: readonly Check[] = [
  check(
    'runs/created-pending',
    'A created run is pending, was not started and has not ended',
    { requirements: ['WW-RUN-011', 'WW-RUN-037'] },
    async (t: Context) => {
      const run = absentRun(t);
      const { run: answered, event } = await t.accepted('run_created', () =>
        run.write(runCreated()),
      );
      t.equal(event?.data.case, 'runCreated', 'the event of the answer');
      for (const record of [answered, await run.get()]) {
        t.equal(record?.runId, run.id, 'the id');
        t.equal(record?.status, RunStatus.PENDING, 'the state');
        t.ok(record?.startedAt === undefined, 'no started_at', 'unset', record?.startedAt);
        t.ok(record?.completedAt === undefined, 'no completed_at', 'unset', record?.completedAt);
        t.ok(
          record?.output === undefined && record?.error === undefined,
          'neither output nor error',
        );
      }
      t.equal(await run.types(), ['runCreated'], 'the log');
    },
  ),
  check(
    'runs/id-by-world',
    'Runs that are created without an id get ids of their own',
    { requirements: ['WW-RUN-012'] },
    async (t: Context) => {
      const answers = await Promise.all(
        Array.from({ length: 20 }, () =>
          t.accepted('run_created without run_id', () =>
            t.api.events.createEvent({ event: runCreated() }),
          ),
        ),
      );
      const ids = answers.map(({ run, event }) => {
        t.ok(run?.runId, 'the answer carries a run with an id', 'an id', run?.runId);
        t.equal(event?.runId, run?.runId, 'the run id of the event');
        return run?.runId ?? '';
      });
      t.equal(new Set(ids).size, ids.length, 'the number of different ids');
      for (const id of ids.slice(0, 3))
        t.equal(await RunHandle.of(t, id).types(), ['runCreated'], `the log of ${id}`);
    },
  ),
  check(
    'runs/creation-race',
    'Of many creations of one run id at the same time, by either event, one creates the run',
    { requirements: ['WW-RUN-013', 'WW-RUN-021'] },
    async (t: Context) => {
      const race = new Race(t);
      await race.rounds(60, async (round) => {
        const run = absentRun(t);
        const creations = round % 3 === 0 ? 8 : 4;
        const starts = round % 3 === 0 ? 0 : 4;
        const contestants: Contestant<unknown>[] = [
          ...Array.from({ length: creations }, (_, index): Contestant<unknown> => {
            const input = new TextEncoder().encode(`devl${index}`);
            return (api) => run.write(runCreated({ input }), { api });
          }),
          ...Array.from({ length: starts }, (_, index): Contestant<unknown> => {
            const input = new TextEncoder().encode(`devl${creations + index}`);
            return (api) => run.write(runStarted(createsRun({ input })), { api });
          }),
        ];
        const outcomes = await race.run(contestants);
        const log = await run.log();
        t.equal(countOf(log, 'runCreated'), 1, 'run_created events in the log');
        t.equal(countOf(log, 'runStarted'), starts > 0 ? 1 : 0, 'run_started events in the log');
        const created = accepted(outcomes.slice(0, creations)).length;
        t.ok(
          created === 1 || (created === 0 && starts > 0),
          'accepted run_created',
          starts > 0 ? 'at most 1' : 1,
          created,
        );
        t.equal(accepted(outcomes.slice(creations)).length, starts, 'accepted starts');
        for (const reason of reasons(outcomes)) t.equal(reason, 'RUN_ALREADY_EXISTS', 'a reason');
        const { input } = await run.get();
        const [first] = log;
        t.ok(
          first?.data.case === 'runCreated' && isDeepStrictEqual(first.data.value.input, input),
          'the run holds the input of its one run_created',
          first,
          input,
        );
      });
    },
  ),
  check(
    'runs/creation-incomplete',
    'A creation without a workflow or a deployment is refused and leaves no run',
    { requirements: ['WW-RUN-014'] },
    async (t: Context) => {
      for (const lack of [{ workflowName: '' }, { deploymentId: '' }])
        for (const event of [runCreated(lack), runStarted(createsRun(lack))]) {
          const run = absentRun(t);
          const what = `${event.data?.case} with an empty ${Object.keys(lack)[0]}`;
          await t.refused(what, () => run.write(event), 'INVALID_ARGUMENT');
          await t.refused(`GetRun after ${what}`, () => run.get(), 'RUN_NOT_FOUND');
          await t.accepted('the same id afterwards', () => run.write(runCreated()));
          t.equal(await run.types(), ['runCreated'], 'the log');
        }
    },
  ),
  check(
    'runs/never-without-creation',
    'Nobody sees a run, at any moment of its creation, whose log does not begin with run_created',
    { requirements: ['WW-RUN-015', 'WW-RUN-016'] },
    async (t: Context) => {
      const race = new Race(t);
      const look = t.client('watcher');
      await race.rounds(40, async (round) => {
        const run = RunHandle.of(t, newRunId(t));
        const byStart = round % 2 === 0;
        let done = false;
        const write = run
          .write(byStart ? runStarted(createsRun()) : runCreated())
          .finally(() => (done = true));
        const watching = (async () => {
          for (let last = false; !last; ) {
            last = done;
            const seen = await t.outcome(() => run.get(look));
            if ('refusal' in seen) continue;
            const types = typesOf(await run.log({}, look));
            t.equal(types[0], 'runCreated', 'the first event of a run that is seen');
            if (byStart) {
              t.equal(types, ['runCreated', 'runStarted'], 'the log that one request made');
              t.equal(seen.value.status, RunStatus.RUNNING, 'the state that one request made');
            }
          }
        })();
        await Promise.all([t.accepted('the creation', () => write), watching]);
      });
    },
  ),
];
