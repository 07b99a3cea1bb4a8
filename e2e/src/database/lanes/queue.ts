import type { Consumer, WorldClient } from '@worldwire/sdk';
import { expect } from 'vitest';
import { until } from '../../harness/until.js';
import { newId } from '../../wire/clients.js';
import type { Lane } from '../traffic.js';

const DELAY_MS = 1_000;
/** Of so many messages one is delayed. */
const DELAYED = 4;

/** A queue that is filled, in part with delayed messages, and that two consumers empty. */
export class Queue implements Lane {
  acknowledged = 0;
  readonly #queueName = newId('queue');
  readonly #sent = new Set<string>();
  readonly #handled = new Set<string>();
  readonly #early: string[] = [];
  readonly #client: WorldClient;
  readonly #consumers: readonly Consumer[];

  constructor(connect: () => WorldClient) {
    this.#client = connect();
    this.#consumers = [connect(), connect()].map((client) =>
      client.consume({
        queuePrefixes: [this.#queueName],
        deploymentId: 'd',
        onError: () => {},
        handler: async ({ messageId, body }) => {
          const dueAt = Number(Buffer.from(body).toString());
          if (performance.now() < dueAt) this.#early.push(messageId);
          this.#handled.add(messageId);
          return { ack: true };
        },
      }),
    );
  }

  async step(): Promise<void> {
    const delayMs = this.#sent.size % DELAYED === 0 ? DELAY_MS : 0;
    const { messageId } = await this.#client.queue.enqueue({
      message: {
        queueName: this.#queueName,
        deploymentId: 'd',
        body: Buffer.from(String(performance.now() + delayMs)),
        delay: { seconds: BigInt(delayMs / 1_000), nanos: 0 },
      },
      requestId: newId('request'),
    });
    this.#sent.add(messageId);
    this.acknowledged = Math.min(this.#sent.size, this.#handled.size);
  }

  async audit(judge: WorldClient): Promise<void> {
    await until('the queue is empty', async () => {
      for await (const { queueName, ready, delayed, leased } of judge.listQueues({}))
        if (queueName === this.#queueName && ready + delayed + leased > 0n) return undefined;
      return true;
    });
    await Promise.all(this.#consumers.map((consumer) => consumer.stop()));
    expect(this.#early).toEqual([]);
    expect([...this.#handled].sort()).toEqual([...this.#sent].sort());
    const { messages } = await judge.queue.listDeadMessages({ queueName: this.#queueName });
    expect(messages).toEqual([]);
  }
}
