/** Requests in JSON, written by hand from a message's descriptor: what JSON.stringify would not write is wanted too. */
import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';
import type { Random } from './random.js';
import { fitInteger, integerFor, type Known, textFor } from './values.js';

const MAX_DEPTH = 4;

/** A message whose fields mostly hold what fits their type. */
export function randomJson(message: DescMessage, random: Random, known: Known, depth = 0): string {
  if (message.typeName === 'google.protobuf.Timestamp') return timestamp(random);
  if (message.typeName === 'google.protobuf.Duration') return duration(random);
  if (message.typeName === 'google.protobuf.Struct')
    return random.pick(['{}', '{"a":[1,null,"x"]}', '[]']);
  const members: string[] = [];
  const taken = new Set<string>();
  for (const field of message.fields) {
    const odds = field.oneof === undefined ? 0.7 : 1.3 / field.oneof.fields.length;
    if (!random.chance(odds)) continue;
    // Two members of a oneof are an error in JSON; one case in many is enough.
    if (field.oneof !== undefined && taken.has(field.oneof.name) && random.chance(0.9)) continue;
    if (field.oneof !== undefined) taken.add(field.oneof.name);
    if (field.message !== undefined && depth >= MAX_DEPTH) continue;
    const value = random.chance(0.04)
      ? wrongValue(random)
      : fieldValue(field, random, known, depth);
    const key = random.chance(0.9) ? field.jsonName : field.name;
    members.push(`${quote(key)}:${value}`);
    if (random.chance(0.01)) members.push(`${quote(key)}:${value}`);
  }
  if (random.chance(0.03)) members.push(`"nobodyKnows":${wrongValue(random)}`);
  return `{${members.join(',')}}`;
}

function fieldValue(field: DescField, random: Random, known: Known, depth: number): string {
  const one = () => single(field, random, known, depth);
  switch (field.fieldKind) {
    case 'list':
      return `[${Array.from({ length: random.below(4) }, one).join(',')}]`;
    case 'map':
      return `{${quote(textFor(field, random, known))}:${quote(textFor(field, random, known))}}`;
    default:
      return one();
  }
}

function single(field: DescField, random: Random, known: Known, depth: number): string {
  if (field.message !== undefined) return randomJson(field.message, random, known, depth + 1);
  if (field.enum !== undefined) {
    if (random.chance(0.15)) return random.pick(['99', '-1', '"NOBODY"', '1.5']);
    const value = random.pick(field.enum.values);
    return random.chance(0.5) ? quote(value.name) : String(value.number);
  }
  switch (field.scalar as ScalarType) {
    case ScalarType.STRING:
      return quote(textFor(field, random, known));
    case ScalarType.BYTES:
      return quote(Buffer.from(random.bytes(random.below(64))).toString('base64'));
    case ScalarType.BOOL:
      return random.pick(['true', 'false']);
    case ScalarType.DOUBLE:
      return random.pick(['1.5', '"NaN"', '"Infinity"', '-0', '1e308']);
    default: {
      const value = fitInteger(integerFor(field, random), field.scalar as ScalarType);
      return random.chance(0.5) ? String(value) : quote(String(value));
    }
  }
}

function timestamp(random: Random): string {
  return random.pick([
    ...['"2030-01-01T00:00:00Z"', '"2030-01-01T00:00:00.123456789Z"', '"1969-12-31T23:59:59.999Z"'],
    ...['"0001-01-01T00:00:00Z"', '"9999-12-31T23:59:59Z"', '"2030-13-01T00:00:00Z"', '"now"', '0'],
  ]);
}

function duration(random: Random): string {
  return random.pick([
    ...['"0s"', '"1s"', '"0.5s"', '"-1s"', '"315576000000s"', '"99999999999999s"', '"1"', '1'],
  ]);
}

function wrongValue(random: Random): string {
  return random.pick([
    ...['null', 'true', '[]', '{}', '""', '0', '-1', '1e999', '"\\ud800"', '[[[]]]'],
    ...['"AAA"', '"not base64!"', '{"a":{"b":{}}}', '9223372036854775808', '"1e3"', '1.5'],
  ]);
}

/** A JSON string; what is not well-formed Unicode is escaped. */
export function quote(text: string): string {
  return JSON.stringify(text);
}

/** Breaks a text so that no parser may take it, or no message of this type is in it. */
export function corruptJson(json: string, random: Random): Buffer {
  const whole = Buffer.from(json);
  switch (random.below(8)) {
    case 0:
      return whole.subarray(0, whole.length - 1);
    case 1:
      return Buffer.concat([whole, Buffer.from('}')]);
    case 2:
      return Buffer.from(
        random.pick(['', 'null', '[]', '"x"', '1', 'true', 'NaN', '{a:1}', "{'a':1}"]),
      );
    case 3:
      return Buffer.concat([
        Buffer.from('{"'),
        Buffer.from([0xff, 0xc0, 0x80]),
        Buffer.from('":1}'),
      ]);
    case 4:
      return Buffer.from('['.repeat(100_000));
    case 5:
      return Buffer.from(`{"a":${'{"a":'.repeat(5_000)}1${'}'.repeat(5_001)}`);
    case 6:
      return Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(json, 'utf16le')]);
    default:
      return Buffer.from(json.replace('{', '{"nobodyKnows":1,').replace(',}', '}'));
  }
}
