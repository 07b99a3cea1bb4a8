import { randomUUID } from 'node:crypto';
import type { Delivery, ReceiveRequest } from '@worldwire/proto';
import { inFlightOf } from '../core/index.js';
import { millisOf } from '../core/time.js';
import type { Doorbell } from './doorbell.js';

/** One open Receive: what it may take, and what it has not settled. */
export class Consumer {
  /** Its own, unlike the name that the request gives. */
  readonly id = randomUUID();
  /** Consumers of one group can take the same messages. */
  readonly group: string;
  /** When it last was given messages; orders consumers of equal credit. */
  servedAt = 0;
  /** Whether its caller could be sent a batch now. */
  hungry = false;
  /** Whether the stream has ended. */
  gone = false;
  /** Whether messages are being leased for it. */
  leasing = false;
  readonly #maxInFlight: number;
  readonly #unsettled = new Map<string, number>();
  #batch: Delivery[] = [];

  constructor(
    readonly project: string,
    readonly request: ReceiveRequest,
    readonly bell: Doorbell,
  ) {
    this.group = JSON.stringify([request.deploymentId, [...request.queuePrefixes].sort()]);
    this.#maxInFlight = inFlightOf(request);
  }

  /** How many more messages it may hold at a time. A lease that has run out is no longer held. */
  credit(now: number): number {
    if (this.#unsettled.size >= this.#maxInFlight)
      for (const [leaseId, expiresAt] of this.#unsettled)
        if (expiresAt <= now) this.#unsettled.delete(leaseId);
    return this.#maxInFlight - this.#unsettled.size;
  }

  /** When credit comes back by itself, where there is none now. */
  creditAt(): number | undefined {
    if (this.#unsettled.size < this.#maxInFlight) return undefined;
    return Math.min(...this.#unsettled.values());
  }

  /** Whether it holds any lease. */
  get holds(): boolean {
    return this.#unsettled.size > 0;
  }

  /** Gives it messages. */
  give(deliveries: readonly Delivery[], now: number): void {
    for (const { leaseId, leaseExpiresAt } of deliveries)
      this.#unsettled.set(leaseId, leaseExpiresAt === undefined ? now : millisOf(leaseExpiresAt));
    this.#batch.push(...deliveries);
    this.servedAt = now;
    this.hungry = false;
    this.bell.ring();
  }

  /** Takes what it was given. */
  takeBatch(): Delivery[] {
    this.hungry = false;
    return this.#batch.splice(0);
  }

  /** A lease goes on until a time, or has ended. Returns whether it was held here. */
  settle(leaseId: string, extendedTo: number | undefined): boolean {
    if (!this.#unsettled.has(leaseId)) return false;
    if (extendedTo === undefined) this.#unsettled.delete(leaseId);
    else this.#unsettled.set(leaseId, extendedTo);
    return true;
  }
}
