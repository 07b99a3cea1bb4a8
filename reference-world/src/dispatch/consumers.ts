import { queueRules } from '../core/index.js';
import type { Runtime } from '../rpc/runtime.js';
import type { Consumer } from './consumer.js';
import { ProjectQueue } from './project-queue.js';

/** A lost consumer's leases end this soon: time enough to settle what was finished while the connection broke. */
const GRACE_MS = 2_000;

/** The consumers that are attached to this process, by project. */
export class Consumers {
  readonly #queues = new Map<string, ProjectQueue>();

  constructor(readonly world: Runtime) {}

  /** Begins to hand messages to a consumer, whenever it wants some. Returns what ends that. */
  attach(consumer: Consumer): () => void {
    let queue = this.#queues.get(consumer.project);
    if (queue === undefined) {
      queue = new ProjectQueue(this, consumer.project);
      this.#queues.set(consumer.project, queue);
    }
    queue.add(consumer);
    return () => this.#detach(consumer);
  }

  /** The consumer could be sent a batch. */
  wants(consumer: Consumer): void {
    consumer.hungry = true;
    this.#queues.get(consumer.project)?.serve(consumer.group);
  }

  /** A lease was extended to a time, or has ended: its consumer has credit again. */
  settled(project: string, leaseId: string, extendedTo: number | undefined): void {
    this.#queues.get(project)?.settled(leaseId, extendedTo);
  }

  /** Lets the leases of a lost consumer end soon. */
  release(consumer: Consumer): void {
    if (!consumer.holds) return;
    this.world.loose(
      this.world.write(queueRules.releaseConsumer, consumer.project, {
        consumerId: consumer.id,
        graceMs: GRACE_MS,
      }),
      'the release of a lost consumer',
    );
  }

  #detach(consumer: Consumer): void {
    if (consumer.gone) return;
    consumer.gone = true;
    const queue = this.#queues.get(consumer.project);
    if (queue?.remove(consumer)) this.#queues.delete(consumer.project);
    // A lease under way releases when it knows what it took.
    if (!consumer.leasing) this.release(consumer);
  }
}
