import { ConnectError } from '@connectrpc/connect';
import { encodeEnvelope, type UniversalServerResponse } from '@connectrpc/connect/protocol';
import {
  codeToHttpStatus,
  endStreamFlag,
  endStreamFromJson,
  endStreamToJson,
  errorFromJsonBytes,
  errorToJsonBytes,
} from '@connectrpc/connect/protocol-connect';
import { findTrailerError, setTrailerStatus } from '@connectrpc/connect/protocol-grpc';
import { trailerFlag, trailerParse, trailerSerialize } from '@connectrpc/connect/protocol-grpc-web';
import { endAfter } from './body.js';
import { explain, reasonOf } from './errors.js';
import type { HttpRequest, HttpResponse } from './http.js';
import type { Log } from './log.js';

/** How an error travels. */
type Protocol = 'grpc' | 'grpc-web' | 'connect-stream' | 'connect-unary';

function protocolOf(contentType: string | undefined): Protocol {
  if (contentType === undefined) return 'connect-unary';
  if (/^application\/grpc-web\b/i.test(contentType)) return 'grpc-web';
  if (/^application\/grpc\b/i.test(contentType)) return 'grpc';
  return /^application\/connect\+/i.test(contentType) ? 'connect-stream' : 'connect-unary';
}

/** Answers a request with an error, in the way of the protocol that its content type names. */
export function writeError(
  request: HttpRequest,
  response: HttpResponse,
  error: ConnectError,
  options: { readonly status?: number; readonly headers?: Readonly<Record<string, string>> } = {},
): void {
  const contentType = request.headers['content-type'];
  const send = (status: number, type: string, body: Uint8Array): void => {
    response.writeHead(status, {
      'content-type': type,
      'content-length': body.byteLength,
      ...options.headers,
    });
    endAfter(request, response, body);
  };
  // A wrong verb is HTTP's own matter: no protocol was spoken.
  const protocol = options.status === 405 ? 'connect-unary' : protocolOf(contentType);
  if (protocol === 'grpc') {
    response.writeHead(200, { 'content-type': contentType!, ...options.headers });
    if ('flushHeaders' in response) response.flushHeaders();
    response.addTrailers(Object.fromEntries(statusTrailers(new Headers(), error)));
    endAfter(request, response);
  } else if (protocol === 'grpc-web') {
    const trailers = trailerSerialize(statusTrailers(new Headers(), error));
    send(200, contentType!, encodeEnvelope(trailerFlag, trailers));
  } else if (protocol === 'connect-stream') {
    send(200, contentType!, endOfStream(new Headers(), error));
  } else {
    const status = options.status ?? codeToHttpStatus(error.code);
    send(status, 'application/json', errorToJsonBytes(error, undefined));
  }
}

function endOfStream(metadata: Headers, error: ConnectError | undefined): Uint8Array {
  const json = JSON.stringify(endStreamToJson(metadata, error, undefined));
  return encodeEnvelope(endStreamFlag, new TextEncoder().encode(json));
}

/** Gives the errors that the RPC library itself answers with the reason that they lack. */
export async function withReasons(
  answer: UniversalServerResponse,
  log: Log,
): Promise<UniversalServerResponse> {
  const contentType = answer.header?.get('content-type') ?? undefined;
  switch (protocolOf(contentType)) {
    case 'grpc':
      return { ...answer, body: explainTrailers(answer, log) };
    case 'grpc-web':
      return { ...answer, body: explainFrames(answer, trailerFlag, explainWebTrailers(log)) };
    case 'connect-stream':
      return { ...answer, body: explainFrames(answer, endStreamFlag, explainEndOfStream(log)) };
    case 'connect-unary':
      return answer.status >= 400 ? explainBody(answer, log) : answer;
  }
}

function explained(error: ConnectError | undefined, log: Log): ConnectError | undefined {
  return error === undefined || reasonOf(error) !== undefined ? undefined : explain(error, log);
}

/**
 * Sets what tells an error in gRPC. Its message is percent-encoded as gRPC says, of what is not printable ASCII only:
 * the RPC library encodes commas and quotes as well, and stock peers would show them so.
 */
function statusTrailers(trailer: Headers, error: ConnectError): Headers {
  setTrailerStatus(trailer, error);
  // Through UTF-8, which leaves no broken Unicode to encode.
  const message = Buffer.from(error.rawMessage.trim()).toString();
  trailer.set('grpc-message', message.replace(/[^\x20-\x24\x26-\x7e]/gu, encodeURIComponent));
  return trailer;
}

async function* explainTrailers({ body, trailer }: UniversalServerResponse, log: Log) {
  if (body !== undefined) yield* body;
  const error = trailer && findTrailerError(trailer);
  if (error !== undefined) statusTrailers(trailer!, explained(error, log) ?? bare(error));
}

/** An error as read from trailers carries them all as its metadata; they are there already. */
function bare(error: ConnectError): ConnectError {
  const copy = new ConnectError(error.rawMessage, error.code);
  copy.details = error.details;
  return copy;
}

/** Passes messages on as they are; the last frame, which the flag marks, holds the error. */
async function* explainFrames(
  { body }: UniversalServerResponse,
  flag: number,
  explainFrame: (data: Uint8Array) => Uint8Array | undefined,
) {
  for await (const frame of body ?? []) {
    // A compressed last frame is a long one: its error has details.
    const last = frame[0] === flag;
    yield (last ? explainFrame(frame.subarray(5)) : undefined) ?? frame;
  }
}

function explainWebTrailers(log: Log) {
  return (data: Uint8Array): Uint8Array | undefined => {
    const trailer = trailerParse(data);
    const error = findTrailerError(trailer);
    if (error === undefined) return undefined;
    statusTrailers(trailer, explained(error, log) ?? bare(error));
    return encodeEnvelope(trailerFlag, trailerSerialize(trailer));
  };
}

function explainEndOfStream(log: Log) {
  return (data: Uint8Array): Uint8Array | undefined => {
    const end = endStreamFromJson(data);
    const error = explained(end.error, log);
    return error && endOfStream(end.metadata, error);
  };
}

async function explainBody(
  answer: UniversalServerResponse,
  log: Log,
): Promise<UniversalServerResponse> {
  const parts: Uint8Array[] = [];
  for await (const part of answer.body ?? []) parts.push(part);
  const bytes = Buffer.concat(parts);
  const fallback = new ConnectError('no details');
  let told: ConnectError;
  try {
    told = errorFromJsonBytes(bytes, undefined, fallback);
  } catch {
    return { ...answer, body: once(bytes) };
  }
  const error = explained(told, log);
  if (error === undefined) return { ...answer, body: once(bytes) };
  const body = errorToJsonBytes(error, undefined);
  const header = new Headers(answer.header);
  header.set('content-length', String(body.byteLength));
  return { ...answer, status: codeToHttpStatus(error.code), header, body: once(body) };
}

async function* once(bytes: Uint8Array) {
  yield bytes;
}
