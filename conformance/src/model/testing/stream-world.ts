import { refused } from '../history.js';
import type { AppendInput, StreamInput, StreamOutput } from '../stream.js';
import { randomOf } from './random.js';
import type { Task, TestWorld } from './simulate.js';

/** What is wrong with a World. */
export type StreamBug =
  | 'lost append'
  | 'duplicate on retry'
  | 'chunk after close'
  | 'interleaved appends'
  | 'merged chunks'
  | 'reordered read'
  | 'early end';

/** A stream, in the plainest way. */
export class TestStreamWorld implements TestWorld<StreamInput, StreamOutput> {
  readonly #chunks: string[] = [];
  readonly #writers = new Map<string, number>();
  readonly #random: (bound: number) => number;
  #closed = false;

  constructor(
    seed: number,
    private readonly bug?: StreamBug,
  ) {
    this.#random = randomOf(seed);
  }

  *handle(input: StreamInput): Task<StreamOutput> {
    switch (input.op) {
      case 'append':
        return yield* this.#append(input);
      case 'close':
        this.#closed = true;
        return { kind: 'closed', tail: this.#chunks.length - 1 };
      case 'info':
        return { kind: 'info', tail: this.#chunks.length - 1, done: this.#closed };
      case 'open':
        return {
          kind: 'opened',
          from: input.from < 0 ? Math.max(0, this.#chunks.length + input.from) : input.from,
        };
      case 'list':
        return { kind: 'chunks', from: 0, chunks: [...this.#chunks], done: this.#closed };
      case 'read':
        return yield* this.#read(input.from);
    }
  }

  *#append({ writer, sequence = 0, chunks, close }: AppendInput): Task<StreamOutput> {
    const landed = writer === undefined ? 0 : (this.#writers.get(writer) ?? 0);
    const retried = this.bug === 'duplicate on retry';
    const fresh =
      writer === undefined || retried ? chunks.length : sequence + chunks.length - landed;
    const closed = this.#closed;
    if (this.bug === 'chunk after close') yield;
    if (closed) return { kind: 'appended', appended: 0, wasClosed: fresh > 0 };
    if (writer !== undefined && sequence > landed) return refused('SEQUENCE_GAP');
    if (writer !== undefined) this.#writers.set(writer, Math.max(landed, sequence + chunks.length));
    if (close) this.#closed = true;
    const added = chunks.slice(Math.max(0, chunks.length - fresh));
    const lost = this.bug === 'lost append' && this.#random(6) === 0;
    for (const chunk of lost ? [] : added) {
      if (this.bug === 'merged chunks' && this.#chunks.length === 3)
        this.#chunks.push(`${this.#chunks.pop()}${chunk}`);
      else this.#chunks.push(chunk);
      if (this.bug === 'interleaved appends') yield;
    }
    return {
      kind: 'appended',
      tail: this.#chunks.length - 1,
      appended: added.length,
      wasClosed: false,
    };
  }

  /** Follows the stream for a while; what comes is cut off at some time. */
  *#read(from: number): Task<StreamOutput> {
    const chunks: string[] = [];
    for (let round = 0; round < 4; round += 1) {
      chunks.push(...this.#chunks.slice(from + chunks.length));
      const early = this.bug === 'early end' && round === 1;
      if (early || (this.#closed && from + chunks.length >= this.#chunks.length)) {
        if (this.bug === 'reordered read') chunks.sort();
        return { kind: 'chunks', from, chunks, done: true };
      }
      yield;
    }
    return { kind: 'chunks', from, chunks, done: false };
  }
}
