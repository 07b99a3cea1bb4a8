import type {
  Chunk,
  ListChunksRequest,
  ListChunksResponse,
  ReadRequest,
  ReadResponse,
} from '@worldwire/proto';
import { Departure } from '../outcome.js';
import type { WorldFacts } from '../subject/world.js';
import type { Exchange } from '../wire/recorder.js';
import type { Judge, Oracle } from './oracle.js';
import { type Answer, onAnswers, remembers, scopeOf } from './parts/answers.js';
import { Bounded } from './parts/bounded.js';
import { digest, keyOf } from './parts/digest.js';

/** A chunk has one index for good. */
export const streamIndexes: Oracle = {
  id: 'oracle/stream-indexes',
  title: 'Chunks come in the order of their indices, and an index always carries the same bytes',
  requirements: [
    'WW-STREAM-001',
    'WW-STREAM-003',
    'WW-STREAM-004',
    'WW-STREAM-032',
    'WW-STREAM-037',
    'WW-STREAM-041',
    'WW-STREAM-042',
  ],
  capabilities: [],
  judge: (facts) => new StreamIndexes(facts),
};

/** How far one read has come. */
interface Progress {
  /** Undefined before the first message. */
  next: bigint | undefined;
  done: boolean;
}

class StreamIndexes implements Judge {
  seen = 0;
  readonly ended: (exchange: Exchange) => void;
  readonly message: Judge['message'];
  readonly #reads = new WeakMap<Exchange, Progress>();
  readonly #bytes = new Bounded<string>();

  constructor(private readonly facts: WorldFacts) {
    ({ ended: this.ended, message: this.message } = onAnswers((answer) => this.#look(answer)));
  }

  #look({ exchange, message }: Answer): void {
    const { name } = exchange.method;
    if (name === 'Read') this.#read(exchange, message as ReadResponse);
    if (name === 'ListChunks') this.#list(exchange, message as ListChunksResponse);
  }

  #read(exchange: Exchange, { chunks, done, nextIndex }: ReadResponse): void {
    this.seen += 1;
    const { startIndex, name } = exchange.request as ReadRequest;
    let progress = this.#reads.get(exchange);
    const first = progress === undefined;
    if (progress === undefined) {
      progress = { next: undefined, done: false };
      this.#reads.set(exchange, progress);
    }
    const { done: wasDone } = progress;
    // A read from the end begins where its first message says.
    const begin =
      progress.next ?? (startIndex >= 0n ? startIndex : (chunks[0]?.index ?? nextIndex));
    const next = chunks.at(-1) === undefined ? begin : chunks.at(-1)!.index + 1n;
    Object.assign(progress, { next, done });
    if (wasDone)
      throw new Departure(`a read of ${name} goes on after done`, 'the end', 'another message');
    if (begin < 0n)
      throw new Departure(`a read of ${name} begins before 0`, '0 or more', String(begin));
    this.#row(`a read of ${name}`, chunks, begin);
    // The first message may say where the read begins. A read beyond the end of a stream that is closed may say where
    // the end is.
    const told = nextIndex === next || (first && nextIndex === begin);
    const beyond = startIndex > 0n && next === startIndex;
    if (!told && !beyond)
      throw new Departure(
        `next_index of a read of ${name} is wrong`,
        String(next),
        String(nextIndex),
      );
    this.#same(exchange, exchange.request as ReadRequest, chunks);
  }

  #list(exchange: Exchange, { chunks }: ListChunksResponse): void {
    this.seen += 1;
    const { name, page } = exchange.request as ListChunksRequest;
    const begin = (page?.cursor ?? '') === '' ? 0n : (chunks[0]?.index ?? 0n);
    this.#row(`a list of the chunks of ${name}`, chunks, begin);
    this.#same(exchange, exchange.request as ListChunksRequest, chunks);
  }

  #row(what: string, chunks: readonly Chunk[], begin: bigint): void {
    let next = begin;
    for (const { index } of chunks) {
      if (index !== next)
        throw new Departure(`${what} has an index out of order`, String(next), String(index));
      next += 1n;
    }
  }

  #same(
    exchange: Exchange,
    { runId, name }: Pick<ReadRequest, 'runId' | 'name'>,
    chunks: readonly Chunk[],
  ): void {
    // By its name alone one stream may be found or another.
    if (runId === '' || !remembers(this.facts, exchange)) return;
    const stream = keyOf(scopeOf(exchange), runId, name);
    for (const { index, data } of chunks) {
      const key = keyOf(stream, String(index));
      const held = digest(data);
      const first = this.#bytes.of(key, () => held);
      if (first !== held)
        throw new Departure(
          `chunk ${index} of ${name} of ${runId} has changed`,
          'the bytes that were read first',
          `${data.length} other bytes`,
        );
    }
  }
}
