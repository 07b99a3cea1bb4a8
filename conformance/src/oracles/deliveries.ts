import type {
  Delivery,
  ReceiveRequest,
  ReceiveResponse,
  ReviveMessagesRequest,
  SettleRequest,
  SettleResponse,
} from '@worldwire/proto';
import { Departure } from '../outcome.js';
import type { WorldFacts } from '../subject/world.js';
import type { Exchange } from '../wire/recorder.js';
import type { Judge, Oracle } from './oracle.js';
import { type Answer, onAnswers, remembers, scopeOf } from './parts/answers.js';
import { Bounded } from './parts/bounded.js';
import { digest, keyOf } from './parts/digest.js';
import { msOf, showTime } from './parts/events.js';

/** Deliveries are complete, and a message is the same on each of them. */
export const deliveries: Oracle = {
  id: 'oracle/deliveries',
  title: 'Deliveries are leased once each, counted, and carry the same message every time',
  requirements: [
    'WW-QUEUE-007',
    'WW-QUEUE-008',
    'WW-QUEUE-009',
    'WW-QUEUE-010',
    'WW-QUEUE-012',
    'WW-QUEUE-035',
    'WW-QUEUE-046',
    'WW-QUEUE-065',
    'WW-QUEUE-066',
    'WW-QUEUE-067',
  ],
  capabilities: [],
  judge: (facts) => new Deliveries(facts),
};

/** One delivery of a message, as far as its count goes. */
interface Counted {
  readonly lease: string;
  readonly attempt: number;
  readonly exchange: Exchange;
}

/** Messages whose deliveries are remembered, and how many of each. */
const MOST_MESSAGES = 40_000;
const MOST_DELIVERIES = 5;

class Deliveries implements Judge {
  seen = 0;
  readonly ended: (exchange: Exchange) => void;
  readonly message: Judge['message'];
  /** The message of each lease. */
  readonly #leases = new Bounded<string>();
  readonly #content = new Bounded<Readonly<Record<string, string>>>();
  readonly #counted = new Bounded<Counted[]>(MOST_MESSAGES);
  /** Leases of deliveries that were sent back with an error, which the World has taken. */
  readonly #failed = new Bounded<true>();
  readonly #revived = new Bounded<true>();

  constructor(private readonly facts: WorldFacts) {
    const parts = onAnswers((answer) => this.#look(answer));
    this.message = parts.message;
    this.ended = parts.ended;
  }

  /** A revived message may be delivered before the call is answered, and though it fails. */
  begun(exchange: Exchange): void {
    if (exchange.method.name === 'ReviveMessages') this.#revive(exchange);
  }

  #look({ exchange, message }: Answer): void {
    const { name } = exchange.method;
    if (name === 'Settle') this.#settle(exchange, message as SettleResponse);
    if (name === 'Receive')
      for (const delivery of (message as ReceiveResponse).deliveries)
        this.#deliver(exchange, delivery);
  }

  #deliver(exchange: Exchange, delivery: Delivery): void {
    this.seen += 1;
    const { messageId, leaseId, attempt, queueName, enqueuedAt, leaseExpiresAt } = delivery;
    const { queuePrefixes } = exchange.request as ReceiveRequest;
    const lacks =
      (messageId === '' && 'message_id') ||
      (leaseId === '' && 'lease_id') ||
      (enqueuedAt === undefined && 'enqueued_at') ||
      (leaseExpiresAt === undefined && 'lease_expires_at');
    if (lacks) throw new Departure(`a delivery has no ${lacks}`, `a ${lacks}`, 'none');
    if (attempt < 1)
      throw new Departure(
        `delivery ${leaseId} is not counted`,
        'an attempt from 1',
        String(attempt),
      );
    if (!queuePrefixes.some((prefix) => queueName.startsWith(prefix)))
      throw new Departure(
        'a consumer received from a queue that it did not ask for',
        `a queue that begins with ${queuePrefixes.join(' or ')}`,
        queueName,
      );
    if (!remembers(this.facts, exchange)) return;
    const scope = scopeOf(exchange);
    const message = keyOf(scope, messageId);
    const lease = keyOf(scope, leaseId);
    const holder = this.#leases.get(lease);
    this.#leases.set(lease, message);
    if (holder !== undefined)
      throw new Departure('two deliveries have one lease', 'a lease_id of its own', leaseId);
    this.#same(message, delivery);
    const counted = this.#counted.of(message, () => []);
    counted.push({ lease, attempt, exchange });
    if (counted.length > MOST_DELIVERIES) counted.shift();
    const before = counted.at(-2);
    if (before !== undefined) this.#count(message, messageId, before, counted.at(-1)!);
  }

  #same(message: string, delivery: Delivery): void {
    const now = contentOf(delivery);
    const first = this.#content.of(message, () => now);
    for (const [member, value] of Object.entries(first))
      if (now[member] !== value)
        throw new Departure(
          `the ${member} of message ${delivery.messageId} has changed`,
          value,
          now[member],
        );
  }

  /** A delivery that failed counts. */
  #count(message: string, messageId: string, before: Counted, after: Counted): void {
    if (!this.#failed.get(before.lease) || this.#revived.get(message)) return;
    // From another stream an earlier delivery may come late; it has a lower count.
    if (after.attempt < before.attempt && after.exchange !== before.exchange) return;
    if (after.attempt <= before.attempt)
      throw new Departure(
        `message ${messageId} was sent back with an error, and its count did not rise`,
        `attempt ${before.attempt + 1}`,
        `attempt ${after.attempt}`,
      );
  }

  #settle(exchange: Exchange, { results }: SettleResponse): void {
    if (!remembers(this.facts, exchange)) return;
    const scope = scopeOf(exchange);
    const { settlements } = exchange.request as SettleRequest;
    for (const [index, { leaseId, action }] of settlements.entries()) {
      if (action.case !== 'retry' || action.value.error === '') continue;
      if (results[index]?.settled !== true) continue;
      const lease = keyOf(scope, leaseId);
      const message = this.#leases.get(lease);
      if (message === undefined) continue;
      this.#failed.set(lease, true);
      // The next delivery may have come before this answer.
      const counted = this.#counted.get(message) ?? [];
      const place = counted.findIndex((one) => one.lease === lease);
      const after = counted[place + 1];
      if (place >= 0 && after !== undefined) this.#count(message, leaseId, counted[place]!, after);
    }
  }

  #revive(exchange: Exchange): void {
    for (const id of (exchange.request as ReviveMessagesRequest).messageIds)
      this.#revived.set(keyOf(scopeOf(exchange), id), true);
  }
}

function contentOf(delivery: Delivery): Readonly<Record<string, string>> {
  const { body, headers, enqueuedAt } = delivery;
  return {
    queue_name: delivery.queueName,
    body: `${body.length} bytes, ${digest(body)}`,
    content_type: delivery.contentType,
    headers: JSON.stringify(Object.entries(headers).sort(([a], [b]) => (a < b ? -1 : 1))),
    deployment_id: delivery.deploymentId,
    enqueued_at: showTime(msOf(enqueuedAt)),
  };
}
