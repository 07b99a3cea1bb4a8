/** Requests in the binary format, made from a message's descriptor. */
import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type { Random } from './random.js';
import { fitInteger, integerFor, type Known, textFor } from './values.js';

const MAX_DEPTH = 4;

/** A message whose fields hold what fits their type, and not always what fits their meaning. */
export function randomBinary(
  message: DescMessage,
  random: Random,
  known: Known,
  depth = 0,
): Uint8Array {
  const writer = new BinaryWriter();
  for (const field of message.fields) {
    // Of a oneof mostly one member; two, and the last one wins.
    const odds = field.oneof === undefined ? 0.7 : 1.3 / field.oneof.fields.length;
    if (!random.chance(odds)) continue;
    const repeats = field.fieldKind === 'list' || field.fieldKind === 'map' ? random.below(4) : 1;
    for (let i = 0; i < repeats; i++) writeField(writer, field, random, known, depth);
  }
  if (random.chance(0.05)) writeUnknown(writer, random);
  return writer.finish();
}

function writeField(
  writer: BinaryWriter,
  field: DescField,
  random: Random,
  known: Known,
  depth: number,
): void {
  if (field.fieldKind === 'map') {
    const entry = new BinaryWriter();
    entry.tag(1, WireType.LengthDelimited).bytes(utf8(textFor(field, random, known)));
    entry.tag(2, WireType.LengthDelimited).bytes(utf8(textFor(field, random, known)));
    writer.tag(field.number, WireType.LengthDelimited).bytes(entry.finish());
    return;
  }
  const message = field.message;
  if (message !== undefined) {
    if (depth >= MAX_DEPTH) return;
    const inner = randomBinary(message, random, known, depth + 1);
    writer.tag(field.number, WireType.LengthDelimited).bytes(inner);
    return;
  }
  if (field.enum !== undefined) {
    const value = random.chance(0.8)
      ? random.pick(field.enum.values).number
      : random.pick([99, -1]);
    writer.tag(field.number, WireType.Varint).int32(value);
    return;
  }
  writeScalar(writer, field, random, known);
}

function writeScalar(writer: BinaryWriter, field: DescField, random: Random, known: Known): void {
  const type = field.scalar as ScalarType;
  switch (type) {
    case ScalarType.STRING:
      writer.tag(field.number, WireType.LengthDelimited).bytes(utf8(textFor(field, random, known)));
      return;
    case ScalarType.BYTES:
      writer.tag(field.number, WireType.LengthDelimited).bytes(random.bytes(random.below(64)));
      return;
    case ScalarType.BOOL:
      writer.tag(field.number, WireType.Varint).bool(random.chance(0.5));
      return;
    case ScalarType.DOUBLE:
      writer
        .tag(field.number, WireType.Bit64)
        .double(random.pick([0, -0, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 1e308]));
      return;
    default:
      writer.tag(field.number, WireType.Varint).int64(fitInteger(integerFor(field, random), type));
  }
}

function writeUnknown(writer: BinaryWriter, random: Random): void {
  const number = random.pick([19_000, 50_000, 99, 36, 37, 536_870_911]);
  writer.tag(number, WireType.LengthDelimited).bytes(random.bytes(4));
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Breaks a message so that no parser may take it. */
export function corruptBinary(bytes: Uint8Array, message: DescMessage, random: Random): Uint8Array {
  const first = message.fields[0]?.number ?? 1;
  const tails: Uint8Array[] = [
    // A length beyond the end.
    new BinaryWriter().tag(first, WireType.LengthDelimited).uint32(1_000).finish(),
    // A varint without an end, too long, or missing.
    new Uint8Array(12).fill(0xff),
    Uint8Array.of(0x08),
    // A field number of 0, and a wire type that there is not.
    Uint8Array.of(0x00, 0x01),
    Uint8Array.of(0x0f),
    // A group that ends and never began.
    Uint8Array.of(0x0c),
  ];
  return Buffer.concat([bytes, random.pick(tails)]);
}
