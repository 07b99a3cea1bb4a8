import type { MessageInitShape } from '@bufbuild/protobuf';
import type { Delivery, ReceiveRequestSchema } from '@worldwire/proto';
import type { WorldClient } from '@worldwire/sdk';
import { onTestFinished } from 'vitest';

/** A bare consumer that settles nothing by itself: one call of Receive, until the end of the test. */
export class Puller {
  /** Everything that came. */
  readonly seen: Delivery[] = [];
  #taken = 0;
  #attached = false;
  #failure: unknown;
  #wake: (() => void) | undefined;

  constructor(client: WorldClient, request: MessageInitShape<typeof ReceiveRequestSchema>) {
    const abort = new AbortController();
    onTestFinished(() => abort.abort());
    void this.#pull(client, { deploymentId: 'd', ...request } as typeof request, abort.signal);
  }

  async #pull(
    client: WorldClient,
    request: MessageInitShape<typeof ReceiveRequestSchema>,
    signal: AbortSignal,
  ): Promise<void> {
    try {
      for await (const { deliveries } of client.queue.receive(request, { signal })) {
        this.#attached = true;
        this.seen.push(...deliveries);
        this.#wake?.();
      }
      this.#failure = new Error('the World ended the stream');
    } catch (error) {
      this.#failure = error;
    }
    this.#wake?.();
  }

  /** Resolves when the World knows of the consumer. */
  async attached(): Promise<void> {
    while (!this.#attached) await this.#more();
  }

  /** The next delivery. */
  async next(): Promise<Delivery> {
    while (this.#taken >= this.seen.length) await this.#more();
    return this.seen[this.#taken++]!;
  }

  async #more(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }
}
