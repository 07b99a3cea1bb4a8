import { compact } from './convert.js';
import type { Payload } from './upstream.js';

/** An error as SDK 4 knows it. */
export interface PlainError {
  message: string;
  stack?: string | undefined;
  code?: string | undefined;
}

const PREFIX = 'devl';

/**
 * An error as the value that SDK 5 makes of it: `devl` and, in the notation of the library devalue, an `Error` with
 * `name`, `message`, `stack` and, where there is one, `code`. So SDK 5 reads what SDK 4 wrote.
 */
export function encodeError({ message, stack, code }: PlainError): Uint8Array {
  const fields = compact({ name: 'Error', message, stack, code });
  // Each value has a number, and whatever contains it says that number: 0 is the error, 1 holds its fields.
  const numbers = Object.fromEntries(Object.keys(fields).map((name, i) => [name, i + 2]));
  const values = [['Error', 1], numbers, ...Object.values(fields)];
  return Buffer.from(`${PREFIX}${JSON.stringify(values)}`);
}

/**
 * What SDK 4 can say of a value that was thrown: the message and the stack of an error of any class, the text of
 * anything else.
 *
 * @param payload `devl` and a value in the notation of devalue.
 */
export function decodeError(payload: Uint8Array): PlainError {
  const text = Buffer.from(payload).toString().slice(PREFIX.length);
  const values = JSON.parse(text) as Payload;
  const root = Array.isArray(values) ? values[0] : values;
  // A class has its name before the number of its fields.
  const fields = isTagged(root) ? values[root[1]] : root;
  const field = (name: string): string | undefined => {
    const value = isRecord(fields) ? values[fields[name] ?? -1] : undefined;
    return typeof value === 'string' ? value : undefined;
  };
  const message = field('message');
  if (message === undefined) return { message: typeof root === 'string' ? root : text };
  return compact({ message, stack: field('stack'), code: field('code') });
}

function isTagged(value: unknown): value is [string, number] {
  return Array.isArray(value) && typeof value[0] === 'string' && typeof value[1] === 'number';
}

function isRecord(value: unknown): value is Record<string, number> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
