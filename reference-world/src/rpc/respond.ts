import type { UniversalServerResponse } from '@connectrpc/connect/protocol';
import { type HttpResponse, isGone } from './wire-error.js';

/**
 * Writes an answer as it is made. The next piece is asked for only when the connection has taken the last one, so that
 * a slow reader holds back whoever makes them; a reader that goes away ends the making.
 */
export async function sendAnswer(
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
      if (!write(response, piece.value)) await drained(response);
    }
    if (isGone(response)) return;
    if (answer.trailer !== undefined) response.addTrailers(Object.fromEntries(answer.trailer));
    response.end();
  } finally {
    pieces.return?.().catch(() => {});
  }
}

function write(response: HttpResponse, piece: Uint8Array): boolean {
  // Both kinds of response have this signature, but not in a way that their union shows.
  return (response as { write(piece: Uint8Array): boolean }).write(piece);
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
