import {
  EventSchema,
  HookSchema,
  type PageInfo,
  ResolveData,
  RunSchema,
  StepSchema,
} from '@worldwire/proto';
import type { WorldClient } from '@worldwire/sdk';
import { chunksOf } from './chunks.js';
import type { Keys } from './keys.js';
import type { Payloads } from './payload.js';
import { recordOf, type Shown } from './records.js';

/** Whom a view asks. */
export interface Sources {
  readonly client: WorldClient;
  readonly keys: Keys;
  readonly payloads: Payloads;
}

/** Which page is wanted. */
export interface Page {
  readonly limit: number;
  readonly cursor: string;
}

/** What a view found. */
export interface Found {
  readonly records: AsyncIterable<Shown> | Iterable<Shown>;
  /** Where a list ends; without, it is one record. */
  readonly page?: PageInfo | undefined;
}

/** One look into a World, by one page at most: what is shown is never more than the World sends at once. */
export interface View {
  /** The member of the document that holds what was found. */
  readonly member: string;
  /** The fields that make the first line of a record. */
  readonly title: readonly string[];
  /** Fields that a person need not see. */
  readonly hidden: readonly string[];
  read(sources: Sources, words: readonly string[], page: Page): Promise<Found>;
}

const resolveData = ResolveData.ALL;

/** Views by the name of their command. */
export const views: Readonly<Record<string, View>> = {
  runs: {
    member: 'runs',
    title: ['runId', 'status', 'createdAt', 'workflowName'],
    hidden: [],
    async read({ client, payloads }, _words, page) {
      const found = await client.runs.listRuns({ page, resolveData: ResolveData.NONE });
      return {
        page: found.page,
        records: each(found.runs, (run) =>
          recordOf(RunSchema, run, (bytes) => payloads.show(run.runId, bytes)),
        ),
      };
    },
  },
  run: {
    member: 'run',
    title: ['runId', 'status', 'createdAt', 'workflowName'],
    hidden: [],
    async read({ client, keys, payloads }, [runId = '']) {
      const { run } = await client.runs.getRun({ runId, resolveData });
      keys.note(runId, run);
      return {
        records: [await recordOf(RunSchema, run!, (bytes) => payloads.show(runId, bytes))],
      };
    },
  },
  steps: {
    member: 'steps',
    title: ['stepId', 'status', 'createdAt', 'stepName'],
    hidden: ['runId'],
    async read({ client, payloads }, [runId = ''], page) {
      const found = await client.steps.listSteps({ runId, page, resolveData });
      return {
        page: found.page,
        records: each(found.steps, (step) =>
          recordOf(StepSchema, step, (bytes) => payloads.show(runId, bytes)),
        ),
      };
    },
  },
  events: {
    member: 'events',
    title: ['position', 'createdAt', 'correlationId'],
    hidden: ['runId', 'eventId', 'specVersion'],
    async read({ client, payloads }, [runId = ''], page) {
      const found = await client.events.listEvents({ runId, page, resolveData });
      return {
        page: found.page,
        records: each(found.events, (event) =>
          recordOf(EventSchema, event, (bytes) => payloads.show(runId, bytes)),
        ),
      };
    },
  },
  hooks: {
    member: 'hooks',
    title: ['runId', 'hookId', 'createdAt', 'token'],
    hidden: [],
    async read({ client, keys, payloads }, [runId = ''], page) {
      const found = await client.hooks.listHooks({ runId, page, resolveData });
      return {
        page: found.page,
        records: each(found.hooks, (hook) => {
          keys.note(hook.runId, hook.run);
          return recordOf(HookSchema, hook, (bytes) => payloads.show(hook.runId, bytes));
        }),
      };
    },
  },
  streams: {
    member: 'streams',
    title: ['name', 'tailIndex', 'done'],
    hidden: [],
    async read({ client }, [runId = ''], page) {
      const found = await client.streams.listStreams({ runId, page });
      return {
        page: found.page,
        records: each(found.names, async (name) => {
          const { tailIndex, done } = await client.streams.getStreamInfo({ runId, name });
          return { name, tailIndex: String(tailIndex), done };
        }),
      };
    },
  },
  stream: {
    member: 'chunks',
    title: ['index'],
    hidden: [],
    async read({ client, payloads }, [runId = '', name = ''], page) {
      const found = await client.streams.listChunks({ runId, name, page });
      return { page: found.page, records: chunksOf(runId, found.chunks, payloads) };
    },
  },
};

/** One after the other, so that what was opened need not all be held. */
async function* each<T>(
  items: readonly T[],
  show: (item: T) => Promise<Shown>,
): AsyncGenerator<Shown> {
  for (const item of items) yield await show(item);
}
