import { createHash } from 'node:crypto';
import { type CreateEventResponse, ResolveData, SortOrder } from '@worldwire/proto';
import { type Check, check } from '../../check.js';
import * as events from '../../fixtures/new-event.js';
import { accepted, type Contestant, Race, reasons } from '../../fixtures/race.js';
import { about, countOf } from '../../fixtures/records.js';
import type { RunHandle } from '../../fixtures/run-handle.js';
import { bytes, ENDINGS, endingOf, holderOf, resultOf, runsOf } from './support.js';

type Writer = Contestant<CreateEventResponse>;

/** A payload under a resume id, with its digest. */
function resume(hookId: string, resumeId: string, text = 'devl1'): events.NewEventInit {
  return {
    ...events.hookReceived(hookId, { payload: bytes(text) }),
    resumeId,
    resumePayloadDigest: createHash('sha256').update(text).digest('hex'),
  };
}

const CAPABILITY = { capabilities: ['HOOK_RESUME_DEDUP'] } as const;

/** Payloads that land once. */
export const resumeChecks: readonly Check[] = [
  check(
    'hooks/resume-once',
    'A repeated resume id is answered with the first event, also after the disposal and the end',
    { requirements: ['WW-HOOK-029', 'WW-HOOK-030', 'WW-HOOK-120', 'WW-HOOK-121'], ...CAPABILITY },
    async (t) => {
      for (const kind of ENDINGS) {
        const { run, hookId } = await holderOf(t);
        const event = resume(hookId, t.unique('resume'));
        const first = await t.accepted('hook_received with a resume id', () => run.write(event));
        t.equal(first.event?.data.case, 'hookReceived', 'the first event');
        const repeats = async (when: string) => {
          const { length } = await run.log();
          const again = await t.accepted(`the same resume id ${when}`, () =>
            run.write(event, { api: t.client('another') }),
          );
          t.equal(again.event, first.event, `the event of the answer ${when}`);
          t.equal((await run.log()).length, length, `events in the log ${when}`);
        };
        await repeats('at once');
        await t.accepted('another resume id', () => run.write(resume(hookId, t.unique('resume'))));
        await repeats('after another');
        await run.given(events.hookDisposed(hookId));
        await repeats('after the disposal');
        await t.refused(
          'a new resume id after the disposal',
          () => run.write(resume(hookId, t.unique('resume'))),
          'HOOK_NOT_FOUND',
        );
        await run.given(endingOf(run, kind));
        await repeats(`after ${kind}`);
        t.equal(countOf(await run.log(), 'hookReceived'), 2, 'payloads in the log');
      }
    },
  ),
  check(
    'hooks/resume-after-end',
    'A repeated resume id of a hook that was live at the end is answered with the first event',
    { requirements: ['WW-HOOK-030', 'WW-HOOK-119', 'WW-HOOK-120'], ...CAPABILITY },
    async (t) => {
      for (const kind of ENDINGS) {
        const { run, hookId } = await holderOf(t);
        const event = resume(hookId, t.unique('resume'));
        const first = await t.accepted('hook_received with a resume id', () => run.write(event));
        await run.given(endingOf(run, kind));
        const again = await t.accepted(`the same resume id after ${kind}`, () => run.write(event));
        t.equal(again.event, first.event, 'the event of the answer');
        await t.refused(
          `a new resume id after ${kind}`,
          () => run.write(resume(hookId, t.unique('resume'))),
          ['HOOK_NOT_FOUND', 'RUN_GONE'],
        );
        t.equal((await run.types()).slice(3), ['hookReceived', kind], 'the end of the log');
      }
    },
  ),
  check(
    'hooks/resume-id-returned',
    'Every read of an event tells the resume id that it was sent with, and no other event has one',
    { requirements: ['WW-HOOK-032'], ...CAPABILITY },
    async (t) => {
      const { run, hookId } = await holderOf(t);
      const resumeId = t.unique('resume');
      await run.given(events.hookReceived(hookId));
      const { event } = await t.accepted('hook_received', () =>
        run.write(resume(hookId, resumeId)),
      );
      t.equal(event?.resumeId, resumeId, 'the answer');
      const { events: service } = t.api;
      const eventId = event?.eventId ?? '';
      for (const resolveData of [ResolveData.ALL, ResolveData.NONE]) {
        const reads = [
          [(await service.getEvent({ runId: run.id, eventId, resolveData })).event],
          await run.log({ resolveData }),
          (
            await service.listEvents({
              runId: run.id,
              resolveData,
              page: { sortOrder: SortOrder.DESCENDING },
            })
          ).events,
          (
            await service.listEventsByCorrelation({
              runId: run.id,
              correlationId: hookId,
              resolveData,
            })
          ).events,
        ];
        for (const read of reads)
          for (const one of read)
            t.equal(
              one?.resumeId,
              one?.eventId === eventId ? resumeId : undefined,
              `the resume id of ${one?.data.case}`,
            );
      }
    },
  ),
  check(
    'hooks/resume-of-two-runs',
    'One resume id in two runs is two resumes',
    { requirements: ['WW-HOOK-033'], ...CAPABILITY },
    async (t) => {
      const resumeId = t.unique('resume');
      const landed: string[] = [];
      for (let index = 0; index < 3; index++) {
        const { run } = await holderOf(t);
        const hookId = `hook_${index}`;
        await run.given(events.hookCreated(hookId, t.unique('token')));
        const { event } = await t.accepted('hook_received', () =>
          run.write(resume(hookId, resumeId, `devl${index}`)),
        );
        t.equal(event?.runId, run.id, 'the run of the event');
        t.equal(countOf(await run.log(), 'hookReceived'), 1, 'payloads in the log');
        landed.push(run.id);
      }
      t.equal(new Set(landed).size, 3, 'runs with the payload');
    },
  ),
  check(
    'hooks/resume-conflict',
    'A resume id that comes again for another hook or with another digest is refused',
    { requirements: ['WW-HOOK-031', 'WW-HOOK-122', 'WW-HOOK-123', 'WW-HOOK-029'], ...CAPABILITY },
    async (t) => {
      const { run, hookId } = await holderOf(t);
      await run.given(events.hookCreated('hook_other', t.unique('token')));
      const resumeId = t.unique('resume');
      const first = await t.accepted('hook_received', () => run.write(resume(hookId, resumeId)));
      const log = await run.log();
      await t.refused(
        'the resume id with another digest',
        () => run.write(resume(hookId, resumeId, 'devl2')),
        'RESUME_CONFLICT',
      );
      await t.refused(
        'the resume id for another hook',
        () => run.write(resume('hook_other', resumeId)),
        'RESUME_CONFLICT',
      );
      t.equal(await run.log(), log, 'the log');
      const again = await t.accepted('the resume id as it was', () =>
        run.write(resume(hookId, resumeId)),
      );
      t.equal(again.event, first.event, 'the event of the answer');
    },
  ),
  check(
    'hooks/resume-race',
    'Many requests with one resume id at the same time append one event, and all get it',
    { requirements: ['WW-HOOK-029', 'WW-LOG-028'], ...CAPABILITY },
    async (t) => {
      const race = new Race(t);
      const runs = await runsOf(t, 8);
      for (const [index, run] of runs.entries())
        await run.given(events.hookCreated(`hook_${index}`, t.unique('token')));
      const rounds = await race.rounds(80, async (round) => {
        const index = round % runs.length;
        const run = runs[index]!;
        const event = resume(`hook_${index}`, `resume_${round}`);
        const outcomes = await race.run(
          Array.from({ length: 8 }, (): Writer => (api) => run.write(event, { api })),
        );
        t.equal(reasons(outcomes), [], 'the reasons of refusals');
        const ids = new Set(accepted(outcomes).map((answer) => answer.event?.eventId));
        t.equal(ids.size, 1, 'different events in the answers');
      });
      for (const [index, run] of runs.entries()) {
        const ids = (await run.log()).flatMap(({ resumeId }) => resumeId ?? []);
        const wanted: string[] = [];
        for (let round = index; round < rounds; round += runs.length)
          wanted.push(`resume_${round}`);
        t.equal(ids.sort(), wanted.sort(), 'the resume ids in the log');
      }
    },
  ),
  check(
    'hooks/resume-race-of-payloads',
    'Of two payloads under one resume id at the same time one lands and the other is refused',
    { requirements: ['WW-HOOK-029', 'WW-HOOK-031'], ...CAPABILITY },
    async (t) => {
      const race = new Race(t);
      const runs = await runsOf(t, 8);
      for (const [index, run] of runs.entries())
        await run.given(events.hookCreated(`hook_${index}`, t.unique('token')));
      await race.rounds(60, async (round) => {
        const nth = round % runs.length;
        const run = runs[nth]!;
        const outcomes = await race.run(
          Array.from(
            { length: 6 },
            (_, index): Writer =>
              (api) =>
                run.write(resume(`hook_${nth}`, `resume_${round}`, `devl${index % 2}`), { api }),
          ),
        );
        const won = [0, 1].filter((kind) =>
          outcomes.some((outcome, index) => index % 2 === kind && 'value' in outcome),
        );
        t.equal(won.length, 1, 'payloads that were accepted');
        t.equal(accepted(outcomes).length, 3, 'accepted requests');
        t.equal(reasons(outcomes), ['RESUME_CONFLICT'], 'the reasons of the others');
      });
      for (const run of runs) {
        const ids = (await run.log()).flatMap(({ resumeId }) => resumeId ?? []);
        t.equal(new Set(ids).size, ids.length, 'different resume ids in the log');
      }
    },
  ),
  check(
    'hooks/resume-against-disposed',
    'A resume that meets a disposal or an end lands before it or never, and its repetition knows',
    { requirements: ['WW-HOOK-030', 'WW-HOOK-028', 'WW-HOOK-029', 'WW-RUN-036'], ...CAPABILITY },
    async (t) => {
      const race = new Race(t);
      await race.rounds(60, async (round) => {
        const { run, hookId } = await holderOf(t);
        const event = resume(hookId, t.unique('resume'));
        const last =
          round % 2 === 0 ? events.hookDisposed(hookId) : endingOf(run, ENDINGS[(round >> 1) % 3]!);
        const outcomes = await race.run([
          (api) => run.write(last, { api }),
          ...Array.from({ length: 3 }, (): Writer => (api) => run.write(event, { api })),
        ]);
        const results = outcomes.slice(1).map(resultOf);
        const landed = results.includes('hookReceived');
        t.equal(
          (await run.types()).slice(3),
          [...(landed ? ['hookReceived'] : []), last.data?.case],
          'the end of the log',
        );
        await repeatKnows(t, run, event, landed);
      });
    },
  ),
  check(
    'hooks/resume-id-elsewhere',
    'A resume id on another event, and a digest that is no SHA-256 in lowercase hex, are refused',
    { requirements: ['WW-HOOK-034', 'WW-HOOK-043'], ...CAPABILITY },
    async (t) => {
      const { run, hookId } = await holderOf(t);
      await run.given(events.stepCreated('step_1'), events.waitCreated('wait_1'));
      const log = await run.log();
      const resumeId = t.unique('resume');
      const others = [
        events.stepCreated('step_2'),
        events.stepStarted('step_1'),
        events.stepCompleted('step_1'),
        events.stepFailed('step_1', run.failure()),
        events.stepRetrying('step_1', run.failure()),
        events.hookCreated('hook_2', t.unique('token')),
        events.hookDisposed(hookId),
        events.waitCreated('wait_2'),
        events.waitCompleted('wait_1'),
        ...ENDINGS.map((kind) => endingOf(run, kind)),
      ];
      for (const event of others)
        await t.refused(
          `${event.data?.case} with a resume id`,
          () => run.write({ ...event, resumeId }),
          'INVALID_ARGUMENT',
        );
      const hex = createHash('sha256').update('devl1').digest('hex');
      const wrong = ['', 'abc', hex.toUpperCase(), hex.slice(1), `${hex}0`, `g${hex.slice(1)}`];
      for (const resumePayloadDigest of wrong)
        await t.refused(
          `the digest ${JSON.stringify(resumePayloadDigest)}`,
          () => run.write({ ...resume(hookId, resumeId), resumePayloadDigest }),
          'INVALID_ARGUMENT',
        );
      t.equal(await run.log(), log, 'the log');
      await t.accepted('the right digest', () => run.write(resume(hookId, resumeId)));
      t.equal(countOf(about(await run.log(), hookId), 'hookReceived'), 1, 'payloads in the log');
    },
  ),
];

/** Sends a resume again: what landed is answered with success, the rest refused. */
async function repeatKnows(
  t: Parameters<Check['run']>[0],
  run: RunHandle,
  event: events.NewEventInit,
  landed: boolean,
): Promise<void> {
  if (!landed) {
    await t.refused('a resume that has not landed', () => run.write(event), [
      'HOOK_NOT_FOUND',
      'RUN_GONE',
    ]);
    return;
  }
  const again = await t.accepted('the repetition of a resume', () => run.write(event));
  const first = (await run.log()).find(({ resumeId }) => resumeId === event.resumeId);
  t.equal(again.event, first, 'the event of the answer');
}
