import { ResolveData, RunStatus, StepStatus } from '@worldwire/proto';
import { type Check, check } from '../../check.js';
import type { Context } from '../../context.js';
import * as events from '../../fixtures/new-event.js';
import { dataOf, hooksOf, stepOf, waitsOf } from '../../fixtures/records.js';
import type { RunHandle } from '../../fixtures/run-handle.js';
import { sameFailure } from './failures.js';

const utf8 = (text: string) => new TextEncoder().encode(text);

/** What an ending leaves behind. */
export const runEndingChecks: readonly Check[] = [
  check(
    'runs/output',
    'A completed run returns its output as it was given, also an empty one and none',
    { requirements: ['WW-RUN-022'] },
    async (t: Context) => {
      for (const output of [utf8('devl{"ok":true}'), t.random.bytes(5_000), undefined]) {
        const run = await t.startedRun();
        const end = output === undefined ? {} : { output };
        const answer = await t.accepted('run_completed', () => run.write(events.runCompleted(end)));
        t.equal(answer.run?.output, output, 'output of the answer');
        const record = await run.get();
        t.equal(record.status, RunStatus.COMPLETED, 'the state');
        t.equal(record.output, output, 'output of GetRun');
        t.ok(record.error === undefined, 'a completed run has no error', 'unset', record.error);
        const ended = (await run.log()).at(-1);
        t.equal(dataOf(t, ended, 'runCompleted').output, output, 'output of the event');
      }
    },
  ),
  check(
    'runs/error',
    'A failed run returns its error in the form and with the content that it was given, and its code',
    { requirements: ['WW-RUN-023', 'WW-RUN-024'] },
    async (t: Context) => {
      const code = 'RUNTIME_ERROR';
      const { api } = t;
      for (const message of ['it broke', 'ü 日本 \u{1f600} "quoted" \n second line']) {
        const run = await t.startedRun();
        const error = run.failure(message);
        await t.accepted('run_failed', () => run.write(events.runFailed(error, code)));
        const record = await run.get();
        t.equal(record.status, RunStatus.FAILED, 'the state');
        sameFailure(t, record.error, error, 'the error of GetRun');
        const failed = (await run.log()).at(-1);
        sameFailure(t, dataOf(t, failed, 'runFailed').error, error, 'the error of the event');
        t.ok(record.output === undefined, 'a failed run has no output', 'unset', record.output);
        t.equal(record.errorCode, code, 'error_code of GetRun');
        t.equal(dataOf(t, failed, 'runFailed').errorCode, code, 'error_code of the event');
        const resolveData = ResolveData.NONE;
        const bare = (await api.runs.getRun({ runId: run.id, resolveData })).run;
        t.equal(bare?.errorCode, code, 'error_code of GetRun under RESOLVE_DATA_NONE');
        t.ok(bare?.error === undefined, 'no error under RESOLVE_DATA_NONE', 'unset', bare?.error);
        const batch = await api.runs.batchGetRuns({ runIds: [run.id], resolveData });
        t.equal(batch.results[0]?.run?.errorCode, code, 'error_code of BatchGetRuns, without data');
      }
    },
  ),
  check(
    'runs/cancel-reason',
    'The reason of a cancellation is kept on the run and on its event',
    { requirements: ['WW-RUN-025'] },
    async (t: Context) => {
      for (const reason of ['no longer wanted: ü 日本', undefined]) {
        const run = await t.startedRun();
        await t.accepted('run_cancelled', () => run.write(events.runCancelled(reason)));
        t.equal((await run.get()).cancelReason, reason, 'cancel_reason of the run');
        const cancelled = (await run.log()).at(-1);
        t.equal(
          dataOf(t, cancelled, 'runCancelled').cancelReason,
          reason,
          'cancel_reason of the event',
        );
      }
    },
  ),
  check(
    'runs/ended-stays',
    'No event changes an ended run, and its log takes none but those of its steps',
    { requirements: ['WW-RUN-027', 'WW-RUN-029', 'WW-RUN-036'] },
    async (t: Context) => {
      for (const [end, reasonAgain] of endings) {
        const run = await t.startedRun();
        const hookId = t.unique('hook');
        const waitId = t.unique('wait');
        await run.given(events.hookCreated(hookId, t.unique('token')), events.waitCreated(waitId));
        await run.given(end(run));
        const before = await run.get();
        const log = await run.types();
        const tries: [string, events.NewEventInit, string[]][] = [
          ['run_created', events.runCreated(), ['RUN_ALREADY_EXISTS']],
          ['run_started', events.runStarted(), ['RUN_GONE']],
          ['run_started with create', events.runStarted(events.createsRun()), ['RUN_GONE']],
          ['run_completed', events.runCompleted(), ['RUN_ALREADY_ENDED']],
          ['run_failed', events.runFailed(run.failure()), ['RUN_ALREADY_ENDED']],
          ...reasonAgain.map(
            (reason) =>
              ['run_cancelled', events.runCancelled(), [reason]] as [
                string,
                events.NewEventInit,
                string[],
              ],
          ),
          ['step_created', events.stepCreated(t.unique('step')), ['RUN_ALREADY_ENDED']],
          [
            'hook_created',
            events.hookCreated(t.unique('hook'), t.unique('token')),
            ['RUN_ALREADY_ENDED'],
          ],
          ['hook_received', events.hookReceived(hookId), ['HOOK_NOT_FOUND', 'RUN_GONE']],
          ['hook_disposed', events.hookDisposed(hookId), ['HOOK_NOT_FOUND', 'RUN_GONE']],
          ['wait_created', events.waitCreated(t.unique('wait')), ['RUN_ALREADY_ENDED']],
          ['wait_completed', events.waitCompleted(waitId), ['WAIT_NOT_FOUND']],
        ];
        for (const [what, event, reasons] of tries)
          await t.refused(`${what} of an ended run`, () => run.write(event), reasons, {});
        t.equal(await run.get(), before, 'the run after refused events');
        t.equal(await run.types(), log, 'the log after refused events');
      }
    },
  ),
  check(
    'runs/end-releases',
    'The end of a run removes its hooks and waits, frees its tokens, and leaves its steps as they are',
    { requirements: ['WW-RUN-031', 'WW-RUN-032', 'WW-RUN-033', 'WW-RUN-035'] },
    async (t: Context) => {
      for (const [end] of endings) {
        const run = await t.startedRun();
        const [hookId, token] = [t.unique('hook'), t.unique('token')];
        const [pending, running, done] = [t.unique('step'), t.unique('step'), t.unique('step')];
        await run.given(
          events.hookCreated(hookId, token, { metadata: utf8('devl1') }),
          events.hookCreated(t.unique('hook'), t.unique('token')),
          events.waitCreated(t.unique('wait')),
          events.stepCreated(pending),
          events.stepCreated(running),
          events.stepStarted(running),
          events.stepCreated(done),
          events.stepCompleted(done),
        );
        const steps = [];
        for (const id of [pending, running, done]) steps.push(await stepOf(t, run, id));
        t.equal((await hooksOf(run, t.api)).length, 2, 'hooks before the end');
        await run.given(end(run));
        const { hooks } = t.api;
        await t.refused(
          'GetHook after the end',
          () => hooks.getHook({ runId: run.id, hookId }),
          'HOOK_NOT_FOUND',
        );
        await t.refused('GetHook without a run', () => hooks.getHook({ hookId }), 'HOOK_NOT_FOUND');
        await t.refused(
          'GetHookByToken after the end',
          () => hooks.getHookByToken({ token }),
          'HOOK_NOT_FOUND',
        );
        t.equal((await hooksOf(run, t.api)).length, 0, 'hooks after the end');
        const next = await t.startedRun();
        const taken = await t.accepted('hook_created with the freed token', () =>
          next.write(events.hookCreated(t.unique('hook'), token)),
        );
        t.equal(taken.event?.data.case, 'hookCreated', 'the event with the freed token');
        t.equal(
          (await hooks.getHookByToken({ token })).hook?.runId,
          next.id,
          'the run that the token leads to',
        );
        for (const [index, id] of [pending, running, done].entries())
          t.equal(await stepOf(t, run, id), steps[index], 'a step at the end of its run');
        t.equal((await stepOf(t, run, running)).status, StepStatus.RUNNING, 'the running step');
      }
    },
  ),
  check(
    'runs/end-removes-waits',
    'The end of a run removes its waits, waiting and completed',
    { requirements: ['WW-RUN-034'], capabilities: ['WAIT_READS'] },
    async (t: Context) => {
      for (const [end] of endings) {
        const run = await t.startedRun();
        const [waiting, completed] = [t.unique('wait'), t.unique('wait')];
        await run.given(
          events.waitCreated(waiting),
          events.waitCreated(completed),
          events.waitCompleted(completed),
        );
        t.equal((await waitsOf(run, t.api)).length, 2, 'waits before the end');
        await run.given(end(run));
        for (const waitId of [waiting, completed])
          await t.refused(
            'GetWait after the end',
            () => t.api.waits.getWait({ runId: run.id, waitId }),
            'WAIT_NOT_FOUND',
          );
        t.equal((await waitsOf(run, t.api)).length, 0, 'waits after the end');
      }
    },
  ),
];

/** Each ending, and the reason with which run_cancelled is refused behind it, where it is. */
const endings: readonly (readonly [(run: RunHandle) => events.NewEventInit, readonly string[]])[] =
  [
    [() => events.runCompleted(), ['RUN_ALREADY_ENDED']],
    [(run) => events.runFailed(run.failure()), ['RUN_ALREADY_ENDED']],
    [() => events.runCancelled('enough'), []],
  ];
