import { paginate } from './paginate.js';
import type { Lists, WorldClient } from './types.js';

type Services = Pick<
  WorldClient,
  'runs' | 'events' | 'steps' | 'hooks' | 'waits' | 'queue' | 'streams' | 'keys'
>;

/** The lists of every service. */
export function createLists(services: Services): Lists {
  const { runs, events, steps, hooks, waits, queue, streams, keys } = services;
  return {
    listRuns: paginate(runs.listRuns, (page) => page.runs),
    listAttributeKeys: paginate(runs.listAttributeKeys, (page) => page.attributes),
    listEvents: paginate(events.listEvents, (page) => page.events),
    listEventsByCorrelation: paginate(events.listEventsByCorrelation, (page) => page.events),
    listSteps: paginate(steps.listSteps, (page) => page.steps),
    listHooks: paginate(hooks.listHooks, (page) => page.hooks),
    listWaits: paginate(waits.listWaits, (page) => page.waits),
    listChunks: paginate(streams.listChunks, (page) =>
      page.chunks.map(({ index, data }) => ({ index: Number(index), data })),
    ),
    listStreams: paginate(streams.listStreams, (page) => page.names),
    listQueues: paginate(queue.listQueues, (page) => page.queues),
    listDeadMessages: paginate(queue.listDeadMessages, (page) => page.messages),
    listPushEndpoints: paginate(queue.listPushEndpoints, (page) => page.endpoints),
    listKeys: paginate(keys.listKeys, (page) => page.keys),
    listKeyAccess: paginate(keys.listKeyAccess, (page) => page.entries),
  };
}
