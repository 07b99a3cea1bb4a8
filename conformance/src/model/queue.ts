import { BUSY_REASONS, type Operation, type Refused } from './history.js';
import { type Model, partitionBy, type Step } from './model.js';

/** Sends a message. */
export interface EnqueueInput {
  readonly op: 'enqueue';
  readonly queue: string;
  /** Carried in the body: tells on delivery which request sent the message. The same on retries. */
  readonly tag: string;
  /** The idempotency key. */
  readonly key?: string;
}

/** The World hands out a message: called no later than the World can have leased it, returned when it is there. */
export interface DeliverInput {
  readonly op: 'deliver';
  readonly queue: string;
}

/** Settles a delivery. */
export interface SettleInput {
  readonly op: 'settle';
  readonly queue: string;
  readonly lease: string;
  /** Of the message that the lease is for. */
  readonly tag: string;
  /** `retry` carries an error, `ask_again` does not. */
  readonly action: 'ack' | 'retry' | 'ask_again' | 'extend';
}

/** Looks whether the queue is empty, when all clients are done. */
export interface InspectInput {
  readonly op: 'inspect';
  readonly queue: string;
}

/** An operation on a queue. */
export type QueueInput = EnqueueInput | DeliverInput | SettleInput | InspectInput;

/** A message was accepted, or an earlier one stands for it. */
export interface Enqueued {
  readonly kind: 'enqueued';
  /** Always there in an answer. */
  readonly messageId?: string;
  /** Undefined where the answer does not say it. */
  readonly deduplicated?: boolean;
}

/** A delivery. */
export interface Delivered {
  readonly kind: 'delivered';
  readonly tag: string;
  readonly messageId: string;
  readonly lease: string;
  readonly attempt: number;
}

/** The answer of an operation on a queue. */
export type QueueOutput =
  | Enqueued
  | Delivered
  | { readonly kind: 'settled'; readonly settled: boolean }
  /** Nothing is ready, delayed or leased. */
  | { readonly kind: 'empty' }
  | Refused;

/** What the history's circumstances allow. */
export interface QueueOptions {
  /** Whether leases may have been lost: true by default; false where no lease can have run out and none was cut. */
  readonly leasesMayBeLost?: boolean;
  /** Whether the World may have leased messages whose deliveries never arrived, as when streams were cut; false by default. */
  readonly deliveriesMayBeLost?: boolean;
  /** After so many deliveries a message may be dead; 100 by default. */
  readonly maxDeliveries?: number;
}

/** A message. */
export interface Message {
  readonly tag: string;
  /** Undefined until an answer says it. */
  readonly id: string | undefined;
  readonly state: 'ready' | 'leased' | 'done';
  /** The lease that holds it. */
  readonly lease: string | undefined;
  readonly attempt: number;
}

/** The messages of one key, or of one request. */
export interface QueueState {
  readonly keyed: boolean;
  readonly messages: readonly Message[];
}

type Result = Step<QueueState, QueueOutput>;

/**
 * A queue that delivers at least once. Deliveries are no answers to requests, so what is judged is each message, or each
 * idempotency key with its messages, by itself; the order of different messages is left open.
 */
export function queueModel(options: QueueOptions = {}): Model<QueueState, QueueInput, QueueOutput> {
  return {
    name: 'queue',
    partition: (history) => partition(history),
    init: (operations) => ({
      keyed: operations.some(({ input }) => input.op === 'enqueue' && input.key !== undefined),
      messages: [],
    }),
    steps: (state, input, output) => {
      if (output?.kind === 'refused' && BUSY_REASONS.has(output.reason))
        return [{ state, outcome: output }];
      switch (input.op) {
        case 'enqueue':
          return enqueue(state, input, output);
        case 'deliver':
          return output?.kind === 'delivered' ? deliver(state, output, options) : [];
        case 'settle':
          return settle(state, input, output, options);
        case 'inspect':
          return output?.kind === 'empty' && left(state, options) === undefined
            ? [{ state, outcome: output }]
            : [];
      }
    },
    key: ({ messages }) => JSON.stringify(messages),
    isUnasked: ({ op }) => op === 'deliver',
    isRead: (input, output) => input.op === 'inspect' || output.kind === 'refused',
    isKept: ({ kind }) => kind === 'enqueued',
    subject: (input, output) => subjectOf(input, output),
    tell: (input, output) => {
      const request = input.op === 'settle' ? input.action : input.op;
      return { request, ...outcomeText(output) };
    },
    objection: (state, { input, output }) => objection(state, input, output, options),
  };
}

function partition(history: readonly Operation<QueueInput, QueueOutput>[]) {
  const keys = new Map<string, string>();
  for (const { input } of history)
    if (input.op === 'enqueue' && input.key !== undefined)
      keys.set(`${input.queue} ${input.tag}`, input.key);
  const judged = history.filter(
    ({ input, output }) => input.op !== 'deliver' || output?.kind === 'delivered',
  );
  return partitionBy(judged, ({ input, output }) => {
    if (input.op === 'inspect') return undefined;
    const tag = 'tag' in input ? input.tag : output?.kind === 'delivered' ? output.tag : '';
    const key = keys.get(`${input.queue} ${tag}`);
    return `queue ${input.queue}, ${key === undefined ? `message ${tag}` : `key ${key}`}`;
  });
}

function enqueue(
  state: QueueState,
  { tag }: EnqueueInput,
  output: QueueOutput | undefined,
): readonly Result[] {
  if (output !== undefined && output.kind !== 'enqueued') return [];
  const standing = state.keyed
    ? state.messages.find((message) => message.state !== 'done')
    : undefined;
  if (standing !== undefined) {
    if (output?.deduplicated === false) return [];
    const known = identified(standing, output?.messageId);
    // A World need not say that it suppresses a message, nor with which id.
    if (known === undefined)
      return output?.deduplicated === undefined ? [{ state, outcome: output! }] : [];
    return [
      {
        state: known === standing ? state : replace(state, standing, known),
        outcome: output ?? lost(known.id, true),
      },
    ];
  }
  if (output?.deduplicated) return [];
  const id = output?.messageId;
  // No two messages share an id.
  if (id !== undefined && state.messages.some((message) => message.id === id)) return [];
  const message: Message = { tag, id, state: 'ready', lease: undefined, attempt: 0 };
  const next = { ...state, messages: [...state.messages, message] };
  return [{ state: next, outcome: output ?? lost(undefined, false) }];
}

/** The outcome of an enqueue whose answer was lost; under which id it was accepted may be unknown. */
function lost(messageId: string | undefined, deduplicated: boolean): Enqueued {
  return { kind: 'enqueued', deduplicated, ...(messageId === undefined ? {} : { messageId }) };
}

function deliver(state: QueueState, output: Delivered, options: QueueOptions): readonly Result[] {
  const { tag, messageId, lease, attempt } = output;
  return state.messages.flatMap((message) => {
    const known = message.tag === tag ? identified(message, messageId) : undefined;
    if (known === undefined || deliveryFault(message, output, options) !== undefined) return [];
    const leased: Message = { ...known, state: 'leased', lease, attempt };
    return [{ state: replace(state, message, leased), outcome: output }];
  });
}

/** Why this message cannot be delivered so. */
function deliveryFault(
  message: Message,
  { messageId, attempt }: Delivered,
  { leasesMayBeLost = true, deliveriesMayBeLost = false }: QueueOptions,
): string | undefined {
  if (message.state === 'done') return 'a message that was acknowledged is not delivered again';
  if (identified(message, messageId) === undefined)
    return `the message's id was ${message.id}: it is the same on every delivery`;
  if (message.state === 'leased' && !leasesMayBeLost)
    return 'its last delivery was still leased: a message has one lease at a time';
  const next = message.attempt + 1;
  if (attempt !== next && !(deliveriesMayBeLost && attempt > next))
    return `the attempt was ${next}: each delivery counts one more`;
  return undefined;
}

function settle(
  state: QueueState,
  { lease, action }: SettleInput,
  output: QueueOutput | undefined,
  { leasesMayBeLost = true }: QueueOptions,
): readonly Result[] {
  if (output !== undefined && output.kind !== 'settled') return [];
  const message = state.messages.find((other) => other.lease === lease && other.state === 'leased');
  if (message === undefined)
    return output?.settled ? [] : [{ state, outcome: { kind: 'settled', settled: false } }];
  const lost: Result = {
    state: replace(state, message, { ...message, state: 'ready', lease: undefined }),
    outcome: { kind: 'settled', settled: false },
  };
  const taken: Result = {
    state: replace(state, message, settled(message, action)),
    outcome: { kind: 'settled', settled: true },
  };
  if (output === undefined) return [taken];
  if (output.settled) return [taken];
  return leasesMayBeLost ? [lost] : [];
}

function settled(message: Message, action: SettleInput['action']): Message {
  switch (action) {
    case 'ack':
      return { ...message, state: 'done', lease: undefined };
    case 'retry':
      return { ...message, state: 'ready', lease: undefined };
    case 'ask_again':
      return { ...message, state: 'ready', lease: undefined, attempt: 0 };
    case 'extend':
      return message;
  }
}

/** A message that is neither acknowledged nor dead. */
function left(
  { messages }: QueueState,
  { maxDeliveries = 100 }: QueueOptions,
): Message | undefined {
  return messages.find(({ state, attempt }) => state !== 'done' && attempt < maxDeliveries);
}

/** The message with its id, or undefined where it has another one. */
function identified(message: Message, id: string | undefined): Message | undefined {
  if (id === undefined || message.id === id) return message;
  return message.id === undefined ? { ...message, id } : undefined;
}

function replace(state: QueueState, message: Message, next: Message): QueueState {
  return {
    ...state,
    messages: state.messages.map((other) => (other === message ? next : other)),
  };
}

function objection(
  state: QueueState,
  input: QueueInput,
  output: QueueOutput,
  options: QueueOptions,
): string | undefined {
  if (output.kind === 'delivered') {
    const { tag } = output;
    const faults = state.messages
      .filter((message) => message.tag === tag)
      .flatMap((message) => deliveryFault(message, output, options) ?? []);
    const unsent = state.keyed
      ? 'another with its key was undelivered or leased when it was sent: a key has one live message'
      : 'nobody had sent it';
    return faults.at(-1) ?? unsent;
  }
  if (input.op === 'inspect') {
    const lost = left(state, options);
    if (lost === undefined) return undefined;
    return lost.attempt === 0
      ? 'the message was accepted, never delivered, and is not there any more'
      : 'the message was never acknowledged, and is not there any more';
  }
  if (output.kind === 'settled') {
    if (!output.settled) return 'the lease was held';
    return 'the lease was held no more: it was settled or lost, and only one lease of a message counts';
  }
  if (output.kind === 'refused') return 'nothing stood in its way';
  if (output.kind !== 'enqueued') return 'the answer is of another kind';
  const standing = state.messages.find((message) => message.state !== 'done');
  if (standing === undefined || !state.keyed)
    return output.deduplicated
      ? 'no message with the key was undelivered or leased: a spent key suppresses nothing'
      : 'no two messages share an id';
  return `message ${standing.id ?? standing.tag} with the same key was undelivered or leased: a key has one live message`;
}

function subjectOf(input: QueueInput, output: QueueOutput | undefined): string {
  if (input.op === 'inspect') return `queue ${input.queue}`;
  if (input.op === 'enqueue' && input.key !== undefined)
    return `message ${input.tag} with key ${input.key}`;
  const tag = 'tag' in input ? input.tag : output?.kind === 'delivered' ? output.tag : '?';
  return `message ${tag}`;
}

function outcomeText(output: QueueOutput | undefined): { past: string; perfect: string } {
  switch (output?.kind) {
    case undefined:
      return { past: 'was sent', perfect: 'had been sent' };
    case 'refused':
      return {
        past: `was refused with ${output.reason}`,
        perfect: `had been refused with ${output.reason}`,
      };
    case 'enqueued': {
      const how = output.deduplicated
        ? `answered with the earlier message ${output.messageId}`
        : `accepted as ${output.messageId}`;
      return { past: `was ${how}`, perfect: `had been ${how}` };
    }
    case 'delivered': {
      const what = `${output.messageId}, attempt ${output.attempt}, lease ${output.lease}`;
      return { past: `brought ${what}`, perfect: `had brought ${what}` };
    }
    case 'settled': {
      const how = output.settled ? 'was taken' : 'was answered with a lost lease';
      return { past: how, perfect: how.replace('was', 'had been') };
    }
    case 'empty':
      return { past: 'showed it empty', perfect: 'had shown it empty' };
  }
}
