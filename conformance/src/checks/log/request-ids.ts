import { create } from '@bufbuild/protobuf';
import { CancelOutcome, type CreateEventResponse, NewEventSchema } from '@worldwire/proto';
import { type Check, check } from '../../check.js';
import { CuttingProxy } from '../../fixtures/cutting-proxy.js';
import * as events from '../../fixtures/new-event.js';
import { accepted, type Contestant, Race, reasons } from '../../fixtures/race.js';
import { absentRun, countOf, stepOf } from '../../fixtures/records.js';
import { RunHandle } from '../../fixtures/run-handle.js';
import { bytes, resultsOf, sendBatch, unchanged } from './support.js';

const CAPABILITY = { capabilities: ['REQUEST_IDS'] } as const;

/** Requests that say whether they are the same. */
export const requestIdChecks: readonly Check[] = [
  check(
    'log/request-id-repeats',
    'A repeated request is answered as at first and writes nothing, also after the end of the run',
    { requirements: ['WW-LOG-050', 'WW-LOG-051'], ...CAPABILITY },
    async (t) => {
      const run = absentRun(t);
      const token = t.unique('token');
      const list = [
        events.runCreated(),
        events.runStarted(),
        events.stepCreated('step_1'),
        events.stepStarted('step_1'),
        events.stepRetrying('step_1', run.failure()),
        events.stepStarted('step_1'),
        events.stepCompleted('step_1', { result: bytes('devl"r"') }),
        events.stepCreated('step_2'),
        events.stepFailed('step_2', run.failure()),
        events.hookCreated('hook_1', token, { metadata: bytes('devl"m"') }),
        events.hookCreated('hook_2', token),
        events.hookReceived('hook_1', { payload: bytes('devl"p"') }),
        events.hookDisposed('hook_1'),
        events.waitCreated('wait_1'),
        events.waitCompleted('wait_1'),
        events.runCompleted(),
      ];
      const done: { event: events.NewEventInit; requestId: string; answer: CreateEventResponse }[] =
        [];
      const repeat = async ({ event, requestId, answer }: (typeof done)[number], when: string) => {
        const api = t.client('another');
        const again = await t.accepted(`the same ${event.data?.case} ${when}`, () =>
          run.write(event, { requestId, api }),
        );
        const what = `of a repeated ${event.data?.case} ${when}`;
        t.equal(again.event, answer.event, `the event ${what}`);
        t.equal(again.step?.status, answer.step?.status, `the state of the step ${what}`);
        t.equal(again.step?.attempt, answer.step?.attempt, `the attempt ${what}`);
        t.equal(again.run?.status, answer.run?.status, `the state of the run ${what}`);
        t.equal(again.hook, answer.hook, `the hook ${what}`);
        t.equal(again.wait?.status, answer.wait?.status, `the state of the wait ${what}`);
      };
      for (const event of list) {
        const requestId = t.unique('request');
        const answer = await t.accepted(`${event.data?.case}`, () =>
          run.write(event, { requestId }),
        );
        done.push({ event, requestId, answer });
        await repeat(done.at(-1)!, 'at once');
        t.equal((await run.log()).length, done.length, `events behind ${event.data?.case}`);
      }
      const before = [await run.log(), await run.get()];
      for (const each of t.random.shuffle(done)) await repeat(each, 'after the end');
      t.equal([await run.log(), await run.get()], before, 'the log and the run at the end');
    },
  ),
  check(
    'log/request-id-of-a-new-run',
    'A repeated creation without a run id is answered with the run that it made at first',
    { requirements: ['WW-LOG-050', 'WW-LOG-052'], ...CAPABILITY },
    async (t) => {
      const race = new Race(t);
      await race.rounds(20, async () => {
        const requestId = t.unique('request');
        const workflowName = t.unique('wf');
        const event = events.runCreated({ workflowName });
        const outcomes = await race.run(
          Array.from(
            { length: 6 },
            (): Contestant<CreateEventResponse> => (api) =>
              api.events.createEvent({ event, requestId }),
          ),
        );
        t.equal(reasons(outcomes), [], 'the reasons of refusals');
        const ids = new Set(accepted(outcomes).map(({ run }) => run?.runId ?? ''));
        t.equal(ids.size, 1, 'different runs in the answers');
        const { runs } = await t.api.runs.listRuns({ workflowName });
        t.equal(
          runs.map(({ runId }) => runId),
          [...ids],
          'the runs of the workflow',
        );
        const again = await t.accepted('the same creation', () =>
          t.api.events.createEvent({ event, requestId }),
        );
        t.equal(again.run?.runId, runs[0]?.runId, 'the run of a later answer');
        t.equal(await RunHandle.of(t, runs[0]?.runId ?? '').types(), ['runCreated'], 'the log');
      });
    },
  ),
  check(
    'log/request-id-race',
    'Many requests with one request id at the same time write once, and all get that answer',
    { requirements: ['WW-LOG-052', 'WW-LOG-050'], ...CAPABILITY },
    async (t) => {
      const race = new Race(t);
      const runs = await Promise.all(Array.from({ length: 6 }, () => t.startedRun()));
      for (const run of runs)
        await run.given(
          events.hookCreated('hook_1', t.unique('token')),
          events.stepCreated('step_1'),
        );
      const played = runs.map(() => 0);
      await race.rounds(90, async (round) => {
        const index = round % runs.length;
        const run = runs[index]!;
        played[index]! += 1;
        const event =
          round % 3 === 0
            ? events.hookReceived('hook_1')
            : round % 3 === 1
              ? events.stepStarted('step_1')
              : events.stepCreated(`step_new_${round}`);
        const requestId = t.unique('request');
        const outcomes = await race.run(
          Array.from(
            { length: 8 },
            (): Contestant<CreateEventResponse> => (api) => run.write(event, { api, requestId }),
          ),
        );
        t.equal(reasons(outcomes), [], 'the reasons of refusals');
        const ids = new Set(accepted(outcomes).map((answer) => answer.event?.eventId));
        t.equal(ids.size, 1, 'different events in the answers');
        const attempts = new Set(accepted(outcomes).map(({ step }) => step?.attempt));
        t.equal(attempts.size, 1, 'different attempts in the answers');
      });
      for (const [index, run] of runs.entries())
        t.equal((await run.log()).length, 4 + played[index]!, 'events in the log');
    },
  ),
  check(
    'log/request-id-reused',
    'A request id that comes again for another run, type or entity is refused and writes nothing',
    { requirements: ['WW-LOG-053', 'WW-LOG-057'], ...CAPABILITY },
    async (t) => {
      const [run, other] = [await t.startedRun(), await t.startedRun()];
      const requestId = t.unique('request');
      const event = events.stepCreated('step_1');
      const first = await t.accepted('step_created', () => run.write(event, { requestId }));
      for (const [what, call] of [
        ['another run', () => other.write(event, { requestId })],
        ['another type', () => run.write(events.stepStarted('step_1'), { requestId })],
        ['another entity', () => run.write(events.stepCreated('step_2'), { requestId })],
        ['a cancellation', () => t.api.runs.cancelRuns({ runIds: [run.id], requestId })],
      ] as const) {
        await unchanged(t, run, what, () =>
          unchanged(t, other, what, () =>
            t.refused(`the request id for ${what}`, call, 'REQUEST_ID_REUSED'),
          ),
        );
      }
      const again = await t.accepted('the request as it was', () =>
        run.write(event, { requestId }),
      );
      t.equal(again.event, first.event, 'the event of the answer');
    },
  ),
  check(
    'log/request-id-after-refusal',
    'A request that was refused is decided anew when it comes again',
    { requirements: ['WW-LOG-054'], ...CAPABILITY },
    async (t) => {
      const run = await t.startedRun();
      const requestId = t.unique('request');
      const ending = () => run.write(events.stepCompleted('step_1'), { requestId });
      for (let round = 0; round < 2; round++)
        await t.refused('step_completed of no step', ending, 'STEP_NOT_FOUND');
      await run.given(events.stepCreated('step_1'));
      const { event } = await t.accepted('the same request', ending);
      t.equal(event?.data.case, 'stepCompleted', 'the event');
      const again = await t.accepted('the same request again', ending);
      t.equal(again.event, event, 'the event of the repetition');
      t.equal(countOf(await run.log(), 'stepCompleted'), 1, 'step_completed events');
    },
  ),
  check(
    'log/request-id-length',
    'A request id of 128 characters is taken, and one of more is refused and writes nothing',
    { requirements: ['WW-LOG-056'], ...CAPABILITY },
    async (t) => {
      const run = await t.startedRun();
      await run.given(events.hookCreated('hook_1', t.unique('token')));
      const long = (length: number) => t.unique('r').padEnd(length, 'x');
      await unchanged(t, run, 'the refusals', async () => {
        for (const length of [129, 2_000])
          await t.refused(
            `a request id of ${length} characters`,
            () => run.write(events.hookReceived('hook_1'), { requestId: long(length) }),
            'INVALID_ARGUMENT',
          );
      });
      const requestId = long(128);
      const twin = `${requestId.slice(0, 127)}y`;
      for (const id of [requestId, requestId, twin])
        await t.accepted('a request id of 128 characters', () =>
          run.write(events.hookReceived('hook_1'), { requestId: id }),
        );
      t.equal(countOf(await run.log(), 'hookReceived'), 2, 'payloads in the log');
    },
  ),
  check(
    'log/request-id-of-a-batch',
    'A repeated batch is answered as at first, with its refusals, and writes nothing',
    {
      requirements: ['WW-LOG-057', 'WW-LOG-050', 'WW-LOG-051', 'WW-LOG-052', 'WW-LOG-053'],
      capabilities: ['REQUEST_IDS', 'EVENT_BATCH'],
    },
    async (t) => {
      const run = await t.startedRun();
      await run.given(events.hookCreated('hook_1', t.unique('token')));
      const requestId = t.unique('request');
      const items = [
        events.hookReceived('hook_1', { payload: bytes('devl1') }),
        events.stepCompleted('step_later'),
        events.waitCreated('wait_1'),
      ];
      const send = (api = t.api) => sendBatch(run, items, { api, requestId });
      const race = new Race(t);
      const outcomes = await race.run(Array.from({ length: 8 }, () => send));
      t.equal(reasons(outcomes), [], 'the reasons of refusals');
      const [first] = accepted(outcomes);
      const wanted = ['hookReceived', 'STEP_NOT_FOUND', 'waitCreated'];
      for (const answer of accepted(outcomes)) {
        t.equal(resultsOf(answer), wanted, 'the results');
        t.equal(eventsOf(answer), eventsOf(first!), 'the events of the answer');
      }
      await run.given(events.stepCreated('step_later'));
      const repeats = async (when: string) => {
        const answer = await t.accepted(`the same batch ${when}`, () => send());
        t.equal(resultsOf(answer), wanted, `the results ${when}`);
        t.equal(eventsOf(answer), eventsOf(first!), `the events ${when}`);
      };
      await unchanged(t, run, 'the repetition', () => repeats('when a step is there'));
      for (const other of [[items[0]!], [...items, events.stepCreated('step_x')]])
        await t.refused(
          'the request id for another batch',
          () => sendBatch(run, other, { api: t.api, requestId }),
          'REQUEST_ID_REUSED',
        );
      await run.given(events.runCompleted());
      await repeats('after the end');
      t.equal(
        (await run.types()).slice(3),
        ['hookReceived', 'waitCreated', 'stepCreated', 'runCompleted'],
        'the log',
      );
    },
  ),
  check(
    'log/request-id-of-cancellations',
    'A repeated CancelRuns is answered as at first and cancels nothing more',
    { requirements: ['WW-LOG-057', 'WW-LOG-050', 'WW-LOG-053'], ...CAPABILITY },
    async (t) => {
      const [one, two, three] = [await t.startedRun(), await t.startedRun(), await t.startedRun()];
      await two.given(events.runCompleted());
      const late = absentRun(t);
      const requestId = t.unique('request');
      const runIds = [one.id, two.id, late.id];
      const cancel = () => t.api.runs.cancelRuns({ runIds, requestId });
      const first = await t.accepted('CancelRuns', cancel);
      const wanted = [
        CancelOutcome.CANCELLED,
        CancelOutcome.NOT_CANCELLABLE,
        CancelOutcome.NOT_FOUND,
      ];
      t.equal(
        first.results.map(({ outcome }) => outcome),
        wanted,
        'the outcomes',
      );
      await t.given('a run of the third id', () => late.write(events.runCreated()));
      const again = await t.accepted('the same CancelRuns', cancel);
      t.equal(again.results, first.results, 'the results of the repetition');
      t.equal(await late.types(), ['runCreated'], 'the log of the run that was not there');
      t.equal(countOf(await one.log(), 'runCancelled'), 1, 'run_cancelled events');
      await t.refused(
        'the request id for other runs',
        () => t.api.runs.cancelRuns({ runIds: [three.id], requestId }),
        'REQUEST_ID_REUSED',
      );
      t.equal(countOf(await three.log(), 'runCancelled'), 0, 'run_cancelled of another run');
    },
  ),
  check(
    'log/request-id-with-other-content',
    'A repeated request keeps what it wrote at first, whatever it carries now',
    { requirements: ['WW-LOG-050'], ...CAPABILITY },
    async (t) => {
      const run = await t.startedRun();
      const requestId = t.unique('request');
      const first = await t.accepted('step_created', () =>
        run.write(events.stepCreated('step_1', { input: bytes('devl1') }), { requestId }),
      );
      const again = await t.accepted('the request with another input', () =>
        run.write(events.stepCreated('step_1', { input: bytes('devl2') }), { requestId }),
      );
      t.equal(again.event, first.event, 'the event of the answer');
      t.equal((await stepOf(t, run, 'step_1')).input, bytes('devl1'), 'the input of the step');
    },
  ),
  check(
    'log/lost-answers',
    'A request whose answer is lost lands once when it is sent again with its request id',
    { requirements: ['WW-LOG-050', 'WW-LOG-052'], ...CAPABILITY },
    async (t) => {
      if (t.url.startsWith('https:')) t.notApplicable('answers are cut off without TLS only');
      const proxy = await CuttingProxy.open(() => t.url);
      t.onEnd(() => proxy.close());
      const run = await t.startedRun();
      await run.given(
        events.hookCreated('hook_1', t.unique('token')),
        events.stepCreated('step_1'),
      );
      const list = Array.from({ length: 24 }, (_, index) =>
        index % 3 === 0
          ? events.stepStarted('step_1')
          : events.hookReceived('hook_1', { payload: bytes(`devl${index}`) }),
      );
      let lost = 0;
      for (const event of list) {
        const requestId = t.unique('request');
        const cut = t.client('cut off', { baseUrl: proxy.url });
        if (t.random.below(4) > 0) proxy.loseNextResponse();
        const outcome = await t.outcome(() => run.write(event, { requestId, api: cut }));
        if ('refusal' in outcome) lost += 1;
        const again = await t.accepted(`the same ${event.data?.case}`, () =>
          run.write(event, { requestId }),
        );
        if ('value' in outcome)
          t.equal(again.event, outcome.value.event, 'the event of the repetition');
      }
      if (lost === 0) t.fail('no answer was lost', 'some', 0);
      t.equal((await run.log()).length, 4 + list.length, 'events in the log');
      t.equal((await stepOf(t, run, 'step_1')).attempt, 8, 'tries of the step');
      const payloads = (await run.log()).flatMap(({ data }) =>
        data.case === 'hookReceived' ? [new TextDecoder().decode(data.value.payload)] : [],
      );
      const wanted = list.flatMap((event) => {
        const { data } = create(NewEventSchema, event);
        return data.case === 'hookReceived' ? [new TextDecoder().decode(data.value.payload)] : [];
      });
      t.equal(payloads, wanted, 'the payloads of the log');
    },
  ),
];

function eventsOf(answer: Awaited<ReturnType<typeof sendBatch>>) {
  return answer.results.map(({ outcome }) =>
    outcome.case === 'created' ? outcome.value.event : undefined,
  );
}
