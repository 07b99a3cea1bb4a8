import type { Mutant, Patch } from '../../mutant.js';
import { notUnique, REMEMBERS } from '../stale.js';

/** A payload is decided on a hook, and on a run, that were read a moment before. */
const PAYLOAD_ON_STALE_HOOK: Patch = {
  file: 'core/append.js',
  find: `        case 'hookReceived': {
            if (row === undefined)
                return { row };
            const hook = yield* store.getHook(row.key, correlationId);`,
  replace: `        case 'hookReceived': {
            if (row === undefined)
                return { row };
            const found = yield* store.getHook(row.key, correlationId);
            const hook = stale(\`hook \${row.key} \${correlationId}\`, found, found?.state === 'live');`,
};

const DISPOSAL_ON_STALE_HOOK: Patch = {
  file: 'core/append.js',
  find: ': { row, hook: yield* store.getHook(row.key, correlationId) };',
  replace: `: { row, hook: (found => stale(\`hook \${row.key} \${correlationId}\`, found, found?.state === 'live'))(yield* store.getHook(row.key, correlationId)) };`,
};

/** Worlds that are wrong about what a hook takes, and until when. */
export const hookLifeMutants: readonly Mutant[] = [
  {
    name: 'hook-check-then-insert',
    says: 'whether a hook exists is decided on what was read a moment before, and not by the store',
    patches: [
      REMEMBERS,
      notUnique('hooks_by_id'),
      {
        file: 'core/append.js',
        find: `            const hook = yield* store.getHook(row.key, correlationId);
            return { row, hook, token:`,
        replace: `            const found = yield* store.getHook(row.key, correlationId);
            const hook = stale(\`hook \${row.key} \${correlationId}\`, found, found === undefined);
            return { row, hook, token:`,
      },
    ],
    kills: ['hooks/creation-race'],
  },
  {
    name: 'hook-of-one-payload',
    says: 'a hook takes one payload and is gone',
    patches: [
      {
        file: 'core/hook.js',
        find: "records: [{ case: 'hookReceived', value: data }],",
        replace: "records: [{ case: 'hookReceived', value: data }], disposeHook: true,",
      },
    ],
    kills: ['hooks/received-every-time', 'hooks/received-at-once'],
  },
  {
    name: 'hook-decided-on-a-stale-read',
    says: 'payloads and disposals are decided on a hook that was read a moment before',
    patches: [REMEMBERS, PAYLOAD_ON_STALE_HOOK, DISPOSAL_ON_STALE_HOOK],
    kills: [
      'hooks/received-against-disposed',
      'hooks/disposed-once',
      'hooks/resume-against-disposed',
    ],
  },
  {
    name: 'payload-behind-the-end',
    says: 'payloads are decided on a run and a hook that were read a moment before',
    patches: [
      REMEMBERS,
      PAYLOAD_ON_STALE_HOOK,
      {
        file: 'core/append.js',
        find: 'const row = yield* store.getRun(scope.project, runId, runPayloads(data, payloads));',
        replace: `const fresh = yield* store.getRun(scope.project, runId, runPayloads(data, payloads));
    const status = fresh && stale(\`run \${runId}\`, fresh.run.status, fresh.run.status < 3);
    const row = data.case === 'hookReceived' && fresh !== undefined ? { ...fresh, run: { ...fresh.run, status } } : fresh;`,
      },
    ],
    kills: ['hooks/received-against-end', 'log/batch-against-end'],
  },
  {
    name: 'disposal-minds-the-token',
    says: 'a disposal is refused where it names another token',
    patches: [
      {
        file: 'core/hook.js',
        find: 'return { records: [command.data], disposeHook: true };',
        replace: `const { token } = command.data.value;
    if (token !== undefined && token !== state.hook.hook.token) throw hookNotFound(command.correlationId);
    return { records: [command.data], disposeHook: true };`,
      },
    ],
    kills: ['hooks/disposed-by-id'],
  },
];
