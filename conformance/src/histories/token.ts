import type { Context } from '../context.js';
import * as events from '../fixtures/new-event.js';
import type { TokenInput, TokenOutput } from '../model/index.js';
import type { Names } from './names.js';
import type { Perform } from './play.js';

type Answer = Exclude<TokenOutput, { kind: 'refused' }>;

/** Creates the runs that contend, started. */
export async function makeRuns(t: Context, names: Names, count: number): Promise<void> {
  for (let run = 1; run <= count; run++) names.is(`r${run}`, (await t.startedRun()).id);
}

/** Actions around tokens as requests. */
export function performOnTokens(t: Context, names: Names): Perform<TokenInput, Answer> {
  return async (api, action, { requestId }) => {
    if (action.op === 'get_by_token') {
      const { hook } = await api.hooks.getHookByToken({ token: names.outer(action.token) });
      if (hook === undefined)
        return t.fail('GetHookByToken answered without a hook', 'a hook', 'none');
      return { kind: 'hook', run: names.inner(hook.runId), hook: names.inner(hook.hookId) };
    }
    const { event } = await api.events.createEvent({
      runId: names.outer(action.run),
      event: eventOf(names, action),
      ...(requestId === '' ? {} : { requestId: names.outer(requestId) }),
    });
    if (action.op !== 'hook_created') return { kind: 'done' };
    if (event?.data.case !== 'hookConflict') return { kind: 'created' };
    const { conflictingRunId } = event.data.value;
    return {
      kind: 'conflict',
      ...(conflictingRunId ? { run: names.inner(conflictingRunId) } : {}),
    };
  };
}

function eventOf(
  names: Names,
  action: Exclude<TokenInput, { op: 'get_by_token' }>,
): events.NewEventInit {
  switch (action.op) {
    case 'hook_created':
      return events.hookCreated(hookOf(names, action), names.outer(action.token));
    case 'hook_disposed':
      return events.hookDisposed(hookOf(names, action));
    case 'run_ended':
      return action.cancel ? events.runCancelled() : events.runCompleted();
  }
}

/** An id that no hook of another run has. */
function hookOf(names: Names, { run, hook }: { run: string; hook: string }): string {
  return names.variant(hook, run);
}
