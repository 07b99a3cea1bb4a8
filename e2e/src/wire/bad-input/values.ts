/** What a careless or hostile client puts into fields, beside what belongs there. */
import { type DescField, ScalarType } from '@bufbuild/protobuf';
import type { Random } from './random.js';

/** Names of what the project under attack holds, so that requests get beyond the first check. */
export interface Known {
  readonly runIds: readonly string[];
  readonly entityIds: readonly string[];
  readonly tokens: readonly string[];
  readonly names: readonly string[];
  readonly queues: readonly string[];
  readonly cursors: readonly string[];
  readonly eventIds: readonly string[];
  readonly messageIds: readonly string[];
}

/** A string as code units: lone surrogates too, which JSON can express and protobuf cannot. */
export const badTexts: readonly string[] = [
  '',
  ' ',
  '../../../etc/passwd',
  '..\\..\\windows',
  '/',
  '.',
  '..',
  'a/b',
  'a\0b',
  '\0',
  '\u0001\u001f\u007f',
  'line\nbreak\r\n',
  '\ud800',
  'x\udc00y',
  '\ud83d\ude00',
  '\u2028',
  '%2e%2e%2f',
  '%00',
  "'; DROP TABLE runs; --",
  '$(id)',
  '__proto__',
  'constructor',
  'NaN',
  'null',
  '\ufeff',
  'é',
  'x'.repeat(257),
  'x'.repeat(5_000),
  'wrun_01ARZ3NDEKTSV4RRFFQ69G5FAV',
  'wrun_7ZZZZZZZZZZZZZZZZZZZZZZZZZ',
  'evnt_00000000000000000000000000',
  'evnt_99999999999999999999999999',
];

const BIG_INTEGERS = [
  0n,
  1n,
  -1n,
  2n ** 31n - 1n,
  -(2n ** 31n),
  2n ** 32n,
  2n ** 53n,
  2n ** 53n + 1n,
  2n ** 63n - 1n,
  -(2n ** 63n),
  4n,
  7n,
  1000n,
];

/** A text for a field, mostly one that fits its name. */
export function textFor(field: DescField, random: Random, known: Known): string {
  if (random.chance(0.25)) return random.pick(badTexts);
  const name = field.name;
  if (name === 'run_id' || name === 'run_ids') return random.pick(known.runIds);
  if (name === 'cursor' || name === 'since_cursor') return random.pick(known.cursors);
  if (name === 'token') return random.pick(known.tokens);
  if (name === 'event_id') return random.pick(known.eventIds);
  if (name === 'message_ids') return random.pick(known.messageIds);
  // Nothing that the project holds is received, so that nothing changes by itself.
  if (name === 'queue_prefixes') return random.pick(['nothing', 'nothing-b']);
  if (name === 'queue_name' || name === 'queue_prefix') return random.pick(known.queues);
  if (/_id$/.test(name)) return random.pick(known.entityIds);
  return random.pick(known.names);
}

export function integerFor(field: DescField, random: Random): bigint {
  if (random.chance(0.4)) return random.pick(BIG_INTEGERS);
  // What the fields with a unit or a range mostly accept.
  if (field.name === 'spec_version') return BigInt(random.below(9));
  if (field.name === 'seconds') return BigInt(random.below(100));
  return BigInt(random.below(5));
}

/** An integer as the field's own type can hold it. */
export function fitInteger(value: bigint, type: ScalarType): bigint {
  switch (type) {
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
      return BigInt.asIntN(32, value);
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return BigInt.asUintN(32, value);
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return BigInt.asUintN(64, value);
    default:
      return BigInt.asIntN(64, value);
  }
}
