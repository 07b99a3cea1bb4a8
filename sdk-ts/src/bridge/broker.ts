import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  type Delivery,
  DeliverySchema,
  type ReceiveRequest,
  type ReceiveResponse,
  type Settlement,
} from '@worldwire/proto';
import { durationMs } from '../client/duration.js';
import { attachAgain, Consumer, leaseMsOf } from './consumer.js';
import type { Opened } from './envelope.js';
import { invalid, refusal } from './refusal.js';

/** How long what a lost consumer holds may still be settled. */
const GRACE_MS = 1_000;
/** When a message comes again for which there was no room. */
const BOUNCE_SECONDS = 1;

/** What the World's queue is told of a delivery. */
export type Outcome = undefined | { timeoutSeconds: number };

/** Refuses what is no settlement, whether or not there is such a lease. */
export function checkSettlement({ action }: Settlement): void {
  if (action.case === undefined) throw invalid('settlements.action', 'must be given');
  if (action.case === 'extend') leaseMsOf(action.value.lease, 'lease');
}

/** A delivery that the World waits for. */
interface Held {
  readonly message: Opened;
  readonly messageId: string;
  readonly attempt: number;
  resolve(outcome: Outcome): void;
  reject(error: Error): void;
  lease: Lease | undefined;
}

interface Lease {
  readonly id: string;
  readonly held: Held;
  readonly consumer: Consumer;
  expiresAt: number;
  timer: NodeJS.Timeout;
}

/**
 * Holds every delivery of the World's queue open until a consumer has settled it, or has lost it. The World alone keeps
 * messages, counts attempts and redelivers.
 */
export class Broker {
  readonly #held = new Set<Held>();
  readonly #consumers = new Set<Consumer>();
  readonly #leases = new Map<string, Lease>();
  readonly #bounces = new Map<string, number>();
  #stopped = false;

  /**
   * @param maxHeld How many deliveries may be open of which no consumer takes the queue. Worlds deliver so many at a
   * time and no more: beyond it the oldest is sent back for a second.
   */
  constructor(private readonly maxHeld: number) {}

  /** Takes a delivery of the World, and answers when it is settled. Ends early where the World gives it up. */
  accept(
    message: Opened,
    meta: { readonly messageId: string; readonly attempt: number },
    givenUp?: AbortSignal,
  ): Promise<Outcome> {
    if (this.#stopped) return Promise.reject(new Error('the bridge is stopping'));
    return new Promise<Outcome>((resolve, reject) => {
      const bounces = this.#bounces.get(meta.messageId) ?? 0;
      const held: Held = {
        message,
        messageId: meta.messageId,
        // What was sent back for want of room was delivered to nobody.
        attempt: Math.max(1, meta.attempt - bounces),
        resolve: (outcome) => {
          this.#drop(held);
          resolve(outcome);
        },
        reject: (error) => {
          this.#drop(held);
          reject(error);
        },
        lease: undefined,
      };
      this.#held.add(held);
      givenUp?.addEventListener('abort', () => held.reject(new Error('given up by the World')));
      this.dispatch();
      this.#makeRoom();
    });
  }

  /** Attaches a consumer for as long as its caller reads. */
  async *receive(request: ReceiveRequest, signal: AbortSignal): AsyncGenerator<ReceiveResponse> {
    const consumer = new Consumer(request);
    if (this.#stopped) throw refusal('SHUTTING_DOWN', 'the bridge is stopping');
    if (request.instanceId !== '')
      for (const other of this.#consumers)
        if (other.request.instanceId === request.instanceId)
          this.#lose(other, attachAgain('the same instance has attached again'), 0);
    this.#consumers.add(consumer);
    const gone = () => consumer.end();
    signal.addEventListener('abort', gone, { once: true });
    try {
      let first = true;
      for await (const response of consumer.responses()) {
        yield response;
        // The first response says that the consumer is attached: only then is it given work.
        if (first) this.dispatch();
        first = false;
      }
    } finally {
      signal.removeEventListener('abort', gone);
      this.#lose(consumer, undefined, GRACE_MS);
    }
  }

  /** Settles one delivery, by a settlement that `checkSettlement` takes. */
  settle({ leaseId, action }: Settlement): { settled: boolean; leaseExpiresAt?: number } {
    const lease = this.#leases.get(leaseId);
    switch (action.case) {
      case 'ack':
        lease?.held.resolve(undefined);
        break;
      case 'retry': {
        const { delay, error } = action.value;
        if (error !== '') lease?.held.reject(new Error(error));
        else if (delay === undefined) lease?.held.reject(new Error('sent back'));
        else lease?.held.resolve({ timeoutSeconds: durationMs(delay) / 1000 });
        break;
      }
      case 'extend': {
        const ms = leaseMsOf(action.value.lease, 'lease');
        if (lease !== undefined) this.#extend(lease, ms);
        return lease === undefined
          ? { settled: false }
          : { settled: true, leaseExpiresAt: lease.expiresAt };
      }
    }
    return { settled: lease !== undefined };
  }

  /** Sends back whatever is held, and takes nothing more. */
  stop(): void {
    this.#stopped = true;
    for (const consumer of this.#consumers)
      consumer.end(refusal('SHUTTING_DOWN', 'the bridge is stopping'));
    for (const held of [...this.#held]) {
      if (held.lease !== undefined) held.reject(new Error('the bridge is stopping'));
      // Nobody was given it: that is no failed try.
      else held.resolve({ timeoutSeconds: BOUNCE_SECONDS });
    }
  }

  /** Hands out what can be handed out, in the order in which it came. */
  dispatch(): void {
    for (const held of this.#held) {
      if (held.lease !== undefined) continue;
      const consumer = this.#bestFor(held.message);
      if (consumer !== undefined) this.#give(held, consumer);
    }
  }

  #bestFor({ queueName, deploymentId }: Opened): Consumer | undefined {
    let best: Consumer | undefined;
    for (const consumer of this.#consumers) {
      if (consumer.credit <= 0 || !consumer.takes(queueName, deploymentId)) continue;
      if (best === undefined || consumer.servedAt < best.servedAt) best = consumer;
    }
    return best;
  }

  #give(held: Held, consumer: Consumer): void {
    const id = `lease_${crypto.randomUUID()}`;
    const expiresAt = Date.now() + consumer.leaseMs;
    const timer = setTimeout(() => this.#expire(id), consumer.leaseMs);
    held.lease = { id, held, consumer, expiresAt, timer };
    this.#leases.set(id, held.lease);
    consumer.give(toDelivery(held, id, expiresAt));
  }

  #extend(lease: Lease, ms: number): void {
    clearTimeout(lease.timer);
    lease.expiresAt = Date.now() + ms;
    lease.timer = setTimeout(() => this.#expire(lease.id), ms);
  }

  #expire(id: string): void {
    const lease = this.#leases.get(id);
    if (lease === undefined) return;
    lease.held.reject(new Error('the lease ran out'));
    if (lease.consumer.request.instanceId !== '')
      this.#lose(lease.consumer, attachAgain('a lease ran out'), GRACE_MS);
  }

  /** A consumer's stream has ended, or is ended: what it holds goes back to the World. */
  #lose(consumer: Consumer, error: Error | undefined, graceMs: number): void {
    consumer.end(error);
    if (!this.#consumers.delete(consumer)) return;
    for (const id of consumer.leases) {
      const lease = this.#leases.get(id);
      if (lease === undefined) continue;
      clearTimeout(lease.timer);
      lease.expiresAt = Math.min(lease.expiresAt, Date.now() + graceMs);
      lease.timer = setTimeout(
        () => lease.held.reject(new Error('the consumer was lost')),
        Math.max(0, lease.expiresAt - Date.now()),
      );
    }
  }

  #drop(held: Held): void {
    this.#held.delete(held);
    const { lease } = held;
    if (lease === undefined) return;
    held.lease = undefined;
    clearTimeout(lease.timer);
    this.#leases.delete(lease.id);
    lease.consumer.leases.delete(lease.id);
    this.#bounces.delete(held.messageId);
    queueMicrotask(() => this.dispatch());
  }

  /** Sends the oldest delivery back that no consumer waits for, where the World could not deliver others otherwise. */
  #makeRoom(): void {
    const orphans: Held[] = [];
    for (const held of this.#held)
      if (held.lease === undefined && !this.#hasConsumer(held.message)) orphans.push(held);
    if (orphans.length <= this.maxHeld) return;
    const [oldest] = orphans;
    this.#bounces.set(oldest!.messageId, (this.#bounces.get(oldest!.messageId) ?? 0) + 1);
    oldest!.resolve({ timeoutSeconds: BOUNCE_SECONDS });
  }

  #hasConsumer({ queueName, deploymentId }: Opened): boolean {
    return [...this.#consumers].some((consumer) => consumer.takes(queueName, deploymentId));
  }
}

function toDelivery(
  { message, messageId, attempt }: Held,
  leaseId: string,
  expiresAt: number,
): Delivery {
  const { queueName, body, contentType, headers, deploymentId, idempotencyKey, enqueuedAt } =
    message;
  return create(DeliverySchema, {
    messageId,
    leaseId,
    attempt,
    queueName,
    body,
    contentType,
    headers,
    deploymentId,
    enqueuedAt: timestampFromMs(enqueuedAt),
    leaseExpiresAt: timestampFromMs(expiresAt),
    ...(idempotencyKey !== undefined && { idempotencyKey }),
  });
}
