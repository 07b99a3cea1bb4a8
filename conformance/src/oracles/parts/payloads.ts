import type { Message } from '@bufbuild/protobuf';
import type { Event, Failure } from '@worldwire/proto';
import { digest } from './digest.js';

const MEMBERS = ['input', 'output', 'result', 'error', 'payload', 'metadata'] as const;

/** A member that holds a payload. */
export type PayloadMember = (typeof MEMBERS)[number];

const CARRIERS: ReadonlySet<string> = new Set([
  'worldwire.v1.Run',
  'worldwire.v1.Step',
  'worldwire.v1.Hook',
]);

/** The payloads that a record or an event carries, each by the digest of what it holds; undefined for other messages. */
export function payloadsOf(message: Message): Map<PayloadMember, string> | undefined {
  if (CARRIERS.has(message.$typeName)) return membersOf(message);
  if (message.$typeName !== 'worldwire.v1.Event') return undefined;
  const { data } = message as Event;
  return data.value === undefined ? new Map() : membersOf(data.value);
}

/** An error as a digest; undefined where it holds nothing. */
export function failureDigest({ form }: Failure): string | undefined {
  if (form.case === undefined) return undefined;
  if (form.case === 'payload') return digest(form.value);
  const { message, stack, code } = form.value;
  return digest(Buffer.from(JSON.stringify([message, stack ?? null, code ?? null])));
}

function membersOf(message: Message): Map<PayloadMember, string> {
  const found = new Map<PayloadMember, string>();
  const bag = message as unknown as Readonly<Record<string, unknown>>;
  for (const name of MEMBERS) {
    const value = bag[name];
    if (value === undefined) continue;
    const held = value instanceof Uint8Array ? digest(value) : failureDigest(value as Failure);
    if (held !== undefined) found.set(name, held);
  }
  return found;
}
