import { describe, expect, it } from 'vitest';
import { inspectedWorld, payloadsOf } from './testing/inspected-world.js';
import { altered, encr, frame, key, RUN, sealedChunk, streamed } from './testing/payloads.js';

const world = inspectedWorld();
const values = streamed.map(({ value }) => value);

const write = (name: string, chunks: Uint8Array[]) =>
  world.ops.streams.append({ runId: RUN, name, chunks });

async function look(name: string, ...more: string[]) {
  const { code, document } = await world.json(['stream', RUN, name, ...more], {
    WORLDWIRE_KEY: key.text,
  });
  return { code, document, shown: Object.values(payloadsOf(document)) };
}

describe('inspect stream', () => {
  it('finds the payloads that chunks cut', async () => {
    const bytes = Buffer.concat(streamed.map(({ payload }) => frame(encr(payload))));
    await write('cut', [bytes.subarray(0, 3), bytes.subarray(3, 90), bytes.subarray(90)]);
    const { code, shown } = await look('cut', '--decrypt');
    expect(code).toBe(0);
    expect(shown.map(({ value }) => value)).toEqual(values);
  });

  it('says where a payload goes on after the page', async () => {
    const payload = frame(encr(streamed[0]!.payload));
    await write('open', [payload, payload.subarray(0, 20), payload.subarray(20)]);
    const { code, document, shown } = await look('open', '--decrypt', '--limit', '2');
    expect(code).toBe(1);
    expect(document).toMatchObject({ chunks: [{ index: '0' }, { index: '1' }] });
    expect(shown[0]?.value).toEqual(values[0]);
    expect(shown[1]?.error).toMatchObject({ failure: 'format' });
    expect((await look('open', '--limit', '2')).code).toBe(0);
  });

  it('shows bytes as they were written, sealed by the adapter or not', async () => {
    const binary = Uint8Array.of(0xff, 0, 1);
    const text = sealedChunk(Buffer.from('sealed text'));
    await write('bytes', [Buffer.from('plain text'), text, binary, altered(text)]);
    const closed = await look('bytes');
    expect(closed.code).toBe(0);
    expect(closed.shown[0]).toEqual({ bytes: 10 });
    expect(closed.shown[1]).toMatchObject({ prefix: 'seal', bytes: text.length, keyId: key.id });
    expect(closed.shown[1]).not.toHaveProperty('value');
    const { code, shown } = await look('bytes', '--decrypt');
    expect(code).toBe(1);
    expect(shown.slice(0, 3).map(({ value }) => value)).toEqual([
      'plain text',
      'sealed text',
      { $Uint8Array: '/wAB' },
    ]);
    expect(shown[3]?.error).toMatchObject({ failure: 'authentication' });
  });

  it('shows the values of a stream that the adapter sealed as well', async () => {
    await write(
      'both',
      streamed.map(({ payload }) => sealedChunk(frame(encr(payload)))),
    );
    const { code, shown } = await look('both', '--decrypt');
    expect(code).toBe(0);
    expect(shown.map(({ value }) => value)).toEqual(values);
  });

  it('shows nothing of a stream that there is not', async () => {
    const { code, document } = await look('nope', '--decrypt');
    expect(code).toBe(0);
    expect(document.chunks).toEqual([]);
  });
});
