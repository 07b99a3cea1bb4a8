import type { MessageInitShape } from '@bufbuild/protobuf';
import type { Client } from '@connectrpc/connect';
import type { QueueService, SettlementSchema } from '@worldwire/proto';
import { WorldError } from './error.js';

export type SettlementInit = MessageInitShape<typeof SettlementSchema>;

/** The protocol's bound on the settlements of one call. */
const MAX_SETTLEMENTS = 1000;

interface Waiting {
  readonly settlement: SettlementInit;
  readonly done: (settled: boolean | WorldError) => void;
}

/**
 * Gathers the settlements of a tick, and those that come while a call is under way, into one Settle. Its queue is
 * bounded by the deliveries that the World has handed out.
 */
export class Settler {
  readonly #queue: Pick<Client<typeof QueueService>, 'settle'>;
  /** After it a lease is gone, and with it the use of settling it. */
  readonly #timeoutMs: number;
  readonly #waiting: Waiting[] = [];
  #running = false;
  readonly #idle: (() => void)[] = [];

  constructor(queue: Pick<Client<typeof QueueService>, 'settle'>, timeoutMs: number) {
    this.#queue = queue;
    this.#timeoutMs = timeoutMs;
  }

  /** Tells whether the lease was held, or why that is not known. Never rejects. */
  add(settlement: SettlementInit): Promise<boolean | WorldError> {
    return new Promise((done) => {
      this.#waiting.push({ settlement, done });
      if (this.#running) return;
      this.#running = true;
      setImmediate(() => void this.#run());
    });
  }

  /** Resolves when nothing waits. */
  whenIdle(): Promise<void> {
    return this.#running ? new Promise((resolve) => this.#idle.push(resolve)) : Promise.resolve();
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, MAX_SETTLEMENTS);
      try {
        const { results } = await this.#queue.settle(
          { settlements: batch.map(({ settlement }) => settlement) },
          { timeoutMs: this.#timeoutMs },
        );
        for (const [i, { done }] of batch.entries()) done(results[i]?.settled ?? false);
      } catch (error) {
        const failure = WorldError.from(error);
        for (const { done } of batch) done(failure);
      }
    }
    this.#running = false;
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}
