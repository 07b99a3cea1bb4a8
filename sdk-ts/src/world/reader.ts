import type { MessageInitShape } from '@bufbuild/protobuf';
import {
  Capability,
  type Event,
  EventTypeSchema,
  eventTypeNames,
  type ReaderSchema,
  skippableEventTypes,
} from '@worldwire/proto';
import { eventTypeOf } from './events.js';
import { declares, type Session } from './session.js';
import { highestExecuted } from './spec-version.js';

type ReaderInit = MessageInitShape<typeof ReaderSchema>;

const EVERY_TYPE = EventTypeSchema.values.flatMap(
  ({ number }) => eventTypeNames.nameOf(number) ?? [],
);
/** SDK 4 takes an event that none of its calls accounts for as a replay that went astray. */
const UNKNOWN_TO_V4 = ['attr_set', 'noop'];
/** The names of the event types that the application's SDK is given. */
function typesOf({ reader }: Session): string[] {
  return reader === 'v5' ? EVERY_TYPE : EVERY_TYPE.filter((type) => !UNKNOWN_TO_V4.includes(type));
}

/** The reader of a log for a World that serves readers; nothing for another one. */
export function readerOfLogs(session: Session): ReaderInit | undefined {
  if (!declares(session, Capability.READERS)) return undefined;
  return { eventTypes: typesOf(session), errorForms: ['payload', 'structured'] };
}

/** The reader of the answer to a write; where the writer goes on to execute, with the runs that it may. */
export function readerOfWrite(session: Session, eventType: string): ReaderInit | undefined {
  const reader = readerOfLogs(session);
  const executes = eventType === 'run_started' || eventType === 'step_started';
  if (reader === undefined || !executes) return reader;
  return { ...reader, maxSpecVersion: highestExecuted(session.specVersion) };
}

/** The events that the application's SDK is given; others are passed over where they may be. */
export function readable(session: Session, events: readonly Event[]): Event[] {
  const types = new Set(typesOf(session));
  return events.filter((event) => {
    const name = eventTypeOf(event);
    return types.has(name) || !skippableEventTypes.has(name);
  });
}
