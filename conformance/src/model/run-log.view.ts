import { isAnswered, type Operation } from './history.js';
import { type Acceptance, alternatives } from './run-log.rules.js';
import { ABSENT, put, type RunState } from './run-log.state.js';
import type {
  EventsRead,
  LoggedEvent,
  RunEventType,
  RunInput,
  RunLogOptions,
  RunOutput,
} from './run-log.types.js';

/** What the reads of a history tell about the order of the log. */
export interface LogView {
  /** The log as far as any read shows it; empty where reads do not order writes. */
  readonly order: readonly LoggedEvent[];
  /** Where an event is in `order`, by its id. */
  readonly places: ReadonlyMap<string, number>;
  /** Positions, or places in `order` counted from 1, of events that answers name: no other request wrote them. */
  readonly claimed: ReadonlySet<number>;
  /** Why a read cannot be, whatever the order of the operations. */
  readonly faults: ReadonlyMap<EventsRead, string>;
}

/** Collects what the reads of a history say. */
export function viewOf(
  operations: readonly Operation<RunInput, RunOutput>[],
  options: RunLogOptions,
): LogView {
  const reads = operations
    .filter(isAnswered)
    .flatMap(({ call, output }) => (output.kind === 'events' ? [{ call, output }] : []));
  const longest = reads.reduce<readonly LoggedEvent[]>(
    (best, { output }) => (output.events.length > best.length ? output.events : best),
    [],
  );
  const faults = new Map<EventsRead, string>();
  const loose = options.reads === 'subsequence';
  for (const { call, output } of reads) {
    const fault = loose
      ? (outOfOrder(output.events, longest) ??
        missing(output.events, call, operations) ??
        unasked(output.events, operations) ??
        brokenRule(output.events, options))
      : offPrefix(output.events, longest);
    if (fault !== undefined) faults.set(output, fault);
  }
  const order = loose ? [] : longest;
  const places = new Map(
    order.flatMap(({ eventId }, place) => (eventId === undefined ? [] : [[eventId, place]])),
  );
  const claimed = new Set<number>();
  for (const { output } of operations.filter(isAnswered)) {
    if (output.kind !== 'accepted' || !output.event) continue;
    const { eventId, position } = output.event;
    const index = eventId === undefined ? undefined : places.get(eventId);
    if (position !== undefined && !loose) claimed.add(position);
    else if (index !== undefined) claimed.add(index + 1);
  }
  return { order, places, claimed, faults };
}

/** An event in words. */
export function describe({ type, id }: Pick<LoggedEvent, 'type' | 'id'>): string {
  return id === undefined ? type : `${type} ${id}`;
}

/** Which event of a log cannot be at its place, and why. */
export function brokenRule(
  events: readonly LoggedEvent[],
  options: RunLogOptions,
): string | undefined {
  let state = ABSENT;
  for (const [place, event] of events.entries()) {
    const next = follow(state, event, options);
    if (typeof next === 'string')
      return `its event ${place + 1}, ${describe(event)}, cannot be there: ${next}`;
    state = next;
  }
  return undefined;
}

/** The state after an event of a log, or the rule against it. */
function follow(state: RunState, { type, id = '' }: LoggedEvent, options: RunLogOptions) {
  if (type === 'noop') return state;
  if (type === 'hook_conflict')
    return { ...state, hooks: put(state.hooks, id, 'conflicted' as const) };
  // What a list does not show is taken to be as it must be: retry times come, and attributes are written by steps.
  const input = { op: 'write', run: '', type: type as RunEventType, id, byStep: true } as const;
  const lawful = alternatives(state, input, options);
  const acceptance = lawful.find(
    (choice): choice is Acceptance => choice.kind === 'accept' && choice.events.length > 0,
  );
  if (acceptance !== undefined) return acceptance.state;
  const refusal = lawful.find((choice) => choice.kind === 'refuse');
  return refusal?.rule ?? 'it changes nothing, and writes nothing';
}

function offPrefix(
  events: readonly LoggedEvent[],
  longest: readonly LoggedEvent[],
): string | undefined {
  const place = events.findIndex((event, index) => !isSame(event, longest[index]!));
  if (place < 0) return undefined;
  return (
    `its event ${place + 1} is ${describe(events[place]!)}, and that of another read ` +
    `${describe(longest[place]!)}: a log only grows at its end`
  );
}

function outOfOrder(
  events: readonly LoggedEvent[],
  longest: readonly LoggedEvent[],
): string | undefined {
  let from = 0;
  for (const event of events) {
    const place = longest.findIndex((other, index) => index >= from && isSame(event, other));
    if (place < 0) return `another read has not, or not in this order, ${describe(event)}`;
    from = place + 1;
  }
  return undefined;
}

/** An event that had been accepted before a read was called, and that the read does not show. */
export function missing(
  events: readonly LoggedEvent[],
  call: number,
  operations: readonly Operation<RunInput, RunOutput>[],
): string | undefined {
  const shown = new Set(events.map(({ eventId }) => eventId));
  for (const operation of operations) {
    if (!isAnswered(operation) || operation.return > call) continue;
    const event = operation.output.kind === 'accepted' ? operation.output.event : undefined;
    if (event?.eventId !== undefined && !shown.has(event.eventId))
      return `it lacks ${describe(event)}, which had been accepted before`;
  }
  return undefined;
}

/** An event that neither an accepted request nor one without an answer can have written. */
function unasked(
  events: readonly LoggedEvent[],
  operations: readonly Operation<RunInput, RunOutput>[],
): string | undefined {
  const accepted = new Set<string>();
  const open = new Map<string, number>();
  for (const operation of operations) {
    const { input, output } = operation;
    if (input.op !== 'write') continue;
    if (output?.kind === 'accepted' && output.event?.eventId !== undefined)
      accepted.add(output.event.eventId);
    // An accepted creation on the way has an event of its own that no answer names.
    const byTheWay = input.create ? [creationOf(input.type)] : [];
    const own = output === undefined ? [input.type, ...conflictOf(input.type)] : [];
    if (output === undefined || output.kind === 'accepted')
      for (const type of [...own, ...byTheWay]) {
        const name = describe({ type, ...(type === 'run_created' ? {} : { id: input.id ?? '' }) });
        open.set(name, (open.get(name) ?? 0) + 1);
      }
  }
  for (const event of events) {
    if (event.type === 'noop') continue;
    if (event.eventId === undefined || accepted.has(event.eventId)) continue;
    const left = open.get(describe(event)) ?? open.get(describe({ ...event, id: '' })) ?? 0;
    if (left === 0)
      return `nobody who was accepted, or whose answer was lost, asked for ${describe(event)}`;
    open.set(describe(event), left - 1);
  }
  return undefined;
}

function creationOf(type: RunEventType): string {
  return type === 'run_started' ? 'run_created' : 'step_created';
}

function conflictOf(type: RunEventType): readonly string[] {
  return type === 'hook_created' ? ['hook_conflict'] : [];
}

/** Whether two reads show the same event. */
function isSame(a: LoggedEvent, b: LoggedEvent): boolean {
  return (
    a.type === b.type &&
    a.id === b.id &&
    (a.eventId === b.eventId || a.eventId === undefined || b.eventId === undefined)
  );
}
