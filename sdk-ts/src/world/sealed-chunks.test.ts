import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { RunKeys, seal, sealToPublicKey } from '../envelope/index.js';
import { keyError } from './errors.js';
import type { Sealer } from './keys/run-key-store.js';
import { openChunk, sealChunks } from './sealed-chunks.js';
import type { Session } from './session.js';

const RUN = 'wrun_1';
const keys = new RunKeys({ runId: RUN, runKey: new Uint8Array(randomBytes(32)) });
const publicKey = keys.pair.publicKey;

/** A session of which only the keys are asked. */
function session(sealer: Sealer | undefined | 'missing'): Session {
  const find = async () => {
    if (sealer === 'missing') throw keyError('gone');
    return sealer;
  };
  const of = async () => {
    const found = await find();
    if (found !== undefined && !('keys' in found)) throw keyError('gone');
    return found && { keys: found.keys, keyId: 'k' };
  };
  return { keys: { of, sealerOf: find } } as unknown as Session;
}

const owner = session({ keys });
const frame = (payload: Uint8Array) => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(payload.length);
  return Buffer.concat([length, payload]);
};
const sealOne = async (by: Session, chunk: Uint8Array, name = 'strm_1') =>
  (await sealChunks(by, RUN, name, [chunk]))[0]!;

describe('chunks of bytes', () => {
  it.each([
    ['text', Buffer.from('hello')],
    ['nothing', Buffer.alloc(0)],
    ['a frame', frame(Buffer.from('hello'))],
    ['what looks like an envelope', frame(Buffer.from(`encr${'this is no secret'.repeat(4)}`))],
    ['what looks like a sealed chunk', Buffer.from('sealed, but not really')],
    ['random', randomBytes(100_000)],
  ])('are sealed whole, and come back: %s', async (_, chunk) => {
    const sealed = await sealOne(owner, chunk);
    expect(Buffer.from(sealed).toString('latin1', 0, 11)).toBe(`seal\u0006${RUN}`);
    // A byte or two may be there by chance.
    if (chunk.length > 8) expect(Buffer.from(sealed).includes(chunk.subarray(4))).toBe(false);
    expect(Buffer.from(await openChunk(owner, sealed))).toEqual(Buffer.from(chunk));
  });

  it('are sealed to the run by who has its public key only', async () => {
    const stranger = session({ publicKey });
    const sealed = await sealOne(stranger, Buffer.from('hello'));
    await expect(openChunk(stranger, sealed)).rejects.toThrow('gone');
    expect(Buffer.from(await openChunk(owner, sealed)).toString()).toBe('hello');
  });

  it('are not written where the key is missing', async () => {
    await expect(sealOne(session('missing'), Buffer.from('x'))).rejects.toThrow('gone');
  });

  it('that were altered are refused', async () => {
    const sealed = Buffer.from(await sealOne(owner, Buffer.from('hello')));
    sealed[sealed.length - 1]! ^= 1;
    await expect(openChunk(owner, sealed)).rejects.toThrow('altered');
  });

  it('stay as they are in a run that is not sealed, and in answers to health checks', async () => {
    const chunk = Buffer.from('{"healthy":true}');
    expect(await sealOne(session(undefined), chunk)).toBe(chunk);
    expect(await sealOne(owner, chunk, '__health_check__1')).toBe(chunk);
    expect(await openChunk(owner, chunk)).toBe(chunk);
  });
});

describe('chunks that the SDK sealed', () => {
  const value = Buffer.from('devl["hello"]');

  it.each([
    ['with the key', seal(value, keys)],
    ['to the public key', sealToPublicKey(value, publicKey)],
  ])('stay as they are: %s', async (_, envelope) => {
    for (const chunk of [envelope, frame(envelope)])
      expect(await sealOne(owner, chunk)).toBe(chunk);
  });

  it('stay as they are for who has the public key only', async () => {
    const chunk = frame(sealToPublicKey(value, publicKey));
    expect(await sealOne(session({ publicKey }), chunk)).toBe(chunk);
  });
});
