import type { Client } from '@connectrpc/connect';
import type { Event, EventService, StreamService } from '@worldwire/proto';
import type { RetrySettings } from './backoff.js';
import { WorldError } from './error.js';
import { live } from './live.js';
import type { ReadStreamOptions, StreamChunk, WatchEventsOptions } from './types.js';

/** What live reads take from the client. */
export interface LiveReadContext {
  readonly retry: RetrySettings;
  readonly idleMs: number;
  /** Aborted when the client is closed. */
  readonly closing: AbortSignal;
}

/** Reads a stream from an index, each chunk once and in order, until it is closed. */
export async function* readStream(
  streams: Client<typeof StreamService>,
  context: LiveReadContext,
  options: ReadStreamOptions,
): AsyncGenerator<StreamChunk> {
  const { runId = '', name, startIndex = 0 } = options;
  // Negative until the World has said where such a read begins.
  let next = startIndex;
  const messages = live({
    ...context,
    signals: [options.signal, context.closing],
    open: (signal) => streams.read({ runId, name, startIndex: BigInt(next) }, { signal }),
    hasContent: (message) => message.chunks.length > 0 || message.done,
    endIsComplete: false,
  });
  for await (const message of messages) {
    if (next < 0) next = Number(message.chunks[0]?.index ?? message.nextIndex);
    for (const chunk of message.chunks) {
      const index = Number(chunk.index);
      if (index < next) continue;
      if (index > next) throw gap('chunk', next, index);
      next++;
      yield { index, data: chunk.data };
    }
    if (message.done) return;
  }
}

/** Reads a log after a position, each event once and in order, until the run has ended. */
export async function* watchEvents(
  events: Client<typeof EventService>,
  context: LiveReadContext,
  options: WatchEventsOptions,
): AsyncGenerator<Event> {
  const { runId, resolveData, afterPosition = 0 } = options;
  let next = afterPosition + 1;
  const messages = live({
    ...context,
    signals: [options.signal, context.closing],
    open: (signal) =>
      events.watchEvents({ runId, resolveData, afterPosition: BigInt(next - 1) }, { signal }),
    hasContent: (message) => message.events.length > 0,
    endIsComplete: true,
  });
  for await (const message of messages) {
    for (const event of message.events) {
      const position = Number(event.position);
      if (position < next) continue;
      if (position > next) throw gap('event', next, position);
      next++;
      yield event;
    }
  }
}

/** A stream's bytes, one piece a chunk, pulled only as they are read. */
export function readStreamBytes(
  read: (options: ReadStreamOptions) => AsyncIterable<StreamChunk>,
  options: ReadStreamOptions,
): ReadableStream<Uint8Array> {
  // Cancelling goes by a signal: a generator that waits for a message cannot be returned from.
  const cancel = new AbortController();
  const signal =
    options.signal === undefined ? cancel.signal : AbortSignal.any([options.signal, cancel.signal]);
  const chunks = read({ ...options, signal })[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await chunks.next();
        if (cancel.signal.aborted) return;
        if (done) controller.close();
        // A copy: the bytes are a view of a whole message, and a reader may transfer what it was given.
        else controller.enqueue(value.data.slice());
      },
      cancel(reason) {
        cancel.abort(reason);
        return chunks.return?.().then(
          () => undefined,
          () => undefined,
        );
      },
    },
    { highWaterMark: 0 },
  );
}

function gap(what: string, expected: number, actual: number): WorldError {
  return new WorldError(`the World left out a ${what}: ${actual} came where ${expected} was due`, {
    code: 'data_loss',
    metadata: { expected: String(expected), actual: String(actual) },
  });
}
