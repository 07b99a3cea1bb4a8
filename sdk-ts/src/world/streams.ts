import type { StreamWriter } from '../client/types.js';
import { toPageRequest } from './convert.js';
import { toUpstreamError, translated } from './errors.js';
import { openChunk, sealChunks } from './sealed-chunks.js';
import type { Connect, Session } from './session.js';

type UpstreamChunk = string | Uint8Array;

export interface ChunkOptions {
  limit?: number;
  cursor?: string;
}

/** How many streams keep their writer between calls. */
const MAX_WRITERS = 1_000;

/**
 * The writers behind the calls that know no writer: one for each stream, so that its chunks are numbered and
 * a retry lands once. One that failed or closed its stream is forgotten, and the next call begins anew.
 */
class Writers {
  readonly #writers = new Map<string, StreamWriter>();

  async use<T>(
    { client }: Session,
    runId: string,
    name: string,
    run: (writer: StreamWriter) => Promise<T>,
  ): Promise<T> {
    const key = JSON.stringify([runId, name]);
    const writer = this.#writers.get(key) ?? client.createStreamWriter({ runId, name });
    this.#keep(key, writer);
    try {
      return await run(writer);
    } catch (error) {
      this.forget(runId, name, writer);
      throw error;
    }
  }

  forget(runId: string, name: string, writer: StreamWriter): void {
    const key = JSON.stringify([runId, name]);
    if (this.#writers.get(key) === writer) this.#writers.delete(key);
  }

  #keep(key: string, writer: StreamWriter): void {
    this.#writers.delete(key);
    this.#writers.set(key, writer);
    if (this.#writers.size <= MAX_WRITERS) return;
    const [oldest] = this.#writers.keys();
    this.#writers.delete(oldest!);
  }
}

/** `world.streams` of SDK 5, and the same under the flat names of SDK 4. */
export function createStreams(connect: Connect) {
  const writers = new Writers();

  const writeMulti = (
    runId: string | Promise<string>,
    name: string,
    chunks: readonly UpstreamChunk[],
  ): Promise<void> =>
    translated(async () => {
      const session = await connect();
      const bytes = chunks.map(toChunk);
      if (bytes.length === 0) return;
      const id = await runId;
      const sealed = await sealChunks(session, id, name, bytes);
      await writers.use(session, id, name, (writer) => writer.write(sealed));
    });

  const close = (runId: string | Promise<string>, name: string): Promise<void> =>
    translated(async () => {
      const session = await connect();
      const id = await runId;
      await writers.use(session, id, name, (writer) => {
        // Whoever writes from now on finds the stream closed, and not its writer.
        writers.forget(id, name, writer);
        return writer.close();
      });
    });

  const get = async (
    runId: string,
    name: string,
    startIndex = 0,
  ): Promise<ReadableStream<Uint8Array>> => {
    const session = await translated(connect);
    return toReadable(session, { runId, name, startIndex });
  };

  const list = (runId: string): Promise<string[]> =>
    translated(async () => {
      const { client } = await connect();
      const names: string[] = [];
      for await (const name of client.listStreams({ runId })) names.push(name);
      return names;
    });

  const getChunks = (runId: string, name: string, options: ChunkOptions = {}) =>
    translated(async () => {
      const session = await connect();
      const { chunks, page, done } = await session.client.streams.listChunks({
        runId,
        name,
        page: toPageRequest(options),
      });
      return {
        data: await Promise.all(
          chunks.map(async ({ index, data }) => ({
            index: Number(index),
            data: owned(await openChunk(session, data)),
          })),
        ),
        // The SDK takes a cursor as a promise of more; ours also marks the end of a growing stream.
        cursor: page?.hasMore ? page.cursor : null,
        hasMore: page?.hasMore ?? false,
        done,
      };
    });

  const getInfo = (runId: string, name: string): Promise<{ tailIndex: number; done: boolean }> =>
    translated(async () => {
      const { client } = await connect();
      const { tailIndex, done } = await client.streams.getStreamInfo({ runId, name });
      return { tailIndex: Number(tailIndex), done };
    });

  /** A writer with a sequence of its own: a group that is written again lands once. */
  const createWriteSession = (runId: string, name: string, { writerId }: { writerId: string }) => {
    let writer: StreamWriter | undefined;
    const at = ({ client }: Session, sequence: number) => {
      if (writer?.sequence !== sequence) {
        writer = client.createStreamWriter({ runId, name, writerId, sequence });
      }
      return writer;
    };
    return {
      write: (chunkSeq: number, chunks: readonly UpstreamChunk[]): Promise<void> =>
        translated(async () => {
          const session = await connect();
          const sealed = await sealChunks(session, runId, name, chunks.map(toChunk));
          const current = at(session, chunkSeq);
          try {
            await current.write(sealed);
          } catch (error) {
            // A writer that failed stays failed; the same chunks are sent by a new one with the same id.
            if (writer === current) writer = undefined;
            throw error;
          }
        }),
      close: (): Promise<void> =>
        translated(async () => {
          const { client } = await connect();
          await (writer ? writer.close() : client.streams.close({ runId, name }));
        }),
      dispose: (): void => {},
    };
  };

  return {
    /** Chunks that wait for a request in flight go out together; nothing waits without one. */
    streamFlushIntervalMs: 0,

    streams: {
      write: (runId: string, name: string, chunk: UpstreamChunk) =>
        writeMulti(runId, name, [chunk]),
      writeMulti,
      close,
      get,
      list,
      getChunks,
      getInfo,
      createWriteSession,
    },

    writeToStream: (name: string, runId: string | Promise<string>, chunk: UpstreamChunk) =>
      writeMulti(runId, name, [chunk]),
    writeToStreamMulti: (
      name: string,
      runId: string | Promise<string>,
      chunks: readonly UpstreamChunk[],
    ) => writeMulti(runId, name, chunks),
    closeStream: (name: string, runId: string | Promise<string>) => close(runId, name),
    readFromStream: (name: string, startIndex?: number) => get('', name, startIndex),
    listStreamsByRunId: list,
    getStreamChunks: (name: string, runId: string, options?: ChunkOptions) =>
      getChunks(runId, name, options),
    getStreamInfo: (name: string, runId: string) => getInfo(runId, name),
  };
}

function toChunk(chunk: UpstreamChunk): Uint8Array {
  return typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
}

/**
 * Bytes with a buffer of their own. Byte streams transfer the buffer of what passes through them, and that of
 * a received chunk may be shared with its neighbours, or be the pool of all of Node's Buffers.
 */
function owned(data: Uint8Array): Uint8Array {
  return data.byteLength === data.buffer.byteLength ? data : new Uint8Array(data);
}

/** A live read that fetches no more than its consumer takes, and ends its request when cancelled. */
function toReadable(
  session: Session,
  options: { runId: string; name: string; startIndex: number },
): ReadableStream<Uint8Array> {
  const abort = new AbortController();
  const chunks = session.client
    .readStream({ ...options, signal: abort.signal })
    [Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          for (;;) {
            const { done, value } = await chunks.next();
            if (done) return controller.close();
            // An empty piece tells a reader nothing, and some take it for an end.
            const data = await openChunk(session, value.data);
            if (data.length > 0) return controller.enqueue(owned(data));
          }
        } catch (error) {
          if (!abort.signal.aborted) controller.error(toUpstreamError(error));
        }
      },
      async cancel() {
        abort.abort();
        await chunks.return?.();
      },
    },
    { highWaterMark: 0 },
  );
}
