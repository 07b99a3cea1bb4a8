import type { DescField, DescMessage, Message } from '@bufbuild/protobuf';

type Bag = Readonly<Record<string, unknown>>;

interface Nested {
  readonly field: DescField;
  readonly schema: DescMessage;
}

const nestedOf = new WeakMap<DescMessage, readonly Nested[]>();

/** Visits a message and every message within it. Free-form values are not taken apart. */
export function eachMessage(
  schema: DescMessage,
  message: Message,
  visit: (message: Message, schema: DescMessage) => void,
): void {
  visit(message, schema);
  for (const { field, schema: inner } of nested(schema)) {
    const value = memberOf(message, field);
    if (value === undefined || value === null) continue;
    const values =
      field.fieldKind === 'list'
        ? (value as Message[])
        : field.fieldKind === 'map'
          ? Object.values(value as Record<string, Message>)
          : [value as Message];
    for (const one of values) eachMessage(inner, one, visit);
  }
}

/** The value of a field, also where it is a member of a oneof. */
export function memberOf(message: Message, field: DescField): unknown {
  const bag = message as unknown as Bag;
  if (field.oneof === undefined) return bag[field.localName];
  const member = bag[field.oneof.localName] as { case?: string; value?: unknown } | undefined;
  return member?.case === field.localName ? member.value : undefined;
}

function nested(schema: DescMessage): readonly Nested[] {
  let found = nestedOf.get(schema);
  if (found === undefined) {
    found = schema.fields.flatMap((field) => {
      // The runtime shows google.protobuf.Struct as a plain object.
      if (field.message === undefined || field.message.typeName === 'google.protobuf.Struct')
        return [];
      return [{ field, schema: field.message }];
    });
    nestedOf.set(schema, found);
  }
  return found;
}
