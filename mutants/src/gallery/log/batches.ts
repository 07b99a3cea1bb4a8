import type { Mutant } from '../../mutant.js';
import { notUnique, REMEMBERS } from '../stale.js';

/** Worlds with faulty batches. */
export const batchMutants: readonly Mutant[] = [
  {
    name: 'batch-results-backwards',
    says: 'the results of a batch come in another order than its events',
    patches: [
      {
        file: 'core/event-rules.js',
        find: 'return create(CreateEventBatchResponseSchema, { results });',
        replace:
          'return create(CreateEventBatchResponseSchema, { results: results.toReversed() });',
      },
    ],
    kills: ['log/batch-in-order', 'log/batch-of-an-ended-run'],
  },
  {
    name: 'batch-refusals-without-metadata',
    says: 'the refusal of an item lacks what the refusal of its event has',
    patches: [
      {
        file: 'core/batch.js',
        find: 'metadata: { ...rejection.metadata },',
        replace: 'metadata: {},',
      },
    ],
    kills: ['log/batch-items-refused'],
  },
  {
    name: 'batch-starts-what-it-did-not-create',
    says: 'the start behind a refused creation is carried out',
    patches: [
      {
        file: 'core/event-rules.js',
        find: "if (first?.case === 'error') {",
        replace: "if (first?.case === 'never') {",
      },
    ],
    kills: ['log/batch-behind-earlier-items'],
  },
  {
    name: 'batch-of-any-pairs',
    says: 'a batch may hold several events of one entity',
    patches: [{ file: 'core/batch.js', find: 'if (!isPair)', replace: 'if (seen.size < 0)' }],
    kills: ['log/batch-invalid'],
  },
  {
    name: 'batch-of-attributes',
    says: 'a batch may change attributes',
    patches: [
      {
        file: 'core/batch.js',
        find: "    'waitCompleted',\n",
        replace: "    'waitCompleted',\n    'attrSet',\n",
      },
    ],
    kills: ['log/batch-without-attributes'],
  },
  {
    name: 'step-check-then-insert',
    says: 'whether a step exists is decided on what was read a moment before, and not by the store',
    patches: [
      REMEMBERS,
      notUnique('steps_by_id'),
      {
        file: 'core/append.js',
        find: 'return { row, step: yield* store.getStep(row.key, correlationId, choice) };',
        replace: `const found = yield* store.getStep(row.key, correlationId, choice);
            return { row, step: data.case === 'stepCreated' ? stale(\`step \${row.key} \${correlationId}\`, found, found === undefined) : found };`,
      },
    ],
    kills: ['log/batch-race'],
  },
  {
    name: 'batch-is-a-loop',
    says: 'the items of a batch are commits of their own',
    patches: [
      {
        file: 'rpc/event.js',
        find: 'createEventBatch: world.writes(eventRules.createEventBatch),',
        replace: `createEventBatch: async (request, call) => {
            const results = [];
            for (const event of request.events) {
                const { runId, resolveData } = request;
                const one = { $typeName: 'worldwire.v1.CreateEventRequest', runId, resolveData, event, requestId: '', preloadEvents: false, skipPreload: false, viaStepDispatch: false };
                const value = await world.write(eventRules.createEvent, call.project, one);
                results.push({ $typeName: 'worldwire.v1.CreateEventBatchResult', outcome: { case: 'created', value } });
            }
            return { $typeName: 'worldwire.v1.CreateEventBatchResponse', results };
        },`,
      },
    ],
    kills: ['log/batch-at-once'],
  },
  {
    name: 'batch-refused-after-the-end',
    says: 'a batch for a run that has ended is refused whole',
    patches: [
      {
        file: 'core/event-rules.js',
        find: `        throw runNotFound(runId);
    const results = [];`,
        replace: `        throw runNotFound(runId);
    const { run } = yield* store.getRun(scope.project, runId, 'none');
    if (isEnded(run.status))
        throw new Rejection('RUN_ALREADY_ENDED', 'the run has ended', { run_id: runId });
    const results = [];`,
      },
    ],
    kills: ['log/batch-of-an-ended-run'],
  },
];
