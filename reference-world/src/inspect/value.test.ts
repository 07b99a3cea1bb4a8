import { EnvelopeError } from '@worldwire/sdk/envelope';
import { stringify } from 'devalue';
import { describe, expect, it } from 'vitest';
import { readValue } from './value.js';

const read = (text: string) => readValue(Buffer.from(`devl${text}`));

/** The types that the Workflow SDK writes in its own way. */
const reducers = {
  Date: (value: unknown) => value instanceof Date && value.toISOString(),
  Map: (value: unknown) => value instanceof Map && [...value],
  Set: (value: unknown) => value instanceof Set && [...value],
  TypeError: (value: unknown) => value instanceof TypeError && { message: value.message },
  Request: (value: unknown) => value instanceof Request && { url: value.url, method: value.method },
  Instance: (value: unknown) =>
    value instanceof Point && { classId: 'class//point', data: { x: value.x } },
};

class Point {
  readonly x = 1;
}

describe('readValue', () => {
  it('shows what JSON has as it is', () => {
    const value = { text: 'ü\u0000', list: [1, 1.5, true, null, []], empty: {} };
    expect(read(stringify(value))).toEqual(value);
    expect(read(stringify('plain'))).toBe('plain');
  });

  it('names the type of what JSON has not, whoever made it', () => {
    const value = {
      at: new Date(0),
      map: new Map([['a', new Set([1])]]),
      error: new TypeError('wrong'),
      request: new Request('http://a/b', { method: 'POST' }),
      instance: new Point(),
      bytes: new Uint8Array([1, 2, 3]),
      big: 12n,
      url: new URL('http://a/b'),
    };
    const shown = {
      at: { $Date: '1970-01-01T00:00:00.000Z' },
      map: { $Map: [['a', { $Set: [1] }]] },
      error: { $TypeError: { message: 'wrong' } },
      request: { $Request: { url: 'http://a/b', method: 'POST' } },
      instance: { $Instance: { classId: 'class//point', data: { x: 1 } } },
      bytes: { $Uint8Array: { $ArrayBuffer: 'AQID' } },
      big: { $BigInt: '12' },
      url: { $URL: 'http://a/b' },
    };
    expect(read(stringify(value, reducers))).toEqual(shown);
    expect(read('[["FromTheFuture",1],{"a":2},1]')).toEqual({ $FromTheFuture: { a: 1 } });
  });

  it('names what is no value in JSON', () => {
    const values = [undefined, Number.NaN, Infinity, -Infinity, -0];
    expect(values.map((value) => read(stringify(value)))).toEqual(
      ['undefined', 'NaN', 'Infinity', '-Infinity', '-0'].map(($) => ({ $ })),
    );
    const loop: Record<string, unknown> = { a: [1] };
    loop.self = loop;
    expect(read(stringify(loop))).toEqual({ a: [1], self: { $: 'circular' } });
    const sparse: unknown[] = ['first'];
    sparse[4_000_000_000] = 'last';
    expect(read(stringify(sparse))).toEqual({
      $Array: { length: 4_000_000_001, 0: 'first', 4000000000: 'last' },
    });
    expect(read(stringify(Object.assign(Object.create(null), { a: 1 })))).toEqual({ a: 1 });
  });

  it('says of what it cannot read nothing but that', () => {
    const deep = `[${Array.from({ length: 1e5 }, (_, i) => `[${i + 1}]`).join()},1]`;
    for (const text of ['', '[', 'SECRET', '"SECRET"', '{}', '[]', '[[5]]', '[["A",0]]', deep]) {
      const error = failureOf(() => read(text));
      expect(error.failure, text.slice(0, 20)).toBe('format');
      expect(error.message).not.toContain('SECRET');
      expect(error.cause).toBeUndefined();
    }
    expect(failureOf(() => readValue(Buffer.from('devl"\xff"', 'latin1'))).failure).toBe('format');
  });

  it('shows no more than a person can want', () => {
    // Each list holds the next one twice.
    const laughs = Array.from({ length: 60 }, (_, i) => `[${i + 1},${i + 1}]`);
    expect(failureOf(() => read(`[${laughs.join()},1]`)).failure).toBe('limit');
    const deep = Array.from({ length: 2_000 }, (_, i) => `[${i + 1}]`);
    expect(failureOf(() => read(`[${deep.join()},1]`)).failure).toBe('limit');
  });
});

function failureOf(attempt: () => unknown): EnvelopeError {
  try {
    attempt();
  } catch (error) {
    if (error instanceof EnvelopeError) return error;
    throw error;
  }
  throw new Error('it was read');
}
