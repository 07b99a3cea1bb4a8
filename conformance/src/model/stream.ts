import {
  type Answered,
  BUSY_REASONS,
  isAnswered,
  type Operation,
  type Refused,
} from './history.js';
import { type Model, partitionBy, type Step } from './model.js';
import { put } from './run-log.state.js';

/** Appends chunks. */
export interface AppendInput {
  readonly op: 'append';
  readonly stream: string;
  /** With a sequence; without both, every append lands anew. */
  readonly writer?: string;
  readonly sequence?: number;
  readonly chunks: readonly string[];
  readonly close?: boolean;
  /** Sent before a closing was answered, as the model finds: it need not hear that its chunks were discarded. */
  readonly races?: boolean;
}

/** Closes the stream. */
export interface CloseInput {
  readonly op: 'close';
  readonly stream: string;
}

/** Reads live from an index on, until the stream's end or until it is cut. Negative indexes are read by `open` first. */
export interface ReadInput {
  readonly op: 'read';
  readonly stream: string;
  readonly from: number;
}

/** Opens a live read; the answer says which index it begins at. */
export interface OpenInput {
  readonly op: 'open';
  readonly stream: string;
  /** Negative counts from the end. */
  readonly from: number;
}

/** Lists all chunks that are there, or asks how far the stream has come. */
export interface InspectStreamInput {
  readonly op: 'list' | 'info';
  readonly stream: string;
}

/** An operation on a stream. */
export type StreamInput = AppendInput | CloseInput | ReadInput | OpenInput | InspectStreamInput;

/** An append's answer. Fields that are unset are not judged. */
export interface Appended {
  readonly kind: 'appended';
  readonly tail?: number;
  readonly appended?: number;
  readonly wasClosed?: boolean;
}

/** Chunks in order, from an index on. */
export interface ChunksRead {
  readonly kind: 'chunks';
  readonly from: number;
  readonly chunks: readonly string[];
  /** Whether the stream was closed, and of a live read: read to its end. */
  readonly done: boolean;
}

/** The answer of an operation on a stream. */
export type StreamOutput =
  | Appended
  | ChunksRead
  | { readonly kind: 'closed'; readonly tail?: number }
  | { readonly kind: 'opened'; readonly from: number }
  | { readonly kind: 'info'; readonly tail: number; readonly done: boolean }
  | Refused;

/** Where Worlds may differ. */
export interface StreamOptions {
  /**
   * Whether the tail in the answer to a write is that of its commit, or may be that of the answer, after later writes;
   * `atLeast` by default.
   */
  readonly tail?: 'exact' | 'atLeast';
}

/** One stream. */
export interface StreamState {
  readonly length: number;
  readonly closed: boolean;
  /** How many chunks of each writer have landed. */
  readonly writers: Readonly<Record<string, number>>;
  readonly view: StreamView;
}

/** What the reads of a history say about the chunks. */
interface StreamView {
  readonly chunks: ReadonlyMap<number, string>;
  readonly faults: ReadonlyMap<StreamOutput, string>;
}

type Result = Step<StreamState, StreamOutput>;

/** One stream with several writers and readers. */
export function streamModel(
  options: StreamOptions = {},
): Model<StreamState, StreamInput, StreamOutput> {
  const steps = (
    state: StreamState,
    input: StreamInput,
    output: StreamOutput | undefined,
  ): Result | string => {
    if (output?.kind === 'refused' && BUSY_REASONS.has(output.reason))
      return { state, outcome: output };
    if (input.op === 'append') return append(state, input, output, options);
    if (input.op === 'close') return close(state, output, options);
    if (output === undefined) return { state, outcome: { kind: 'refused', reason: '' } };
    return readFault(state, input, output) ?? { state, outcome: output };
  };
  return {
    name: 'stream',
    partition: (history) => {
      const parts = partitionBy(history, ({ input }) => `stream ${input.stream}`);
      return new Map([...parts].map(([name, operations]) => [name, withRaces(operations)]));
    },
    init: (operations) => ({ length: 0, closed: false, writers: {}, view: viewOf(operations) }),
    steps: (state, input, output) => {
      const result = steps(state, input, output);
      return typeof result === 'string' ? [] : [result];
    },
    key: ({ length, closed, writers }) => JSON.stringify([length, closed, writers]),
    isRead: (input, output) =>
      (input.op !== 'append' && input.op !== 'close') ||
      output.kind === 'refused' ||
      (output.kind === 'appended' && output.wasClosed === true),
    isKept: () => false,
    subject: (input) =>
      input.op === 'append' ? `chunks ${quote(input.chunks)}` : `stream ${input.stream}`,
    tell: (input, output) => ({ request: input.op, ...outcomeText(output) }),
    objection: (state, { call, input, output }, before) => {
      const result = steps(state, input, output);
      const fault = typeof result === 'string' ? result : undefined;
      if (output.kind !== 'chunks') return fault;
      const known = before.filter(isAnswered).filter((other) => other.return < call);
      return twice(output.chunks) ?? missing(output, known) ?? apart(output, before) ?? fault;
    },
  };
}

/** The operations, with the appends marked that were sent before a closing was answered. */
function withRaces(
  operations: readonly Operation<StreamInput, StreamOutput>[],
): readonly Operation<StreamInput, StreamOutput>[] {
  const closings = operations
    .filter(isAnswered)
    .filter(({ input, output }) => closesStream(input) && output.kind !== 'refused');
  const closed = Math.min(...closings.map((operation) => operation.return));
  return operations.map((operation) =>
    operation.input.op === 'append' && operation.call < closed
      ? { ...operation, input: { ...operation.input, races: true } }
      : operation,
  );
}

function closesStream(input: StreamInput): boolean {
  return input.op === 'close' || (input.op === 'append' && input.close === true);
}

function append(
  state: StreamState,
  { writer, sequence = 0, chunks, close: closes = false, races = false }: AppendInput,
  output: StreamOutput | undefined,
  options: StreamOptions,
): Result | string {
  const { length, closed, writers } = state;
  const landed = writer === undefined ? 0 : (writers[writer] ?? 0);
  const fresh =
    writer === undefined ? chunks.length : Math.max(0, sequence + chunks.length - landed);
  if (output !== undefined && output.kind !== 'appended' && output.kind !== 'refused')
    return 'the answer is of another kind';
  if (closed) {
    if (output?.kind === 'refused') return 'a closed stream discards chunks, and says so';
    const repeats = writer !== undefined && chunks.length > 0 && fresh === 0;
    if (races && output?.wasClosed === false) return { state, outcome: output };
    if (output?.wasClosed === false && !repeats)
      return 'the stream was closed: nothing lands after a close, and the answer says so';
    if (output?.appended !== undefined && output.appended > 0)
      return 'the stream was closed: nothing lands after a close';
    return { state, outcome: output ?? { kind: 'appended', appended: 0 } };
  }
  if (writer !== undefined && sequence > landed) {
    if (output === undefined) return 'it leaves a gap';
    if (output.kind === 'refused' && output.reason === 'SEQUENCE_GAP')
      return { state, outcome: output };
    return `the writer's chunk ${landed} was missing: a gap is refused with SEQUENCE_GAP`;
  }
  if (output?.kind === 'refused') return 'nothing stood in its way';
  if (output?.wasClosed) return 'the stream was not closed';
  if (output?.appended !== undefined && output.appended !== fresh)
    return `${fresh} of its chunks were new: each lands once`;
  const tail = tailFault(output?.tail, length + fresh, options);
  if (tail !== undefined) return tail;
  const added = chunks.slice(chunks.length - fresh);
  const misplaced = added.findIndex((chunk, index) => {
    const known = state.view.chunks.get(length + index);
    return known !== undefined && known !== chunk;
  });
  if (misplaced >= 0) {
    const place = length + misplaced;
    return `the stream has ${quote([state.view.chunks.get(place)!])} as its chunk ${place}, and not ${quote([added[misplaced]!])}`;
  }
  const next =
    fresh === 0 && !closes
      ? state
      : {
          ...state,
          length: length + fresh,
          closed: closes,
          writers: writer === undefined ? writers : put(writers, writer, landed + fresh),
        };
  return { state: next, outcome: output ?? { kind: 'appended', appended: fresh } };
}

function close(
  state: StreamState,
  output: StreamOutput | undefined,
  options: StreamOptions,
): Result | string {
  if (output?.kind === 'refused') return 'a close is never refused';
  if (output !== undefined && output.kind !== 'closed') return 'the answer is of another kind';
  const tail = tailFault(output?.tail, state.length, options);
  if (tail !== undefined) return tail;
  return {
    state: state.closed ? state : { ...state, closed: true },
    outcome: output ?? { kind: 'closed' },
  };
}

function tailFault(
  tail: number | undefined,
  length: number,
  options: StreamOptions,
): string | undefined {
  if (tail === undefined || tail === length - 1) return undefined;
  if (options.tail !== 'exact' && tail > length - 1) return undefined;
  return `the stream's last chunk was ${length - 1}`;
}

/** Why a read cannot be at this moment. */
function readFault(
  { length, closed, view }: StreamState,
  input: StreamInput,
  output: StreamOutput,
): string | undefined {
  switch (output.kind) {
    case 'opened': {
      const from = input.op === 'open' ? input.from : 0;
      const lawful = from >= 0 ? from : Math.max(0, length + from);
      return output.from === lawful
        ? undefined
        : `the stream held ${length} chunks, so it begins at ${lawful}`;
    }
    case 'info':
      if (output.tail !== length - 1) return `the stream's last chunk was ${length - 1}`;
      return output.done === closed ? undefined : `the stream was ${closed ? 'closed' : 'open'}`;
    case 'chunks': {
      const fault = view.faults.get(output);
      if (fault !== undefined) return fault;
      const { from, chunks, done } = output;
      const end = from + chunks.length;
      if (chunks.length > 0 && end > length)
        return (
          twice(chunks) ??
          `chunk ${Math.max(length, from)}, ${quote([chunks[Math.max(0, length - from)]!])}, was not there yet, or nobody had appended it`
        );
      const all = input.op === 'list' || done;
      if (all && end < length) return `it lacks chunk ${end}, which was there`;
      const says = input.op === 'list' ? done !== closed : done && !closed;
      return says ? `the stream was ${closed ? 'closed' : 'open'}` : undefined;
    }
    default:
      return 'the answer is of another kind';
  }
}

/** A chunk that a read shows more than once. */
function twice(chunks: readonly string[]): string | undefined {
  const repeated = chunks.find((chunk, index) => chunks.indexOf(chunk) < index);
  return repeated === undefined
    ? undefined
    : `it shows ${quote([repeated])} twice: each append lands once`;
}

/** A chunk that had landed before, and that a read of the whole stream does not show. */
function missing(
  { from, chunks, done }: ChunksRead,
  known: readonly Answered<StreamInput, StreamOutput>[],
): string | undefined {
  if (from > 0 || !done) return undefined;
  const landed = known.flatMap(({ input, output }) =>
    input.op === 'append' && output.kind === 'appended' && !output.wasClosed ? input.chunks : [],
  );
  const lacking = landed.find((chunk) => !chunks.includes(chunk));
  return lacking === undefined
    ? undefined
    : `it lacks ${quote([lacking])}: a chunk that was accepted stays`;
}

/** An append whose chunks a read shows, and not one after the other. */
function apart(
  { chunks }: ChunksRead,
  before: readonly Operation<StreamInput, StreamOutput>[],
): string | undefined {
  for (const { input } of before) {
    if (input.op !== 'append') continue;
    const places = input.chunks.map((chunk) => chunks.indexOf(chunk));
    if (places.some((place, index) => place >= 0 && index > 0 && place !== places[index - 1]! + 1))
      if (!places.includes(-1))
        return `it shows ${quote(input.chunks)} apart or out of order: an append is one piece`;
  }
  return undefined;
}

function viewOf(operations: readonly Operation<StreamInput, StreamOutput>[]): StreamView {
  const known = new Map<number, string>();
  const faults = new Map<StreamOutput, string>();
  for (const { output } of operations.filter(isAnswered)) {
    if (output.kind !== 'chunks') continue;
    for (const [offset, chunk] of output.chunks.entries()) {
      const index = output.from + offset;
      const other = known.get(index);
      if (other === undefined) known.set(index, chunk);
      else if (other !== chunk) {
        faults.set(
          output,
          `its chunk ${index} is ${quote([chunk])}, and that of another read ${quote([other])}: all readers see one sequence`,
        );
        break;
      }
    }
  }
  return { chunks: known, faults };
}

function quote(chunks: readonly string[]): string {
  return chunks.map((chunk) => `"${chunk}"`).join(' ');
}

function outcomeText(output: StreamOutput | undefined): { past: string; perfect: string } {
  switch (output?.kind) {
    case undefined:
      return { past: 'was sent', perfect: 'had been sent' };
    case 'refused':
      return {
        past: `was refused with ${output.reason}`,
        perfect: `had been refused with ${output.reason}`,
      };
    case 'appended': {
      const tail = output.tail === undefined ? '' : ` (tail ${output.tail})`;
      const how = output.wasClosed ? 'told that the stream is closed' : `accepted${tail}`;
      return { past: `was ${how}`, perfect: `had been ${how}` };
    }
    case 'closed':
      return { past: 'was accepted', perfect: 'had been accepted' };
    case 'opened':
      return { past: `began at ${output.from}`, perfect: `had begun at ${output.from}` };
    case 'info': {
      const what = `tail ${output.tail}${output.done ? ', closed' : ''}`;
      return { past: `showed ${what}`, perfect: `had shown ${what}` };
    }
    case 'chunks': {
      const chunks = output.chunks.length === 0 ? 'no chunks' : quote(output.chunks);
      const what = `${chunks} from ${output.from}${output.done ? ', closed' : ''}`;
      return { past: `showed ${what}`, perfect: `had shown ${what}` };
    }
  }
}
