import {
  create,
  type DescMessage,
  type MessageInitShape,
  type MessageShape,
} from '@bufbuild/protobuf';
import { refusal, tooLarge } from './errors.js';

/**
 * Takes over a request of a caller in the same process: a copy, so that neither side sees what the other does with its
 * own, checked for what the wire would refuse (bytes in all, text that is no Unicode).
 */
export function adopt<Desc extends DescMessage>(
  schema: Desc,
  input: MessageInitShape<Desc>,
  maxBytes: number,
): MessageShape<Desc> {
  const seen = { bytes: 0 };
  const copied = copy(create(schema, input), '', seen);
  if (seen.bytes > maxBytes) throw tooLarge(maxBytes, String(seen.bytes));
  return copied as MessageShape<Desc>;
}

function copy(value: unknown, field: string, seen: { bytes: number }): unknown {
  if (typeof value === 'string') return wellFormed(value, field);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) {
    seen.bytes += value.length;
    return new Uint8Array(value);
  }
  if (Array.isArray(value)) return value.map((item) => copy(item, field, seen));
  const result: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value))
    result[wellFormed(key, field)] = copy(item, key, seen);
  return result;
}

const SURROGATE = /[\ud800-\udfff]/;
const LONE_SURROGATE = /\p{Surrogate}/u;

function wellFormed(text: string, field: string): string {
  if (SURROGATE.test(text) && LONE_SURROGATE.test(text))
    throw refusal('INVALID_ARGUMENT', `${field} holds broken Unicode`, {
      field,
      problem: 'holds broken Unicode',
    });
  return text;
}
