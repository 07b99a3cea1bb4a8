import { StepStatus } from '@worldwire/proto';
import { type Check, check } from '../../check.js';
import type { Context } from '../../context.js';
import * as events from '../../fixtures/new-event.js';
import { accepted, type Contestant, Race, reasons } from '../../fixtures/race.js';
import { about, absentRun, dataOf, stepOf, typesOf } from '../../fixtures/records.js';

const utf8 = (text: string) => new TextEncoder().encode(text);

/** How steps are created and tried. */
export const stepTryChecks: readonly Check[] = [
  check(
    'steps/created-pending',
    'A created step is pending, was never started and has no retry time',
    { requirements: ['WW-STEP-012', 'WW-STEP-015', 'WW-STEP-010'] },
    async (t: Context) => {
      const run = await t.run();
      const id = t.unique('step');
      const { step } = await t.accepted('step_created', () => run.write(events.stepCreated(id)));
      for (const record of [step, await stepOf(t, run, id)]) {
        t.equal(record?.status, StepStatus.PENDING, 'the state');
        t.equal(record?.attempt, 0, 'attempt');
        for (const name of ['startedAt', 'completedAt', 'retryAfter'] as const)
          t.ok(record?.[name] === undefined, `${name} is not set`, 'unset', record?.[name]);
        t.ok(
          record?.output === undefined && record?.error === undefined,
          'neither output nor error',
        );
      }
    },
  ),
  check(
    'steps/unnamed-refused',
    'A step without a name is refused, and leaves nothing',
    { requirements: ['WW-STEP-017'] },
    async (t: Context) => {
      const run = await t.startedRun();
      const id = t.unique('step');
      await t.refused(
        'step_created with an empty step_name',
        () => run.write(events.stepCreated(id, { stepName: '' })),
        'INVALID_ARGUMENT',
      );
      t.equal(await run.types(), ['runCreated', 'runStarted'], 'the log');
      await t.refused('GetStep', () => stepOf(t, run, id), 'STEP_NOT_FOUND');
      await t.accepted('the same id with a name', () => run.write(events.stepCreated(id)));
    },
  ),
  check(
    'steps/start-answers-whole',
    'The answer to a start is the whole step: name, input, count and times',
    { requirements: ['WW-STEP-012', 'WW-STEP-013', 'WW-STEP-026'] },
    async (t: Context) => {
      const run = await t.startedRun();
      const id = t.unique('step');
      const input = utf8('devl[{"deep":[1,2,3]}]');
      await run.given(events.stepCreated(id, { stepName: 'theStep', input }));
      const starts = [events.stepStarted(id), events.stepStarted(id), events.stepStarted(id)];
      for (const [at, start] of starts.entries()) {
        if (at === 2) await run.given(events.stepRetrying(id, run.failure('try 2 broke')));
        const { step, event } = await t.accepted(`start ${at + 1}`, () => run.write(start));
        t.equal(event?.data.case, 'stepStarted', 'the event of the answer');
        t.equal(event?.correlationId, id, 'its correlation id');
        const read = await stepOf(t, run, id);
        t.equal(step?.runId, run.id, 'run_id');
        t.equal(step?.stepName, 'theStep', 'step_name');
        t.equal(step?.input, input, 'input');
        t.equal(step?.status, StepStatus.RUNNING, 'the state');
        t.equal(step?.attempt, at + 1, 'attempt');
        t.equal(step?.startedAt, read.startedAt, 'started_at');
        t.ok(step?.startedAt !== undefined, 'started_at is set');
        t.equal(step?.createdAt, read.createdAt, 'created_at');
      }
    },
  ),
  check(
    'steps/attempt-is-counted',
    'attempt is the number of starts, whatever the requests claim, and starts alone move it',
    { requirements: ['WW-STEP-023', 'WW-STEP-024', 'WW-STEP-036'] },
    async (t: Context) => {
      const run = await t.startedRun();
      const id = t.unique('step');
      await run.given(events.stepCreated(id));
      for (const [at, attempt] of [7, 1, undefined, 0, 2_147_483_647].entries()) {
        const claim = attempt === undefined ? {} : { attempt };
        const { step } = await t.accepted(`a start that claims ${attempt}`, () =>
          run.write(events.stepStarted(id, claim)),
        );
        t.equal(step?.attempt, at + 1, 'attempt of the answer');
        t.equal((await stepOf(t, run, id)).attempt, at + 1, 'attempt of the step');
        if (at % 2 === 0) await run.given(events.stepRetrying(id, run.failure()));
        t.equal((await stepOf(t, run, id)).attempt, at + 1, 'attempt after what followed');
      }
      const { step } = await run.write(events.stepCompleted(id));
      t.equal(step?.attempt, 5, 'attempt of the completed step');
    },
  ),
  check(
    'steps/attempt-in-events',
    'Each stored start carries the count of the World',
    { requirements: ['WW-STEP-025'] },
    async (t: Context) => {
      const run = await t.startedRun();
      const id = t.unique('step');
      await run.given(
        events.stepCreated(id),
        events.stepStarted(id, { attempt: 9 }),
        events.stepStarted(id),
        events.stepRetrying(id, run.failure()),
        events.stepStarted(id, { attempt: 1 }),
      );
      const attempts = about(await run.log(), id).flatMap(({ data }) =>
        data.case === 'stepStarted' ? [data.value.attempt] : [],
      );
      t.equal(attempts, [1, 2, 3], 'attempt of the starts in the log');
    },
  ),
  check(
    'steps/owner-is-kept',
    'owner_message_id of a start is returned with its event',
    { requirements: ['WW-STEP-028'] },
    async (t: Context) => {
      const run = await t.startedRun();
      const id = t.unique('step');
      await run.given(events.stepCreated(id));
      const ownerMessageId = t.unique('msg');
      const { event } = await run.write(events.stepStarted(id, { ownerMessageId }));
      for (const stored of [event, about(await run.log(), id).at(-1)])
        t.ok(
          stored?.data.case === 'stepStarted' &&
            stored.data.value.ownerMessageId === ownerMessageId,
          'owner_message_id of the start',
          ownerMessageId,
          stored,
        );
    },
  ),
  check(
    'steps/compute-instance-of-latest',
    'compute_instance_id of a step is that of its latest start',
    { requirements: ['WW-STEP-029'] },
    async (t: Context) => {
      const run = await t.startedRun();
      const id = t.unique('step');
      await run.given(events.stepCreated(id));
      for (const computeInstanceId of [t.unique('host'), t.unique('host')]) {
        await run.given({ ...events.stepStarted(id), computeInstanceId });
        t.equal((await stepOf(t, run, id)).computeInstanceId, computeInstanceId, 'after a start');
      }
    },
  ),
  check(
    'steps/lazy-creation',
    'A start with a name and an input creates the step, and keeps the input with the creation',
    {
      requirements: ['WW-STEP-018', 'WW-STEP-019', 'WW-STEP-020', 'WW-STEP-015'],
      capabilities: ['LAZY_STEPS'],
    },
    async (t: Context) => {
      const run = await t.startedRun();
      const id = t.unique('step');
      const input = utf8('devl["lazy"]');
      const start = events.stepStarted(id, { stepName: 'lazyStep', input });
      const answer = await t.accepted('a start with input', () => run.write(start));
      t.equal(answer.stepCreated, true, 'step_created of the answer');
      t.equal(answer.event?.data.case, 'stepStarted', 'the event of the answer');
      for (const step of [answer.step, await stepOf(t, run, id)]) {
        t.equal(step?.stepName, 'lazyStep', 'step_name');
        t.equal(step?.input, input, 'input');
        t.equal(step?.attempt, 1, 'attempt');
        t.equal(step?.status, StepStatus.RUNNING, 'the state');
      }
      const [created, started, ...more] = about(await run.log(), id);
      t.equal(more.length, 0, 'further events');
      t.equal(dataOf(t, created, 'stepCreated').stepName, 'lazyStep', 'step_name of step_created');
      t.equal(dataOf(t, created, 'stepCreated').input, input, 'input of step_created');
      for (const event of [started, answer.event])
        t.ok(
          event?.data.case === 'stepStarted' && event.data.value.input === undefined,
          'step_started carries no input',
          'unset',
          event,
        );
      const again = await t.accepted('a start without input', () =>
        run.write(events.stepStarted(id)),
      );
      t.equal(again.stepCreated, false, 'step_created of the answer to a further start');
      const plain = t.unique('step');
      const { stepCreated } = await run.write(events.stepCreated(plain));
      t.equal(stepCreated, false, 'step_created of the answer to step_created');
      const first = await run.write(events.stepStarted(plain, { stepName: 'named' }));
      t.equal(first.stepCreated, false, 'step_created of the answer to a start of a created step');
    },
  ),
  check(
    'steps/lazy-without-name',
    'A start with an input and without a name is refused, and creates nothing',
    { requirements: ['WW-STEP-021'], capabilities: ['LAZY_STEPS'] },
    async (t: Context) => {
      const run = await t.startedRun();
      const id = t.unique('step');
      const input = utf8('devl[]');
      await t.refused(
        'a start with an input and without a name',
        () => run.write(events.stepStarted(id, { input })),
        'INVALID_ARGUMENT',
      );
      t.equal(await run.types(), ['runCreated', 'runStarted'], 'the log');
      await t.refused('GetStep', () => stepOf(t, run, id), 'STEP_NOT_FOUND');
      await t.accepted('a start with both', () =>
        run.write(events.stepStarted(id, { input, stepName: 'named' })),
      );
    },
  ),
  check(
    'steps/lazy-empty-input',
    'An empty input is an input: a start with one creates its step',
    { requirements: ['WW-STEP-018', 'WW-STEP-020'], capabilities: ['LAZY_STEPS'] },
    async (t: Context) => {
      const run = await t.startedRun();
      const id = t.unique('step');
      const start = events.stepStarted(id, { stepName: 'lazyStep', input: new Uint8Array() });
      const answer = await t.accepted('a start with an empty input', () => run.write(start));
      t.equal(answer.stepCreated, true, 'step_created of the answer');
      t.equal(typesOf(about(await run.log(), id)), ['stepCreated', 'stepStarted'], 'the events');
      t.equal((await stepOf(t, run, id)).input, new Uint8Array(), 'input');
      await t.refused('the same start again', () => run.write(start), 'STEP_ALREADY_EXISTS');
    },
  ),
  check(
    'steps/lazy-race',
    'Of several starts, and creations, of one new step at the same time one creates it',
    { requirements: ['WW-STEP-022', 'WW-STEP-016', 'WW-STEP-018'], capabilities: ['LAZY_STEPS'] },
    async (t: Context) => {
      const race = new Race(t);
      const run = absentRun(t);
      await run.given(events.runStarted(events.createsRun()));
      const steps: string[] = [];
      await race.rounds(60, async (round) => {
        const id = t.unique('step');
        steps.push(id);
        const creations = round % 2 === 0 ? 0 : 2;
        const outcomes = await race.run<{ stepCreated: boolean }>([
          ...Array.from(
            { length: 6 },
            (): Contestant<{ stepCreated: boolean }> => (api) =>
              run.write(events.stepStartedLazily(id), { api }),
          ),
          ...Array.from(
            { length: creations },
            (): Contestant<{ stepCreated: boolean }> => (api) =>
              run.write(events.stepCreated(id), { api }),
          ),
        ]);
        t.equal(accepted(outcomes).length, 1, 'requests that created the step');
        for (const reason of reasons(outcomes)) t.equal(reason, 'STEP_ALREADY_EXISTS', 'a reason');
        const lazily = accepted(outcomes.slice(0, 6)).length === 1;
        const step = await stepOf(t, run, id);
        t.equal(step.attempt, lazily ? 1 : 0, 'attempt');
      });
      const log = await run.log();
      for (const id of steps) {
        const types = typesOf(about(log, id));
        t.ok(
          types.join() === 'stepCreated,stepStarted' || types.join() === 'stepCreated',
          'the events of the step',
          'step_created, and step_started where a start created it',
          types,
        );
      }
    },
  ),
];
