import { Code, ConnectError } from '@connectrpc/connect';
import {
  EventService,
  errorRules,
  HookService,
  QueueService,
  RunService,
  StreamService,
} from '@worldwire/proto';
import { type SdkCheck, sdkCheck } from '../check.js';
import { refusal } from '../scripted-world.js';
import { created, creation, EARLY_MS } from './fixtures.js';

const { createEvent } = EventService.method;
const { getRun } = RunService.method;

/** Longer than a client waits on a World that is away for a moment. */
const PATIENT_MS = 30_000;

/** What is tried again, how, and when. */
export const retryChecks: readonly SdkCheck[] = [
  sdkCheck(
    'retries/retryable-reasons',
    'a call that failed with a retryable reason is sent again until it succeeds',
    { requirements: ['WW-SDK-010'] },
    async (t) => {
      const retryable = [...errorRules.values()].filter((rule) => rule.retryable);
      const client = await t.client({
        runs: {
          getRun({ runId }) {
            const reason = runId.slice('wrun_'.length);
            const tries = t.world.seen(getRun).filter(({ request }) => request.runId === runId);
            if (tries.length <= 2 && errorRules.has(reason)) throw refusal(reason);
            return { run: { runId } };
          },
        },
        events: {
          createEvent({ runId }, call) {
            if (call.nth === 0) throw refusal('UNAVAILABLE');
            return created(runId);
          },
        },
      });
      for (const { reason } of retryable) {
        const runId = `wrun_${reason}`;
        const { run } = await client.call(getRun, { runId }, { timeoutMs: PATIENT_MS }).value();
        t.equal(run?.runId, runId, `the run after ${reason}`);
      }
      const { run } = await client.call(createEvent, creation(), { timeoutMs: PATIENT_MS }).value();
      t.equal(run?.runId, 'wrun_1', 'the write after UNAVAILABLE');
    },
  ),
  sdkCheck(
    'retries/code-without-reason',
    'a call that failed with the code unavailable and no reason is sent again',
    { requirements: ['WW-SDK-010'] },
    async (t) => {
      const client = await t.client({
        runs: {
          getRun({ runId }, call) {
            if (call.nth === 0) throw new ConnectError('upstream is gone', Code.Unavailable);
            return { run: { runId } };
          },
        },
      });
      const { run } = await client
        .call(getRun, { runId: 'wrun_1' }, { timeoutMs: PATIENT_MS })
        .value();
      t.equal(run?.runId, 'wrun_1', 'the run');
    },
  ),
  sdkCheck(
    'retries/broken-connection',
    'a read whose connection breaks before or within the answer is sent again',
    { requirements: ['WW-SDK-011'] },
    async (t) => {
      const client = await t.client({
        runs: {
          getRun({ runId }, call) {
            if (call.nth === 0) return call.drop();
            if (call.nth < 4) call.cutAfter(call.nth - 1);
            return { run: { runId, workflowName: 'order' } };
          },
        },
      });
      const { run } = await client
        .call(getRun, { runId: 'wrun_1' }, { timeoutMs: PATIENT_MS })
        .value();
      t.equal(run?.workflowName, 'order', 'the run');
      t.ok(t.world.count('GetRun') >= 5, 'the broken tries were taken for answers');
    },
  ),
  sdkCheck(
    'retries/refused-connection',
    'a call to a World that is away for a moment succeeds when it is back',
    { requirements: ['WW-SDK-011'] },
    async (t) => {
      const client = await t.client({
        runs: { getRun: ({ runId }) => ({ run: { runId } }) },
        queue: { reviveMessages: () => ({ revived: 1 }) },
      });
      await client.call(getRun, { runId: 'wrun_1' }).value();
      await t.world.stop();
      const read = client.call(getRun, { runId: 'wrun_2' }, { timeoutMs: PATIENT_MS });
      await t.sleep(300);
      t.ok(!read.ended, 'the call ended while the World was away');
      await t.world.listen();
      t.equal((await read.value()).run?.runId, 'wrun_2', 'the run');
    },
  ),
  sdkCheck(
    'retries/request-id-of-its-own',
    'every write that may carry a request id has one, and no two calls have the same',
    { requirements: ['WW-SDK-012', 'WW-SDK-014'] },
    async (t) => {
      const client = await t.client({
        events: { createEvent: ({ runId }) => created(runId) },
        queue: { enqueue: () => ({ messageId: 'msg_1' }) },
      });
      for (const runId of ['wrun_1', 'wrun_1', 'wrun_2'])
        await client.call(createEvent, creation(runId)).value();
      await client
        .call(QueueService.method.enqueue, { message: { queueName: '__wkf_workflow_q' } })
        .value();
      const ids = [
        ...t.world.seen(createEvent).map(({ request }) => request.requestId),
        ...t.world.seen(QueueService.method.enqueue).map(({ request }) => request.requestId),
      ];
      t.equal(ids.length, 4, 'the number of writes');
      t.ok(!ids.includes(''), 'a write has no request id', 'one', ids);
      t.equal(new Set(ids).size, ids.length, 'the number of request ids');
    },
  ),
  sdkCheck(
    'retries/same-request',
    'every try of a write is the same request, with the same request id',
    { requirements: ['WW-SDK-013'] },
    async (t) => {
      const client = await t.client({
        events: {
          createEvent({ runId }, call) {
            if (call.nth === 0) throw refusal('UNAVAILABLE');
            if (call.nth === 1) return call.drop();
            if (call.nth === 2) throw refusal('SHUTTING_DOWN');
            return created(runId);
          },
        },
      });
      await client.call(createEvent, creation(), { timeoutMs: PATIENT_MS }).value();
      const tries = t.world.seen(createEvent);
      t.equal(tries.length, 4, 'the number of tries');
      for (const { request } of tries) t.equal(request, tries[0]!.request, 'a later try');
      t.ok(tries[0]!.request.requestId !== '', 'the tries have no request id');
    },
  ),
  sdkCheck(
    'retries/callers-request-id',
    'a request id that the caller gave stays',
    { requirements: ['WW-SDK-015'] },
    async (t) => {
      const client = await t.client({
        events: {
          createEvent({ runId }, call) {
            if (call.nth === 0) throw refusal('UNAVAILABLE');
            return created(runId);
          },
        },
      });
      const request = { ...creation(), requestId: 'mine-1' };
      await client.call(createEvent, request, { timeoutMs: PATIENT_MS }).value();
      const ids = t.world.seen(createEvent).map(({ request: { requestId } }) => requestId);
      t.equal(ids, ['mine-1', 'mine-1'], 'the request ids');
    },
  ),
  sdkCheck(
    'retries/final-reasons',
    'a call that failed with a reason that is not retryable is sent once',
    { requirements: ['WW-SDK-016'] },
    async (t) => {
      const final = [...errorRules.values()].filter((rule) => !rule.retryable);
      const client = await t.client({
        hooks: {
          getHook({ hookId }) {
            if (errorRules.has(hookId)) throw refusal(hookId, { retryAfterMs: 1 });
            return { hook: { hookId } };
          },
        },
      });
      const { getHook } = HookService.method;
      const calls = [...final.map(({ reason }) => reason), 'fine'].map((hookId) =>
        client.call(getHook, { hookId }).came(),
      );
      await Promise.all(calls);
      const sent = t.world.seen(getHook).map(({ request }) => request.hookId);
      const twice = final.filter(({ reason }) => sent.filter((id) => id === reason).length !== 1);
      t.equal(
        twice.map(({ reason }) => reason),
        [],
        'the reasons after which a call was not sent exactly once',
      );
      t.ok('value' in (await calls.at(-1)!), 'the call that nothing refuses fails');
    },
  ),
  sdkCheck(
    'retries/nameless-effects',
    'a call with effects that nothing names is not sent again once it may have arrived',
    { requirements: ['WW-SDK-017'] },
    async (t) => {
      const { reviveMessages } = QueueService.method;
      const client = await t.client({
        queue: {
          reviveMessages: (_request, call) => (call.nth === 0 ? call.drop() : { revived: 0 }),
        },
        runs: {
          getRun: ({ runId }, call) => (call.nth === 0 ? call.drop() : { run: { runId } }),
        },
      });
      const revival = client.call(reviveMessages, { messageIds: ['msg_1'] });
      await t.refused('a revival whose answer was lost', revival, {
        codes: ['unavailable', 'unknown', 'aborted', 'internal', 'deadline_exceeded'],
      });
      t.equal(t.world.count('ReviveMessages'), 1, 'the number of revivals');
      // The control: what may be repeated is, and a revival that arrives succeeds.
      await client.call(getRun, { runId: 'wrun_1' }, { timeoutMs: PATIENT_MS }).value();
      await client.call(reviveMessages, { messageIds: ['msg_1'] }).value();
    },
  ),
  sdkCheck(
    'retries/answer-lost-after-the-commit',
    'a write whose answer was lost after the commit succeeds with its first outcome',
    { requirements: ['WW-SDK-018'] },
    async (t) => {
      const outcomes = new Map<string, string>();
      const client = await t.client({
        events: {
          createEvent({ runId, requestId }, call) {
            const owner = outcomes.get(runId);
            if (owner !== undefined && (owner !== requestId || requestId === ''))
              throw refusal('RUN_ALREADY_EXISTS', { metadata: { run_id: runId } });
            outcomes.set(runId, requestId);
            // The first answer breaks off within, the second before it began.
            if (call.nth === 0) call.cutAfter(3);
            if (call.nth === 1) return call.drop();
            return created(runId);
          },
        },
      });
      const { run } = await client
        .call(createEvent, creation('wrun_1'), { timeoutMs: PATIENT_MS })
        .value();
      t.equal(run?.runId, 'wrun_1', 'the run');
      const second = client.call(createEvent, creation('wrun_1'));
      await t.refused('another creation of the run', second, { reason: 'RUN_ALREADY_EXISTS' });
    },
  ),
  sdkCheck(
    'retries/waits-as-told',
    'no try comes before the delay that the World asked for',
    { requirements: ['WW-SDK-019'] },
    async (t) => {
      const DELAYS_MS = [700, 1_300];
      const told: number[] = [];
      const client = await t.client({
        runs: {
          getRun({ runId }, call) {
            const retryAfterMs = DELAYS_MS[call.nth];
            if (retryAfterMs === undefined) return { run: { runId } };
            told.push(performance.now());
            throw refusal('THROTTLED', {
              metadata: { retry_after_ms: `${retryAfterMs}` },
              retryAfterMs,
            });
          },
        },
      });
      await client.call(getRun, { runId: 'wrun_1' }, { timeoutMs: PATIENT_MS }).value();
      const arrived = t.world.seen(getRun).map(({ arrivedAt }) => arrivedAt);
      for (const [nth, delayMs] of DELAYS_MS.entries()) {
        const waited = arrived[nth + 1]! - told[nth]!;
        t.ok(
          waited >= delayMs - EARLY_MS,
          'a try came before its time',
          `${delayMs} ms`,
          `${Math.round(waited)} ms`,
        );
      }
    },
  ),
  sdkCheck(
    'retries/pauses',
    'a World that is down is asked again with pauses',
    { requirements: ['WW-SDK-020'] },
    async (t) => {
      const client = await t.client({
        runs: {
          getRun() {
            throw refusal('UNAVAILABLE');
          },
        },
      });
      await client.call(getRun, { runId: 'wrun_1' }, { timeoutMs: 4_000 }).failure();
      const tries = t.world.count('GetRun');
      t.ok(tries >= 2, 'the call was not tried again', 'at least 2 tries', tries);
      t.ok(tries <= 200, 'the World was asked without a pause', 'at most 200 tries', tries);
    },
  ),
  sdkCheck(
    'retries/closes-again',
    'a close whose answer was lost is sent again, for a second one changes nothing',
    { requirements: ['WW-SDK-011'] },
    async (t) => {
      const client = await t.client({
        streams: {
          close: (_request, call) => (call.nth === 0 ? call.drop() : { tailIndex: 3n }),
        },
      });
      const { tailIndex } = await client
        .call(
          StreamService.method.close,
          { runId: 'wrun_1', name: 'out' },
          { timeoutMs: PATIENT_MS },
        )
        .value();
      t.equal(tailIndex, 3n, 'the last index');
    },
  ),
];
