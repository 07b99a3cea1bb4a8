import { type Check, check } from '../../check.js';
import * as events from '../../fixtures/new-event.js';
import { hooksOf } from '../../fixtures/records.js';
import { ENDINGS, endingOf, holderNow, holderOf } from './support.js';

/** Who holds a token. */
export const tokenChecks: readonly Check[] = [
  check(
    'hooks/token-exact',
    'Tokens that differ in one character, its case or its composition are different tokens',
    { requirements: ['WW-HOOK-013', 'WW-HOOK-014', 'WW-HOOK-015'] },
    async (t) => {
      const run = await t.startedRun();
      const base = `a${t.unique('token')}`;
      const tokens = [
        base,
        base.toUpperCase(),
        base.toLowerCase(),
        `${base}x`,
        base.slice(0, -1),
        `${base} `,
        ` ${base}`,
        `${base}%`,
        `${base.slice(0, -1)}_`,
        `${base}\u00e9`,
        `${base}e\u0301`,
        `${base}/../x`,
        `${base}:x`,
        `${base}\u{1f600}`,
        `${base}'"\\`,
      ];
      const created: string[] = [];
      for (const [index, token] of tokens.entries()) {
        await t.refused(
          'GetHookByToken of a free token',
          () => t.api.hooks.getHookByToken({ token }),
          'HOOK_NOT_FOUND',
        );
        const hookId = `hook_${index}`;
        const { event } = await t.accepted(`hook_created with ${JSON.stringify(token)}`, () =>
          run.write(events.hookCreated(hookId, token)),
        );
        t.equal(event?.data.case, 'hookCreated', `the event for ${JSON.stringify(token)}`);
        created.push(token);
        for (const [at, earlier] of created.entries())
          t.equal((await holderNow(t, earlier))?.hookId, `hook_${at}`, `the holder of ${earlier}`);
      }
      t.equal(
        (await hooksOf(run, t.api)).map(({ token }) => token),
        tokens,
        'the tokens',
      );
    },
  ),
  check(
    'hooks/token-empty',
    'A hook without a token is refused and leaves nothing',
    { requirements: ['WW-HOOK-016'] },
    async (t) => {
      const run = await t.startedRun();
      const [hookId, token] = [t.unique('hook'), t.unique('token')];
      await t.refused(
        'hook_created with an empty token',
        () => run.write(events.hookCreated(hookId, '')),
        'INVALID_ARGUMENT',
      );
      t.equal(await run.types(), ['runCreated', 'runStarted'], 'the log');
      await t.accepted('the same hook with a token', () =>
        run.write(events.hookCreated(hookId, token)),
      );
    },
  ),
  check(
    'hooks/token-free-after-disposal',
    'A token can be taken again as soon as its hook is disposed of, by any run, again and again',
    { requirements: ['WW-HOOK-017', 'WW-HOOK-014', 'WW-HOOK-015'] },
    async (t) => {
      const token = t.unique('token');
      const runs = [await t.startedRun(), await t.startedRun()];
      for (let round = 0; round < 6; round++) {
        const run = runs[round % 4 < 2 ? 0 : 1]!;
        const hookId = `hook_${round}`;
        const { event, hook } = await t.accepted('hook_created', () =>
          run.write(events.hookCreated(hookId, token), { api: t.client('creator') }),
        );
        t.equal(event?.data.case, 'hookCreated', 'the event');
        t.equal(hook?.token, token, 'the token of the answer');
        const now = await holderNow(t, token);
        t.equal([now?.runId, now?.hookId], [run.id, hookId], 'the holder');
        await t.accepted('hook_disposed', () => run.write(events.hookDisposed(hookId)));
        t.equal((await holderNow(t, token))?.hookId, undefined, 'the holder after the disposal');
      }
    },
  ),
  check(
    'hooks/token-free-after-end',
    'A token can be taken again as soon as its run has ended, in whatever way',
    { requirements: ['WW-RUN-033', 'WW-RUN-032', 'WW-HOOK-015'] },
    async (t) => {
      const other = await t.startedRun();
      for (const kind of [...ENDINGS, 'cancelRuns'] as const) {
        const { run, hookId, token } = await holderOf(t);
        await t.accepted(kind, async () =>
          kind === 'cancelRuns'
            ? await t.api.runs.cancelRuns({ runIds: [run.id] })
            : await run.write(endingOf(run, kind)),
        );
        t.equal((await holderNow(t, token))?.hookId, undefined, `the holder after ${kind}`);
        t.equal(await hooksOf(run, t.api), [], `the hooks after ${kind}`);
        await t.refused(
          `GetHook after ${kind}`,
          () => t.api.hooks.getHook({ runId: run.id, hookId }),
          'HOOK_NOT_FOUND',
        );
        const { event } = await t.accepted('hook_created with the token', () =>
          other.write(events.hookCreated(t.unique('hook'), token)),
        );
        t.equal(event?.data.case, 'hookCreated', `the event after ${kind}`);
        t.equal((await holderNow(t, token))?.runId, other.id, 'the new holder');
      }
    },
  ),
  check(
    'hooks/token-stays-with-its-holder',
    'Neither a former holder nor one that met a conflict frees a token by its disposal or end',
    { requirements: ['WW-HOOK-018', 'WW-HOOK-011'] },
    async (t) => {
      for (const kind of ENDINGS) {
        const former = await holderOf(t);
        const { token } = former;
        const [kept, lost] = [t.unique('hook'), t.unique('hook')];
        await former.run.given(events.hookDisposed(former.hookId));
        const present = await t.startedRun();
        await present.given(events.hookCreated(kept, token));
        const loser = await t.startedRun();
        await loser.given(events.hookCreated(lost, token));
        const holds = async (when: string) => {
          const { run, hookId } = former;
          const hook = await holderNow(t, token);
          t.equal([hook?.runId, hook?.hookId], [present.id, kept], `the holder ${when}`);
          await t.refused(
            'a second hook_disposed of the former hook',
            () => run.write(events.hookDisposed(hookId)),
            ['HOOK_NOT_FOUND', 'RUN_GONE'],
          );
        };
        await holds('at first');
        await t.refused(
          'hook_disposed of the hook that met a conflict',
          () => loser.write(events.hookDisposed(lost)),
          'HOOK_NOT_FOUND',
        );
        await holds('after the disposals');
        for (const run of [former.run, loser])
          await t.accepted(kind, () => run.write(endingOf(run, kind)));
        await holds(`after ${kind} of the others`);
        const third = await t.startedRun();
        const { event } = await t.accepted('hook_created with the token', () =>
          third.write(events.hookCreated(t.unique('hook'), token)),
        );
        t.equal(event?.data.case, 'hookConflict', 'the event for a token that is taken');
      }
    },
  ),
  check(
    'hooks/token-passes-within-a-run',
    'A token that passed on to another hook of the same run stays with it',
    { requirements: ['WW-HOOK-018', 'WW-HOOK-017'] },
    async (t) => {
      const { run, hookId, token } = await holderOf(t);
      await run.given(events.hookDisposed(hookId), events.hookCreated('hook_next', token));
      await t.refused(
        'a second disposal of the first hook',
        () => run.write(events.hookDisposed(hookId)),
        'HOOK_NOT_FOUND',
      );
      t.equal((await holderNow(t, token))?.hookId, 'hook_next', 'the holder');
      const { event } = await t.accepted('hook_created with the token', () =>
        run.write(events.hookCreated('hook_late', token)),
      );
      t.equal(event?.data.case, 'hookConflict', 'the event for a token that is taken');
      await t.refused(
        'the disposal of the hook that met a conflict',
        () => run.write(events.hookDisposed('hook_late')),
        'HOOK_NOT_FOUND',
      );
      t.equal((await holderNow(t, token))?.hookId, 'hook_next', 'the holder');
      await t.accepted('hook_received of the holder', () =>
        run.write(events.hookReceived('hook_next')),
      );
      t.equal(
        (await hooksOf(run, t.api)).map((hook) => hook.hookId),
        ['hook_next'],
        'the hooks',
      );
    },
  ),
  check(
    'hooks/conflict-answer',
    'A token that is taken makes hook_created a hook_conflict, with success and without a hook',
    { requirements: ['WW-HOOK-019', 'WW-HOOK-020', 'WW-HOOK-021', 'WW-HOOK-108'] },
    async (t) => {
      const holder = await holderOf(t);
      const before = await holder.run.log();
      for (const own of [false, true]) {
        const run = own ? holder.run : await t.startedRun();
        const hookId = t.unique('hook');
        const { event, hook } = await t.accepted('hook_created with a taken token', () =>
          run.write(events.hookCreated(hookId, holder.token, { isWebhook: true })),
        );
        t.equal(event?.data.case, 'hookConflict', 'the event of the answer');
        t.equal(event?.correlationId, hookId, 'the correlation id of the event');
        t.ok(hook === undefined, 'the answer carries no hook', 'none', hook);
        const last = (await run.log()).at(-1);
        t.equal(last, event, 'the last event of the log');
        if (last?.data.case === 'hookConflict')
          t.equal(last.data.value.token, holder.token, 'the token of the event');
        if (!own) t.equal(await holder.run.log(), before, 'the log of the holder');
      }
    },
  ),
  check(
    'hooks/conflict-names-holder',
    'A conflict names the run whose hook holds the token',
    { requirements: ['WW-HOOK-022'] },
    async (t) => {
      const holder = await holderOf(t);
      const run = await t.startedRun();
      const { event } = await t.accepted('hook_created with a taken token', () =>
        run.write(events.hookCreated(t.unique('hook'), holder.token)),
      );
      const told = event?.data.case === 'hookConflict' ? event.data.value.conflictingRunId : '';
      t.equal(told, holder.run.id, 'conflicting_run_id');
    },
  ),
  check(
    'hooks/conflict-leaves-no-hook',
    'A hook that met a conflict is found nowhere, takes nothing and cannot be disposed of',
    { requirements: ['WW-HOOK-023', 'WW-HOOK-117', 'WW-HOOK-128'] },
    async (t) => {
      const holder = await holderOf(t);
      const run = await t.startedRun();
      const hookId = t.unique('hook');
      await run.given(events.hookCreated(hookId, holder.token, { metadata: new Uint8Array([1]) }));
      const { hooks } = t.api;
      await t.refused('GetHook', () => hooks.getHook({ runId: run.id, hookId }), 'HOOK_NOT_FOUND');
      await t.refused('GetHook', () => hooks.getHook({ hookId }), 'HOOK_NOT_FOUND');
      t.equal(await hooksOf(run, t.api), [], 'the hooks of the run');
      const { hook } = await hooks.getHookByToken({ token: holder.token });
      t.equal([hook?.runId, hook?.hookId], [holder.run.id, holder.hookId], 'the holder');
      const types = await run.types();
      for (const event of [events.hookReceived(hookId), events.hookDisposed(hookId)])
        await t.refused(`${event.data?.case}`, () => run.write(event), 'HOOK_NOT_FOUND');
      t.equal(await run.types(), types, 'the log');
      await t.accepted('hook_disposed of the holder', () =>
        holder.run.write(events.hookDisposed(holder.hookId)),
      );
      t.equal(await holderNow(t, holder.token), undefined, 'the holder after its disposal');
      await t.refused('GetHook', () => hooks.getHook({ runId: run.id, hookId }), 'HOOK_NOT_FOUND');
    },
  ),
];
