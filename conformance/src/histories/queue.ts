import type { Delivery } from '@worldwire/proto';
import type { Context } from '../context.js';
import type { Consumer } from '../fixtures/consumer.js';
import {
  type Operation,
  type Program,
  type ProgramStep,
  type QueueAction,
  type QueueInput,
  type QueueOptions,
  type QueueOutput,
  Recorder,
} from '../model/index.js';
import { NotTestable } from '../outcome.js';
import type { Api } from '../wire/api.js';
import { allOf } from './all-of.js';
import { answerTo } from './answers.js';
import { Names } from './names.js';
import { QueueBookkeeping } from './queue-bookkeeping.js';
import { Seat } from './seat.js';

type Enqueue = Extract<QueueAction, { op: 'enqueue' }>;
type Then = Extract<QueueAction, { op: 'consume' }>['then'];

/** The queue as programs call it. */
const QUEUE = 'q1';

/** A lease that ends within no check, unless its consumer is lost. */
const LEASE = { seconds: 3_600n } as const;

/** How long a client waits for a delivery before it goes on. */
const GLANCE_MS = 40;

/** How long the last deliveries may take: some Worlds wait five seconds and more before they try again. */
const PATIENCE_MS = 30_000;

/** Where nothing is known to be left, unknown messages have this long to come; one that comes later is not missed. */
const QUIET_MS = 60;

/** More pages than any list of queues has. */
const MAX_PAGES = 200;

/** A message is sent back so often, so that no backoff grows long. */
const MAX_FAILURES = 2;

/** A played program, and what its course allows the World. */
export interface PlayedQueue {
  readonly history: readonly Operation<QueueInput, QueueOutput>[];
  readonly options: QueueOptions;
}

/** Runs a program on one queue: each client has a consumer of its own, which takes one message at a time. */
export async function playQueue(t: Context, program: Program<QueueAction>): Promise<PlayedQueue> {
  return new QueuePlayer(t).play(program);
}

/** One arrived delivery, recorded when it arrived. */
interface Arrived {
  readonly delivery: Delivery;
  readonly tag: string;
}

class QueuePlayer {
  readonly #recorder = new Recorder<QueueInput, QueueOutput>();
  readonly #names: Names;
  readonly #queue: string;
  readonly #desks: Desk[] = [];
  readonly #book = new QueueBookkeeping();
  #leasesLost = false;

  constructor(private readonly t: Context) {
    this.#names = new Names(t);
    this.#queue = t.queueName();
  }

  async play(program: Program<QueueAction>): Promise<PlayedQueue> {
    const { t } = this;
    const seats = program.clients.map((_, index) => new Seat(t, index + 1));
    for (const seat of seats) this.#desks.push(await this.#attach(seat));
    await allOf(
      program.clients.map(async (steps, index) => {
        for (const step of steps) await this.#take(seats[index]!, step);
      }),
    );
    await this.#drain();
    this.#leasesLost ||= this.#desks.some(({ consumer }) => consumer.ended !== undefined);
    for (const { consumer } of this.#desks) await consumer.close();
    return {
      history: this.#recorder.history().map((operation) => this.#withoutPhantom(operation)),
      options: { leasesMayBeLost: this.#leasesLost, deliveriesMayBeLost: this.#leasesLost },
    };
  }

  async #attach(seat: Seat): Promise<Desk> {
    const since = this.#recorder.mark();
    const consumer = await this.t.consumer({
      api: seat.api,
      queuePrefixes: [this.#queue],
      maxInFlight: 1,
      lease: LEASE,
    });
    return { seat, consumer, since, taken: 0 };
  }

  async #take(seat: Seat, step: ProgramStep<QueueAction>): Promise<void> {
    const { action } = step;
    if (action.op === 'enqueue') {
      if (step.loseAnswer) await this.#enqueue(await seat.losingNext(), seat, step, action);
      await this.#enqueue(seat.api, seat, step, action);
    }
    if (action.op !== 'consume') return;
    const desk = this.#desks[seat.client - 1]!;
    const end = performance.now() + this.t.scaled(GLANCE_MS);
    for (;;) {
      const arrived = this.#next(desk);
      if (arrived !== undefined) return this.#settleAs(desk, arrived, action.then);
      if (performance.now() > end || desk.consumer.ended !== undefined) return;
      await pause(2);
    }
  }

  async #enqueue(
    api: Api,
    { client }: Seat,
    { requestId }: ProgramStep<QueueAction>,
    { queue, tag, key }: Enqueue,
  ): Promise<void> {
    const input: QueueInput = { op: 'enqueue', queue, tag, ...(key === undefined ? {} : { key }) };
    const call = this.#recorder.call(client, input, requestId);
    const answer = await answerTo(async (): Promise<QueueOutput> => {
      const { messageId, deduplicated } = await api.queue.enqueue({
        message: {
          queueName: this.#queue,
          contentType: 'text/plain',
          body: new TextEncoder().encode(tag),
          ...(key === undefined ? {} : { idempotencyKey: this.#names.outer(key) }),
        },
        ...(requestId === undefined ? {} : { requestId: this.#names.outer(requestId) }),
      });
      // A World that suppresses a message should say so: that it does not is no answer to judge.
      return { kind: 'enqueued', messageId, ...(deduplicated ? { deduplicated } : {}) };
    });
    if (answer === undefined) return;
    call.answer(answer);
    if (answer.kind === 'enqueued' && answer.messageId !== undefined && !answer.deduplicated)
      this.#book.sent(answer.messageId, tag, key);
  }

  /** The next delivery at a desk that nobody took; each is recorded as it is found. */
  #next(desk: Desk): Arrived | undefined {
    const received = desk.consumer.received[desk.taken];
    if (received === undefined) return undefined;
    desk.taken += 1;
    const { delivery } = received;
    const tag = new TextDecoder().decode(delivery.body);
    const { messageId, leaseId: lease, attempt } = delivery;
    this.#recorder.arrival(
      desk.seat.client,
      desk.since,
      { op: 'deliver', queue: QUEUE },
      { kind: 'delivered', tag, messageId, lease, attempt },
    );
    this.#book.arrived(messageId);
    return { delivery, tag };
  }

  async #settleAs(desk: Desk, arrived: Arrived, then: Then): Promise<void> {
    const failed = arrived.delivery.attempt > MAX_FAILURES;
    switch (then) {
      case 'drop':
        return this.#drop(desk);
      // Whether asking again counts from 1 anew is recommended, and no more: here it is a failure.
      case 'retry':
      case 'ask_again':
        return this.#settle(desk, arrived, failed ? 'ack' : 'retry');
      case 'extend_and_ack':
        await this.#settle(desk, arrived, 'extend');
        return this.#settle(desk, arrived, 'ack');
      case 'ack_twice':
        await this.#settle(desk, arrived, 'ack');
        return this.#settle(desk, arrived, 'ack');
      case 'ack':
        return this.#settle(desk, arrived, 'ack');
    }
  }

  async #settle(
    { consumer, seat }: Desk,
    { delivery, tag }: Arrived,
    action: 'ack' | 'retry' | 'extend',
  ): Promise<void> {
    const { leaseId: lease, messageId } = delivery;
    const call = this.#recorder.call(seat.client, {
      op: 'settle',
      queue: QUEUE,
      lease,
      tag,
      action,
    });
    const answer = await answerTo(async (): Promise<QueueOutput> => {
      const { settled } = await (action === 'ack'
        ? consumer.ack(delivery)
        : action === 'retry'
          ? consumer.retry(delivery, { delayMs: 0, error: 'sent back' })
          : consumer.extend(delivery, 3_600_000));
      return { kind: 'settled', settled };
    });
    if (answer !== undefined) call.answer(answer);
    const taken = answer === undefined || (answer.kind === 'settled' && answer.settled);
    if (action === 'ack' && taken) this.#book.acknowledged(messageId, tag);
  }

  /** Loses the lease with its consumer, and attaches another one. */
  async #drop(desk: Desk): Promise<void> {
    this.#leasesLost = true;
    await desk.consumer.close();
    while (this.#next(desk) !== undefined);
    Object.assign(desk, await this.#attach(desk.seat));
  }

  /** Acknowledges until nothing is left, and says so where that is known. */
  async #drain(): Promise<void> {
    const end = performance.now() + this.t.scaled(PATIENCE_MS);
    let quietSince = performance.now();
    for (;;) {
      if (await this.#acknowledgeArrived()) quietSince = performance.now();
      const late = performance.now() > end;
      if (late || (!this.#book.waits && performance.now() - quietSince > QUIET_MS)) {
        const call = this.#recorder.call(0, { op: 'inspect', queue: QUEUE });
        const held = await this.#held();
        if (held === 0) return call.answer({ kind: 'empty' });
        // Without counts, a long silence is as good as an empty queue.
        if (held === undefined)
          return late || this.#book.isComplete ? call.answer({ kind: 'empty' }) : undefined;
        if (late)
          this.t.fail(
            'messages that a queue holds did not come',
            'their delivery',
            `${held} are held`,
          );
        quietSince = performance.now();
      }
      if (this.#desks.every(({ consumer }) => consumer.ended !== undefined))
        throw new NotTestable('the World ended every Receive: nothing can be said of the queue');
      await pause(3);
    }
  }

  async #acknowledgeArrived(): Promise<boolean> {
    let came = false;
    for (const desk of this.#desks)
      for (let arrived = this.#next(desk); arrived !== undefined; arrived = this.#next(desk)) {
        came = true;
        await this.#settle(desk, arrived, 'ack');
      }
    return came;
  }

  /** How many messages the queue holds; undefined where the World does not say. */
  async #held(): Promise<number | undefined> {
    if (!this.t.has('QUEUE_ADMIN')) return undefined;
    let cursor = '';
    for (let pages = 0; pages < MAX_PAGES; pages++) {
      const { queues, page } = await this.t.api.queue.listQueues({ page: { cursor } });
      const found = queues.find(({ queueName }) => queueName === this.#queue);
      if (found !== undefined) return Number(found.ready + found.delayed + found.leased);
      if (!page?.hasMore) return 0;
      cursor = page.cursor;
    }
    return undefined;
  }

  /**
   * A message that an earlier one with its key stands for should be answered with that one's id, and need not be: an id
   * under which nothing ever came says nothing.
   */
  #withoutPhantom(
    operation: Operation<QueueInput, QueueOutput>,
  ): Operation<QueueInput, QueueOutput> {
    const { input, output } = operation;
    if (input.op !== 'enqueue' || input.key === undefined || output?.kind !== 'enqueued')
      return operation;
    if (output.messageId === undefined || this.#book.wasDelivered(output.messageId))
      return operation;
    const { messageId: _phantom, ...rest } = output;
    return { ...operation, output: rest };
  }
}

/** A client and its consumer. */
interface Desk {
  readonly seat: Seat;
  consumer: Consumer;
  /** When it attached: nothing was leased to it before. */
  since: number;
  /** How many of its deliveries were looked at. */
  taken: number;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
