import * as crypto from 'node:crypto';
import { inspect } from 'node:util';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  decompress,
  deriveContentKey,
  deriveKeyPair,
  deriveRunKey,
  EnvelopeError,
  type EnvelopeFailure,
  hasZstd,
  open,
  payloadsOf,
  prefixOf,
  publicKeyText,
  RunKeys,
  seal,
  sealToPublicKey,
} from './index.js';
import {
  derivations,
  envelopes,
  hex,
  rejections,
  type SealInputs,
  streams,
  unhex,
} from './testing/vectors.js';
import { sharedSecret } from './x25519.js';
import { isWholeFrame } from './zstd-frame.js';

// Only what is random is another, and only where a test says so: the vectors were made in the same way.
vi.mock('node:crypto', async (importOriginal) => {
  const original = await importOriginal<typeof crypto>();
  return {
    ...original,
    randomBytes: vi.fn(original.randomBytes),
  };
});

const randomBytes = vi.mocked(crypto.randomBytes as (size: number) => Buffer);

afterEach(() => {
  randomBytes.mockReset();
});

describe('keys', () => {
  it.each(derivations)('derives those of $name', (vector) => {
    const runKey = deriveRunKey(unhex(vector.deploymentKey), vector.projectId, vector.runId);
    expect(hex(runKey)).toBe(vector.runKey);
    if (vector.scalar === undefined) return;
    const { scalar, publicKey } = deriveKeyPair(runKey);
    expect(hex(scalar)).toBe(vector.scalar);
    expect(hex(publicKey)).toBe(vector.publicKey);
  });
});

describe('envelopes', () => {
  it.each(envelopes)('opens $name', ({ compression, seal: inputs, ...vector }) => {
    const keys = keysOf(vector);
    if (compression === 'zstd' && !hasZstd) {
      expect(failureOf(() => open(unhex(vector.payload), keys))).toBe('prefix');
      return;
    }
    const opened = open(unhex(vector.payload), keys);
    expect(hex(opened.payload)).toBe(vector.plain);
    expect(opened.seal).toBe(inputs?.prefix);
    expect(opened.compression).toBe(compression);
  });

  it.each(envelopes.filter(({ compression }) => compression === 'gzip' || hasZstd))(
    'decompresses what $name holds',
    ({ plain, compressed }) => {
      expect(hex(decompress(unhex(compressed ?? plain)))).toBe(plain);
    },
  );

  it.each(envelopes.filter((vector) => vector.seal !== undefined))(
    'seals $name again, byte for byte',
    ({ seal: inputs, ...vector }) => {
      const inner = unhex(vector.compressed ?? vector.plain);
      expect(hex(sealAgain(inner, inputs!, vector))).toBe(vector.payload);
    },
  );
});

describe('zstd frames', () => {
  const frames = [
    ...new Set(
      envelopes
        .map(({ compressed }) => unhex(compressed ?? ''))
        .filter((bytes) => prefixOf(bytes) === 'zstd')
        .map((bytes) => hex(bytes.subarray(4))),
    ),
  ];

  // Where the runtime has no zstd this still shows which frames it would take.
  it.each(frames)('are whole with all their bytes, and with no other number of them', (frame) => {
    const bytes = unhex(frame);
    expect(isWholeFrame(bytes)).toBe(true);
    for (let length = 0; length < bytes.length; length++)
      expect(isWholeFrame(bytes.subarray(0, length))).toBe(false);
    expect(isWholeFrame(Uint8Array.of(...bytes, 0))).toBe(false);
  });
});

describe('streams', () => {
  it.each(streams)('opens and seals again $name', (vector) => {
    const chunks = vector.chunks.map(({ chunk }) => unhex(chunk));
    const payloads = [...payloadsOf(chunks)];
    expect(payloads).toHaveLength(vector.chunks.length);
    for (const [at, { plain, seal: inputs }] of vector.chunks.entries()) {
      const opened = open(payloads[at]!, keysOf(vector));
      expect(hex(opened.payload)).toBe(plain);
      expect(opened.seal).toBe(inputs.prefix);
      expect(hex(sealAgain(unhex(plain), inputs, vector))).toBe(hex(payloads[at]!));
    }
  });
});

describe('refusals', () => {
  it.each(rejections)('refuses $name: $failure', (vector) => {
    const { payload, failure, maxBytes } = vector;
    const limits = maxBytes === undefined ? {} : { maxBytes };
    let error: unknown;
    try {
      open(unhex(payload), keysOf(vector), limits);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(EnvelopeError);
    const unread = prefixOf(unhex(payload)) === 'zstd' && !hasZstd;
    expect((error as EnvelopeError).failure).toBe(unread ? 'prefix' : failure);
    const told = inspect(error, { depth: 9, showHidden: true });
    for (const secret of ['greeting', 'hello', 'line 1', '[1]', 'aaaa', vector.runKey ?? 'devl['])
      expect(told).not.toContain(secret);
  });

  it('names an unknown prefix where the World could read it, and not where it was sealed', () => {
    const said = (name: string) => {
      const vector = rejections.find((each) => each.name === `rejected/${name}`)!;
      try {
        open(unhex(vector.payload), keysOf(vector));
      } catch (error) {
        return inspect(error);
      }
      return '';
    };
    expect(said('unknown-prefix')).toContain('"cbor"');
    expect(said('sealed/unknown-prefix')).toContain('EnvelopeError');
    expect(said('sealed/unknown-prefix')).not.toContain('cbor');
  });

  it('covers every kind of failure', () => {
    const kinds = new Set(rejections.map(({ failure }) => failure));
    expect([...kinds].sort()).toEqual(['authentication', 'format', 'key', 'limit', 'prefix']);
  });
});

function keysOf(vector: { runId?: string; runKey?: string; publicKey?: string }): RunKeys {
  return new RunKeys({
    runId: vector.runId,
    runKey: vector.runKey === undefined ? undefined : unhex(vector.runKey),
    publicKey: vector.publicKey === undefined ? undefined : publicKeyText(unhex(vector.publicKey)),
  });
}

/** What the random source gives next, in hexadecimal digits. */
function drawNext(value: string): void {
  randomBytes.mockImplementationOnce((size) => {
    expect(size).toBe(value.length / 2);
    return Buffer.from(value, 'hex');
  });
}

/** Seals with the random values of a vector, and looks at the keys on the way. */
function sealAgain(
  inner: Uint8Array,
  inputs: SealInputs,
  vector: { runId?: string; runKey?: string },
): Uint8Array {
  if (inputs.prefix === 'encp') drawNext(inputs.ephemeralScalar);
  drawNext(inputs.nonce);
  if (inputs.prefix === 'encr') return seal(inner, keysOf(vector));
  const recipient = unhex(inputs.recipientPublicKey);
  const ephemeral = unhex(inputs.ephemeralPublicKey);
  const secret = sharedSecret(deriveKeyPair(unhex(vector.runKey!)).privateKey, ephemeral);
  expect(hex(deriveContentKey(secret!, ephemeral, recipient))).toBe(inputs.contentKey);
  return sealToPublicKey(inner, recipient);
}

function failureOf(call: () => unknown): EnvelopeFailure | undefined {
  try {
    call();
  } catch (error) {
    return (error as EnvelopeError).failure;
  }
  return undefined;
}
