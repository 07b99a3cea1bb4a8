import type { Chunk } from '@worldwire/proto';
import type { Context } from '../context.js';
import { StreamReader } from '../fixtures/stream-reader.js';
import type { StreamInput, StreamOutput } from '../model/index.js';
import { Departure } from '../outcome.js';
import type { Api } from '../wire/api.js';
import type { Names } from './names.js';
import type { Perform } from './play.js';

type Answer = Exclude<StreamOutput, { kind: 'refused' }>;

/** How long a read in the middle of a program goes on; it is judged by what it has seen, whenever it ends. */
const GLANCE_MS = 12;

/** More pages than any stream of a program has. */
const MAX_PAGES = 100;

/** Actions on one stream as requests; the reads that end a program go on to the stream's end. */
export function performOnStream(t: Context, names: Names): Perform<StreamInput, Answer> {
  const runId = names.outer('wrun_stream');
  return async (api, action, { client }) => {
    const at = { runId, name: names.outer(action.stream) };
    const inspected = t.has('STREAM_INSPECTION');
    switch (action.op) {
      case 'append': {
        const { chunks, writer, sequence, close = false } = action;
        const { tailIndex, appended, wasClosed } = await api.streams.append({
          ...at,
          chunks: chunks.map((chunk) => new TextEncoder().encode(chunk)),
          close,
          ...(writer === undefined
            ? {}
            : { writerId: names.outer(writer), sequence: BigInt(sequence ?? 0) }),
        });
        return {
          kind: 'appended',
          ...(inspected ? { tail: Number(tailIndex), appended, wasClosed } : {}),
        };
      }
      case 'close': {
        const { tailIndex } = await api.streams.close(at);
        return { kind: 'closed', ...(inspected ? { tail: Number(tailIndex) } : {}) };
      }
      case 'read':
        return read(t, api, at, action.from, client === 0);
      case 'open':
        return t.fail('no program opens reads');
      case 'list':
        return list(t, api, at);
      case 'info': {
        const { tailIndex, done } = await api.streams.getStreamInfo(at);
        return { kind: 'info', tail: Number(tailIndex), done };
      }
    }
  };
}

interface Place {
  readonly runId: string;
  readonly name: string;
}

async function read(
  t: Context,
  api: Api,
  at: Place,
  from: number,
  whole: boolean,
): Promise<Answer> {
  const reader = new StreamReader(t, { ...at, api, startIndex: BigInt(from) });
  try {
    if (whole) await reader.toEnd();
    else {
      await reader.attached();
      const end = performance.now() + GLANCE_MS;
      while (reader.ended === undefined && performance.now() < end)
        await new Promise((resolve) => setTimeout(resolve, 2));
    }
  } finally {
    await reader.close();
  }
  return { kind: 'chunks', from, chunks: inOrder(reader.chunks, from), done: reader.done };
}

async function list(t: Context, api: Api, at: Place): Promise<Answer> {
  const chunks: Chunk[] = [];
  let cursor = '';
  for (let pages = 0; pages < MAX_PAGES; pages++) {
    const page = await api.streams.listChunks({ ...at, page: { cursor } });
    chunks.push(...page.chunks);
    if (!page.page?.hasMore)
      return { kind: 'chunks', from: 0, chunks: inOrder(chunks, 0), done: page.done };
    cursor = page.page.cursor;
  }
  return t.fail('the pages of ListChunks never end', `${MAX_PAGES} pages at most`, 'more');
}

/** The texts of chunks, which must bear the indices that follow a first one. */
function inOrder(chunks: readonly Chunk[], from: number): string[] {
  return chunks.map(({ index, data }, offset) => {
    if (Number(index) !== from + offset)
      throw new Departure(
        'the chunks of a read bear other indices',
        `${from + offset}`,
        String(index),
      );
    return new TextDecoder().decode(data);
  });
}
