import type { Mutant } from '../../mutant.js';

/** Worlds that are wrong about the payloads of reads. */
export const payloadMutants: readonly Mutant[] = [
  {
    name: 'payloads-only-when-asked',
    says: 'reads that say nothing of payloads return none',
    patches: [
      {
        file: 'core/event-rules.js',
        find: 'export function withPayloads(resolveData) {',
        replace: `export function withPayloads(resolveData) {
    if (resolveData === ResolveData.UNSPECIFIED)
        return false;`,
      },
    ],
    kills: ['paging/payloads-asked'],
  },
  {
    name: 'lists-of-hooks-with-metadata',
    says: 'a list of hooks returns metadata that are not wanted',
    patches: [
      {
        file: 'core/read-rules.js',
        find: 'const sliced = yield* store.listHooks(scope.project, key, page.slice, payloads);',
        replace:
          'const sliced = yield* store.listHooks(scope.project, key, page.slice, payloads || true);',
      },
    ],
    kills: ['paging/payloads-left-out'],
  },
  {
    name: 'answers-with-payloads',
    says: 'the answer to a write returns the payloads of its event, wanted or not',
    patches: [
      {
        file: 'core/append.js',
        find: 'response.event = payloads ? last : stripEvent(last);',
        replace: 'response.event = last;',
      },
    ],
    kills: ['paging/payloads-left-out-of-answers', 'paging/payloads-left-out-of-batches'],
  },
  {
    name: 'payloads-lost-by-a-read',
    says: 'a run that was read without payloads has none from then on',
    patches: [
      {
        file: 'core/run-rules.js',
        find: `    checkId('run_id', request.runId, scope.limits);
    const choice = withPayloads(request.resolveData) ? 'all' : 'none';`,
        replace: `    checkId('run_id', request.runId, scope.limits);
    const bare = (globalThis.bare ??= new Set());
    if (!withPayloads(request.resolveData))
        bare.add(request.runId);
    const choice = bare.has(request.runId) ? 'none' : 'all';`,
      },
    ],
    kills: ['paging/payloads-kept'],
  },
  {
    name: 'empty-payload-is-none',
    says: 'an empty payload of a run or a step is lost',
    patches: [
      {
        file: 'store/records.js',
        find: `    if (stored.input)
        record.input`,
        replace: `    if (stored.input?.length)
        record.input`,
      },
    ],
    kills: ['paging/payloads-empty'],
  },
];
