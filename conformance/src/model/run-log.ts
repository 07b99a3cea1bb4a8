import { BUSY_REASONS } from './history.js';
import { type Model, mergeOutcomes, partitionBy, type Step, type Told } from './model.js';
import { type Acceptance, type Alternative, alternatives, type Written } from './run-log.rules.js';
import { ABSENT, type RunState } from './run-log.state.js';
import type {
  Accepted,
  EventsRead,
  LoggedEvent,
  RecordRead,
  RunInput,
  RunLogOptions,
  RunOutput,
  WriteInput,
} from './run-log.types.js';
import { brokenRule, describe, type LogView, missing, viewOf } from './run-log.view.js';

export type * from './run-log.types.js';

/** A run with its log. */
export interface LogState {
  readonly run: RunState;
  /** How many events the log holds. */
  readonly length: number;
  /** The events that resume ids stand for. */
  readonly resumed: Readonly<Record<string, LoggedEvent>>;
  readonly view: LogView;
}

type Next = readonly Step<LogState, RunOutput>[];

/**
 * One run: its events, and reads of its log and records. What the longest read shows fixes the order of the writes, so
 * that a history which ends with a read is judged fast and sharply.
 */
export function runLogModel(options: RunLogOptions = {}): Model<LogState, RunInput, RunOutput> {
  return {
    name: 'run log',
    partition: (history) => partitionBy(history, ({ input }) => `run ${input.run}`),
    init: (operations) => ({
      run: ABSENT,
      length: 0,
      resumed: {},
      view: viewOf(operations, options),
    }),
    steps: (state, input, output) => {
      if (input.op === 'write') return writeSteps(state, input, output, options);
      if (output === undefined || readFault(state, input, output, options) !== undefined) return [];
      return [{ state, outcome: output }];
    },
    key: ({ length, run, resumed }) => JSON.stringify([length, run, resumed]),
    isRead: (input, output) =>
      input.op !== 'write' ||
      output.kind === 'refused' ||
      (output.kind === 'accepted' && output.event === null),
    blurred: (output) => {
      if (output.kind !== 'accepted' || !output.event) return output;
      const { type, id } = output.event;
      return { ...output, event: { type, ...(id === undefined ? {} : { id }) } };
    },
    isKept: ({ kind }) => kind === 'accepted',
    subject: (input) => subjectOf(input),
    tell,
    objection: (state, { call, input, output }, before) => {
      if (input.op === 'write') return writeObjection(state, input, output, options);
      const fault = readFault(state, input, output, options);
      if (output.kind !== 'events') return fault;
      return missing(output.events, call, before) ?? brokenRule(output.events, options) ?? fault;
    },
  };
}

function writeSteps(
  state: LogState,
  input: WriteInput,
  output: RunOutput | undefined,
  options: RunLogOptions,
): Next {
  if (output?.kind === 'refused') {
    const { reason } = output;
    const fits =
      BUSY_REASONS.has(reason) ||
      alternatives(state.run, input, options).some((choice) => allows(choice, reason, options));
    return fits ? [{ state, outcome: output }] : [];
  }
  if (output !== undefined && output.kind !== 'accepted') return [];
  return alternatives(state.run, input, options).flatMap((choice) => {
    if (choice.kind === 'refuse') return [];
    const outcome = outcomeOf(state, choice, output, options);
    return typeof outcome === 'string' ? [] : [outcome];
  });
}

/** What follows from an acceptance, or why the answer does not fit it. */
function outcomeOf(
  state: LogState,
  choice: Acceptance,
  output: Accepted | undefined,
  options: RunLogOptions,
): Step<LogState, RunOutput> | string {
  const { status, attempt, repeats } = choice;
  const shown: Accepted = {
    kind: 'accepted',
    ...(status === undefined ? {} : { status }),
    ...(attempt === undefined ? {} : { attempt }),
  };
  const fault = output === undefined ? undefined : recordFault(shown, output);
  if (fault !== undefined) return fault;

  if (repeats !== undefined) {
    const first = state.resumed[repeats];
    const merged = mergeOutcomes<LoggedEvent | null | undefined>(first, output?.event);
    if (output?.event !== undefined && merged == null)
      return 'the same resume id stands for its first event';
    return { state, outcome: { ...shown, ...output } };
  }
  if (choice.events.length === 0) {
    if (output?.event) return 'it changes nothing here, and writes nothing';
    return { state, outcome: { ...shown, event: null } };
  }
  if (output?.event === null) return 'it wrote no event, and had to';
  const event = place(state, choice.events, output?.event, options);
  if (typeof event === 'string') return event;
  const { length, ...logged } = event;
  return {
    state: { ...state, run: choice.state, length, resumed: resumedBy(state, choice, logged) },
    outcome: { ...shown, ...output, event: logged },
  };
}

/** Puts events at the end of the log; says how long it is then, and what the last one is, or why they cannot be there. */
function place(
  { length, view }: LogState,
  events: readonly Written[],
  told: LoggedEvent | undefined,
  options: RunLogOptions,
): (LoggedEvent & { readonly length: number }) | string {
  // Where reads do not order writes, nothing says how long the log is.
  const loose = options.reads === 'subsequence';
  let end = length;
  let known: LoggedEvent | undefined;
  for (const event of events) {
    while (view.order[end]?.type === 'noop') end += 1;
    known = view.order[end];
    if (known !== undefined && (known.type !== event.type || known.id !== event.id))
      return `the log has ${describe(known)} as its event ${end + 1}`;
    end += 1;
    if (told === undefined && view.claimed.has(end))
      return `event ${end} is that of another request`;
  }
  const last = events.at(-1)!;
  if (told !== undefined) {
    if (told.type !== last.type) return `it had to write ${describe(last)}`;
    if (told.id !== undefined && told.id !== last.id) return `it had to write ${describe(last)}`;
    if (!loose && told.position !== undefined && told.position !== end)
      return `the next free position was ${end}: positions have no gaps, and no two events share one`;
    const elsewhere = told.eventId === undefined ? undefined : view.places.get(told.eventId);
    if (elsewhere !== undefined && elsewhere !== end - 1)
      return `the log has this event at place ${elsewhere + 1}, and not at ${end}`;
    if (
      known?.eventId !== undefined &&
      told.eventId !== undefined &&
      told.eventId !== known.eventId
    )
      return `the log has another event at place ${end}, and not this one`;
  }
  const eventId = told?.eventId ?? known?.eventId;
  const position = told?.position ?? known?.position;
  return {
    type: last.type,
    ...(last.id === undefined ? {} : { id: last.id }),
    ...(eventId === undefined ? {} : { eventId }),
    ...(position === undefined ? {} : { position }),
    length: loose ? 0 : end,
  };
}

function resumedBy(
  { run, resumed }: LogState,
  { state }: Acceptance,
  event: LoggedEvent,
): LogState['resumed'] {
  const added = Object.keys(state.resumes).find((id) => run.resumes[id] === undefined);
  return added === undefined ? resumed : { ...resumed, [added]: event };
}

/** Why the read cannot be at this moment. */
function readFault(
  { run, length, view }: LogState,
  input: RunInput,
  output: RunOutput,
  options: RunLogOptions,
): string | undefined {
  const step = input.op === 'get_step' ? run.steps[input.id ?? ''] : undefined;
  const absent = run.status === 'absent' || (input.op === 'get_step' && step === undefined);
  if (output.kind === 'refused') {
    if (BUSY_REASONS.has(output.reason)) return undefined;
    const reasons =
      input.op === 'get_step' ? ['STEP_NOT_FOUND', 'RUN_NOT_FOUND'] : ['RUN_NOT_FOUND'];
    if (!absent) return 'it was there';
    return matches(reasons, output.reason, options) ? undefined : `the reason is ${reasons[0]}`;
  }
  if (output.kind === 'events') return listFault(length, view, output, options);
  if (absent) return `there was no ${input.op === 'get_step' ? 'such step' : 'run'} yet`;
  if (output.kind !== 'record') return 'the answer is of another kind';
  const record: RecordRead = {
    kind: 'record',
    status: step?.status ?? run.status,
    ...(step === undefined
      ? {
          attributes: run.attributes,
          ...(options.reads === 'subsequence' ? {} : { lastPosition: length }),
        }
      : { attempt: step.attempt }),
  };
  return recordFault(record, output);
}

function listFault(
  length: number,
  view: LogView,
  output: EventsRead,
  options: RunLogOptions,
): string | undefined {
  const fault = view.faults.get(output);
  if (fault !== undefined || options.reads === 'subsequence') return fault;
  const { events } = output;
  if (events.length < length)
    return `it lacks event ${events.length + 1}${naming(view.order[events.length])}, which was there`;
  const extra = events.slice(length).findIndex(({ type }) => type !== 'noop');
  if (extra < 0) return undefined;
  return (
    brokenRule(events, options) ??
    `its event ${length + extra + 1}, ${describe(events[length + extra]!)}, was not there yet, or nobody had it written`
  );
}

function naming(event: LoggedEvent | undefined): string {
  return event === undefined ? '' : `, ${describe(event)}`;
}

/** Where an answer says something else than a record. */
function recordFault(
  record: Omit<RecordRead, 'kind'>,
  output: Omit<RecordRead, 'kind'>,
): string | undefined {
  const { status, attempt, attributes, lastPosition } = output;
  if (status !== undefined && record.status !== undefined && status !== record.status)
    return `the state was ${record.status}`;
  if (attempt !== undefined && record.attempt !== undefined && attempt !== record.attempt)
    return `the attempt was ${record.attempt}: each start counts one more`;
  if (lastPosition !== undefined && record.lastPosition !== undefined)
    if (lastPosition !== record.lastPosition) return `the log held ${record.lastPosition} events`;
  if (attributes !== undefined && record.attributes !== undefined) {
    const sorted = JSON.stringify(Object.entries(attributes).sort());
    if (sorted !== JSON.stringify(Object.entries(record.attributes).sort()))
      return `the attributes were ${JSON.stringify(record.attributes)}`;
  }
  return undefined;
}

function writeObjection(
  state: LogState,
  input: WriteInput,
  output: RunOutput,
  options: RunLogOptions,
): string | undefined {
  const lawful = alternatives(state.run, input, options);
  const refusal = lawful.find((choice) => choice.kind === 'refuse');
  const acceptance = lawful.find((choice) => choice.kind === 'accept');
  if (output.kind === 'refused') {
    if (refusal !== undefined && matches(refusal.reasons, output.reason, options)) return undefined;
    return refusal === undefined
      ? `nothing stood in its way: ${standing(state.run, input)}`
      : `the reason is ${refusal.reasons.join(' or ')}: ${refusal.rule}`;
  }
  if (output.kind !== 'accepted') return 'the answer is of another kind';
  if (acceptance === undefined) return refusal?.rule ?? 'it had to be refused';
  const outcome = outcomeOf(state, acceptance, output, options);
  return typeof outcome === 'string' ? outcome : undefined;
}

function standing(
  { status, steps, hooks, waits }: RunState,
  { type, id = '' }: WriteInput,
): string {
  const [kind] = type.split('_') as [string];
  const known: Readonly<Record<string, string | undefined>> = {
    step: steps[id]?.status ?? 'absent',
    hook: hooks[id] ?? 'absent',
    wait: waits[id] ?? 'absent',
  };
  return `the run was ${status}${known[kind] === undefined ? '' : `, the ${kind} ${known[kind]}`}`;
}

function allows(choice: Alternative, reason: string, options: RunLogOptions): boolean {
  return choice.kind === 'refuse' && matches(choice.reasons, reason, options);
}

/** What upstream tells apart. */
const CLASSES: readonly RegExp[] = [
  /^(RUN|STEP|WAIT|HOOK)_NOT_FOUND$/,
  /^RUN_GONE$/,
  /^TOO_EARLY$/,
];

function classOf(reason: string): number {
  return CLASSES.findIndex((pattern) => pattern.test(reason));
}

function matches(
  reasons: readonly string[],
  reason: string,
  { reasons: strictness = 'exact' }: RunLogOptions,
): boolean {
  if (strictness === 'any' || reasons.includes(reason)) return true;
  return strictness === 'class' && reasons.some((lawful) => classOf(lawful) === classOf(reason));
}

function subjectOf(input: RunInput): string {
  if (input.op === 'list_events') return 'the log';
  if (input.op === 'get_step') return `step ${input.id}`;
  if (input.op !== 'write') return 'the run';
  const [kind] = input.type.split('_');
  return kind === 'run' ? 'the run' : kind === 'attr' ? 'the attributes' : `${kind} ${input.id}`;
}

function tell(input: RunInput, output: RunOutput | undefined): Told {
  const request = input.op === 'write' ? requestOf(input) : input.op;
  if (output === undefined) return { request, past: 'was sent', perfect: 'had been sent' };
  if (output.kind === 'refused')
    return {
      request,
      past: `was refused with ${output.reason}`,
      perfect: `had been refused with ${output.reason}`,
    };
  if (output.kind === 'accepted') {
    const how = `accepted${detail(output)}`;
    return { request, past: `was ${how}`, perfect: `had been ${how}` };
  }
  const what = output.kind === 'events' ? `${output.events.length} events` : recordText(output);
  return { request, past: `showed ${what}`, perfect: `had shown ${what}` };
}

function requestOf({ type, create }: WriteInput): string {
  return create ? `${type} with creation` : type;
}

function detail({ event, attempt, status }: Accepted): string {
  if (event === null) return ' without an event';
  const where = event?.position ?? event?.eventId;
  const parts = [
    ...(event?.type === 'hook_conflict' ? ['hook_conflict'] : []),
    ...(where === undefined ? [] : [`event ${where}`]),
    ...(attempt === undefined ? [] : [`attempt ${attempt}`]),
    ...(status === undefined || attempt === undefined ? [] : [status]),
  ];
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}

function recordText({ status, attempt, attributes, lastPosition }: RecordRead): string {
  return [
    ...(status === undefined ? [] : [status]),
    ...(attempt === undefined ? [] : [`attempt ${attempt}`]),
    ...(attributes === undefined ? [] : [JSON.stringify(attributes)]),
    ...(lastPosition === undefined ? [] : [`${lastPosition} events`]),
  ].join(', ');
}
