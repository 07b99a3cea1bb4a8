import { queueRules } from '../core/index.js';
import { MAX_TIMER_MS } from '../rpc/call.js';
import { toConnectError } from '../rpc/errors.js';
import { queueTopic } from '../store/store.js';
import type { Consumer } from './consumer.js';
import type { Consumers } from './consumers.js';

/** The most messages that one of several waiting consumers is given at a time. */
const SHARE = 16;
/** The wait after the store said that there is something, and gave nothing. */
const PAUSE_MS = 25;

/** Consumers that can take the same messages, and what is known about those messages. */
interface Group {
  readonly consumers: Set<Consumer>;
  /** Whether there may be messages that can be delivered now. */
  ready: boolean;
  /** Whether messages are being leased. */
  busy: boolean;
  /** When the next message can be delivered; undefined where there is none. */
  nextAt: number | undefined;
}

/**
 * Hands a project's messages to its consumers. Leases for one consumer of a group at a time: the one with the most
 * credit, so that a burst is spread, and so that a wake costs one transaction however many consumers wait for it.
 * Asks the store only after a notification or when a known message's time has come, by one timer for all.
 */
export class ProjectQueue {
  readonly #groups = new Map<string, Group>();
  readonly #unwatch: () => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly owner: Consumers,
    private readonly project: string,
  ) {
    this.#unwatch = owner.world.store.watch(queueTopic(project), () => this.#wake());
  }

  /** Adds a consumer. */
  add(consumer: Consumer): void {
    let group = this.#groups.get(consumer.group);
    if (group === undefined) {
      group = { consumers: new Set(), ready: true, busy: false, nextAt: undefined };
      this.#groups.set(consumer.group, group);
    }
    group.consumers.add(consumer);
  }

  /** Removes a consumer. Returns whether it was the last one; the queue is at its end then. */
  remove(consumer: Consumer): boolean {
    const group = this.#groups.get(consumer.group);
    group?.consumers.delete(consumer);
    if (group?.consumers.size === 0) this.#groups.delete(consumer.group);
    if (this.#groups.size > 0) return false;
    clearTimeout(this.#timer);
    this.#unwatch();
    return true;
  }

  /** The attachments of a consumer that names itself so. */
  of(instanceId: string): Consumer[] {
    return [...this.#groups.values()].flatMap(({ consumers }) =>
      [...consumers].filter(({ request }) => request.instanceId === instanceId),
    );
  }

  /** Serves a group after one of its consumers asked or has credit again. */
  serve(key: string): void {
    const group = this.#groups.get(key);
    if (group !== undefined && !group.busy)
      this.owner.world.loose(this.#serve(group), 'the delivery of messages');
  }

  /** A lease was extended to a time, or has ended: its consumer has credit again. Returns whether it was held here. */
  settled(leaseId: string, extendedTo: number | undefined): boolean {
    for (const [key, { consumers }] of this.#groups)
      for (const consumer of consumers)
        if (consumer.settle(leaseId, extendedTo)) {
          this.serve(key);
          return true;
        }
    return false;
  }

  #wake(): void {
    for (const [key, group] of this.#groups) {
      group.ready = true;
      this.serve(key);
    }
  }

  async #serve(group: Group): Promise<void> {
    group.busy = true;
    try {
      while (group.ready) {
        this.#dropLapsed(group);
        const waiting = [...group.consumers].filter(({ hungry, credit }) => hungry && credit > 0);
        const consumer = waiting.sort(byNeed)[0];
        if (consumer === undefined) break;
        const { credit } = consumer;
        group.ready = false;
        await this.#lease(group, consumer, waiting.length > 1 ? Math.min(credit, SHARE) : credit);
      }
    } finally {
      group.busy = false;
      this.#arm();
    }
  }

  async #lease(group: Group, consumer: Consumer, credit: number): Promise<void> {
    const { world } = this.owner;
    consumer.leasing = true;
    try {
      const { deliveries, nextVisibleAt } = await world.write(queueRules.lease, this.project, {
        request: consumer.request,
        consumerId: consumer.id,
        credit,
      });
      const now = this.owner.world.store.now();
      if (deliveries.length > 0) consumer.give(deliveries, now);
      group.nextAt = nextVisibleAt;
      if (nextVisibleAt !== undefined && nextVisibleAt <= now) {
        if (deliveries.length > 0) group.ready = true;
        else group.nextAt = now + PAUSE_MS;
      }
    } catch (error) {
      // The consumer learns of it and comes back in its own time; the others are tried meanwhile.
      group.ready = true;
      consumer.hungry = false;
      consumer.bell.break(toConnectError(error, world.log));
    } finally {
      consumer.leasing = false;
      if (consumer.gone) this.owner.release(consumer);
    }
  }

  /**
   * Whoever lets a lease run out may be cut off without either side having been told, and would lose whatever it is
   * given. A consumer that names its instance attaches again if it lives; any other one has its credit back.
   */
  #dropLapsed(group: Group): void {
    const now = this.owner.world.store.now();
    for (const consumer of group.consumers) {
      if (!consumer.lapsed(now)) continue;
      if (consumer.request.instanceId === '') consumer.forgetLapsed(now);
      else this.owner.drop(consumer, 'a delivery was neither settled nor extended in time');
    }
  }

  /** Sets the timer to the next message's time, or to that at which a lease may run out. */
  #arm(): void {
    clearTimeout(this.#timer);
    let next = Number.POSITIVE_INFINITY;
    for (const group of this.#groups.values()) {
      if (!group.ready) next = Math.min(next, group.nextAt ?? next);
      for (const { dueAt } of group.consumers) next = Math.min(next, dueAt);
    }
    if (!Number.isFinite(next)) return;
    const delay = Math.min(Math.max(next - this.owner.world.store.now(), 1), MAX_TIMER_MS);
    this.#timer = setTimeout(() => this.#due(), delay);
  }

  #due(): void {
    const now = this.owner.world.store.now();
    for (const [key, group] of this.#groups) {
      this.#dropLapsed(group);
      if (group.nextAt !== undefined && group.nextAt <= now) {
        group.ready = true;
        group.nextAt = undefined;
      }
      if (group.ready) this.serve(key);
    }
    this.#arm();
  }
}

function byNeed(a: Consumer, b: Consumer): number {
  return b.credit - a.credit || a.servedAt - b.servedAt;
}
