/** Whether an answer is lawful: a message of the method's type, or one error as the registry has it. */
import { type DescMessage, fromBinary, fromJson, type JsonValue } from '@bufbuild/protobuf';
import { AnySchema } from '@bufbuild/protobuf/wkt';
import { Code } from '@connectrpc/connect';
import { ERROR_DOMAIN, ErrorInfoSchema, errorRules } from '@worldwire/proto';
import { Envelopes } from '../envelopes.js';
import type { Reply } from './transport.js';

/** What an answer amounts to: "ok" or the reason of the refusal. */
export type Outcome = string;

const ERROR_INFO = 'google.rpc.ErrorInfo';
const REASON = /^[A-Z][A-Z0-9_]+[A-Z0-9]$/;

interface WireError {
  code?: unknown;
  message?: unknown;
  details?: { type: string; value: string }[];
}

/** Throws where the answer to a unary Connect call is not lawful. */
export function judgeUnary(reply: Reply, output: DescMessage, json: boolean): Outcome {
  if (reply.status === 200) {
    readMessage(reply.body, output, json);
    return 'ok';
  }
  const type = reply.headers['content-type'];
  if (type !== 'application/json') throw new Error(`an error of content type ${type}`);
  return judgeError(JSON.parse(reply.body.toString()) as WireError);
}

/** The same of a call of a live method in the Connect protocol, as far as it was read. */
export function judgeConnectStream(reply: Reply, output: DescMessage, json: boolean): Outcome {
  if (reply.status !== 200) return judgeUnary(reply, output, true);
  const envelopes = new Envelopes().add(reply.body);
  if (envelopes.length === 0) throw new Error('an answer without a message');
  for (const { flags, data } of envelopes) {
    if (flags & 0x02) {
      const { error } = JSON.parse(Buffer.from(data).toString()) as { error?: WireError };
      return error === undefined ? 'ok' : judgeError(error);
    }
    readMessage(data, output, json);
  }
  return 'ok';
}

/** The same of a gRPC-Web call. */
export function judgeGrpcWeb(reply: Reply, output: DescMessage): Outcome {
  if (reply.status !== 200) return judgeUnary(reply, output, true);
  const headers = named({ ...reply.headers, ...reply.trailers });
  for (const { flags, data } of new Envelopes().add(reply.body)) {
    if ((flags & 0x80) === 0) {
      readMessage(data, output, false);
      continue;
    }
    for (const line of Buffer.from(data).toString().split('\r\n')) {
      const colon = line.indexOf(':');
      if (colon > 0)
        headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
    }
  }
  return judgeTrailers(headers);
}

/** The same of a gRPC call. */
export function judgeGrpc(reply: Reply, output: DescMessage): Outcome {
  if (reply.status !== 200) return judgeUnary(reply, output, true);
  for (const { data } of new Envelopes().add(reply.body)) readMessage(data, output, false);
  return judgeTrailers(named({ ...reply.headers, ...reply.trailers }));
}

function named(headers: object): Map<string, string> {
  return new Map(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}

function judgeTrailers(headers: Map<string, string>): Outcome {
  const status = headers.get('grpc-status');
  if (status === '0') return 'ok';
  // A live call that this side left.
  if (status === undefined && headers.get('left') !== undefined) return 'ok';
  const code = Code[Number(status)];
  const packed = headers.get('grpc-status-details-bin');
  if (code === undefined || packed === undefined) {
    throw new Error(`grpc-status ${status} without details: ${headers.get('grpc-message')}`);
  }
  const details = statusDetails(Buffer.from(packed, 'base64'));
  const name = code.replace(
    /[A-Z]/g,
    (letter, at) => `${at > 0 ? '_' : ''}${letter.toLowerCase()}`,
  );
  return judgeError({ code: name, message: headers.get('grpc-message') ?? '', details });
}

/** The third field of google.rpc.Status: its details, each an Any. */
function statusDetails(bytes: Uint8Array): { type: string; value: string }[] {
  const details: { type: string; value: string }[] = [];
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++]!;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const value = varint();
    if ((tag & 7) !== 2) continue;
    if (tag >> 3 === 3) {
      const any = fromBinary(AnySchema, bytes.subarray(at, at + value));
      const type = any.typeUrl.replace(/^.*\//, '');
      details.push({ type, value: Buffer.from(any.value).toString('base64') });
    }
    at += value;
  }
  return details;
}

function readMessage(bytes: Uint8Array, output: DescMessage, json: boolean): void {
  const value = json
    ? fromJson(output, JSON.parse(Buffer.from(bytes).toString()) as JsonValue)
    : fromBinary(output, bytes);
  judgeItems(value as unknown as { results?: unknown[] });
}

/** Items of a batch are refused by themselves, in the same words. */
function judgeItems({ results }: { results?: unknown[] }): void {
  for (const result of results ?? []) {
    const { outcome } = result as { outcome?: { case?: string; value?: object } };
    if (outcome?.case !== 'error') continue;
    const { code, reason } = outcome.value as { code: string; reason: string };
    checkReason(code, reason);
  }
}

function judgeError({ code, message, details }: WireError): Outcome {
  const infos = (details ?? []).filter(({ type }) => type === ERROR_INFO);
  if (infos.length !== 1) throw new Error(`${infos.length} ErrorInfo: ${code} ${message}`);
  const info = fromBinary(ErrorInfoSchema, Buffer.from(infos[0]!.value, 'base64'));
  if (info.domain !== ERROR_DOMAIN) throw new Error(`domain ${info.domain}`);
  if (typeof message !== 'string' || message === '') throw new Error('an error without a message');
  checkReason(code, info.reason);
  return info.reason;
}

function checkReason(code: unknown, reason: string): void {
  const rule = errorRules.get(reason);
  if (rule === undefined || !REASON.test(reason)) throw new Error(`reason ${reason} is not known`);
  if (rule.code !== code) throw new Error(`${reason} with code ${code}`);
  if (reason === 'INTERNAL') throw new Error('a fault of the World');
}
