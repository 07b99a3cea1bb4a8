import { describe, expect, it, vi } from 'vitest';
import { Decoded } from './decoded.js';

const bytes = (text: string) => new TextEncoder().encode(text);

describe('Decoded', () => {
  const make = () => {
    const decode = vi.fn((data: Uint8Array) => ({ text: new TextDecoder().decode(data) }));
    return { decode, decoded: new Decoded(decode) };
  };

  it('decodes the same bytes of a key once, and gives copies', () => {
    const { decode, decoded } = make();
    const first = decoded.get(1, bytes('a'));
    first.text = 'changed by its caller';
    expect(decoded.get(1, bytes('a'))).toEqual({ text: 'a' });
    expect(decode).toHaveBeenCalledTimes(1);
  });

  it('decodes other bytes, and those of another key', () => {
    const { decoded } = make();
    expect(decoded.get(1, bytes('a')).text).toBe('a');
    expect(decoded.get(1, bytes('b')).text).toBe('b');
    expect(decoded.get(2, bytes('a')).text).toBe('a');
  });

  it('forgets the first of too many, and never keeps large ones', () => {
    const { decode, decoded } = make();
    for (let key = 0; key <= 1_024; key++) decoded.get(key, bytes('x'));
    decode.mockClear();
    decoded.get(0, bytes('x'));
    decoded.get(5_000, bytes('y'.repeat(20_000)));
    decoded.get(5_000, bytes('y'.repeat(20_000)));
    expect(decode).toHaveBeenCalledTimes(3);
  });
});
