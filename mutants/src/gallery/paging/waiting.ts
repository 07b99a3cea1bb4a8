import type { Mutant } from '../../mutant.js';

/** Worlds that wait wrongly for the end of a run. */
export const waitForRunMutants: readonly Mutant[] = [
  {
    name: 'wait-ends-without-payloads',
    says: 'waiting for a run returns it without payloads',
    patches: [
      {
        file: 'dispatch/wait-for-run.js',
        find: 'const { run } = await read(world, call, runId, request.resolveData, request.reader);',
        replace:
          'const { run } = await read(world, call, runId, ResolveData.NONE, request.reader);',
      },
    ],
    kills: ['paging/wait-for-an-ended-run', 'paging/wait-until-the-end'],
  },
  {
    name: 'wait-ends-with-payloads',
    says: 'waiting for a run returns payloads that are not wanted',
    patches: [
      {
        file: 'dispatch/wait-for-run.js',
        find: 'const { run } = await read(world, call, runId, request.resolveData, request.reader);',
        replace: 'const { run } = await read(world, call, runId, ResolveData.ALL, request.reader);',
      },
    ],
    kills: ['paging/wait-without-payloads'],
  },
  {
    name: 'passed-timeout-is-an-error',
    says: 'waiting for a run fails when the timeout passes',
    patches: [
      {
        file: 'dispatch/wait-for-run.js',
        find: '            const left = until - performance.now();',
        replace: `            const left = until - performance.now();
            if (left <= 0 && run !== undefined && !isEnded(run.status))
                throw invalid('timeout', 'has passed');`,
      },
    ],
    kills: ['paging/wait-in-vain'],
  },
  {
    name: 'waits-half-as-long',
    says: 'waiting for a run takes half of the time that was asked for',
    patches: [
      {
        file: 'dispatch/wait-for-run.js',
        find: 'return Math.min(ms, maximum);',
        replace: 'return Math.min(ms, maximum) / 2;',
      },
    ],
    kills: ['paging/wait-as-long-as-asked'],
  },
  {
    name: 'negative-timeout-is-none',
    says: 'waiting for a negative time is taken for not waiting',
    patches: [
      {
        file: 'dispatch/wait-for-run.js',
        find: 'if (ms < 0 || timeout.nanos < 0)',
        replace: 'if (Number.isNaN(ms))',
      },
    ],
    kills: ['paging/wait-refused'],
  },
];
