import { randomBytes } from 'node:crypto';
import type { HttpRequest } from './http.js';

/** From this size on the library's base64, which puts a text together letter by letter, takes longer than ours. */
const LARGE_BYTES = 4 * 1024;
const SECRET_BYTES = 15;
const COUNT_BYTES = 6;
const MARK_LENGTH = ((SECRET_BYTES + COUNT_BYTES) / 3) * 4;

const JSON_TYPE = /^application\/((connect|grpc|grpc-web)\+)?json\b/i;

const secret = randomBytes(SECRET_BYTES);
const prefix = secret.toString('base64');
const held = new Map<string, Uint8Array>();
const encoder = new TextEncoder();
let count = 0;

/**
 * Large payloads of the answers to one call by JSON, kept out of the library's hands: its base64 of a payload of 50 MiB
 * would block the process for seconds and take gigabytes. A mark stands in the message for each of them, which
 * `encodeJson` replaces. No text that a caller wrote can hold a mark: it begins with a secret of the process.
 */
export class LargePayloads {
  readonly #marks: string[] = [];

  /** The message with marks in place of large payloads. The one before it must have been encoded. */
  replace<T>(message: T): T {
    this.drop();
    return this.#replace(message) as T;
  }

  /** Forgets what the last message held. */
  drop(): void {
    for (const mark of this.#marks.splice(0)) held.delete(mark);
  }

  #replace(value: unknown): unknown {
    if (typeof value !== 'object' || value === null) return value;
    if (value instanceof Uint8Array) return value.length < LARGE_BYTES ? value : this.#hold(value);
    if (Array.isArray(value)) return value.map((item) => this.#replace(item));
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, this.#replace(item)]),
    );
  }

  #hold(payload: Uint8Array): Uint8Array {
    const mark = Buffer.alloc(SECRET_BYTES + COUNT_BYTES, secret);
    mark.writeUIntBE(count++, SECRET_BYTES, COUNT_BYTES);
    const text = mark.toString('base64');
    held.set(text, payload);
    this.#marks.push(text);
    return mark;
  }
}

/** Whether a request is to be answered by JSON. Says so of none that is answered in binary form. */
export function wantsJson(request: HttpRequest): boolean {
  if (request.method === 'GET')
    return new URLSearchParams(request.url?.split('?')[1]).get('encoding') === 'json';
  return JSON_TYPE.test(request.headers['content-type'] ?? '');
}

/** Encodes the JSON of a message, with the payloads that its marks stand for. */
export function encodeJson(json: string): Uint8Array {
  if (held.size === 0) return encoder.encode(json);
  const parts: Uint8Array[] = [];
  let from = 0;
  for (;;) {
    const at = json.indexOf(prefix, from);
    if (at < 0) break;
    const { buffer, byteOffset, byteLength } = held.get(json.slice(at, at + MARK_LENGTH))!;
    const base64 = Buffer.from(buffer, byteOffset, byteLength).toString('base64');
    parts.push(encoder.encode(json.slice(from, at)), Buffer.from(base64, 'latin1'));
    from = at + MARK_LENGTH;
  }
  parts.push(encoder.encode(json.slice(from)));
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}
