/** What is known of a run between two reads of it. */
import { type Event, type EventType, type Step, StepStatus } from '@worldwire/proto';
import { copyEvent, payloadBytes, recordBytes, stripEvent, stripRun } from '../../core/payloads.js';
import type { Operation } from '../../core/program.js';
import type { Payloads, RunRow, Slice, Sliced } from '../operations.js';
import { eventTypeOf } from '../records.js';

/** Open steps of one run that are known. */
const MAX_STEPS = 64;
/** The last events of one run that are known: those of a step and of its neighbors. */
const MAX_EVENTS = 16;
/** What a record takes without its payloads, roughly. */
const RECORD_BYTES = 1_024;
/** Payloads of a step or of an event that is known, in bytes. */
const MAX_BYTES = 64 * 1_024;

/** What a run is called. */
export interface RunName {
  readonly project: string;
  readonly runId: string;
}

/** A run as it is with so many events. */
export interface KnownRun extends RunName {
  /** Without payloads. */
  readonly row: RunRow;
  /** Open steps, with their payloads; not all of them. */
  readonly steps: ReadonlyMap<string, Step>;
  /** The last events, with their payloads. */
  readonly events: readonly Event[];
}

/** An operation that was carried out, with its answer. */
export interface Seen {
  readonly operation: Operation;
  readonly answer: unknown;
}

/** One text for it. */
export const nameOf = ({ project, runId }: RunName): string => `${project}/${runId}`;

/** How many events a run has. */
export const positionOf = ({ row }: KnownRun): number => Number(row.run.lastPosition);

/** Of a run of which the record alone is known. */
const NOTHING = { steps: new Map<string, Step>(), events: [] };

/** What it takes to know it, roughly, in bytes. */
export function bytesOf({ steps, events }: KnownRun): number {
  let bytes = RECORD_BYTES * (1 + steps.size + events.length);
  for (const step of steps.values()) bytes += recordBytes(step);
  for (const { data } of events) bytes += payloadBytes(data);
  return bytes;
}

/** A part of the log, if it is among the last events. */
export function eventsOf(
  { events }: KnownRun,
  types: readonly EventType[],
  { after, descending, limit, maxBytes = Infinity }: Slice,
  payloads: boolean,
): Sliced<Event> | undefined {
  const wanted = events.filter(({ position }) => Number(position) > (after ?? 0));
  const bytes = wanted.reduce((sum, { data }) => sum + payloadBytes(data), 0);
  const begins = Number(wanted[0]?.position) === (after ?? 0) + 1;
  if (!begins || descending || wanted.length > limit || bytes > maxBytes) return undefined;
  const ofTypes = wanted.filter(
    (event) => types.length === 0 || types.includes(eventTypeOf(event)),
  );
  const items = ofTypes.map((event) => ({
    key: Number(event.position),
    value: payloads ? copyEvent(event) : stripEvent(event),
  }));
  return { items, more: false };
}

/** The one run that a program has looked at once, or created, as it was then; undefined if there is none. */
export function runSeen(seen: readonly Seen[]): KnownRun | undefined {
  let known: KnownRun | undefined;
  for (const { operation, answer } of seen) {
    if (operation.name === 'insertRun') {
      const [project, run] = operation.args;
      const row = { key: answer as number, run: stripRun(run), lastEventAt: 0, bytes: 0 };
      known = { project, runId: run.runId, row, ...NOTHING };
    } else if (operation.name === 'getRun' && answer !== undefined) {
      if (known !== undefined) return undefined;
      const [project, runId] = operation.args;
      const row = answer as RunRow;
      known = { project, runId, row: { ...row, run: stripRun(row.run) }, ...NOTHING };
    } else if (operation.name === 'getStep' && answer !== undefined && known !== undefined) {
      const [key, stepId, choice] = operation.args;
      if (choice !== 'all' || key !== known.row.key) continue;
      known = { ...known, steps: withStep(known.steps, stepId, answer as Step) };
    }
  }
  return known;
}

/** A run after changes; undefined where they leave it unknown. */
export function afterChanges(run: KnownRun, changes: readonly Operation[]): KnownRun | undefined {
  let { row, steps, events } = run;
  for (const { name, args } of changes) {
    switch (name) {
      case 'appendEvents': {
        const [, appended, { lastPosition, lastEventAt, bytes }] = args;
        events = withEvents(events, appended);
        row = {
          ...row,
          run: { ...row.run, lastPosition: BigInt(lastPosition) },
          lastEventAt,
          bytes,
        };
        break;
      }
      case 'updateRun':
        row = { ...row, run: { ...args[1], lastPosition: row.run.lastPosition } };
        break;
      case 'insertStep':
        steps = withStep(steps, args[1].stepId, args[1]);
        break;
      case 'updateStep':
        steps = withStep(
          steps,
          args[1].stepId,
          updated(steps.get(args[1].stepId), args[1], args[2]),
        );
        break;
      case 'purgeRun':
        return undefined;
    }
  }
  return { ...run, row, steps, events };
}

/** A step that is replaced, with the payloads that stay. Without them nothing is known of it. */
function updated(before: Step | undefined, next: Step, given: Payloads): Step | undefined {
  if (before === undefined) return undefined;
  const { input, output, error } = before;
  return {
    ...next,
    ...(input !== undefined && { input }),
    ...(output !== undefined && { output }),
    ...(error !== undefined && { error }),
    ...given,
  };
}

/** The last events, without a gap. */
function withEvents(events: readonly Event[], appended: readonly Event[]): readonly Event[] {
  const last = [...events, ...appended.slice(-MAX_EVENTS).map(copyEvent)].slice(-MAX_EVENTS);
  return last.slice(last.findLastIndex(({ data }) => payloadBytes(data) > MAX_BYTES) + 1);
}

/** Steps with one of them as it is now. Nobody asks for those that have ended. */
function withStep(
  steps: ReadonlyMap<string, Step>,
  stepId: string,
  step: Step | undefined,
): ReadonlyMap<string, Step> {
  const next = new Map(steps);
  next.delete(stepId);
  if (step !== undefined && isOpen(step) && recordBytes(step) <= MAX_BYTES)
    next.set(stepId, copyStep(step));
  if (next.size > MAX_STEPS) next.delete(next.keys().next().value!);
  return next;
}

const isOpen = ({ status }: Step) => status === StepStatus.PENDING || status === StepStatus.RUNNING;

/** A step with payloads of its own: those that came with a request are a part of all that did. */
export function copyStep(step: Step): Step {
  const { input, output } = step;
  return {
    ...step,
    ...(input && { input: input.slice() }),
    ...(output && { output: output.slice() }),
  };
}
