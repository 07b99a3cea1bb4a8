import { create } from '@bufbuild/protobuf';
import {
  type Delivery,
  type ReceiveRequest,
  type ReceiveResponse,
  ReceiveResponseSchema,
} from '@worldwire/proto';
import { durationMs } from '../client/duration.js';
import { invalid, refusal } from './refusal.js';

const DEFAULT_IN_FLIGHT = 100;
const MAX_IN_FLIGHT = 10_000;
const DEFAULT_LEASE_MS = 30_000;
const MIN_LEASE_MS = 1_000;
const MAX_LEASE_MS = 3_600_000;
/** How often a consumer is sent a sign of life. */
const ALIVE_MS = 5_000;

/** Milliseconds of a lease, or a refusal. */
export function leaseMsOf(lease: ReceiveRequest['lease'], field: string): number {
  const ms = lease === undefined ? DEFAULT_LEASE_MS : durationMs(lease);
  if (!(ms >= MIN_LEASE_MS && ms <= MAX_LEASE_MS))
    throw invalid(field, `must be ${MIN_LEASE_MS} to ${MAX_LEASE_MS} ms`);
  return ms;
}

/** One open Receive. */
export class Consumer {
  readonly leaseMs: number;
  /** The leases of its unsettled deliveries. */
  readonly leases = new Set<string>();
  /** When it last was given a delivery; orders consumers of equal credit. */
  servedAt = 0;
  readonly #maxInFlight: number;
  #batch: Delivery[] = [];
  #ring: (() => void) | undefined;
  #end: { readonly error?: Error } | undefined;

  constructor(readonly request: ReceiveRequest) {
    const { queuePrefixes, maxInFlight } = request;
    if (queuePrefixes.length === 0) throw invalid('queue_prefixes', 'must name at least one');
    if (maxInFlight < 0 || maxInFlight > MAX_IN_FLIGHT)
      throw invalid('max_in_flight', `must be 1 to ${MAX_IN_FLIGHT}`);
    this.#maxInFlight = maxInFlight || DEFAULT_IN_FLIGHT;
    this.leaseMs = leaseMsOf(request.lease, 'lease');
  }

  /** How many more deliveries it may hold. */
  get credit(): number {
    return this.#end === undefined ? this.#maxInFlight - this.leases.size : 0;
  }

  /** Whether it may have messages of a queue and a deployment. */
  takes(queueName: string, deploymentId: string): boolean {
    return (
      this.#end === undefined &&
      (deploymentId === '' || deploymentId === this.request.deploymentId) &&
      this.request.queuePrefixes.some((prefix) => queueName.startsWith(prefix))
    );
  }

  give(delivery: Delivery): void {
    this.leases.add(delivery.leaseId);
    this.servedAt = performance.now();
    this.#batch.push(delivery);
    this.#ring?.();
  }

  /** Ends the stream, with an error where the consumer did not ask for it. */
  end(error?: Error): void {
    this.#end ??= error === undefined ? {} : { error };
    this.#ring?.();
  }

  /** What the stream sends, until it is ended. */
  async *responses(): AsyncGenerator<ReceiveResponse> {
    yield create(ReceiveResponseSchema);
    while (this.#end === undefined) {
      if (this.#batch.length === 0) await this.#news();
      if (this.#end !== undefined) break;
      yield create(ReceiveResponseSchema, { deliveries: this.#batch.splice(0) });
    }
    if (this.#end?.error !== undefined) throw this.#end.error;
  }

  #news(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#ring = undefined;
        resolve();
      };
      const timer = setTimeout(done, ALIVE_MS);
      this.#ring = done;
    });
  }
}

/** Why a consumer's stream ends that is to attach again. */
export function attachAgain(why: string): Error {
  return refusal('UNAVAILABLE', `${why}: attach again`);
}
