import type { Delivered, EnqueueInput, QueueInput, QueueOutput, SettleInput } from '../queue.js';
import { Outcomes } from './outcomes.js';
import { randomOf } from './random.js';
import type { Task, TestWorld } from './simulate.js';

/** What is wrong with a World. */
export type QueueBug =
  | 'delivered after the acknowledgement'
  | 'spent key swallows'
  | 'key not seen'
  | 'attempt constant'
  | 'new id on redelivery'
  | 'message lost'
  | 'lost lease settled'
  | 'request id ignored';

interface TestMessage {
  id: string;
  readonly tag: string;
  readonly key: string | undefined;
  state: 'ready' | 'leased' | 'done';
  lease: string;
  attempt: number;
}

/** A queue, in the plainest way; leases run out now and then. */
export class QueueWorld implements TestWorld<QueueInput, QueueOutput> {
  readonly #messages: TestMessage[] = [];
  readonly #outcomes = new Outcomes<QueueOutput>();
  readonly #random: (bound: number) => number;
  #leases = 0;

  constructor(
    seed: number,
    private readonly bug?: QueueBug,
  ) {
    this.#random = randomOf(seed);
  }

  *handle(input: QueueInput, requestId: string | undefined): Task<QueueOutput> {
    const id = this.bug === 'request id ignored' ? undefined : requestId;
    return yield* this.#outcomes.once(id, () => this.#enqueue(input as EnqueueInput));
  }

  /** The next message under a lease. */
  lease(): Delivered | undefined {
    for (const message of this.#messages)
      if (message.state === 'leased' && this.#random(4) === 0) message.state = 'ready';
    const message =
      this.#messages.find(({ state }) => state === 'ready') ??
      this.#messages.find(({ state }) => state === 'leased');
    if (message === undefined) return undefined;
    this.#leases += 1;
    if (this.bug === 'new id on redelivery' && message.attempt > 0) message.id = `x${this.#leases}`;
    message.state = 'leased';
    message.lease = `l${this.#leases}`;
    message.attempt = this.bug === 'attempt constant' ? 1 : message.attempt + 1;
    const { id, tag, lease, attempt } = message;
    return { kind: 'delivered', tag, messageId: id, lease, attempt };
  }

  settle(lease: string, action: SettleInput['action']): QueueOutput {
    const message = this.#messages.find(
      (other) => other.lease === lease && other.state === 'leased',
    );
    if (message === undefined)
      return { kind: 'settled', settled: this.bug === 'lost lease settled' };
    if (action === 'ack') message.state = 'done';
    if (action === 'ack' && this.bug === 'delivered after the acknowledgement')
      message.state = this.#random(3) === 0 ? 'ready' : 'done';
    if (action === 'retry' || action === 'ask_again') message.state = 'ready';
    if (action === 'ask_again') message.attempt = 0;
    return { kind: 'settled', settled: true };
  }

  isEmpty(): boolean {
    return this.#messages.every(({ state }) => state === 'done');
  }

  *#enqueue({ tag, key }: EnqueueInput): Task<QueueOutput> {
    const standing = this.#messages.find(
      (message) =>
        key !== undefined &&
        message.key === key &&
        (message.state !== 'done' || this.bug === 'spent key swallows'),
    );
    if (this.bug === 'key not seen') yield;
    if (standing !== undefined)
      return { kind: 'enqueued', messageId: standing.id, deduplicated: true };
    const id = `m${this.#messages.length + 1}`;
    const message: TestMessage = { id, tag, key, state: 'ready', lease: '', attempt: 0 };
    if (this.bug === 'message lost' && this.#random(4) === 0) message.state = 'done';
    this.#messages.push(message);
    return { kind: 'enqueued', messageId: id, deduplicated: false };
  }
}
