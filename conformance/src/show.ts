import {
  createRegistry,
  type DescMessage,
  isMessage,
  type JsonValue,
  type Message,
  type Registry,
  toJson,
} from '@bufbuild/protobuf';
import { services } from '@worldwire/proto';
import { REDACTED } from './report/redact.js';

const LONGEST_TEXT = 300;
const LONGEST_SHOWN = 20_000;

const messages: Registry = createRegistry(...services.map((service) => service.file));

/** A value for a person: JSON of messages, long texts and bytes shortened. */
export function show(value: unknown): string {
  const text = typeof value === 'string' ? JSON.stringify(shorten(value)) : compact(value);
  return text.length > LONGEST_SHOWN
    ? `${text.slice(0, LONGEST_SHOWN)}… (${text.length} characters)`
    : text;
}

/** A message as JSON with long values shortened, and without the values of fields marked as `debug_redact`. */
export function showMessage(schema: DescMessage, message: Message): string {
  try {
    const json = withoutSecrets(schema, toJson(schema, message, { registry: messages }));
    return JSON.stringify(json, (_key, value) =>
      typeof value === 'string' ? shorten(value) : value,
    );
  } catch (error) {
    return `(not representable as JSON: ${error instanceof Error ? error.message : String(error)})`;
  }
}

/** The JSON of a message with a mark in the place of each secret. */
function withoutSecrets(schema: DescMessage, json: JsonValue): JsonValue {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return json;
  const clean = { ...json };
  for (const field of schema.fields) {
    const value = clean[field.jsonName];
    if (value === undefined) continue;
    const inner = field.message;
    if (field.proto.options?.debugRedact) clean[field.jsonName] = REDACTED;
    else if (inner === undefined || field.fieldKind === 'map') continue;
    else if (Array.isArray(value))
      clean[field.jsonName] = value.map((item) => withoutSecrets(inner, item));
    else clean[field.jsonName] = withoutSecrets(inner, value);
  }
  return clean;
}

function compact(value: unknown): string {
  if (value === undefined) return 'nothing';
  return JSON.stringify(value, replace) ?? String(value);
}

function replace(_key: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return `bytes(${value.length}) ${preview(value)}`;
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'string') return shorten(value);
  if (isMessage(value)) {
    const schema = messages.getMessage(value.$typeName);
    if (schema !== undefined) return parsed(showMessage(schema, value));
  }
  return value;
}

/** What the text says as JSON, or the text where it is none. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function preview(bytes: Uint8Array): string {
  const head = Buffer.from(bytes.subarray(0, 24)).toString('hex');
  return bytes.length > 24 ? `${head}…` : head;
}

function shorten(text: string): string {
  if (text.length <= LONGEST_TEXT) return text;
  // Through UTF-8, as the cut may part a surrogate pair.
  const head = Buffer.from(text.slice(0, LONGEST_TEXT)).toString();
  return `${head}… (${text.length} characters)`;
}
