import type { CreateEventResponse, Hook } from '@worldwire/proto';
import type { Context } from '../../context.js';
import * as events from '../../fixtures/new-event.js';
import type { RaceOutcome } from '../../fixtures/race.js';
import { newRunId } from '../../fixtures/records.js';
import { RunHandle } from '../../fixtures/run-handle.js';

/** Bytes of a text. */
export function bytes(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** An active run with one live hook. */
export interface Holder {
  readonly run: RunHandle;
  readonly hookId: string;
  readonly token: string;
}

/** A started run whose hook holds a fresh token. */
export async function holderOf(
  t: Context,
  value: Parameters<typeof events.hookCreated>[2] = {},
): Promise<Holder> {
  const run = await t.startedRun();
  const [hookId, token] = [t.unique('hook'), t.unique('token')];
  await run.given(events.hookCreated(hookId, token, value));
  return { run, hookId, token };
}

/** The runs that contestants use, several rounds each, so that no log becomes long. */
export async function runsOf(t: Context, count: number): Promise<RunHandle[]> {
  return Promise.all(Array.from({ length: count }, () => t.startedRun()));
}

/** Who holds a token: the hook, or undefined where nobody does. */
export async function holderNow(t: Context, token: string): Promise<Hook | undefined> {
  const outcome = await t.outcome(() => t.api.hooks.getHookByToken({ token }));
  if ('value' in outcome) return outcome.value.hook;
  t.equal(outcome.refusal.reason, 'HOOK_NOT_FOUND', 'the reason of GetHookByToken');
  return undefined;
}

/** Expects that a hook is not to be found by any read but those of its log. */
export async function nowhere(t: Context, run: RunHandle, hookId: string): Promise<void> {
  const { hooks } = t.api;
  await t.refused(
    'GetHook with the run',
    () => hooks.getHook({ runId: run.id, hookId }),
    'HOOK_NOT_FOUND',
  );
  await t.refused('GetHook without a run', () => hooks.getHook({ hookId }), 'HOOK_NOT_FOUND');
  const { hooks: listed } = await hooks.listHooks({ runId: run.id });
  t.ok(
    !listed.some((hook) => hook.hookId === hookId),
    'ListHooks of the run',
    'no such hook',
    hookId,
  );
}

/** The kind of event that an accepted request came to; the reason of a refused one. */
export function resultOf(outcome: RaceOutcome<CreateEventResponse>): string {
  return 'value' in outcome
    ? (outcome.value.event?.data.case ?? 'no event')
    : outcome.refusal.reason;
}

/** How many results are of a kind. */
export function countIn(results: readonly string[], kind: string): number {
  return results.filter((result) => result === kind).length;
}

/** The ways in which a run ends. */
export const ENDINGS = ['runCompleted', 'runFailed', 'runCancelled'] as const;

/** An event that ends the run. */
export function endingOf(run: RunHandle, kind: (typeof ENDINGS)[number]): events.NewEventInit {
  if (kind === 'runCompleted') return events.runCompleted();
  return kind === 'runFailed' ? events.runFailed(run.failure()) : events.runCancelled();
}

/** A run that does not exist. */
export function noRun(t: Context): RunHandle {
  return RunHandle.of(t, newRunId(t));
}
