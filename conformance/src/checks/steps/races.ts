import type { CreateEventResponse } from '@worldwire/proto';
import { StepStatus } from '@worldwire/proto';
import { type Check, check } from '../../check.js';
import * as events from '../../fixtures/new-event.js';
import { accepted, type Contestant, RACE_ROUNDS, Race, reasons } from '../../fixtures/race.js';
import { about, countOf, stepOf, stepsOf, typesOf } from '../../fixtures/records.js';
import type { RunHandle } from '../../fixtures/run-handle.js';

const utf8 = (text: string) => new TextEncoder().encode(text);

/** Several writers of one step. */
export const stepRaceChecks: readonly Check[] = [
  check(
    'steps/creation-race',
    'Of many creations of one step at the same time one is accepted and one is in the log',
    { requirements: ['WW-STEP-016'] },
    async (t) => {
      const race = new Race(t);
      const run = await t.startedRun();
      const ids: string[] = [];
      await race.rounds(60, async () => {
        const id = t.unique('step');
        ids.push(id);
        const outcomes = await race.run(
          Array.from({ length: 8 }, (_, at): Contestant<CreateEventResponse> => {
            const event = events.stepCreated(id, { input: utf8(`devl${at}`) });
            return (api) => run.write(event, { api });
          }),
        );
        t.equal(accepted(outcomes).length, 1, 'accepted step_created');
        t.equal(reasons(outcomes), ['STEP_ALREADY_EXISTS'], 'the reasons of the others');
      });
      const log = await run.log();
      for (const id of ids) t.equal(typesOf(about(log, id)), ['stepCreated'], 'events of a step');
      t.equal((await stepsOf(run, t.api)).length, ids.length, 'steps of the run');
    },
  ),
  check(
    'steps/creation-race-winner',
    'Of many creations of one step at the same time the one that is accepted gives the step its input',
    { requirements: ['WW-STEP-012', 'WW-STEP-002'] },
    async (t) => {
      const race = new Race(t);
      const run = await t.startedRun();
      await race.rounds(60, async () => {
        const id = t.unique('step');
        const outcomes = await race.run(
          Array.from({ length: 8 }, (_, at): Contestant<[number, CreateEventResponse]> => {
            const event = events.stepCreated(id, { input: utf8(`devl${at}`) });
            return async (api) => [at, await run.write(event, { api })];
          }),
        );
        for (const [at, { step }] of accepted(outcomes)) {
          t.equal(step?.input, utf8(`devl${at}`), 'the input of the step in the answer');
          t.equal((await stepOf(t, run, id)).input, step?.input, 'the input of the step');
        }
      });
    },
  ),
  check(
    'steps/endings-race',
    'Of several endings of one step at the same time one wins, and the step holds what it gave',
    { requirements: ['WW-STEP-038', 'WW-STEP-039', 'WW-STEP-040'] },
    async (t) => {
      const race = new Race(t);
      const runs = [await t.startedRun(), await t.startedRun()];
      const ids: [run: RunHandle, id: string][] = [];
      await race.rounds(RACE_ROUNDS, async (round) => {
        const run = runs[round % runs.length]!;
        const id = t.unique('step');
        ids.push([run, id]);
        await run.given(events.stepCreated(id));
        if (round % 3 > 0) await run.given(events.stepStarted(id));
        const mix = MIXES[round % MIXES.length]!;
        const outcomes = await race.run(
          mix.map((kind, at): Contestant<CreateEventResponse> => {
            const event =
              kind === 'stepCompleted'
                ? events.stepCompleted(id, { result: utf8(`devl${at}`) })
                : events.stepFailed(id, run.failure(`failed ${at}`));
            return (api) => run.write(event, { api });
          }),
        );
        t.equal(accepted(outcomes).length, 1, 'accepted endings');
        t.equal(reasons(outcomes), ['STEP_ALREADY_ENDED'], 'the reasons of the others');
        const [answer] = accepted(outcomes);
        const step = await stepOf(t, run, id);
        t.equal(step.output, answer?.step?.output, 'the output of the step');
        t.equal(step.error, answer?.step?.error, 'the error of the step');
        t.equal(step.status, answer?.step?.status, 'the state of the step');
      });
      for (const run of runs) {
        const log = await run.log();
        for (const [, id] of ids.filter(([of]) => of === run)) {
          const own = about(log, id);
          t.equal(countOf(own, 'stepCompleted', 'stepFailed'), 1, 'endings of a step in the log');
          const [last] = typesOf(own).slice(-1);
          const { status } = await stepOf(t, run, id);
          t.equal(
            StepStatus[status],
            last === 'stepCompleted' ? 'COMPLETED' : 'FAILED',
            `the state after ${last}`,
          );
        }
      }
    },
  ),
  check(
    'steps/nothing-behind-completed',
    'No start and no retry of a step lands behind its completion, however close they come',
    { requirements: ['WW-STEP-039', 'WW-STEP-023', 'WW-STEP-040'] },
    (t) => raceWithEnding(t, (id) => events.stepCompleted(id), StepStatus.COMPLETED),
  ),
  check(
    'steps/nothing-behind-failed',
    'No start and no retry of a step lands behind its failure, however close they come',
    { requirements: ['WW-STEP-039', 'WW-STEP-023', 'WW-STEP-040'] },
    (t) =>
      raceWithEnding(
        t,
        (id, run) => events.stepFailed(id, run.failure('the end')),
        StepStatus.FAILED,
      ),
  ),
  check(
    'steps/starts-race',
    'Each of several starts of one step at the same time that is accepted counts once',
    { requirements: ['WW-STEP-027', 'WW-STEP-023', 'WW-STEP-026', 'WW-STEP-008'] },
    async (t) => {
      const race = new Race(t);
      const run = await t.startedRun();
      const ids: string[] = [];
      await race.rounds(60, async (round) => {
        const id = t.unique('step');
        ids.push(id);
        await run.given(events.stepCreated(id));
        const outcomes = await race.run(
          Array.from(
            { length: 4 + (round % 3) },
            (): Contestant<CreateEventResponse> => (api) =>
              run.write(events.stepStarted(id), { api }),
          ),
        );
        const answers = accepted(outcomes);
        t.equal(answers.length, outcomes.length, 'accepted starts');
        const counts = answers.map(({ step }) => step?.attempt ?? 0).sort((a, b) => a - b);
        t.equal(
          counts,
          answers.map((_, at) => at + 1),
          'attempt of the answers',
        );
        const step = await stepOf(t, run, id);
        t.equal(step.attempt, answers.length, 'attempt of the step');
        t.equal(
          new Set(
            answers.map(
              (answer) => String(answer.step?.startedAt?.seconds) + answer.step?.startedAt?.nanos,
            ),
          ).size,
          1,
          'values of started_at',
        );
      });
      const log = await run.log();
      for (const id of ids)
        t.equal(
          countOf(about(log, id), 'stepStarted'),
          (await stepOf(t, run, id)).attempt,
          'step_started events and attempt of a step',
        );
    },
  ),
];

/** A start overtakes the ending in a few per cent of them, where it can. */
const LED_ROUNDS = 90;

const MIXES: readonly (readonly string[])[] = [
  ['stepCompleted', 'stepFailed', 'stepCompleted', 'stepFailed', 'stepCompleted', 'stepFailed'],
  ['stepCompleted', 'stepCompleted', 'stepCompleted', 'stepCompleted'],
  ['stepFailed', 'stepFailed', 'stepFailed', 'stepFailed'],
];

/** Lets starts and retries of steps meet their one ending. */
async function raceWithEnding(
  t: Parameters<Check['run']>[0],
  ending: (id: string, run: RunHandle) => events.NewEventInit,
  status: StepStatus,
): Promise<void> {
  const race = new Race(t);
  const runs = [await t.startedRun(), await t.startedRun()];
  const ids: [run: RunHandle, id: string, starts: number][] = [];
  const play = async (round: number, led: boolean) => {
    const run = runs[round % runs.length]!;
    const id = t.unique('step');
    await run.given(events.stepCreated(id));
    const before = led || round % 2 === 0 ? 1 : 0;
    if (before > 0) await run.given(events.stepStarted(id));
    const count = led ? 10 : 7;
    const others = [
      ...Array.from({ length: count }, () => events.stepStarted(id)),
      ...(!led && round % 3 === 0 ? [events.stepRetrying(id, run.failure('a try'))] : []),
    ];
    const contestants = [ending(id, run), ...others].map(
      (event): Contestant<CreateEventResponse> =>
        (api) =>
          run.write(event, { api }),
    );
    const outcomes = await (led ? race.runInOrder(contestants) : race.run(contestants));
    t.ok('value' in outcomes[0]!, 'the one ending is accepted', 'accepted', outcomes[0]);
    for (const reason of reasons(outcomes)) t.equal(reason, 'STEP_ALREADY_ENDED', 'a reason');
    const starts = accepted(outcomes.slice(1, 1 + count)).length + before;
    ids.push([run, id, starts]);
    const { step: ended } = accepted(outcomes.slice(0, 1))[0]!;
    const step = await stepOf(t, run, id);
    for (const name of ['attempt', 'output', 'startedAt', 'completedAt'] as const)
      t.equal(step[name], ended?.[name], `${name} of the step and of the answer to its ending`);
    if (status === StepStatus.FAILED) t.equal(step.error, ended?.error, 'the error of the step');
    t.equal(step.status, status, 'the state of the step');
    t.equal(step.attempt, starts, 'attempt and accepted starts');
  };
  await race.rounds(RACE_ROUNDS / 2, (round) => play(round, false));
  // Starts that are right behind the ending and overtake it, one step at a time.
  await race.rounds(LED_ROUNDS, (round) => play(round, true), 1);
  for (const run of runs) {
    const log = await run.log();
    for (const [, id, starts] of ids.filter(([of]) => of === run)) {
      const own = typesOf(about(log, id));
      t.ok(
        ['stepCompleted', 'stepFailed'].includes(own.at(-1) ?? ''),
        'the ending is the last event of its step',
        'an ending',
        own,
      );
      t.equal(own.filter((type) => type === 'stepStarted').length, starts, 'starts in the log');
    }
  }
}
