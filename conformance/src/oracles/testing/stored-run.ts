import { create, type MessageInitShape } from '@bufbuild/protobuf';
import {
  type Event,
  GetRunResponseSchema,
  type HookSchema,
  ListEventsResponseSchema,
  ListHooksResponseSchema,
  ListStepsResponseSchema,
  ListWaitsResponseSchema,
  RunSchema,
  RunStatus,
  type StepSchema,
  type WaitSchema,
} from '@worldwire/proto';
import type { Api } from '../../wire/api.js';
import { at } from './exchanges.js';

/** What the API of a test holds of its one run. */
export interface StoredRun {
  readonly log: readonly Event[];
  /** The log at the second read, where it differs. */
  readonly later?: readonly Event[];
  readonly run?: MessageInitShape<typeof RunSchema>;
  readonly steps?: readonly MessageInitShape<typeof StepSchema>[];
  readonly hooks?: readonly MessageInitShape<typeof HookSchema>[];
  readonly waits?: readonly MessageInitShape<typeof WaitSchema>[];
}

/** An API that reads one run, as audits do. */
export function apiOf({ log, later = log, run, steps, hooks, waits }: StoredRun): Api {
  let reads = 0;
  return {
    events: {
      listEvents: async () =>
        create(ListEventsResponseSchema, {
          events: [...(reads++ === 0 ? log : later)],
          page: { cursor: 'end' },
        }),
    },
    runs: {
      getRun: async () =>
        create(GetRunResponseSchema, {
          run: create(RunSchema, { ...pendingRun, ...run } as never),
        }),
    },
    steps: {
      listSteps: async () => create(ListStepsResponseSchema, { steps: [...(steps ?? [])] }),
    },
    hooks: {
      listHooks: async () => create(ListHooksResponseSchema, { hooks: [...(hooks ?? [])] }),
    },
    waits: {
      listWaits: async () => create(ListWaitsResponseSchema, { waits: [...(waits ?? [])] }),
    },
  } as unknown as Api;
}

/** The run that `runCreated()` makes. */
const pendingRun: MessageInitShape<typeof RunSchema> = {
  runId: 'run',
  status: RunStatus.PENDING,
  workflowName: 'w',
  deploymentId: 'd',
  specVersion: 7,
  input: new Uint8Array([1]),
  createdAt: at(1),
  lastPosition: 1n,
};
