import type { DescMessage, Message } from '@bufbuild/protobuf';
import { type ReflectMessage, reflect } from '@bufbuild/protobuf/reflect';
import { Capability, fieldCapabilities, type NewEvent } from '@worldwire/proto';
import { notDeclared } from './refusal.js';

/** Refuses a request that sets a field, or asks for a meaning, of a capability that is not declared. */
export function checkFields(
  schema: DescMessage,
  message: Message,
  declared: ReadonlySet<Capability>,
): void {
  check(reflect(schema, message), declared);
}

function check(message: ReflectMessage, declared: ReadonlySet<Capability>): void {
  if (message.desc.typeName === 'worldwire.v1.NewEvent')
    checkMeaning(message.message as NewEvent, declared);
  for (const field of message.fields) {
    if (!message.isSet(field)) continue;
    const name = `${message.desc.typeName}.${field.name}`;
    const capability = fieldCapabilities.get(name);
    if (capability !== undefined && !declared.has(capability))
      throw notDeclared(capability, `the request sets ${name}`);
    if (field.fieldKind === 'message') {
      if (isOurs(field.message)) check(message.get(field), declared);
    } else if (field.fieldKind === 'list' && field.listKind === 'message') {
      if (isOurs(field.message))
        for (const item of message.get(field)) check(item as ReflectMessage, declared);
    }
  }
}

function isOurs({ typeName }: DescMessage): boolean {
  return typeName.startsWith('worldwire.');
}

/** Events that only a World with the capability understands: another would keep them and not act on them. */
function checkMeaning(event: NewEvent, declared: ReadonlySet<Capability>): void {
  const need = (capability: Capability, needed: boolean, what: string): void => {
    if (needed && !declared.has(capability)) throw notDeclared(capability, what);
  };
  const { data } = event;
  const creation =
    data.case === 'runCreated'
      ? data.value
      : data.case === 'runStarted'
        ? data.value.create
        : undefined;
  const attributes = Object.keys(creation?.attributes ?? {}).length > 0;
  need(Capability.ATTRIBUTES, data.case === 'attrSet', 'the event is an attr_set');
  need(Capability.ATTRIBUTES, attributes, 'the run has attributes');
  need(Capability.HOOK_RESUME_DEDUP, event.resumeId !== undefined, 'the event has a resume_id');
  need(
    Capability.HOOK_RETENTION,
    data.case === 'hookCreated' && data.value.tokenRetentionUntil !== undefined,
    'the hook has token_retention_until',
  );
}
