import { Code, ConnectError } from '@connectrpc/connect';
import { endStreamFlag, endStreamFromJson } from '@connectrpc/connect/protocol-connect';
import type { Dispatcher } from 'undici';
import { linkedAbort, timerMs } from '../backoff.js';
import { encodeEnvelope, readEnvelopes } from './envelope.js';
import type { Post } from './exchange.js';
import { abortedBy, deadlineExceeded, errorFromExchange, errorFromResponse } from './wire-error.js';

/** A response of Connect's streaming protocol whose messages are yet to come. */
export interface StreamAnswer {
  readonly headers: Record<string, string | string[] | undefined>;
  /** The messages' bytes. Pulls from the socket only as it is pulled from; returning early closes the request. */
  readonly messages: AsyncIterable<Uint8Array>;
  /** Complete when the messages are. */
  readonly trailers: Headers;
}

const CONTENT_TYPE = 'application/connect+proto';
/** How much of an error's body is read before it is given up. */
const MAX_ERROR_BYTES = 64 * 1024;

/** Sends one message and answers when the response's head is there. Throws ConnectError, the messages too. */
export async function streamExchange(dispatcher: Dispatcher, post: Post): Promise<StreamAnswer> {
  const { signal, timeoutMs } = post;
  if (signal?.aborted) throw abortedBy(signal);
  const abort = linkedAbort([signal]);
  let late = false;
  const timer =
    timeoutMs === undefined
      ? undefined
      : setTimeout(() => {
          late = true;
          abort.controller.abort();
        }, timerMs(timeoutMs));
  const release = () => {
    clearTimeout(timer);
    abort.unlink();
  };
  const explain = (error: unknown, started: boolean): ConnectError => {
    if (late) return deadlineExceeded(started);
    return signal?.aborted ? abortedBy(signal) : errorFromExchange(error, started);
  };

  try {
    const response = await dispatcher.request({
      path: post.path,
      method: 'POST',
      headers: post.headers,
      body: encodeEnvelope(post.body),
      signal: abort.controller.signal,
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    const contentType = String(response.headers['content-type'] ?? '');
    if (response.statusCode !== 200) {
      throw errorFromResponse(response.statusCode, contentType, await readSome(response.body));
    }
    if (contentType !== CONTENT_TYPE) {
      response.body.destroy();
      throw new ConnectError(`unexpected content type ${contentType}`, Code.Unknown);
    }
    const trailers = new Headers();
    return {
      headers: response.headers,
      trailers,
      messages: readMessages(response.body, trailers, release, (error) => explain(error, true)),
    };
  } catch (error) {
    release();
    // Whether the request left is not known here; reads do not need to know.
    throw explain(error, true);
  }
}

async function* readMessages(
  body: AsyncIterable<Uint8Array>,
  trailers: Headers,
  release: () => void,
  explain: (error: unknown) => ConnectError,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const { flags, data } of readEnvelopes(body)) {
      if ((flags & 1) !== 0) throw new ConnectError('unexpected compression', Code.Internal);
      if ((flags & endStreamFlag) === 0) {
        yield data;
        continue;
      }
      const end = endStreamFromJson(data);
      for (const [name, value] of end.metadata) trailers.append(name, value);
      if (end.error !== undefined) throw end.error;
      return;
    }
    throw new ConnectError('the response ended before its end', Code.Unavailable);
  } catch (error) {
    throw explain(error);
  } finally {
    release();
  }
}

async function readSome(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MAX_ERROR_BYTES) break;
  }
  return Buffer.concat(chunks);
}
