import { fromBinary, type Message, toBinary } from '@bufbuild/protobuf';
import { announcedLength, readBody } from './body.js';
import { Call } from './call.js';
import type { Admitted } from './credentials.js';
import type { Endpoint } from './endpoints.js';
import { malformed, refusal, toConnectError, tooLarge } from './errors.js';
import { type HttpRequest, type HttpResponse, isGone } from './http.js';
import { endWith } from './respond.js';
import type { Runtime } from './runtime.js';
import { writeError } from './wire-error.js';

const CONTENT_TYPE = 'application/proto';

/** Whether a request is one of those that are served on the short way: Connect unary, binary, not compressed. */
export function isLean(request: HttpRequest, endpoint: Endpoint): boolean {
  const { headers, method } = request;
  const encoding = headers['content-encoding'];
  return (
    endpoint.unary !== undefined &&
    method === 'POST' &&
    headers['content-type'] === CONTENT_TYPE &&
    (encoding === undefined || encoding === 'identity')
  );
}

/**
 * Serves a call of the Connect unary protocol straight on Node's HTTP. The same endpoints and the same errors as by the
 * RPC library, without its streams and header objects between: they cost more than the call. Answers are never
 * compressed; payloads are sealed, and would not get smaller.
 */
export async function serveLean(
  request: HttpRequest,
  response: HttpResponse,
  endpoint: Endpoint,
  { project, caller }: Admitted,
  world: Runtime,
): Promise<void> {
  const maxBytes = world.limits.maxRequestBytes;
  let call: Call | undefined;
  try {
    const announced = announcedLength(request);
    if (announced !== undefined && announced > maxBytes)
      throw tooLarge(maxBytes, String(announced));
    const timeout = timeoutOf(request);
    const body = await readBody(request, maxBytes);
    const lived = new Call(project, timeout, caller);
    call = lived;
    response.once('close', () => lived.abort());
    const answer = toBinary(
      endpoint.method.output,
      await endpoint.unary!(decode(endpoint, body), lived),
    );
    if (isGone(response)) return;
    response.writeHead(200, { 'content-type': CONTENT_TYPE, 'content-length': answer.length });
    await endWith(response, answer);
  } catch (error) {
    if (isGone(response)) return;
    writeError(request, response, toConnectError(error, world.log));
  } finally {
    call?.end();
  }
}

function decode(endpoint: Endpoint, body: Uint8Array): Message {
  try {
    return fromBinary(endpoint.method.input, body);
  } catch (error) {
    throw malformed(error instanceof Error ? error.message : String(error));
  }
}

function timeoutOf(request: HttpRequest): number | undefined {
  const header = request.headers['connect-timeout-ms'];
  if (header === undefined) return undefined;
  if (typeof header !== 'string' || !/^\d{1,10}$/.test(header))
    throw refusal('INVALID_ARGUMENT', 'connect-timeout-ms is not a number of milliseconds', {
      field: 'connect-timeout-ms',
      problem: 'is not a number of milliseconds',
    });
  return Number(header);
}
