import type { UniversalServerResponse } from '@connectrpc/connect/protocol';
import { endAfter } from './body.js';
import { type HttpRequest, type HttpResponse, isGone, write } from './http.js';

/**
 * Bytes that a connection is given of one answer at a time. HTTP/2 counts what it was given and has not sent, whatever
 * its streams' windows, and refuses further calls of the connection where that is too much.
 */
export const WRITE_BYTES = 256 * 1024;

/**
 * Writes an answer as it is made. The next piece is asked for only when the connection has taken the last one, so that
 * a slow reader holds back whoever makes them; a reader that goes away ends the making.
 */
export async function sendAnswer(
  request: HttpRequest,
  answer: UniversalServerResponse,
  response: HttpResponse,
): Promise<void> {
  const pieces = answer.body![Symbol.asyncIterator]();
  response.on('error', () => {});
  try {
    // The first piece before the headers: making it may still change them.
    let piece = await pieces.next();
    if (isGone(response)) return;
    response.writeHead(answer.status, Object.fromEntries(answer.header ?? []));
    // Without a body HTTP/1.1 would announce none, and drop the trailers.
    if ('flushHeaders' in response) response.flushHeaders();
    for (; piece.done !== true; piece = await pieces.next()) {
      if (isGone(response)) return;
      await writeAll(response, piece.value);
    }
    if (isGone(response)) return;
    if (answer.trailer !== undefined) response.addTrailers(Object.fromEntries(answer.trailer));
    endAfter(request, response);
  } finally {
    pieces.return?.().catch(() => {});
  }
}

/** Writes all of an answer and ends it. */
export async function endWith(response: HttpResponse, answer: Uint8Array): Promise<void> {
  if (answer.length <= WRITE_BYTES) return void response.end(answer);
  response.on('error', () => {});
  await writeAll(response, answer);
  if (!isGone(response)) response.end();
}

/** Writes bytes as the connection takes them; gives up when nobody reads them any more. */
async function writeAll(response: HttpResponse, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length && !isGone(response); at += WRITE_BYTES)
    if (!write(response, bytes.subarray(at, at + WRITE_BYTES))) await drained(response);
}

function drained(response: HttpResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.removeListener('drain', done);
      response.removeListener('close', done);
      resolve();
    };
    response.on('drain', done);
    response.on('close', done);
  });
}
