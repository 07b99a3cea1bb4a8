import { type CreateEventResponse, ResolveData } from '@worldwire/proto';
import { type Check, check } from '../../check.js';
import type { Context } from '../../context.js';
import * as events from '../../fixtures/new-event.js';
import type { RunHandle } from '../../fixtures/run-handle.js';
import { payloadsOf } from '../../oracles/parts/payloads.js';

const bytes = (text: string) => new TextEncoder().encode(text);

/** A run with payloads in every place, active or ended. */
async function laden(
  t: Context,
  ended: boolean,
): Promise<{ run: RunHandle; workflowName: string; hookId: string; token: string }> {
  const workflowName = t.unique('wf');
  const [hookId, token] = [t.unique('hook'), t.unique('token')];
  const run = await t.startedRun({ create: { workflowName, input: bytes('devl"in"') } });
  await run.given(
    events.stepCreated('step_1', { input: bytes('devl"s1"') }),
    events.stepCompleted('step_1', { result: bytes('devl"r1"') }),
    events.stepCreated('step_2', { input: bytes('devl"s2"') }),
    events.stepFailed('step_2', run.failure('no')),
    events.hookCreated(hookId, token, { metadata: bytes('devl"m"') }),
    events.hookReceived(hookId, { payload: bytes('devl"p"') }),
    events.waitCreated('wait_1'),
    ...(ended ? [events.runCompleted({ output: bytes('devl"out"') })] : []),
  );
  return { run, workflowName, hookId, token };
}

/** Every read that takes resolve_data, with the records of its answer. */
async function everyRead(
  t: Context,
  { run, workflowName, hookId, token }: Awaited<ReturnType<typeof laden>>,
  resolveData: ResolveData,
  ended: boolean,
): Promise<Record<string, unknown[]>> {
  const { runs, steps, hooks, events: service } = t.api;
  const runId = run.id;
  const timeout = { seconds: 0n };
  const log = (await service.listEvents({ runId, resolveData, page: { limit: 50 } })).events;
  const single = [];
  for (const { eventId } of log)
    single.push((await service.getEvent({ runId, eventId, resolveData })).event);
  return {
    GetRun: [(await runs.getRun({ runId, resolveData })).run],
    ListRuns: (await runs.listRuns({ workflowName, resolveData })).runs,
    BatchGetRuns: (await runs.batchGetRuns({ runIds: [runId], resolveData })).results.map(
      (result) => result.run,
    ),
    WaitForRun: [(await runs.waitForRun({ runId, resolveData, timeout })).run],
    GetStep: [
      (await steps.getStep({ runId, stepId: 'step_1', resolveData })).step,
      (await steps.getStep({ runId, stepId: 'step_2', resolveData })).step,
    ],
    ListSteps: (await steps.listSteps({ runId, resolveData })).steps,
    ListEvents: log,
    GetEvent: single,
    ListEventsByCorrelation: (
      await service.listEventsByCorrelation({ runId, correlationId: 'step_1', resolveData })
    ).events,
    ...(ended
      ? {}
      : {
          GetHook: [(await hooks.getHook({ runId, hookId, resolveData })).hook],
          GetHookByToken: [(await hooks.getHookByToken({ token, resolveData })).hook],
          ListHooks: (await hooks.listHooks({ runId, resolveData })).hooks,
        }),
  };
}

/** Which payloads records carry, by their members. */
function membersOf(records: readonly unknown[]): string[][] {
  return records.map((record) => [...(payloadsOf(record as never)?.keys() ?? [])]);
}

/** A record without its payloads. */
function bare(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(bare);
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, member]) =>
      PAYLOADS.has(key) || member === undefined ? [] : [[key, bare(member)]],
    ),
  );
}

const PAYLOADS = new Set(['input', 'output', 'result', 'error', 'payload', 'metadata']);

/** Payloads, asked for or not. */
export const payloadChecks: readonly Check[] = [
  check(
    'paging/payloads-asked',
    'Reads return payloads where they are asked for, and where nothing is said',
    { requirements: ['WW-PAGE-040'] },
    async (t) => {
      for (const ended of [false, true]) {
        const made = await laden(t, ended);
        const all = await everyRead(t, made, ResolveData.ALL, ended);
        const unsaid = await everyRead(t, made, ResolveData.UNSPECIFIED, ended);
        for (const [what, records] of Object.entries(all)) {
          t.equal(unsaid[what], records, `${what}, asked for or unsaid`);
          const members = membersOf(records).flat();
          t.ok(members.length > 0, `${what} returns payloads`, 'payloads', 'none');
        }
        const run = membersOf(all.GetRun ?? [])[0];
        t.equal(run?.toSorted(), ended ? ['input', 'output'] : ['input'], 'payloads of the run');
        t.equal(
          membersOf(all.GetStep ?? []).map((members) => members.toSorted()),
          [
            ['input', 'output'],
            ['error', 'input'],
          ],
          'payloads of the steps',
        );
      }
    },
  ),
  check(
    'paging/payloads-left-out',
    'Reads leave payloads out where they are not wanted, and nothing else',
    { requirements: ['WW-PAGE-041', 'WW-PAGE-042'] },
    async (t) => {
      for (const ended of [false, true]) {
        const made = await laden(t, ended);
        const all = await everyRead(t, made, ResolveData.ALL, ended);
        const none = await everyRead(t, made, ResolveData.NONE, ended);
        for (const [what, records] of Object.entries(none)) {
          t.equal(membersOf(records).flat(), [], `the payloads of ${what}`);
          t.equal(bare(records), bare(all[what]), `${what} but for payloads`);
        }
      }
    },
  ),
  check(
    'paging/payloads-left-out-of-answers',
    'The answer to a write leaves payloads out where they are not wanted, and keeps them in the store',
    { requirements: ['WW-PAGE-041', 'WW-PAGE-042', 'WW-PAGE-043'] },
    async (t) => {
      const run = await t.run();
      const list: readonly events.NewEventInit[] = [
        events.runStarted(),
        events.stepCreated('step_1', { input: bytes('devl"in"') }),
        events.stepStarted('step_1'),
        events.stepRetrying('step_1', run.failure()),
        events.stepStarted('step_1'),
        events.stepCompleted('step_1', { result: bytes('devl"r"') }),
        events.hookCreated('hook_1', t.unique('token'), { metadata: bytes('devl"m"') }),
        events.hookReceived('hook_1', { payload: bytes('devl"p"') }),
        events.waitCreated('wait_1'),
        events.runCompleted({ output: bytes('devl"o"') }),
      ];
      const inner = ({ event, run: of, step, hook }: CreateEventResponse) =>
        [event, of, step, hook].filter((record) => record !== undefined);
      for (const event of list) {
        const answer = await t.accepted(`${event.data?.case}`, () =>
          run.write(event, { resolveData: ResolveData.NONE }),
        );
        t.equal(membersOf(inner(answer)).flat(), [], `the payloads of ${event.data?.case}`);
      }
      const log = await run.log();
      const wanted = ['runCreated', 'stepCreated', 'stepRetrying', 'stepCompleted', 'hookCreated'];
      for (const event of log)
        if ([...wanted, 'hookReceived', 'runCompleted'].includes(event.data.case ?? ''))
          t.ok(payloadsOf(event)?.size === 1, `the payload of ${event.data.case}`, 'kept', 'lost');
      const record = await run.get();
      t.equal(record.output, bytes('devl"o"'), 'the output of the run');
      const { step } = await t.api.steps.getStep({ runId: run.id, stepId: 'step_1' });
      t.equal([step?.input, step?.output], [bytes('devl"in"'), bytes('devl"r"')], 'the step');
    },
  ),
  check(
    'paging/payloads-left-out-of-batches',
    'The answer to a batch leaves payloads out where they are not wanted, and keeps them in the store',
    { requirements: ['WW-PAGE-041', 'WW-PAGE-043'], capabilities: ['EVENT_BATCH'] },
    async (t) => {
      const run = await t.startedRun();
      await run.given(events.hookCreated('hook_1', t.unique('token')));
      const { results } = await t.accepted('the batch', () =>
        t.api.events.createEventBatch({
          runId: run.id,
          resolveData: ResolveData.NONE,
          events: [
            events.stepCreated('step_1', { input: bytes('devl"in"') }),
            events.hookReceived('hook_1', { payload: bytes('devl"p"') }),
            events.runCompleted({ output: bytes('devl"o"') }),
          ],
        }),
      );
      for (const { outcome } of results)
        if (outcome.case === 'created') {
          const { event, step, run: of } = outcome.value;
          const records = [event, step, of].filter((record) => record !== undefined);
          t.equal(membersOf(records).flat(), [], `the payloads of ${event?.data.case}`);
        }
      const kept = (await run.log()).slice(3).map((event) => payloadsOf(event)?.size);
      t.equal(kept, [1, 1, 1], 'payloads in the log');
    },
  ),
  check(
    'paging/payloads-kept',
    'A read without payloads takes none away',
    { requirements: ['WW-PAGE-043', 'WW-PAGE-002'] },
    async (t) => {
      for (const ended of [false, true]) {
        const made = await laden(t, ended);
        const before = await everyRead(t, made, ResolveData.ALL, ended);
        await everyRead(t, made, ResolveData.NONE, ended);
        const after = await everyRead(t, made, ResolveData.ALL, ended);
        t.equal(after, before, 'what is read with payloads');
      }
    },
  ),
  check(
    'paging/payloads-empty',
    'An empty payload and no payload are told apart in every answer',
    { requirements: ['WW-PAGE-044'] },
    async (t) => {
      for (const empty of [true, false]) {
        const none = new Uint8Array();
        const hookId = t.unique('hook');
        const input = empty ? { input: none } : {};
        const workflowName = t.unique('wf');
        const create = { workflowName, deploymentId: events.DEPLOYMENT, ...input };
        const created = await t.accepted('run_created', () =>
          t.api.events.createEvent({ event: { data: { case: 'runCreated', value: create } } }),
        );
        const runId = created.run?.runId ?? '';
        const write = (event: events.NewEventInit) =>
          t.accepted(`${event.data?.case}`, () => t.api.events.createEvent({ runId, event }));
        const step = { stepName: events.STEP_NAME, ...input };
        const answers = [
          created,
          await write(events.runStarted()),
          await write({ correlationId: 'step_1', data: { case: 'stepCreated', value: step } }),
          await write(events.stepCompleted('step_1', empty ? { result: none } : {})),
          await write(
            events.hookCreated(hookId, t.unique('token'), empty ? { metadata: none } : {}),
          ),
          await write(events.hookReceived(hookId, empty ? { payload: none } : {})),
        ];
        const { hooks, runs, steps, events: service } = t.api;
        const hook = (await hooks.getHook({ runId, hookId })).hook;
        answers.push(await write(events.runCompleted(empty ? { output: none } : {})));
        const run = (await runs.getRun({ runId })).run;
        const wanted = empty ? none : undefined;
        const told = {
          'the input of the run': run?.input,
          'the output of the run': run?.output,
          'the input in ListRuns': (await runs.listRuns({ workflowName })).runs[0]?.input,
          'the input of the step': (await steps.getStep({ runId, stepId: 'step_1' })).step?.input,
          'the output of the step': (await steps.listSteps({ runId })).steps[0]?.output,
          'the metadata of the hook': hook?.metadata,
          'the input in the answer': created.run?.input,
          'the output in the answer': answers.at(-1)?.run?.output,
        };
        for (const [what, value] of Object.entries(told)) t.equal(value, wanted, what);
        const log = (await service.listEvents({ runId, page: { limit: 50 } })).events;
        for (const event of [...log, ...answers.map((answer) => answer.event)]) {
          const value = (event?.data.value ?? {}) as Record<string, unknown>;
          const member = MEMBERS[event?.data.case ?? ''];
          if (member !== undefined)
            t.equal(value[member], wanted, `${member} of ${event?.data.case}`);
        }
      }
    },
  ),
];

const MEMBERS: Readonly<Record<string, string>> = {
  runCreated: 'input',
  stepCreated: 'input',
  stepCompleted: 'result',
  hookCreated: 'metadata',
  hookReceived: 'payload',
  runCompleted: 'output',
};
