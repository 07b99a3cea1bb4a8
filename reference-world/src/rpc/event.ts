import type { EventService } from '@worldwire/proto';
import { eventRules } from '../core/index.js';
import { watchEvents } from '../dispatch/watch-events.js';
import type { Handlers } from './handlers.js';
import type { Runtime } from './runtime.js';

/** EventService. */
export function eventHandlers(world: Runtime): Handlers<typeof EventService> {
  return {
    createEvent: world.writes(eventRules.createEvent),
    createEventBatch: world.writes(eventRules.createEventBatch),
    getEvent: world.reads(eventRules.getEvent),
    listEvents: world.reads(eventRules.listEvents),
    listEventsByCorrelation: world.reads(eventRules.listEventsByCorrelation),
    watchEvents: (request, call) => watchEvents(world, request, call),
  };
}
