import { type Hook, ResolveData } from '@worldwire/proto';
import { type Check, check } from '../../check.js';
import * as events from '../../fixtures/new-event.js';
import { hooksOf } from '../../fixtures/records.js';
import { bytes, holderOf, nowhere } from './support.js';

/** What is kept of a hook. */
export const hookRecordChecks: readonly Check[] = [
  check(
    'hooks/record',
    'Every read of a hook returns its token, metadata and kind as its creation gave them',
    { requirements: ['WW-HOOK-001', 'WW-HOOK-002', 'WW-HOOK-003', 'WW-HOOK-008', 'WW-HOOK-010'] },
    async (t) => {
      const run = await t.startedRun();
      const cases = [
        { metadata: bytes('devl{"a":1}'), isWebhook: true },
        { metadata: t.random.bytes(300), isWebhook: false },
        { metadata: new Uint8Array([0, 255, 0, 10, 13]), isWebhook: true },
      ];
      for (const { metadata, isWebhook } of cases) {
        const [hookId, token] = [t.unique('hook'), t.unique('token')];
        const answer = await t.accepted('hook_created', () =>
          run.write(events.hookCreated(hookId, token, { metadata, isWebhook })),
        );
        const { hooks } = t.api;
        const reads = [
          ['the answer', answer.hook],
          ['GetHook', (await hooks.getHook({ runId: run.id, hookId })).hook],
          ['GetHook without a run', (await hooks.getHook({ hookId })).hook],
          ['GetHookByToken', (await hooks.getHookByToken({ token })).hook],
          ['ListHooks', (await hooksOf(run, t.api)).find((hook) => hook.hookId === hookId)],
        ] as const;
        for (const [what, hook] of reads) {
          t.ok(hook !== undefined, `${what} carries the hook`, hookId, 'none');
          t.equal(hook?.runId, run.id, `the run of the hook, ${what}`);
          t.equal(hook?.hookId, hookId, `the id of the hook, ${what}`);
          t.equal(hook?.token, token, `the token of the hook, ${what}`);
          t.equal(hook?.metadata, metadata, `the metadata of the hook, ${what}`);
          t.equal(hook?.isWebhook, isWebhook, `is_webhook of the hook, ${what}`);
        }
        const resolveData = ResolveData.NONE;
        const bare = [
          (await hooks.getHook({ runId: run.id, hookId, resolveData })).hook,
          (await hooks.getHookByToken({ token, resolveData })).hook,
          (await hooks.listHooks({ runId: run.id, resolveData })).hooks.find(
            (hook) => hook.hookId === hookId,
          ),
        ];
        for (const hook of bare) {
          t.equal(hook?.token, token, 'the token under RESOLVE_DATA_NONE');
          t.equal(hook?.isWebhook, isWebhook, 'is_webhook under RESOLVE_DATA_NONE');
        }
      }
    },
  ),
  check(
    'hooks/system-flag',
    'Every read of a hook returns is_system as its creation gave it',
    { requirements: ['WW-HOOK-004'] },
    async (t) => {
      const { run, hookId, token } = await holderOf(t, { isSystem: true });
      const { hooks } = t.api;
      t.equal((await hooks.getHook({ runId: run.id, hookId })).hook?.isSystem, true, 'GetHook');
      t.equal((await hooks.getHookByToken({ token })).hook?.isSystem, true, 'GetHookByToken');
      t.equal((await hooksOf(run, t.api))[0]?.isSystem, true, 'ListHooks');
    },
  ),
  check(
    'hooks/created-at-stays',
    'The time of a hook is the same on every read, before and after payloads',
    { requirements: ['WW-HOOK-005', 'WW-HOOK-027'] },
    async (t) => {
      const run = await t.startedRun();
      const [hookId, token] = [t.unique('hook'), t.unique('token')];
      const { hook: answered } = await t.accepted('hook_created', () =>
        run.write(events.hookCreated(hookId, token, { metadata: bytes('devl1') })),
      );
      const { hook } = await t.api.hooks.getHook({ runId: run.id, hookId });
      t.ok(hook?.createdAt !== undefined, 'a hook has created_at', 'a time', 'none');
      t.equal(answered?.createdAt, hook?.createdAt, 'created_at of the answer');
      for (let round = 0; round < 3; round++) {
        const { hooks } = t.api;
        t.equal((await hooks.getHook({ runId: run.id, hookId })).hook, hook, 'GetHook');
        t.equal((await hooks.getHookByToken({ token })).hook, hook, 'GetHookByToken');
        t.equal(await hooksOf(run, t.api), [hook], 'ListHooks');
        await run.given(events.hookReceived(hookId), events.stepCreated(t.unique('step')));
        await t.sleep(3);
      }
    },
  ),
  check(
    'hooks/run-context',
    'Every read of a hook tells the deployment, workflow, spec version and context of its run',
    { requirements: ['WW-HOOK-006'] },
    async (t) => {
      const executionContext = { features: { nested: [1, 'two', null, true] }, at: 1.5 };
      const create = {
        executionContext,
        workflowName: t.unique('wf'),
        deploymentId: t.unique('dpl'),
      };
      const run = await t.startedRun({ create });
      const [hookId, token] = [t.unique('hook'), t.unique('token')];
      await run.given(events.hookCreated(hookId, token));
      const other = await holderOf(t);
      const record = await run.get();
      const { hooks } = t.api;
      for (const resolveData of [ResolveData.ALL, ResolveData.NONE]) {
        const reads = [
          ['GetHook', (await hooks.getHook({ runId: run.id, hookId, resolveData })).hook],
          ['GetHook without a run', (await hooks.getHook({ hookId, resolveData })).hook],
          ['GetHookByToken', (await hooks.getHookByToken({ token, resolveData })).hook],
          ['ListHooks', (await hooks.listHooks({ runId: run.id, resolveData })).hooks[0]],
        ] as const;
        for (const [what, hook] of reads) {
          t.equal(hook?.run?.deploymentId, create.deploymentId, `the deployment, ${what}`);
          t.equal(hook?.run?.workflowName, create.workflowName, `the workflow, ${what}`);
          t.equal(hook?.run?.specVersion, record.specVersion, `the spec version, ${what}`);
          t.equal(hook?.run?.executionContext, executionContext, `the context, ${what}`);
        }
      }
      const of = await hooks.getHookByToken({ token: other.token });
      t.equal(of.hook?.run?.workflowName, (await other.run.get()).workflowName, 'of another run');
    },
  ),
  check(
    'hooks/public-key',
    'Every read of a hook tells the public key of its run',
    { requirements: ['WW-HOOK-007'], capabilities: ['PUBLIC_KEYS'] },
    async (t) => {
      const encryptionPublicKey = Buffer.from(t.random.bytes(32)).toString('base64');
      const run = await t.startedRun({ create: { encryptionPublicKey } });
      const [hookId, token] = [t.unique('hook'), t.unique('token')];
      await run.given(events.hookCreated(hookId, token));
      const { hooks } = t.api;
      const reads = [
        (await hooks.getHook({ runId: run.id, hookId })).hook,
        (await hooks.getHookByToken({ token })).hook,
        (await hooks.getHookByToken({ token, resolveData: ResolveData.NONE })).hook,
        (await hooksOf(run, t.api))[0],
      ];
      for (const hook of reads)
        t.equal(hook?.run?.encryptionPublicKey, encryptionPublicKey, 'the key');
    },
  ),
  check(
    'hooks/same-id-in-two-runs',
    'One hook id in two runs is two hooks, each with its own token, payloads and end',
    { requirements: ['WW-HOOK-009'] },
    async (t) => {
      const hookId = t.unique('hook');
      const [one, two] = [await t.startedRun(), await t.startedRun()];
      const tokens = [t.unique('token'), t.unique('token')];
      for (const [index, run] of [one, two].entries()) {
        const { event, hook } = await t.accepted('hook_created', () =>
          run.write(events.hookCreated(hookId, tokens[index]!)),
        );
        t.equal(event?.data.case, 'hookCreated', 'the event');
        t.equal(hook?.runId, run.id, 'the run of the hook');
      }
      await t.accepted('hook_received', () => two.write(events.hookReceived(hookId)));
      t.equal(await one.types(), ['runCreated', 'runStarted', 'hookCreated'], 'the other log');
      const { hooks } = t.api;
      const any = (await hooks.getHook({ hookId })).hook;
      t.ok([one.id, two.id].includes(any?.runId ?? ''), 'GetHook without a run', hookId, any);
      await t.accepted('hook_disposed', () => two.write(events.hookDisposed(hookId)));
      const reads: (() => Promise<{ hook?: Hook }>)[] = [
        () => hooks.getHook({ runId: one.id, hookId }),
        () => hooks.getHook({ hookId }),
        () => hooks.getHookByToken({ token: tokens[0]! }),
      ];
      for (const read of reads)
        t.equal((await t.accepted('a read', read)).hook?.runId, one.id, 'the hook that is left');
      await t.refused(
        'GetHook of the disposed one',
        () => hooks.getHook({ runId: two.id, hookId }),
        'HOOK_NOT_FOUND',
      );
      await t.accepted('hook_disposed', () => one.write(events.hookDisposed(hookId)));
      await nowhere(t, one, hookId);
    },
  ),
];
