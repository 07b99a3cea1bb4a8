import { type Timestamp, timestampFromMs } from '@bufbuild/protobuf/wkt';
import { ResolveData } from '@worldwire/proto';
import { type Check, check } from '../../check.js';
import type { Context } from '../../context.js';
import * as events from '../../fixtures/new-event.js';
import { hooksOf } from '../../fixtures/records.js';
import type { RunHandle } from '../../fixtures/run-handle.js';
import { ENDINGS, endingOf, holderNow, holderOf } from './support.js';

const CAPABILITY = { capabilities: ['HOOK_RETENTION'] } as const;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

function fromNow(ms: number): Timestamp {
  return timestampFromMs(Date.now() + ms);
}

/** What a hook_created with the token comes to. */
async function asks(t: Context, run: RunHandle, token: string): Promise<string | undefined> {
  const { event } = await t.accepted('hook_created', () =>
    run.write(events.hookCreated(t.unique('hook'), token)),
  );
  return event?.data.case;
}

/** Tokens that outlive their run. */
export const retentionChecks: readonly Check[] = [
  check(
    'hooks/retained-after-end',
    'A retained token stays taken after the end of its run, in whatever way it ended',
    { requirements: ['WW-HOOK-038', 'WW-HOOK-109', 'WW-HOOK-115'], ...CAPABILITY },
    async (t) => {
      const other = await t.startedRun();
      for (const kind of ENDINGS) {
        const { run, hookId, token } = await holderOf(t, { tokenRetentionUntil: fromNow(HOUR_MS) });
        const free = t.unique('token');
        await run.given(events.hookCreated(t.unique('hook'), free), endingOf(run, kind));
        t.equal(await asks(t, other, token), 'hookConflict', `the retained token after ${kind}`);
        t.equal(await asks(t, other, token), 'hookConflict', 'the retained token again');
        t.equal(await asks(t, other, free), 'hookCreated', `the other token after ${kind}`);
        await t.refused(
          'hook_received after the end',
          () => run.write(events.hookReceived(hookId)),
          ['RUN_GONE', 'HOOK_NOT_FOUND'],
        );
      }
    },
  ),
  check(
    'hooks/retention-over',
    'A token whose run has ended and whose retention is over goes to the next that asks',
    { requirements: ['WW-HOOK-039', 'WW-HOOK-110'], ...CAPABILITY },
    async (t) => {
      const other = await t.startedRun();
      const { run, hookId, token } = await holderOf(t, { tokenRetentionUntil: fromNow(200) });
      await run.given(events.runCompleted());
      await t.eventually('the token is free', async () =>
        (await asks(t, other, token)) === 'hookCreated' ? true : undefined,
      );
      t.equal((await holderNow(t, token))?.runId, other.id, 'the new holder');
      t.equal(await asks(t, other, token), 'hookConflict', 'the token while it is held');
      await t.refused(
        'GetHook of the former holder',
        () => t.api.hooks.getHook({ runId: run.id, hookId }),
        'HOOK_NOT_FOUND',
      );
      t.equal(await hooksOf(run, t.api), [], 'the hooks of the ended run');
    },
  ),
  check(
    'hooks/retention-is-no-limit',
    'A hook of an active run keeps its token although the retention is over',
    { requirements: ['WW-HOOK-011', 'WW-HOOK-027'], ...CAPABILITY },
    async (t) => {
      const other = await t.startedRun();
      const { run, hookId, token } = await holderOf(t, { tokenRetentionUntil: fromNow(100) });
      await t.sleep(400);
      t.equal(await asks(t, other, token), 'hookConflict', 'the token of an active run');
      t.equal((await holderNow(t, token))?.hookId, hookId, 'the holder');
      await t.accepted('hook_received', () => run.write(events.hookReceived(hookId)));
    },
  ),
  check(
    'hooks/retention-ends-with-disposal',
    'A disposal while the run is active frees a retained token, for good',
    { requirements: ['WW-HOOK-040'], ...CAPABILITY },
    async (t) => {
      const other = await t.startedRun();
      const { run, hookId, token } = await holderOf(t, { tokenRetentionUntil: fromNow(HOUR_MS) });
      await run.given(events.hookDisposed(hookId));
      t.equal(await holderNow(t, token), undefined, 'the holder');
      t.equal(await asks(t, other, token), 'hookCreated', 'the token after the disposal');
      const second = await holderOf(t, { tokenRetentionUntil: fromNow(HOUR_MS) });
      await second.run.given(events.hookDisposed(second.hookId), events.runCompleted());
      t.equal(await asks(t, other, second.token), 'hookCreated', 'the token after the end');
    },
  ),
  check(
    'hooks/retention-too-long',
    'A retention further ahead than the World takes is refused and leaves nothing',
    { requirements: ['WW-HOOK-041', 'WW-HOOK-112', 'WW-LOG-022'], ...CAPABILITY },
    async (t) => {
      const days = t.facts.limits.maxHookRetentionDays;
      if (days === 0) t.notApplicable('the World announces no limit of retention');
      const run = await t.startedRun();
      const [hookId, token] = [t.unique('hook'), t.unique('token')];
      for (const more of [1, 365]) {
        const tokenRetentionUntil = fromNow((days + more) * DAY_MS);
        await t.refused(
          `a retention of ${days + more} days`,
          () => run.write(events.hookCreated(hookId, token, { tokenRetentionUntil })),
          'HOOK_RETENTION_TOO_LONG',
        );
      }
      t.equal(await run.types(), ['runCreated', 'runStarted'], 'the log');
      t.equal(await holderNow(t, token), undefined, 'the holder');
      const tokenRetentionUntil = fromNow(days * DAY_MS - HOUR_MS);
      const { event } = await t.accepted(`a retention of almost ${days} days`, () =>
        run.write(events.hookCreated(hookId, token, { tokenRetentionUntil })),
      );
      t.equal(event?.data.case, 'hookCreated', 'the event');
    },
  ),
  check(
    'hooks/retention-returned',
    'Every read of a hook returns the time of its retention to the millisecond',
    { requirements: ['WW-HOOK-042'], ...CAPABILITY },
    async (t) => {
      const until = Math.floor((Date.now() + HOUR_MS) / 1000) * 1000 + 789;
      const tokenRetentionUntil = timestampFromMs(until);
      const run = await t.startedRun();
      const [hookId, token] = [t.unique('hook'), t.unique('token')];
      const { hook } = await t.accepted('hook_created', () =>
        run.write(events.hookCreated(hookId, token, { tokenRetentionUntil })),
      );
      const { hooks } = t.api;
      const reads = [
        ['the answer', hook],
        ['GetHook', (await hooks.getHook({ runId: run.id, hookId })).hook],
        ['GetHookByToken', (await hooks.getHookByToken({ token })).hook],
        ['ListHooks', (await hooksOf(run, t.api))[0]],
        [
          'GetHook without payloads',
          (await hooks.getHook({ runId: run.id, hookId, resolveData: ResolveData.NONE })).hook,
        ],
      ] as const;
      for (const [what, read] of reads)
        t.equal(read?.tokenRetentionUntil, tokenRetentionUntil, what);
    },
  ),
];
