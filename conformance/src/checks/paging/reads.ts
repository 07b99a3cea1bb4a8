import {
  type Hook,
  ResolveData,
  type Run,
  RunStatus,
  SortOrder,
  type Step,
} from '@worldwire/proto';
import { type Check, check } from '../../check.js';
import * as events from '../../fixtures/new-event.js';
import { absentRun, hooksOf, stepsOf, waitsOf } from '../../fixtures/records.js';
import { RunHandle } from '../../fixtures/run-handle.js';

/** Reads of what was written. */
export const readChecks: readonly Check[] = [
  check(
    'paging/read-your-writes',
    'Every read shows a write as soon as it is answered, whichever client reads',
    { requirements: ['WW-PAGE-001'] },
    async (t) => {
      const [writer, reader] = [t.client('writer'), t.client('reader')];
      for (let round = 0; round < 6; round++) {
        const workflowName = t.unique('wf');
        const token = t.unique('token');
        const run = await RunHandle.create(t, { api: writer, create: { workflowName } });
        const write = (event: events.NewEventInit) =>
          t.accepted(`${event.data?.case}`, () => run.write(event, { api: writer }));
        const listed = async (...statuses: RunStatus[]) =>
          (await reader.runs.listRuns({ workflowName, statuses })).runs.map(({ runId }) => runId);
        t.equal(await listed(), [run.id], 'ListRuns after run_created');
        t.equal(await listed(RunStatus.PENDING), [run.id], 'ListRuns of pending runs');
        t.equal((await run.get(reader)).status, RunStatus.PENDING, 'GetRun');
        await write(events.runStarted());
        t.equal(await listed(RunStatus.PENDING), [], 'ListRuns of pending runs after the start');
        t.equal(await listed(RunStatus.RUNNING), [run.id], 'ListRuns of running runs');
        const { results } = await reader.runs.batchGetRuns({ runIds: [run.id] });
        t.equal(results[0]?.run?.status, RunStatus.RUNNING, 'BatchGetRuns');
        await write(events.stepCreated('step_1'));
        t.equal((await stepsOf(run, reader)).length, 1, 'ListSteps');
        await write(events.hookCreated(`hook_${round}`, token));
        t.equal((await hooksOf(run, reader)).length, 1, 'ListHooks');
        const { hook } = await t.accepted('GetHookByToken', () =>
          reader.hooks.getHookByToken({ token }),
        );
        t.equal(hook?.runId, run.id, 'GetHookByToken');
        await write(events.waitCreated('wait_1'));
        if (t.has('WAIT_READS')) t.equal((await waitsOf(run, reader)).length, 1, 'ListWaits');
        const { events: own } = await reader.events.listEventsByCorrelation({
          runId: run.id,
          correlationId: 'wait_1',
        });
        t.equal(own.length, 1, 'ListEventsByCorrelation');
        await write(events.hookDisposed(`hook_${round}`));
        t.equal((await hooksOf(run, reader)).length, 0, 'ListHooks after the disposal');
        await t.refused(
          'GetHookByToken after the disposal',
          () => reader.hooks.getHookByToken({ token }),
          'HOOK_NOT_FOUND',
        );
        await write(events.runCompleted());
        t.equal(await listed(RunStatus.RUNNING), [], 'ListRuns of running runs after the end');
        t.equal(await listed(RunStatus.COMPLETED), [run.id], 'ListRuns of completed runs');
        t.equal((await run.types(reader)).at(-1), 'runCompleted', 'ListEvents');
      }
    },
  ),
  check(
    'paging/reads-change-nothing',
    'Reads change nothing: what nobody wrote to is read twice as the same',
    { requirements: ['WW-PAGE-002'] },
    async (t) => {
      const run = await t.startedRun();
      const token = t.unique('token');
      const step = events.stepCreated('step_1');
      await run.given(step, events.hookCreated('hook_1', token), events.waitCreated('wait_1'));
      const { runs, steps, hooks, waits, events: service } = t.api;
      const all = async (resolveData: ResolveData) => {
        const runId = run.id;
        return [
          (await runs.getRun({ runId, resolveData })).run,
          (await runs.batchGetRuns({ runIds: [runId], resolveData })).results,
          (await steps.getStep({ runId, stepId: 'step_1', resolveData })).step,
          (await steps.listSteps({ runId, resolveData })).steps,
          (await hooks.getHook({ runId, hookId: 'hook_1', resolveData })).hook,
          (await hooks.getHookByToken({ token, resolveData })).hook,
          (await hooks.listHooks({ runId, resolveData })).hooks,
          (await service.listEvents({ runId, resolveData })).events,
          (await service.listEventsByCorrelation({ runId, correlationId: 'step_1', resolveData }))
            .events,
          t.has('WAIT_READS') ? (await waits.listWaits({ runId })).waits : [],
          (await runs.waitForRun({ runId, resolveData, timeout: { seconds: 0n } })).run,
        ];
      };
      const first = [await all(ResolveData.ALL), await all(ResolveData.NONE)];
      for (let round = 0; round < 3; round++) {
        await t.sleep(5);
        t.equal(await all(ResolveData.NONE), first[1], 'what is read without payloads');
        t.equal(await all(ResolveData.ALL), first[0], 'what is read with payloads');
      }
    },
  ),
  check(
    'paging/same-record',
    'A list holds the same records that are read one by one, with payloads and without',
    { requirements: ['WW-PAGE-003'] },
    async (t) => {
      const workflowName = t.unique('wf');
      const create = { workflowName, executionContext: { a: [1, 'b'] } };
      const run = await t.startedRun({ create });
      const ended = await t.startedRun({ create });
      await run.given(
        events.stepCreated('step_1'),
        events.stepStarted('step_1'),
        events.stepCompleted('step_1'),
        events.stepCreated('step_2'),
        events.stepFailed('step_2', run.failure()),
        events.stepCreated('step_3'),
        events.stepRetrying('step_3', run.failure()),
        events.hookCreated('hook_1', t.unique('token'), { metadata: new Uint8Array([1, 2]) }),
        events.hookCreated('hook_2', t.unique('token'), { isWebhook: true }),
        events.waitCreated('wait_1'),
        events.waitCreated('wait_2'),
        events.waitCompleted('wait_2'),
      );
      await ended.given(events.runFailed(run.failure(), 'CODE'));
      const { runs, steps, hooks, waits, events: service } = t.api;
      const runId = run.id;
      for (const resolveData of [ResolveData.ALL, ResolveData.NONE]) {
        const under = `under ${ResolveData[resolveData]}`;
        const list = await runs.listRuns({ workflowName, resolveData });
        t.equal(list.runs.length, 2, 'runs of the workflow');
        const { results } = await runs.batchGetRuns({
          runIds: list.runs.map((each: Run) => each.runId),
          resolveData,
        });
        for (const [index, each] of list.runs.entries()) {
          const single = await runs.getRun({ runId: each.runId, resolveData });
          t.equal(each, single.run, `a run of ListRuns ${under}`);
          t.equal(results[index]?.run, single.run, `a run of BatchGetRuns ${under}`);
          const timeout = { seconds: 0n };
          const waited = await runs.waitForRun({ runId: each.runId, resolveData, timeout });
          t.equal(waited.run, single.run, `a run of WaitForRun ${under}`);
        }
        for (const each of (await steps.listSteps({ runId, resolveData })).steps as Step[]) {
          const single = await steps.getStep({ runId, stepId: each.stepId, resolveData });
          t.equal(each, single.step, `${each.stepId} of ListSteps ${under}`);
        }
        for (const each of (await hooks.listHooks({ runId, resolveData })).hooks as Hook[]) {
          const { hookId, token } = each;
          const single = await hooks.getHook({ runId, hookId, resolveData });
          t.equal(each, single.hook, `${hookId} of ListHooks ${under}`);
          const byToken = await hooks.getHookByToken({ token, resolveData });
          t.equal(byToken.hook, single.hook, `${hookId} of GetHookByToken ${under}`);
        }
        for (const each of (await service.listEvents({ runId, resolveData })).events) {
          const single = await service.getEvent({ runId, eventId: each.eventId, resolveData });
          t.equal(each, single.event, `an event of ListEvents ${under}`);
        }
      }
      if (!t.has('WAIT_READS')) return;
      for (const each of (await waits.listWaits({ runId })).waits)
        t.equal(each, (await waits.getWait({ runId, waitId: each.waitId })).wait, each.waitId);
    },
  ),
  check(
    'paging/no-such-record',
    'A record that does not exist is refused with the reason of its kind',
    { requirements: ['WW-PAGE-004', 'WW-PAGE-005'] },
    async (t) => {
      const [run, other] = [await t.startedRun(), await t.startedRun()];
      const token = t.unique('token');
      await run.given(events.stepCreated('step_1'), events.hookCreated('hook_1', token));
      const { runs, steps, hooks, events: service } = t.api;
      const [eventId = ''] = (await run.log()).map((event) => event.eventId);
      const noEvent = `evnt_${'9'.repeat(26)}`;
      const reads = (runId: string) =>
        [
          ['GetRun', () => runs.getRun({ runId }), 'RUN_NOT_FOUND', true],
          ['GetEvent', () => service.getEvent({ runId, eventId }), 'RUN_NOT_FOUND', true],
          [
            'GetEvent',
            () => service.getEvent({ runId, eventId: noEvent }),
            'EVENT_NOT_FOUND',
            false,
          ],
          ['GetStep', () => steps.getStep({ runId, stepId: 'step_1' }), 'RUN_NOT_FOUND', true],
          ['GetStep', () => steps.getStep({ runId, stepId: 'step_x' }), 'STEP_NOT_FOUND', false],
          ['ListEvents', () => service.listEvents({ runId }), 'RUN_NOT_FOUND', true],
          ['ListSteps', () => steps.listSteps({ runId }), 'RUN_NOT_FOUND', true],
          ['GetHook', () => hooks.getHook({ runId, hookId: 'hook_x' }), 'HOOK_NOT_FOUND', false],
        ] as const satisfies readonly (readonly [
          string,
          () => Promise<unknown>,
          string,
          boolean,
        ])[];
      for (const [what, read, reason, ofRun] of reads(run.id)) {
        const call: () => Promise<unknown> = read;
        if (ofRun) await t.accepted(`${what} of a run that exists`, call);
        else await t.refused(`${what} of nothing`, call, reason);
      }
      for (const [what, read, reason, ofRun] of reads(absentRun(t).id)) {
        const call: () => Promise<unknown> = read;
        if (ofRun) await t.refused(`${what} of no run`, call, reason);
      }
      await t.refused(
        'GetStep of the step of another run',
        () => steps.getStep({ runId: other.id, stepId: 'step_1' }),
        'STEP_NOT_FOUND',
      );
      await t.refused(
        'GetHook of the hook of another run',
        () => hooks.getHook({ runId: other.id, hookId: 'hook_1' }),
        'HOOK_NOT_FOUND',
      );
      await t.refused(
        'GetHook of no run',
        () => hooks.getHook({ runId: absentRun(t).id, hookId: 'hook_1' }),
        ['HOOK_NOT_FOUND', 'RUN_NOT_FOUND'],
      );
      const empty = [
        (await steps.listSteps({ runId: other.id })).steps,
        (await hooks.listHooks({ runId: other.id })).hooks,
      ];
      t.equal(empty, [[], []], 'the lists of a run that has none');
      await t.accepted('GetHookByToken', () => hooks.getHookByToken({ token }));
    },
  ),
  check(
    'paging/no-such-wait',
    'A wait that does not exist, and the waits of no run, are refused with their reasons',
    { requirements: ['WW-PAGE-004', 'WW-PAGE-006'], capabilities: ['WAIT_READS'] },
    async (t) => {
      const run = await t.startedRun();
      const { waits } = t.api;
      const missing = absentRun(t).id;
      await t.refused(
        'ListWaits of no run',
        () => waits.listWaits({ runId: missing }),
        'RUN_NOT_FOUND',
      );
      await t.refused(
        'GetWait of no run',
        () => waits.getWait({ runId: missing, waitId: 'wait_1' }),
        'RUN_NOT_FOUND',
      );
      const get = () => waits.getWait({ runId: run.id, waitId: 'wait_1' });
      await t.refused('GetWait of nothing', get, 'WAIT_NOT_FOUND');
      t.equal((await waits.listWaits({ runId: run.id })).waits, [], 'the waits of a run without');
      await run.given(events.waitCreated('wait_1'));
      await t.accepted('GetWait', get);
    },
  ),
  check(
    'paging/hooks-of-project',
    'Hooks are listed by run, or for the whole project, as long as they live',
    { requirements: ['WW-PAGE-038', 'WW-PAGE-026'] },
    async (t) => {
      const runs = [await t.startedRun(), await t.startedRun(), await t.startedRun()];
      for (const [index, run] of runs.entries())
        await run.given(
          events.hookCreated(`hook_${index}_1`, t.unique('token')),
          events.hookCreated(`hook_${index}_2`, t.unique('token')),
        );
      const [one, two, three] = runs as [RunHandle, RunHandle, RunHandle];
      await one.given(events.hookDisposed('hook_0_2'));
      await three.given(events.runCompleted());
      const of = async (run: RunHandle) => (await hooksOf(run, t.api)).map(({ hookId }) => hookId);
      t.equal(await of(one), ['hook_0_1'], 'the hooks of the first run');
      t.equal(await of(two), ['hook_1_1', 'hook_1_2'], 'the hooks of the second run');
      t.equal(await of(three), [], 'the hooks of an ended run');
      const ours = new Set(runs.map(({ id }) => id));
      const found: string[] = [];
      const wanted = [`${two.id} hook_1_2`, `${two.id} hook_1_1`, `${one.id} hook_0_1`];
      for (let cursor = '', pages = 0; pages < 100; pages++) {
        const page = { cursor, limit: 100, sortOrder: SortOrder.DESCENDING };
        const answer = await t.api.hooks.listHooks({ page });
        for (const { runId, hookId } of answer.hooks)
          if (ours.has(runId)) found.push(`${runId} ${hookId}`);
        cursor = answer.page?.cursor ?? '';
        if (found.length >= wanted.length || !answer.page?.hasMore) break;
      }
      t.equal(found, wanted, 'our hooks among those of the project, newest first');
    },
  ),
];
