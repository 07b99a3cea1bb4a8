import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeMessage, encodeMessage } from './codec.js';

const bytes = new Uint8Array([0, 1, 2, 255]);
const message = {
  runId: 'wrun_1',
  runInput: { input: bytes, specVersion: 3 },
  list: [bytes, null],
};

describe.each([
  ['CBOR', 3, 'application/cbor'],
  ['JSON', 1, 'application/json'],
  ['JSON', undefined, 'application/json'],
] as const)('%s (spec version %s)', (_name, specVersion, type) => {
  it('keeps bytes as Uint8Array', () => {
    const { body, contentType } = encodeMessage(message, specVersion);
    expect(contentType).toBe(type);
    expect(decodeMessage(body, contentType)).toStrictEqual(message);
    // A body that came over the wire may be a slice of something larger.
    const larger = new Uint8Array(body.length + 10);
    larger.set(body, 5);
    const slice = larger.subarray(5, 5 + body.length);
    expect(decodeMessage(slice, contentType)).toStrictEqual(message);
    expect(decodeMessage(Buffer.from(body), '')).toStrictEqual(message);
  });

  it('takes a Buffer for bytes', () => {
    const { body, contentType } = encodeMessage({ a: Buffer.from(bytes) }, specVersion);
    const decoded = decodeMessage(body, contentType) as { a: Uint8Array };
    expect(Buffer.from(decoded.a)).toEqual(Buffer.from(bytes));
  });

  it('keeps any JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: true }), (value) => {
        // The one key that decoders rename, so that nobody's prototype is replaced.
        const plain = JSON.parse(JSON.stringify(value).replaceAll('__proto__', 'proto'));
        const { body, contentType } = encodeMessage(plain, specVersion);
        expect(decodeMessage(body, contentType)).toEqual(plain);
      }),
    );
  });
});

it('writes dates so that the SDK reads them', () => {
  const requestedAt = new Date(1_700_000_000_123);
  for (const version of [1, 3]) {
    const { body, contentType } = encodeMessage({ requestedAt }, version);
    const decoded = decodeMessage(body, contentType) as { requestedAt: string | Date };
    expect(new Date(decoded.requestedAt)).toEqual(requestedAt);
  }
});

it('refuses what is neither', () => {
  expect(() => decodeMessage(Buffer.from('{"runId'), '')).toThrow();
});
