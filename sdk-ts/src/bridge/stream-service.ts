import type { HandlerContext } from '@connectrpc/connect';
import type { AppendRequest, ReadRequest, StreamService } from '@worldwire/proto';
import { asked, type Bridged, type Handlers } from './bridged.js';
import { pageInfoOf } from './paging.js';
import { refusal } from './refusal.js';
import type { Loose, LoosePage } from './upstream-world.js';

/** How often a reader on whose stream nothing comes is sent a sign of life. */
const ALIVE_MS = 5_000;
const DEFAULT_NAMES = 1000;

/** The stream methods of both lines, with their arguments in the order of the 5.0 line. */
interface Streams {
  write(runId: string, name: string, chunk: Uint8Array): Promise<void>;
  writeMulti?(runId: string, name: string, chunks: Uint8Array[]): Promise<void>;
  close(runId: string, name: string): Promise<void>;
  read(runId: string, name: string, start: number): Promise<ReadableStream<Uint8Array>>;
  chunks?(runId: string, name: string, options: Loose): Promise<Loose>;
  info?(runId: string, name: string): Promise<{ tailIndex: number; done: boolean }>;
  names?(runId: string): Promise<string[]>;
}

function streamsOf({ world }: Bridged): Streams {
  const { streams } = world;
  if (streams !== undefined)
    return {
      write: (...args) => streams.write(...args),
      ...(streams.writeMulti && { writeMulti: (...args) => streams.writeMulti!(...args) }),
      close: (...args) => streams.close(...args),
      read: (...args) => streams.get(...args),
      ...(streams.getChunks && { chunks: (...args) => streams.getChunks!(...args) }),
      ...(streams.getInfo && { info: (...args) => streams.getInfo!(...args) }),
      ...(streams.list && { names: (...args) => streams.list!(...args) }),
    };
  return {
    write: (runId, name, chunk) => world.writeToStream!(name, runId, chunk),
    ...(world.writeToStreamMulti && {
      writeMulti: (runId, name, chunks) => world.writeToStreamMulti!(name, runId, chunks),
    }),
    close: (runId, name) => world.closeStream!(name, runId),
    read: (_runId, name, start) => world.readFromStream!(name, start),
    ...(world.getStreamChunks && {
      chunks: (runId, name, options) => world.getStreamChunks!(name, runId, options),
    }),
    ...(world.getStreamInfo && { info: (runId, name) => world.getStreamInfo!(name, runId) }),
    ...(world.listStreamsByRunId && { names: (runId) => world.listStreamsByRunId!(runId) }),
  };
}

/** StreamService. Reads pass through the World's own reader: one chunk for each piece that it gives. */
export function streamHandlers(bridged: Bridged): Handlers<typeof StreamService> {
  const streams = streamsOf(bridged);
  // Worlds that cannot be asked how far a stream has come: how many chunks went through here.
  const written = new Map<string, { count: number; closed: boolean }>();

  async function infoOf(
    runId: string,
    name: string,
  ): Promise<{ tailIndex: number; done: boolean }> {
    if (streams.info !== undefined) return streams.info(runId, name);
    const known = written.get(keyOf(runId, name));
    return { tailIndex: (known?.count ?? 0) - 1, done: known?.closed ?? false };
  }

  function note(runId: string, name: string, chunks: number, closed: boolean): void {
    if (streams.info !== undefined) return;
    const key = keyOf(runId, name);
    const known = written.get(key) ?? { count: 0, closed: false };
    if (!known.closed) known.count += chunks;
    known.closed ||= closed;
    written.set(key, known);
  }

  async function append({ runId, name, chunks, close }: AppendRequest) {
    const before = await infoOf(runId, name);
    if (chunks.length > 1 && streams.writeMulti !== undefined)
      await streams.writeMulti(runId, name, chunks);
    else for (const chunk of chunks) await streams.write(runId, name, chunk);
    note(runId, name, chunks.length, false);
    if (close) {
      await streams.close(runId, name);
      note(runId, name, 0, true);
    }
    const after = await infoOf(runId, name);
    // Worlds take chunks for a closed stream, and show them to nobody. It may have been closed meanwhile.
    const wasClosed =
      before.done || (chunks.length > 0 && after.done && after.tailIndex <= before.tailIndex);
    return {
      tailIndex: BigInt(after.tailIndex),
      appended: wasClosed ? 0 : chunks.length,
      wasClosed,
    };
  }

  async function* read({ runId, name, startIndex }: ReadRequest, { signal }: HandlerContext) {
    const about = { kind: 'stream', runId } as const;
    let index = Number(startIndex);
    if (index < 0) {
      // Resolved here and read from there: the World's own answer to a negative start does not say where it begins.
      const { tailIndex } = await asked(bridged, about, () => infoOf(runId, name));
      index = Math.max(0, tailIndex + 1 + index);
    }
    const from = index;
    const stream = await asked(bridged, about, () => streams.read(runId, name, from));
    const reader = stream.getReader();
    // Nobody reads any more: what goes wrong now is nobody's answer.
    const stop = () => void reader.cancel().catch(() => undefined);
    signal.addEventListener('abort', stop, { once: true });
    try {
      yield { chunks: [], nextIndex: BigInt(index) };
      let next = reader.read();
      for (;;) {
        const piece = await asked(bridged, about, () => within(ALIVE_MS, next));
        if (piece === undefined) {
          yield { chunks: [], nextIndex: BigInt(index) };
          continue;
        }
        if (signal.aborted) return;
        if (piece.done) break;
        const data = Uint8Array.from(piece.value);
        yield { chunks: [{ index: BigInt(index), data }], nextIndex: BigInt(++index) };
        next = reader.read();
      }
      yield { chunks: [], done: true, nextIndex: BigInt(index) };
    } finally {
      signal.removeEventListener('abort', stop);
      stop();
    }
  }

  return {
    append: (request) =>
      asked(bridged, { kind: 'stream', runId: request.runId }, () => append(request)),

    async close({ runId, name }) {
      return asked(bridged, { kind: 'stream', runId }, async () => {
        await streams.close(runId, name);
        note(runId, name, 0, true);
        return { tailIndex: BigInt((await infoOf(runId, name)).tailIndex) };
      });
    },

    read,

    async listChunks({ runId, name, page }) {
      const cursor = page?.cursor ?? '';
      const found: LoosePage & { done?: boolean } = await asked(
        bridged,
        { kind: 'stream', runId, cursor },
        () =>
          streams.chunks!(runId, name, {
            ...(page?.limit && { limit: page.limit }),
            ...(cursor && { cursor }),
          }),
      );
      return {
        chunks: (found.data ?? []).map(({ index, data }) => ({
          index: BigInt(index),
          data: Uint8Array.from(data),
        })),
        page: pageInfoOf(found),
        done: found.done === true,
      };
    },

    async getStreamInfo({ runId, name }) {
      const { tailIndex, done } = await asked(bridged, { kind: 'stream', runId }, () =>
        streams.info!(runId, name),
      );
      return { tailIndex: BigInt(tailIndex), done };
    },

    async listStreams({ runId, page }) {
      // Worlds name all streams of a run at once; their pages are made here, and a cursor is a count.
      const names = await asked(bridged, { kind: 'stream', runId }, () => streams.names!(runId));
      const cursor = page?.cursor || '0';
      if (!/^\d{1,9}$/.test(cursor))
        throw refusal('INVALID_CURSOR', 'the cursor is none of this list', { cursor });
      const start = Number(cursor);
      const shown = names.slice(start, start + (page?.limit || DEFAULT_NAMES));
      const end = start + shown.length;
      return {
        names: shown,
        page: { cursor: end === 0 ? '' : String(end), hasMore: end < names.length },
      };
    },
  };
}

function keyOf(runId: string, name: string): string {
  return JSON.stringify([runId, name]);
}

/** What a promise gives, or undefined where it has given nothing in time. */
async function within<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
