import { Encoder } from 'cbor-x';
import { isBytes } from './convert.js';

/** From this spec version on, the SDK's messages are CBOR. */
const SPEC_VERSION_CBOR = 3;

const CBOR = 'application/cbor';
const JSON_TYPE = 'application/json';

/** How JSON spells bytes, as every first-party World does. */
const BYTES_TAG = 'Uint8Array';

/** Plain maps, which any CBOR reader understands, and bytes that come back as Uint8Array. */
const cbor = new Encoder({ useRecords: false, tagUint8Array: false });

export interface Encoded {
  body: Uint8Array;
  contentType: string;
}

/** Encodes a queue message in the form that runs of this spec version use. */
export function encodeMessage(message: unknown, specVersion: number | undefined): Encoded {
  if (specVersion !== undefined && specVersion >= SPEC_VERSION_CBOR) {
    return { body: cbor.encode(message), contentType: CBOR };
  }
  return { body: Buffer.from(toTaggedJson(message)), contentType: JSON_TYPE };
}

/**
 * Decodes a queue message by its media type, and where that says nothing, as CBOR and then as JSON.
 *
 * @throws Error where the body is neither.
 */
export function decodeMessage(body: Uint8Array, contentType: string): unknown {
  if (/\bjson\b/i.test(contentType)) return fromTaggedJson(Buffer.from(body).toString());
  if (/\bcbor\b/i.test(contentType)) return cbor.decode(plain(body));
  try {
    return cbor.decode(plain(body));
  } catch {
    return fromTaggedJson(Buffer.from(body).toString());
  }
}

/** Slices of a Buffer are Buffers; the SDK shall see Uint8Arrays. */
function plain(body: Uint8Array): Uint8Array {
  return new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
}

/** JSON in which bytes are `{__type: 'Uint8Array', data: <base64>}`. */
export function toTaggedJson(message: unknown): string {
  return JSON.stringify(message, function (this: Record<string, unknown>, key, value: unknown) {
    // A Buffer has turned itself into an object by now; its holder still has it.
    const original = this[key];
    if (!isBytes(original)) return value;
    const { buffer, byteOffset, byteLength } = original;
    return {
      __type: BYTES_TAG,
      data: Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength).toString('base64'),
    };
  });
}

function fromTaggedJson(text: string): unknown {
  return JSON.parse(text, (_key, value: unknown) => {
    if (typeof value !== 'object' || value === null) return value;
    const { __type: tag, data } = value as { __type?: unknown; data?: unknown };
    if (tag !== BYTES_TAG || typeof data !== 'string') return value;
    return new Uint8Array(Buffer.from(data, 'base64'));
  });
}
