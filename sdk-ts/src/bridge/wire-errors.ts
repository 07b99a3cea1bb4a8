/** The errors that the RPC library answers by itself, given the reason that every error of a World carries. */
import { Code, ConnectError } from '@connectrpc/connect';
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
import { reasonOf, refusal } from './refusal.js';

/** An error with a reason, whatever it was. */
export function withReason(error: ConnectError): ConnectError {
  if (reasonOf(error) !== undefined) return error;
  const message = error.rawMessage;
  switch (error.code) {
    case Code.InvalidArgument:
    case Code.DataLoss:
    case Code.Unimplemented:
      return malformed(message);
    case Code.ResourceExhausted:
      return refusal('PAYLOAD_TOO_LARGE', message, { limit: 'max_request_bytes' });
    case Code.DeadlineExceeded:
      return refusal('DEADLINE_EXCEEDED', message);
    case Code.Canceled:
    case Code.Aborted:
      return refusal('CANCELLED', message);
    case Code.Unavailable:
      return refusal('UNAVAILABLE', message);
    default:
      return message.startsWith('parse binary')
        ? malformed(message)
        : refusal('INTERNAL', message, { incident: crypto.randomUUID() });
  }
}

/** An answer that is an error and nothing else, in the way of the protocol that the request's content type names. */
export function errorAnswer(contentType: string, error: ConnectError): UniversalServerResponse {
  const header = new Headers({ 'content-type': contentType });
  const trailer = new Headers();
  if (/^application\/grpc-web\b/.test(contentType)) {
    setTrailerStatus(trailer, error);
    const body = encodeEnvelope(trailerFlag, trailerSerialize(trailer));
    return { status: 200, header, body: once(body) };
  }
  if (/^application\/grpc\b/.test(contentType)) {
    // gRPC lets an answer without messages have its trailers as headers.
    setTrailerStatus(header, error);
    return { status: 200, header };
  }
  if (/^application\/connect\+/.test(contentType)) {
    const body = encodeEnvelope(endStreamFlag, endOfStream(new Headers(), error));
    return { status: 200, header, body: once(body) };
  }
  header.set('content-type', 'application/json');
  const status = codeToHttpStatus(error.code);
  return { status, header, body: once(Uint8Array.from(errorToJsonBytes(error, undefined))) };
}

async function* once(body: Uint8Array<ArrayBuffer>) {
  yield body;
}

function malformed(problem: string): ConnectError {
  return refusal('INVALID_ARGUMENT', `the request is malformed: ${problem}`, {
    field: 'request',
    problem,
  });
}

/** Gives an answer's error its reason, in the way of the protocol that the answer's content type names. */
export async function explainAnswer(
  answer: UniversalServerResponse,
): Promise<UniversalServerResponse> {
  const type = answer.header?.get('content-type') ?? '';
  if (/^application\/grpc-web\b/.test(type))
    return { ...answer, body: frames(answer, trailerFlag, explainWebTrailers) };
  if (/^application\/grpc\b/.test(type)) return { ...answer, body: trailers(answer) };
  if (/^application\/connect\+/.test(type))
    return { ...answer, body: frames(answer, endStreamFlag, explainEndOfStream) };
  return answer.status >= 400 && answer.body !== undefined ? explainBody(answer) : answer;
}

async function explainBody(answer: UniversalServerResponse): Promise<UniversalServerResponse> {
  const pieces: Uint8Array[] = [];
  for await (const piece of answer.body ?? []) pieces.push(piece);
  const bytes = new Uint8Array(Buffer.concat(pieces));
  const fallback = new ConnectError('the request was refused', Code.InvalidArgument);
  let body = bytes;
  let { status } = answer;
  try {
    const error = withReason(errorFromJsonBytes(bytes, undefined, fallback));
    status = codeToHttpStatus(error.code);
    body = Uint8Array.from(errorToJsonBytes(error, undefined));
  } catch {
    // No error in the protocol's form: it is passed on as it is.
  }
  answer.header?.delete('content-length');
  return {
    ...answer,
    status,
    body: once(body),
  };
}

async function* trailers({ body, trailer }: UniversalServerResponse) {
  if (body !== undefined) yield* body;
  const error = trailer && findTrailerError(trailer);
  if (error !== undefined) setTrailerStatus(trailer!, withReason(error));
}

async function* frames(
  { body }: UniversalServerResponse,
  flag: number,
  explainFrame: (data: Uint8Array) => Uint8Array | undefined,
) {
  for await (const frame of body ?? [])
    yield (frame[0] === flag ? explainFrame(frame.subarray(5)) : undefined) ?? frame;
}

function explainWebTrailers(data: Uint8Array): Uint8Array | undefined {
  const trailer = trailerParse(data);
  const error = findTrailerError(trailer);
  if (error === undefined) return undefined;
  setTrailerStatus(trailer, withReason(error));
  return encodeEnvelope(trailerFlag, trailerSerialize(trailer));
}

function explainEndOfStream(data: Uint8Array): Uint8Array | undefined {
  const end = endStreamFromJson(data);
  if (end.error === undefined) return undefined;
  return encodeEnvelope(endStreamFlag, endOfStream(end.metadata, withReason(end.error)));
}

function endOfStream(metadata: Headers, error: ConnectError) {
  return new TextEncoder().encode(JSON.stringify(endStreamToJson(metadata, error, undefined)));
}
