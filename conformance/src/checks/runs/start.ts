import { RunStatus } from '@worldwire/proto';
import { type Check, check } from '../../check.js';
import {
  attrSet,
  createsRun,
  runCompleted,
  runCreated,
  runStarted,
} from '../../fixtures/new-event.js';
import { accepted, Race } from '../../fixtures/race.js';
import { absentRun, atOf, countOf } from '../../fixtures/records.js';

const utf8 = (text: string) => new TextEncoder().encode(text);

/** How a run begins. */
export const runStartChecks: readonly Check[] = [
  check(
    'runs/start-creates',
    'A start with create of an absent run writes run_created and run_started and keeps create out of the second',
    { requirements: ['WW-RUN-016', 'WW-RUN-017'] },
    async (t) => {
      const run = absentRun(t);
      const create = createsRun({ input: utf8('devl"lazy"') });
      const { event, run: answered } = await t.accepted('run_started with create', () =>
        run.write(runStarted(create)),
      );
      t.equal(event?.data.case, 'runStarted', 'the event of the answer');
      t.equal(answered?.status, RunStatus.RUNNING, 'the state by the answer');
      const log = await run.log();
      t.equal(await run.types(), ['runCreated', 'runStarted'], 'the log');
      const { eventId = '' } = log[1] ?? {};
      const read = await t.api.events.getEvent({ runId: run.id, eventId });
      for (const stored of [event, log[1], read.event])
        if (stored?.data.case === 'runStarted')
          t.ok(stored.data.value.create === undefined, 'run_started carries no create', '', stored);
    },
  ),
  check(
    'runs/start-ignores-create',
    'A start with create of a run that exists changes nothing of what its creation said',
    { requirements: ['WW-RUN-017', 'WW-RUN-018'] },
    async (t) => {
      const other = createsRun({
        workflowName: t.unique('other'),
        deploymentId: t.unique('dpl'),
        input: utf8('devl"other"'),
        executionContext: { other: true },
        ...(t.has('ATTRIBUTES') ? { attributes: { other: 'yes' } } : {}),
      });
      const own = {
        input: utf8('devl"own"'),
        executionContext: { own: 1 },
        ...(t.has('ATTRIBUTES') ? { attributes: { own: 'yes' } } : {}),
      };
      const run = await t.run({ create: own });
      const before = await run.get();
      for (const state of ['pending', 'running']) {
        await t.accepted(`the start of a ${state} run`, () => run.write(runStarted(other)));
        const after = await run.get();
        for (const name of [
          'workflowName',
          'deploymentId',
          'input',
          'executionContext',
          'attributes',
        ] as const)
          t.equal(after[name], before[name], `${name} after the start of a ${state} run`);
      }
      const log = await run.log();
      t.equal(await run.types(), ['runCreated', 'runStarted'], 'the log');
      const [, started] = log;
      t.ok(
        started?.data.case === 'runStarted' && started.data.value.create === undefined,
        'run_started carries no create',
        'unset',
        started,
      );
    },
  ),
  check(
    'runs/start-of-running',
    'A start of a running run answers with the run as it was started and writes nothing',
    { requirements: ['WW-RUN-019', 'WW-RUN-020'] },
    async (t) => {
      const run = await t.run({ create: { input: utf8('devl"in"') } });
      const first = await t.accepted('the first start', () => run.write(runStarted()));
      const startedAt = atOf(t, 'started_at of the first answer', first.run?.startedAt);
      for (let again = 0; again < 3; again++) {
        await t.sleep(3);
        const next = await t.accepted('another start', () =>
          run.write(again === 1 ? runStarted(createsRun()) : runStarted()),
        );
        t.ok(next.event === undefined, 'another start writes no event', 'no event', next.event);
        t.equal(next.run?.runId, run.id, 'the run of the answer');
        t.equal(next.run?.status, RunStatus.RUNNING, 'the state');
        t.equal(next.run?.input, utf8('devl"in"'), 'the input of the answer');
        t.equal(atOf(t, 'started_at', next.run?.startedAt), startedAt, 'started_at of the answer');
      }
      if (t.has('ATTRIBUTES'))
        await run.given(
          attrSet('attr_one', {
            changes: [{ key: 'colour', value: 'blue' }],
            writer: { writer: { case: 'workflow', value: {} } },
          }),
        );
      await run.given(runCompleted());
      t.equal(
        atOf(t, 'started_at', (await run.get()).startedAt),
        startedAt,
        'started_at at the end',
      );
      t.equal(countOf(await run.log(), 'runStarted'), 1, 'run_started events');
    },
  ),
  check(
    'runs/start-race',
    'However many start a run at the same time, all succeed and one writes the event',
    { requirements: ['WW-RUN-020', 'WW-RUN-021', 'WW-RUN-019'] },
    async (t) => {
      const race = new Race(t);
      await race.rounds(60, async (round) => {
        const run = absentRun(t);
        if (round % 2 === 0) await run.given(runCreated());
        const event = () => runStarted(round % 2 === 0 ? undefined : createsRun());
        const outcomes = await race.run(
          Array.from({ length: 8 }, () => (api) => run.write(event(), { api })),
        );
        const answers = accepted(outcomes);
        t.equal(answers.length, 8, 'accepted starts');
        const log = await run.log();
        t.equal(await run.types(), ['runCreated', 'runStarted'], 'the log');
        t.equal(
          answers.filter((answer) => answer.event !== undefined).length,
          1,
          'answers that carry the event',
        );
        const startedAt = atOf(t, 'started_at', (await run.get()).startedAt);
        for (const { run: answered } of answers) {
          t.equal(answered?.status, RunStatus.RUNNING, 'the state of an answer');
          t.equal(atOf(t, 'started_at', answered?.startedAt), startedAt, 'started_at of an answer');
        }
        t.equal(log.length, 2, 'events');
      });
    },
  ),
  check(
    'runs/max-events-told',
    'The answer to a start says how many events the log may hold',
    { requirements: ['WW-RUN-038'] },
    async (t) => {
      const { maxEvents } = t.facts.limits;
      if (maxEvents === 0) t.notApplicable('the World announces no limit of events');
      const run = await t.run();
      for (const which of ['first', 'second']) {
        const answer = await t.accepted(`the ${which} start`, () => run.write(runStarted()));
        t.equal(answer.maxEvents, maxEvents, `max_events of the answer to the ${which} start`);
      }
    },
  ),
];
