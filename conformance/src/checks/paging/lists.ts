import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { type PageInfo, type ResolveData, SortOrder, WaitStatus } from '@worldwire/proto';
import type { CapabilityName } from '../../check.js';
import type { Context } from '../../context.js';
import * as events from '../../fixtures/new-event.js';
import { RunHandle } from '../../fixtures/run-handle.js';
import type { Api } from '../../wire/api.js';

/** What is asked of a page. */
export interface Asked {
  readonly limit?: number;
  readonly cursor?: string;
  readonly sortOrder?: SortOrder;
  readonly resolveData?: ResolveData;
}

/** A page of a list: what tells its items apart, and where it ends. */
export interface Page {
  readonly ids: readonly string[];
  readonly page: PageInfo | undefined;
}

/** One list with items of a check alone. */
export interface Listing {
  read(asked: Asked, api?: Api): Promise<Page>;
  /** Adds an item behind the others, and returns what tells it apart. */
  add(api?: Api): Promise<string>;
}

/** A kind of list that is paged in two orders. */
export interface ListKind {
  /** As in the ids of checks. */
  readonly name: string;
  readonly capabilities: readonly CapabilityName[];
  /** The order where none is asked for. */
  readonly ownOrder: SortOrder;
  /** Items may come in between older ones: what was written earlier may match the filter later. */
  readonly comeLate?: true;
  /** An empty list. */
  open(t: Context): Promise<Listing>;
}

/** More pages than any list of a check has. */
const MAX_PAGES = 500;

/** Follows the cursors of a list to its end. */
export async function walk(
  t: Context,
  list: Pick<Listing, 'read'>,
  asked: Asked,
  api?: Api,
): Promise<Page[]> {
  const pages: Page[] = [];
  let cursor = asked.cursor ?? '';
  while (pages.length < MAX_PAGES) {
    const page = await list.read({ ...asked, cursor }, api);
    pages.push(page);
    if (!page.page?.hasMore) return pages;
    cursor = page.page.cursor;
  }
  return t.fail('a list never ends', `fewer than ${MAX_PAGES} pages`, 'more');
}

/** All items of pages. */
export function itemsOf(pages: readonly Page[]): string[] {
  return pages.flatMap(({ ids }) => ids);
}

/** A page request. */
function pageOf({ limit = 0, cursor = '', sortOrder = SortOrder.UNSPECIFIED }: Asked) {
  return { limit, cursor, sortOrder };
}

/** The rest of a request. */
function rest({ resolveData }: Asked) {
  return resolveData === undefined ? {} : { resolveData };
}

/** A list whose items are written to one run. */
function ofRun(
  read: (t: Context, run: RunHandle) => Listing['read'],
  next: (t: Context, count: number) => events.NewEventInit,
  idOf: (event: events.NewEventInit, eventId: string) => string,
): ListKind['open'] {
  return async (t) => {
    const run = await t.startedRun();
    let count = 0;
    return {
      read: read(t, run),
      async add(api = t.api) {
        const event = next(t, count++);
        const { event: written } = await run.write(event, { api });
        return idOf(event, written?.eventId ?? '');
      },
    };
  };
}

const byEntity = ({ correlationId = '' }: events.NewEventInit) => correlationId;

/** The lists that grow at one end and are read in two orders. */
export const listKinds: readonly ListKind[] = [
  {
    name: 'events',
    capabilities: [],
    ownOrder: SortOrder.ASCENDING,
    open: async (t) => {
      const run = await t.run();
      const first = await run.log();
      const found: Listing = {
        async read(asked, api = t.api) {
          const answer = await api.events.listEvents({
            runId: run.id,
            page: pageOf(asked),
            ...rest(asked),
          });
          return { ids: answer.events.map(({ eventId }) => eventId), page: answer.page };
        },
        async add(api = t.api) {
          const { event } = await run.write(events.stepCreated(t.unique('step')), { api });
          return event?.eventId ?? '';
        },
      };
      // The first event of a log is an item like the others.
      let begun = false;
      return {
        read: found.read,
        async add(api) {
          if (begun) return found.add(api);
          begun = true;
          return first[0]?.eventId ?? '';
        },
      };
    },
  },
  {
    name: 'events-of-a-type',
    capabilities: [],
    ownOrder: SortOrder.ASCENDING,
    open: async (t) => {
      const run = await t.startedRun();
      return {
        async read(asked, api = t.api) {
          const answer = await api.events.listEvents({
            runId: run.id,
            types: [16],
            page: pageOf(asked),
            ...rest(asked),
          });
          return { ids: answer.events.map(({ eventId }) => eventId), page: answer.page };
        },
        // Between events of other types, in uneven rows.
        async add(api = t.api) {
          for (let others = t.random.below(3); others > 0; others--)
            await run.write(events.stepCreated(t.unique('step')), { api });
          const { event } = await run.write(events.waitCreated(t.unique('wait')), { api });
          if (t.random.below(2) === 0)
            await run.write(events.stepCreated(t.unique('step')), { api });
          return event?.eventId ?? '';
        },
      };
    },
  },
  {
    name: 'events-of-an-entity',
    capabilities: [],
    ownOrder: SortOrder.ASCENDING,
    open: async (t) => {
      const run = await t.run();
      const hookId = t.unique('hook');
      let begun = false;
      return {
        async read(asked, api = t.api) {
          const answer = await api.events.listEventsByCorrelation({
            runId: run.id,
            correlationId: hookId,
            page: pageOf(asked),
            ...rest(asked),
          });
          return { ids: answer.events.map(({ eventId }) => eventId), page: answer.page };
        },
        async add(api = t.api) {
          const event = begun
            ? events.hookReceived(hookId)
            : events.hookCreated(hookId, t.unique('token'));
          begun = true;
          if (t.random.below(2) === 0) await run.write(events.stepCreated(t.unique('s')), { api });
          const { event: written } = await run.write(event, { api });
          return written?.eventId ?? '';
        },
      };
    },
  },
  {
    name: 'events-of-an-entity-anywhere',
    capabilities: [],
    ownOrder: SortOrder.ASCENDING,
    open: async (t) => {
      const stepId = t.unique('step');
      return {
        async read(asked, api = t.api) {
          const answer = await api.events.listEventsByCorrelation({
            correlationId: stepId,
            page: pageOf(asked),
            ...rest(asked),
          });
          return { ids: answer.events.map(({ runId }) => runId), page: answer.page };
        },
        async add(api = t.api) {
          const run = await RunHandle.create(t, { api });
          await run.write(events.stepCreated(stepId), { api });
          return run.id;
        },
      };
    },
  },
  {
    name: 'steps',
    capabilities: [],
    ownOrder: SortOrder.ASCENDING,
    open: ofRun(
      (t, run) =>
        async (asked, api = t.api) => {
          const page = pageOf(asked);
          const answer = await api.steps.listSteps({ runId: run.id, page, ...rest(asked) });
          return { ids: answer.steps.map(({ stepId }) => stepId), page: answer.page };
        },
      // Ids that no alphabet has in the order of their creation.
      (t) => events.stepCreated(t.unique('step')),
      byEntity,
    ),
  },
  {
    name: 'hooks',
    capabilities: [],
    ownOrder: SortOrder.ASCENDING,
    open: ofRun(
      (t, run) =>
        async (asked, api = t.api) => {
          const page = pageOf(asked);
          const answer = await api.hooks.listHooks({ runId: run.id, page, ...rest(asked) });
          return { ids: answer.hooks.map(({ hookId }) => hookId), page: answer.page };
        },
      (t) => events.hookCreated(t.unique('hook'), t.unique('token')),
      byEntity,
    ),
  },
  {
    name: 'waits',
    capabilities: ['WAIT_READS'],
    ownOrder: SortOrder.ASCENDING,
    open: ofRun(
      (t, run) =>
        async (asked, api = t.api) => {
          const answer = await api.waits.listWaits({ runId: run.id, page: pageOf(asked) });
          return { ids: answer.waits.map(({ waitId }) => waitId), page: answer.page };
        },
      // Times that are not in the order of the creation.
      (t) =>
        events.waitCreated(
          t.unique('wait'),
          timestampFromMs(Date.now() + 1_000_000 + t.random.below(9_000_000)),
        ),
      byEntity,
    ),
  },
  {
    name: 'waits-of-a-state',
    capabilities: ['WAIT_READS'],
    comeLate: true,
    ownOrder: SortOrder.ASCENDING,
    open: async (t) => {
      const run = await t.startedRun();
      return {
        async read(asked, api = t.api) {
          const status = WaitStatus.COMPLETED;
          const answer = await api.waits.listWaits({ runId: run.id, status, page: pageOf(asked) });
          return { ids: answer.waits.map(({ waitId }) => waitId), page: answer.page };
        },
        async add(api = t.api) {
          const waitId = t.unique('wait');
          for (let others = t.random.below(3); others > 0; others--)
            await run.write(events.waitCreated(t.unique('other')), { api });
          await run.write(events.waitCreated(waitId), { api });
          await run.write(events.waitCompleted(waitId), { api });
          return waitId;
        },
      };
    },
  },
  {
    name: 'runs',
    capabilities: [],
    ownOrder: SortOrder.DESCENDING,
    open: async (t) => {
      const workflowName = t.unique('wf');
      return {
        async read(asked, api = t.api) {
          const page = pageOf(asked);
          const answer = await api.runs.listRuns({ workflowName, page, ...rest(asked) });
          return { ids: answer.runs.map(({ runId }) => runId), page: answer.page };
        },
        async add(api = t.api) {
          return (await RunHandle.create(t, { api, create: { workflowName } })).id;
        },
      };
    },
  },
];

/** The kind of a name. */
export function listKind(name: string): ListKind {
  const kind = listKinds.find((each) => each.name === name);
  if (kind === undefined) throw new Error(`there is no list ${name}`);
  return kind;
}
