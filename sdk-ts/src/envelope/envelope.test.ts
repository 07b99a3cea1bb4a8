import { randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type CompressionPrefix,
  compress,
  decompress,
  deriveKeyPair,
  deriveRunKey,
  EnvelopeError,
  fingerprintOf,
  hasZstd,
  open,
  payloadsOf,
  prefixOf,
  publicKeyFromText,
  publicKeyText,
  RunKeys,
  seal,
  sealToPublicKey,
} from './index.js';

const RUN_KEY = Uint8Array.from({ length: 32 }, (_, at) => at);
const { publicKey: PUBLIC_KEY } = deriveKeyPair(RUN_KEY);
const KEYS = new RunKeys({ runId: 'wrun_1', runKey: RUN_KEY });
const CODECS: CompressionPrefix[] = hasZstd ? ['gzip', 'zstd'] : ['gzip'];

const payload = fc
  .uint8Array({ maxLength: 300 })
  .map((bytes) => Uint8Array.of(...Buffer.from('devl'), ...bytes));

describe('sealing', () => {
  it('is undone by the keys of the run', () => {
    fc.assert(
      fc.property(payload, (plain) => {
        for (const sealed of [seal(plain, KEYS), sealToPublicKey(plain, PUBLIC_KEY)])
          expect(Buffer.from(open(sealed, KEYS).payload)).toEqual(Buffer.from(plain));
      }),
    );
  });

  it('never comes out the same twice', () => {
    const plain = Buffer.from('devl[]');
    const texts = [1, 2].flatMap(() => [
      Buffer.from(seal(plain, KEYS)).toString('hex'),
      Buffer.from(sealToPublicKey(plain, PUBLIC_KEY)).toString('hex'),
    ]);
    expect(new Set(texts).size).toBe(4);
  });

  it('notices any bit that is altered, and any other key', () => {
    const sealed = fc.constantFrom(
      seal(Buffer.from('devl[{"a":1},2]'), KEYS),
      sealToPublicKey(Buffer.from('devl[{"a":1},2]'), PUBLIC_KEY),
    );
    fc.assert(
      fc.property(sealed, fc.nat(), fc.nat(7), (bytes, position, bit) => {
        const altered = Uint8Array.from(bytes);
        altered[position % altered.length]! ^= 1 << bit;
        expect(() => open(altered, KEYS)).toThrow(EnvelopeError);
        const other = new RunKeys({ runKey: randomBytes(32) });
        expect(() => open(bytes, other)).toThrow(
          expect.objectContaining({ failure: 'authentication' }),
        );
      }),
      { numRuns: 300 },
    );
  });

  it('takes a payload that is not sealed yet, and nothing else', () => {
    const sealed = seal(Buffer.from('devl[]'), KEYS);
    for (const sealing of [
      (bytes: Uint8Array) => seal(bytes, KEYS),
      (bytes: Uint8Array) => sealToPublicKey(bytes, PUBLIC_KEY),
    ]) {
      expect(() => sealing(sealed)).toThrow(expect.objectContaining({ failure: 'format' }));
      for (const none of ['', '[]', 'cbor'])
        expect(() => sealing(Buffer.from(none))).toThrow(
          expect.objectContaining({ failure: 'prefix' }),
        );
    }
  });

  it('takes no point of low order for a public key, and no key of another length', () => {
    const plain = Buffer.from('devl[]');
    for (const key of [new Uint8Array(32), Uint8Array.of(1, ...new Uint8Array(31))])
      expect(() => sealToPublicKey(plain, key)).toThrow(
        expect.objectContaining({ failure: 'key' }),
      );
    for (const call of [
      () => sealToPublicKey(plain, RUN_KEY.subarray(1)),
      () => deriveRunKey(RUN_KEY.subarray(1), 'p', 'r'),
      () => deriveRunKey(RUN_KEY, '', 'r'),
      () => deriveKeyPair(new Uint8Array(33)),
      () => new RunKeys({ runKey: new Uint8Array(31) }),
    ])
      expect(call).toThrow(expect.objectContaining({ failure: 'key' }));
  });
});

describe('keys of a run', () => {
  const sealed = seal(Buffer.from('devl[]'), KEYS);
  const publicKey = publicKeyText(PUBLIC_KEY);

  it('that are lost are named by the run and the fingerprint of its public key', () => {
    const lost = new RunKeys({ runId: 'wrun_1', publicKey });
    const fingerprint = fingerprintOf(PUBLIC_KEY);
    expect(fingerprint).toMatch(/^[0-9a-f]{16}$/);
    for (const call of [() => open(sealed, lost), () => seal(Buffer.from('devl[]'), lost)])
      expect(call).toThrow(
        expect.objectContaining({
          failure: 'key',
          runId: 'wrun_1',
          wantedFingerprint: fingerprint,
          message: expect.stringMatching(`wrun_1.*${fingerprint}`),
        }),
      );
  });

  it('of another run neither open nor seal where the run has a public key', () => {
    const wrong = new RunKeys({ runId: 'wrun_1', runKey: new Uint8Array(32), publicKey });
    const fingerprint = fingerprintOf(deriveKeyPair(new Uint8Array(32)).publicKey);
    for (const call of [() => open(sealed, wrong), () => seal(Buffer.from('devl[]'), wrong)])
      expect(call).toThrow(
        expect.objectContaining({
          failure: 'key',
          fingerprint,
          wantedFingerprint: fingerprintOf(PUBLIC_KEY),
        }),
      );
  });

  it('are not needed for what is not sealed', () => {
    const plain = Buffer.from('devl[]');
    expect(open(plain, new RunKeys())).toEqual({
      payload: plain,
      seal: undefined,
      compression: undefined,
    });
  });

  it('come from a public key as base64, and from nothing like it', () => {
    expect(publicKeyFromText(publicKey)).toEqual(PUBLIC_KEY);
    expect(publicKeyFromText(publicKey.replace('=', ''))).toEqual(PUBLIC_KEY);
    const first = publicKey.slice(1);
    for (const text of ['', `-${first}`, ` ${publicKey}`, `${publicKey}=`, publicKey.slice(4)])
      expect(() => publicKeyFromText(text)).toThrow(expect.objectContaining({ failure: 'key' }));
  });
});

describe('compression', () => {
  const text = Buffer.from(`devl["${'a line that repeats '.repeat(100)}"]`);

  it.each(CODECS)('by %s is undone, alone and sealed', (codec) => {
    const compressed = compress(text, codec);
    expect(prefixOf(compressed)).toBe(codec);
    expect(compressed.length).toBeLessThan(text.length / 4);
    expect(Buffer.from(decompress(compressed))).toEqual(text);
    expect(open(seal(compressed, KEYS), KEYS)).toMatchObject({ seal: 'encr', compression: codec });
  });

  it('leaves alone what is short, or becomes no shorter', () => {
    const short = text.subarray(0, 1023);
    expect(compress(short)).toBe(short);
    expect(prefixOf(compress(text.subarray(0, 1024), 'gzip'))).toBe('gzip');
    const noise = Buffer.concat([Buffer.from('devl'), randomBytes(5000)]);
    expect(compress(noise)).toBe(noise);
  });

  it('refuses what is sealed or compressed', () => {
    for (const bytes of [compress(text), seal(text, KEYS)])
      expect(() => compress(bytes)).toThrow(expect.objectContaining({ failure: 'format' }));
    expect(() => decompress(Buffer.from('plain'))).toThrow(
      expect.objectContaining({ failure: 'prefix' }),
    );
    expect(decompress(text)).toBe(text);
  });

  it.each(CODECS)('by %s is undone up to the limit, and not a byte beyond', (codec) => {
    const compressed = compress(text, codec);
    const { length } = text;
    expect(decompress(compressed, { maxBytes: length })).toHaveLength(length);
    expect(() => decompress(compressed, { maxBytes: length - 1 })).toThrow(
      expect.objectContaining({ failure: 'limit' }),
    );
  });

  it.each(CODECS)('by %s is undone whole or not at all', (codec) => {
    const compressed = compress(text, codec);
    for (const bytes of [
      compressed.subarray(0, -1),
      Buffer.concat([compressed, Buffer.from([0])]),
      Buffer.concat([compressed, compressed.subarray(4)]),
    ])
      expect(() => decompress(bytes)).toThrow(expect.objectContaining({ failure: 'format' }));
  });

  it('knows that a runtime has no zstd', () => {
    if (hasZstd) return;
    expect(() => compress(text, 'zstd')).toThrow(expect.objectContaining({ failure: 'prefix' }));
  });
});

describe('payloads of a stream', () => {
  it('are found however chunks cut them', () => {
    fc.assert(
      fc.property(
        fc.array(payload, { maxLength: 5 }),
        fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }),
        (payloads, cuts) => {
          const bytes = Buffer.concat(payloads.flatMap((each) => [length(each.length), each]));
          const found = [...payloadsOf(cut(bytes, cuts))].map((each) => Buffer.from(each));
          expect(found).toEqual(payloads.map((each) => Buffer.from(each)));
        },
      ),
    );
  });

  it('are not waited for where a length says that there are none', () => {
    function* chunks() {
      yield Buffer.from('GET / HTTP/1.1');
      throw new Error('read on');
    }
    expect(() => [...payloadsOf(chunks())]).toThrow(expect.objectContaining({ failure: 'format' }));
  });

  it('are not taken from a stream that is cut short, or holds none', () => {
    const whole = Buffer.concat([length(6), Buffer.from('devl[]')]);
    for (const bytes of [whole.subarray(0, 3), whole.subarray(0, 9), Buffer.from('GET / HTTP/1.1')])
      expect(() => [...payloadsOf([bytes])]).toThrow(
        expect.objectContaining({ failure: 'format' }),
      );
  });
});

function length(bytes: number): Buffer {
  const header = Buffer.alloc(4);
  header.writeUInt32BE(bytes);
  return header;
}

function* cut(bytes: Buffer, cuts: number[]): Generator<Buffer> {
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const end = at + cuts[turn % cuts.length]!;
    yield bytes.subarray(at, end);
    at = end;
  }
}
