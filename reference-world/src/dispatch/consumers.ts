import { queueRules } from '../core/index.js';
import { refusal } from '../rpc/errors.js';
import type { Runtime } from '../rpc/runtime.js';
import type { Consumer } from './consumer.js';
import { ProjectQueue } from './project-queue.js';

/** A lost consumer's leases end this soon: time enough to settle what was finished while the connection broke. */
const GRACE_MS = 2_000;

/** A lease was extended to a time or has ended, or a consumer has attached. */
type News =
  | { readonly project: string; readonly leaseId: string; readonly extendedTo?: number }
  | { readonly project: string; readonly instanceId: string };

/** The consumers that are attached to this process, by project. */
export class Consumers {
  readonly #queues = new Map<string, ProjectQueue>();

  constructor(readonly world: Runtime) {
    world.store.hear?.((text) => this.#hear(JSON.parse(text) as News));
  }

  /** Whether any is attached. */
  get any(): boolean {
    return this.#queues.size > 0;
  }

  /** Begins to hand messages to a consumer, whenever it wants some. Returns what ends that. */
  attach(consumer: Consumer): () => void {
    const { instanceId } = consumer.request;
    if (instanceId !== '') {
      this.#dropInstance(consumer.project, instanceId);
      this.#tell({ project: consumer.project, instanceId });
    }
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
    if (this.#queues.get(project)?.settled(leaseId, extendedTo)) return;
    this.#tell({ project, leaseId, ...(extendedTo !== undefined && { extendedTo }) });
  }

  /** Takes a consumer for lost: ends its stream, and what it holds comes back. */
  drop(consumer: Consumer, why: string): void {
    this.world.log.info({ consumerId: consumer.request.consumerId }, `ended a Receive: ${why}`);
    consumer.bell.break(refusal('UNAVAILABLE', `${why}: attach again`));
    // At once, for the stream itself may hang in a write that nobody takes.
    this.#detach(consumer);
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

  /** What happens here may concern a consumer that is attached to another server. */
  #tell(news: News): void {
    this.world.store.tell?.(JSON.stringify(news));
  }

  #hear(news: News): void {
    if ('leaseId' in news) this.#queues.get(news.project)?.settled(news.leaseId, news.extendedTo);
    else this.#dropInstance(news.project, news.instanceId);
  }

  #dropInstance(project: string, instanceId: string): void {
    for (const before of this.#queues.get(project)?.of(instanceId) ?? [])
      this.drop(before, 'the consumer has attached again');
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
