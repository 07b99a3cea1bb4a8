import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';

/** A request of either HTTP version. */
export type HttpRequest = IncomingMessage | Http2ServerRequest;
/** A response of either HTTP version. */
export type HttpResponse = ServerResponse | Http2ServerResponse;

/** Whether nobody reads a response any more. HTTP/2's kind says so only by its stream. */
export function isGone(response: HttpResponse): boolean {
  return 'stream' in response ? response.stream.destroyed : response.destroyed;
}

/** Ends a response and what carries it. */
export function cutOff(response: HttpResponse): void {
  if ('stream' in response) response.stream.destroy();
  else response.destroy();
}

/** Gives a response its next bytes; false where it is to be given no more before it has drained. */
export function write(response: HttpResponse, bytes: Uint8Array): boolean {
  // Both kinds of response have this signature, but not in a way that their union shows.
  return (response as { write(bytes: Uint8Array): boolean }).write(bytes);
}
