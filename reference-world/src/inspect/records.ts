import {
  type DescMessage,
  type JsonObject,
  type JsonValue,
  type MessageShape,
  ScalarType,
  toJson,
} from '@bufbuild/protobuf';
import { type ReflectMessage, reflect } from '@bufbuild/protobuf/reflect';
import type { Payload } from './payload.js';

/** What is shown of something: JSON, in which payloads stand for themselves. */
export interface Shown {
  [name: string]: JsonValue | Payload | Shown;
}

/**
 * A message as the wire has it in JSON, where a payload stands in the place of every field of bytes: fields that a later
 * version adds are covered as well.
 */
export async function recordOf<D extends DescMessage>(
  schema: D,
  message: MessageShape<D>,
  show: (payload: Uint8Array) => Promise<Payload>,
): Promise<Shown> {
  const record = toJson(schema, message) as JsonObject as Shown;
  for (const { path, bytes } of bytesIn(reflect(schema, message))) {
    const parent = path.slice(0, -1).reduce((at, name) => at[name] as Shown, record);
    parent[path.at(-1)!] = await show(bytes);
  }
  return record;
}

interface BytesField {
  readonly path: readonly string[];
  readonly bytes: Uint8Array;
}

function bytesIn(message: ReflectMessage, above: readonly string[] = []): BytesField[] {
  return message.fields.flatMap((field) => {
    if (!message.isSet(field)) return [];
    const path = [...above, field.jsonName];
    if (field.fieldKind === 'message') return bytesIn(message.get(field), path);
    if (field.fieldKind !== 'scalar' || field.scalar !== ScalarType.BYTES) return [];
    return [{ path, bytes: message.get(field) as Uint8Array }];
  });
}
