import type { Mutant } from '../../mutant.js';
import { notUnique, REMEMBERS } from '../stale.js';

/** Worlds that are wrong about who has a token. */
export const tokenMutants: readonly Mutant[] = [
  {
    name: 'tokens-without-case',
    says: 'tokens are compared without regard to case',
    patches: [
      {
        file: 'store/sqlite/hooks.js',
        find: 'r.key = h.run_key WHERE h.state = 1 AND h.project = ? AND h.token = ?`',
        replace:
          'r.key = h.run_key WHERE h.state = 1 AND h.project = ? AND h.token = ? COLLATE NOCASE`',
      },
    ],
    kills: ['hooks/token-exact'],
  },
  {
    name: 'token-may-be-empty',
    says: 'a hook may have an empty token',
    patches: [
      {
        file: 'core/validate-event.js',
        find: "checkName('event.hook_created.token', data.value.token, limits.maxTokenLength);",
        replace: '',
      },
    ],
    kills: ['hooks/token-empty'],
  },
  {
    name: 'token-kept-after-disposal',
    says: 'the token of a disposed hook stays taken',
    patches: [
      {
        file: 'store/sqlite/hooks.js',
        find: 'r.key = h.run_key WHERE h.state = 1 AND h.project = ? AND h.token = ?`',
        replace: 'r.key = h.run_key WHERE h.state IN (1, 2) AND h.project = ? AND h.token = ?`',
      },
    ],
    kills: [
      'hooks/token-free-after-disposal',
      'hooks/token-race-with-disposal',
      'hooks/retention-ends-with-disposal',
    ],
  },
  {
    name: 'token-kept-after-end',
    says: 'the hooks of a run outlive its end',
    patches: [
      { file: 'store/sqlite/runs.js', find: 'releaseHooks.run(key, now);', replace: '' },
      {
        file: 'core/hook.js',
        find: 'return isEnded(holder.runStatus) && holder.retainedUntil <= now;',
        replace:
          'return isEnded(holder.runStatus) && holder.retainedUntil !== 0 && holder.retainedUntil <= now;',
      },
    ],
    kills: [
      'hooks/token-free-after-end',
      'hooks/token-race-with-end',
      'hooks/disposed-against-end',
    ],
  },
  {
    name: 'token-freed-by-a-former-holder',
    says: 'the end of a run frees every token that one of its hooks ever asked for',
    patches: [
      {
        file: 'store/sqlite/runs.js',
        find: "'DELETE FROM hooks WHERE run_key = ? AND (state <> 1 OR retained_until <= ?)'",
        replace:
          "'DELETE FROM hooks WHERE token IN (SELECT token FROM hooks WHERE run_key = ?) AND (state <> 1 OR retained_until <= ?)'",
      },
    ],
    kills: ['hooks/token-stays-with-its-holder'],
  },
  {
    name: 'disposal-by-token',
    says: 'any hook_disposed of a run removes the hook that holds the token of its hook',
    patches: [
      {
        file: 'core/hook.js',
        find: `if (run === undefined || state.hook?.state !== 'live' || isEnded(run.status))
        throw hookNotFound(command.correlationId);`,
        replace: `if (run === undefined || state.hook === undefined || isEnded(run.status))
        throw hookNotFound(command.correlationId);`,
      },
      {
        file: 'store/sqlite/hooks.js',
        find: 'WHERE run_key = ? AND hook_id = ? AND state = 1',
        replace:
          'WHERE token = (SELECT token FROM hooks WHERE run_key = ? AND hook_id = ?) AND state = 1',
      },
    ],
    kills: [
      'hooks/token-passes-within-a-run',
      'hooks/token-stays-with-its-holder',
      'hooks/conflict-leaves-no-hook',
    ],
  },
  {
    name: 'conflict-is-an-error',
    says: 'a taken token makes hook_created fail',
    patches: [
      {
        file: 'core/hook.js',
        find: 'const conflict = create(HookConflictSchema, {',
        replace: `if (holder !== undefined) throw new Rejection('HOOK_ALREADY_EXISTS', 'the token is taken');
    const conflict = create(HookConflictSchema, {`,
      },
    ],
    kills: ['hooks/conflict-answer', 'hooks/token-race', 'hooks/retained-after-end'],
  },
  {
    name: 'conflict-names-nobody',
    says: 'a conflict does not name the holder',
    patches: [{ file: 'core/hook.js', find: 'conflictingRunId: holder.runId,', replace: '' }],
    kills: ['hooks/conflict-names-holder'],
  },
  {
    name: 'conflicted-hook-is-found',
    says: 'a hook that met a conflict is found by its id',
    patches: [
      {
        file: 'store/sqlite/hooks.js',
        find: 'WHERE h.state = 1 AND h.run_key = ? AND h.hook_id = ?`',
        replace: 'WHERE h.state IN (0, 1) AND h.run_key = ? AND h.hook_id = ?`',
      },
    ],
    kills: ['hooks/conflict-leaves-no-hook'],
  },
  {
    name: 'disposed-hook-is-found',
    says: 'a disposed hook is found by its id',
    patches: [
      {
        file: 'store/sqlite/hooks.js',
        find: 'WHERE h.state = 1 AND h.run_key = ? AND h.hook_id = ?`',
        replace: 'WHERE h.state IN (1, 2) AND h.run_key = ? AND h.hook_id = ?`',
      },
    ],
    kills: ['hooks/disposed-is-gone', 'hooks/disposed-by-id'],
  },
  {
    name: 'token-check-then-insert',
    says: 'whether a token is free is decided on what was read a moment before, and not by the store',
    patches: [
      REMEMBERS,
      notUnique('hooks_by_token'),
      {
        file: 'core/append.js',
        find: 'return { row, hook, token: yield* store.getToken(scope.project, data.value.token) };',
        replace: `const held = yield* store.getToken(scope.project, data.value.token);
            return { row, hook, token: stale(\`token \${data.value.token}\`, held, held === undefined) };`,
      },
    ],
    kills: [
      'hooks/token-race',
      'hooks/token-race-within-a-run',
      'hooks/token-race-with-disposal',
      'hooks/token-race-with-end',
    ],
  },
  {
    name: 'lapsed-token-check-then-insert',
    says: 'whether the retention of a token is over is decided on what was read a moment before',
    patches: [
      REMEMBERS,
      notUnique('hooks_by_token'),
      {
        file: 'core/append.js',
        find: 'return { row, hook, token: yield* store.getToken(scope.project, data.value.token) };',
        replace: `const held = yield* store.getToken(scope.project, data.value.token);
            return { row, hook, token: stale(\`token \${data.value.token}\`, held, held !== undefined && held.runStatus > 2 && held.retainedUntil <= Date.now()) };`,
      },
      {
        file: 'core/hook.js',
        find: "return { records: [command.data], hook: { next, state: 'live' }, dropToken: data.token };",
        replace: "return { records: [command.data], hook: { next, state: 'live' } };",
      },
    ],
    kills: ['hooks/token-race-after-retention'],
  },
];
