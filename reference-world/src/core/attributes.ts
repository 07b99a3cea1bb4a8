import type { AttributeChange, AttrSet } from '@worldwire/proto';
import { isWellFormed } from './identifiers.js';
import type { CoreLimits } from './limits.js';
import { Rejection } from './rejection.js';

const RESERVED_PREFIX = '$';

/** Maps are plain objects in the JavaScript runtime of protobuf, which loses this one key when it decodes. */
export const UNCARRIED = '__proto__';

/** The attribute by which a run says that its payloads go when it ends. */
export const RETENTION_ATTRIBUTE = '$retention';

function refuse(key: string, problem: string): Rejection {
  return new Rejection('ATTRIBUTE_INVALID', `attribute ${JSON.stringify(key)} ${problem}`, {
    key: key.slice(0, 64),
    problem,
  });
}

/**
 * Returns a run's attributes after changes, or refuses them with ATTRIBUTE_INVALID: keys of 1 to 256 characters, each
 * at most once, reserved ones only where allowed; values of at most 256 bytes; at most 64 attributes afterwards.
 */
export function applyAttributes(
  current: Readonly<Record<string, string>>,
  changes: readonly Pick<AttributeChange, 'key' | 'value'>[],
  allowReserved: boolean,
  limits: CoreLimits,
): Record<string, string> {
  const next = new Map(Object.entries(current));
  const seen = new Set<string>();
  for (const { key, value } of changes) {
    checkKey(key, allowReserved, limits);
    if (seen.has(key)) throw refuse(key, 'is changed twice in one write');
    seen.add(key);
    if (value === undefined) next.delete(key);
    else next.set(key, checkValue(key, value, limits));
  }
  if (next.size > limits.maxAttributes)
    throw new Rejection(
      'ATTRIBUTE_INVALID',
      `a run carries at most ${limits.maxAttributes} attributes, this write would make it ${next.size}`,
      { key: '', problem: 'too many attributes' },
    );
  return Object.fromEntries(next);
}

function checkKey(key: string, allowReserved: boolean, limits: CoreLimits): void {
  if (key === '') throw refuse(key, 'is empty');
  if (key.length > limits.maxAttributeKeyLength)
    throw refuse(key, `is longer than ${limits.maxAttributeKeyLength} characters`);
  if (!isStorable(key)) throw refuse(key, 'holds a NUL character or broken Unicode');
  if (key === UNCARRIED) throw refuse(key, 'is a name that JavaScript clients cannot carry');
  if (key.startsWith(RESERVED_PREFIX) && !allowReserved)
    throw refuse(key, 'starts with "$", which is kept for frameworks');
}

function checkValue(key: string, value: string, limits: CoreLimits): string {
  const bytes = Buffer.byteLength(value);
  if (bytes > limits.maxAttributeValueBytes)
    throw refuse(key, `has a value of ${bytes} bytes, above ${limits.maxAttributeValueBytes}`);
  if (!isStorable(value)) throw refuse(key, 'has a value with a NUL character or broken Unicode');
  return value;
}

function isStorable(text: string): boolean {
  return !text.includes('\0') && isWellFormed(text);
}

/** Refuses an attr_set whose JSON form is too long to be one event. */
export function checkAttributeEventSize(data: AttrSet, limits: CoreLimits): void {
  const json = JSON.stringify({
    changes: data.changes.map(({ key, value }) => ({ key, value: value ?? null })),
    writer: writerJson(data),
    ...(data.allowReservedAttributes ? { allowReservedAttributes: true } : {}),
  });
  const bytes = Buffer.byteLength(json);
  if (bytes > limits.maxAttributeEventBytes)
    throw new Rejection(
      'ATTRIBUTE_INVALID',
      `one write of attributes is at most ${limits.maxAttributeEventBytes} bytes of JSON, this one has ${bytes}: split it`,
      { key: '', problem: 'too large' },
    );
}

/** The writer in the SDK's own JSON form, by which the size is counted on both sides. */
function writerJson({ writer }: AttrSet): Readonly<Record<string, unknown>> {
  if (writer?.writer.case !== 'step') return { type: 'workflow' };
  const { stepId, attempt } = writer.writer.value;
  return { type: 'step', stepId, attempt };
}
