import type { StreamWriter, WorldClient } from '@worldwire/sdk';
import { expect } from 'vitest';
import { newId } from '../../wire/clients.js';
import type { Lane } from '../traffic.js';

/** A stream that is written and, by another client, read at the same time. */
export class Stream implements Lane {
  acknowledged = 0;
  readonly #stream = { runId: newId('run'), name: 'out' };
  readonly #writer: StreamWriter;
  readonly #reading: Promise<number[]>;
  #read = 0;
  #written = 0;

  constructor(connect: () => WorldClient) {
    this.#writer = connect().createStreamWriter(this.#stream);
    this.#reading = this.#readAll(connect());
    this.#reading.catch(() => {});
  }

  async step(): Promise<void> {
    const { tailIndex } = await this.#writer.write(Buffer.from(String(this.#written)));
    expect(tailIndex).toBe(this.#written++);
    // Both sides count, so that a read which hangs shows.
    this.acknowledged = Math.min(this.#written, this.#read);
  }

  async close(): Promise<void> {
    await this.#writer.close();
    expect(await this.#reading).toEqual(Array.from({ length: this.#written }, (_, i) => i));
  }

  async audit(judge: WorldClient): Promise<void> {
    expect(await this.#readAll(judge)).toHaveLength(this.#written);
  }

  async #readAll(client: WorldClient): Promise<number[]> {
    const numbers: number[] = [];
    for await (const { index, data } of client.readStream(this.#stream)) {
      expect(index).toBe(numbers.length);
      numbers.push(Number(Buffer.from(data).toString()));
      this.#read = Math.max(this.#read, numbers.length);
    }
    return numbers;
  }
}
