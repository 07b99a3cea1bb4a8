import { describe, expect, it } from 'vitest';
import { decodeError, encodeError } from './error-value.js';

const devl = (json: string) => Buffer.from(`devl${json}`);

describe('errors as values', () => {
  it.each([
    { message: 'boom' },
    { message: 'boom', stack: 'Error: boom\n    at x', code: 'USER_ERROR' },
    { message: '"quotes", \u2028 and 🌍', stack: '' },
    { message: '' },
  ])('come back as they were: %j', (error) => {
    expect(decodeError(encodeError(error))).toEqual(error);
  });

  it('are what devalue makes of an Error', () => {
    const text = Buffer.from(encodeError({ message: 'boom', stack: 'at x' })).toString();
    expect(text).toBe('devl[["Error",1],{"name":2,"message":3,"stack":4},"Error","boom","at x"]');
  });

  it.each([
    ['of any class', '[["TypeError",1],{"message":2,"stack":3},"no","at y"]', 'no'],
    [
      'with a cause',
      '[["FatalError",1],{"message":2,"cause":3},"no",["Error",4],{"message":2}]',
      'no',
    ],
    ['that are objects', '[{"message":1},"plain"]', 'plain'],
    ['that are text', '["thrown"]', 'thrown'],
    ['that are something else', '[{"a":1},7]', '[{"a":1},7]'],
    ['that are nothing', '-1', '-1'],
    ['whose fields are missing', '[["Error",9]]', '[["Error",9]]'],
  ])('%s have a message', (_, json, message) => {
    expect(decodeError(devl(json)).message).toBe(message);
  });
});
