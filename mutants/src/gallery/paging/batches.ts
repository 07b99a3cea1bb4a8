import type { Mutant } from '../../mutant.js';

/** Worlds that are wrong about reads of many at once. */
export const batchReadMutants: readonly Mutant[] = [
  {
    name: 'batch-read-leaves-out',
    says: 'a batch read leaves out what does not exist',
    patches: [
      {
        file: 'core/run-rules.js',
        find: 'results.push(create(BatchGetRunsResultSchema, run === undefined ? {} : { run }));',
        replace: 'if (run !== undefined) results.push(create(BatchGetRunsResultSchema, { run }));',
      },
    ],
    kills: ['paging/batch-get'],
  },
  {
    name: 'batch-read-one-by-one',
    says: 'a batch read is several reads, one after the other',
    patches: [
      {
        file: 'rpc/run.js',
        find: 'batchGetRuns: world.reads(runRules.batchGetRuns),',
        replace: `batchGetRuns: async (request, call) => {
            const results = [];
            for (const runId of request.runIds) {
                const one = await world.read(runRules.batchGetRuns, call.project, { ...request, runIds: [runId] });
                results.push(...one.results);
                await new Promise((resolve) => setImmediate(resolve));
            }
            return { $typeName: 'worldwire.v1.BatchGetRunsResponse', results };
        },`,
      },
    ],
    kills: ['paging/batch-get-consistent'],
  },
  {
    name: 'no-entity-is-an-error',
    says: 'the events of an id that no event has are refused',
    patches: [
      {
        file: 'core/event-rules.js',
        find: '    return create(ListEventsByCorrelationResponseSchema, {',
        replace: `    if (sliced.items.length === 0 && page.slice.after === undefined)
        throw new Rejection('EVENT_NOT_FOUND', 'there are no such events', {});
    return create(ListEventsByCorrelationResponseSchema, {`,
      },
    ],
    kills: ['paging/events-of-no-entity'],
  },
];
