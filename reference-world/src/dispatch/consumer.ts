import { randomUUID } from 'node:crypto';
import type { Delivery, ReceiveRequest } from '@worldwire/proto';
import { inFlightOf } from '../core/index.js';
import { millisOf } from '../core/time.js';
import type { Doorbell } from './doorbell.js';
import { Leases } from './leases.js';

/** One open Receive: what it may take, and what it has not settled. */
export class Consumer {
  /** Its own, unlike the name that the request gives. */
  readonly id: string;
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
  readonly #leases = new Leases();
  #batch: Delivery[] = [];

  constructor(
    readonly project: string,
    readonly request: ReceiveRequest,
    readonly bell: Doorbell,
    /** Who dies with the consumer, where that is known; begins its id. */
    owner = '',
  ) {
    this.id = `${owner}${randomUUID()}`;
    this.group = JSON.stringify([request.deploymentId, [...request.queuePrefixes].sort()]);
    this.#maxInFlight = inFlightOf(request);
  }

  /** How many more messages it may hold at a time. */
  get credit(): number {
    return this.#maxInFlight - this.#leases.size;
  }

  /** Whether it holds any lease. */
  get holds(): boolean {
    return this.#leases.size > 0;
  }

  /** When to look whether a lease has run out: no lease does before. */
  get dueAt(): number {
    return this.#leases.dueAt;
  }

  /** Whether it let a lease run out, as nobody does who is there and works. */
  lapsed(now: number): boolean {
    return this.#leases.lapsed(now);
  }

  /** Gives it back the credit of the leases that have run out. */
  forgetLapsed(now: number): void {
    this.#leases.forget(now);
  }

  /** Gives it messages. */
  give(deliveries: readonly Delivery[], now: number): void {
    for (const { leaseId, leaseExpiresAt } of deliveries)
      this.#leases.set(leaseId, leaseExpiresAt === undefined ? now : millisOf(leaseExpiresAt));
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
    if (!this.#leases.has(leaseId)) return false;
    if (extendedTo === undefined) this.#leases.delete(leaseId);
    else this.#leases.set(leaseId, extendedTo);
    return true;
  }
}
