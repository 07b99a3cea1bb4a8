import type { MessageInitShape } from '@bufbuild/protobuf';
import type { AppendRequestSchema, AppendResponse, Chunk } from '@worldwire/proto';
import type { Context } from '../../context.js';
import type { StreamReader } from '../../fixtures/stream-reader.js';
import type { Api } from '../../wire/api.js';

/** How long a check listens for what must not come. A World that is at fault only later goes undetected, no more. */
export const QUIET_MS = 250;

/** More pages than any stream of a check has. */
const MAX_PAGES = 300;

/** What may stand beside the chunks of an append. */
export type AppendOptions = Omit<
  MessageInitShape<typeof AppendRequestSchema>,
  '$typeName' | 'runId' | 'name' | 'chunks'
> & { readonly api?: Api };

/** A chunk to append: text or bytes. */
export type ChunkInit = string | Uint8Array;

/** One stream of a check. */
export class Stream {
  constructor(
    private readonly t: Context,
    readonly runId: string = t.unique('wrun_hc'),
    readonly name: string = t.unique('strm'),
  ) {}

  /** Another stream of the same run id. */
  sibling(name: string): Stream {
    return new Stream(this.t, this.runId, name);
  }

  append(
    chunks: readonly ChunkInit[],
    { api = this.t.api, ...more }: AppendOptions = {},
  ): Promise<AppendResponse> {
    const { runId, name } = this;
    return api.streams.append({ ...more, runId, name, chunks: chunks.map(bytesOf) });
  }

  /** Appends as what a check stands on. */
  given(chunks: readonly ChunkInit[], options: AppendOptions = {}): Promise<AppendResponse> {
    return this.t.given('an accepted append', () => this.append(chunks, options));
  }

  async close(api: Api = this.t.api): Promise<void> {
    await api.streams.close({ runId: this.runId, name: this.name });
  }

  /** Reads live. */
  reader(startIndex = 0n, api: Api = this.t.api): StreamReader {
    return this.t.reader({ runId: this.runId, name: this.name, startIndex, api });
  }

  /** Reads live, and is attached. */
  async attached(startIndex = 0n, api: Api = this.t.api): Promise<StreamReader> {
    const reader = this.reader(startIndex, api);
    await reader.attached();
    return reader;
  }

  /** What a closed stream holds from an index on. */
  async whole(startIndex = 0n, api: Api = this.t.api): Promise<Chunk[]> {
    const reader = this.reader(startIndex, api);
    const chunks = await reader.toEnd();
    await reader.close();
    return chunks;
  }

  /** The texts that a closed stream holds from an index on. */
  async texts(startIndex = 0n, api: Api = this.t.api): Promise<string[]> {
    return (await this.whole(startIndex, api)).map(textOf);
  }

  /** Every chunk that `ListChunks` shows, and the `done` of its last page. */
  async list(limit = 0, api: Api = this.t.api): Promise<{ chunks: Chunk[]; done: boolean }> {
    const { runId, name } = this;
    const chunks: Chunk[] = [];
    let cursor = '';
    for (let pages = 0; pages < MAX_PAGES; pages++) {
      const page = await api.streams.listChunks({ runId, name, page: { limit, cursor } });
      chunks.push(...page.chunks);
      if (!page.page?.hasMore) return { chunks, done: page.done };
      cursor = page.page.cursor;
    }
    return this.t.fail('the pages of ListChunks never end', `${MAX_PAGES} pages at most`, 'more');
  }

  async info(api: Api = this.t.api): Promise<{ tail: number; done: boolean }> {
    const { runId, name } = this;
    const { tailIndex, done } = await api.streams.getStreamInfo({ runId, name });
    return { tail: Number(tailIndex), done };
  }

  /** Expects chunks from an index on: each once, in order, under its own index. */
  holds(chunks: readonly Chunk[], expected: readonly ChunkInit[], what: string, from = 0): void {
    this.t.equal(
      chunks.map(({ index }) => Number(index)),
      expected.map((_chunk, at) => from + at),
      `the indices of ${what}`,
    );
    expected.forEach((chunk, at) => {
      const wanted = Buffer.from(bytesOf(chunk));
      const found = Buffer.from(chunks[at]!.data);
      if (!wanted.equals(found))
        this.t.fail(`chunk ${from + at} of ${what} has other bytes`, wanted, found);
    });
  }
}

/** Texts such as "a0", "a1", "a2". */
export function texts(prefix: string, count: number, from = 0): string[] {
  return Array.from({ length: count }, (_none, at) => `${prefix}${from + at}`);
}

export function bytesOf(chunk: ChunkInit): Uint8Array {
  return typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk;
}

export function textOf({ data }: Chunk): string {
  return new TextDecoder().decode(data);
}

/** Clients with connections of their own where the protocol has them. */
export function writers(t: Context, count: number): Api[] {
  return Array.from({ length: count }, (_none, at) => t.client(`writer ${at + 1}`));
}
