import { Rejection } from './rejection.js';

const FORM = /^([a-z]+)\.([0-9a-z]{1,7})\.([0-9a-z]{1,11})$/;
const TEXT_FORM = /^([a-z]+)\.([0-9a-z]{1,7})~(.*)$/s;

/** What a cursor is bound to: the list's name, and every filter and order that shaped it. */
export interface CursorScope {
  /** A short lowercase name of the list. */
  readonly list: string;
  /** The filters and the order, as text. */
  readonly filters: readonly string[];
}

/** Makes the opaque cursor that continues after `key`. */
export function encodeCursor(scope: CursorScope, key: number): string {
  const text = `${scope.list}.${fingerprint(scope.filters)}.${key.toString(36)}`;
  return Buffer.from(text).toString('base64url');
}

/** Returns the key that a cursor continues after, undefined for an empty one, or refuses it with INVALID_CURSOR. */
export function decodeCursor(scope: CursorScope, cursor: string): number | undefined {
  if (cursor === '') return undefined;
  const match = FORM.exec(Buffer.from(cursor, 'base64url').toString());
  const key = match ? Number.parseInt(match[3]!, 36) : Number.NaN;
  if (
    match?.[1] !== scope.list ||
    match[2] !== fingerprint(scope.filters) ||
    !Number.isSafeInteger(key) ||
    encodeCursor(scope, key) !== cursor
  )
    throw invalidCursor(cursor);
  return key;
}

/** Makes the opaque cursor of a list that is ordered by a text. */
export function encodeTextCursor(scope: CursorScope, text: string): string {
  return Buffer.from(`${scope.list}.${fingerprint(scope.filters)}~${text}`).toString('base64url');
}

/** Returns the text that a cursor continues after, undefined for an empty one, or refuses it with INVALID_CURSOR. */
export function decodeTextCursor(scope: CursorScope, cursor: string): string | undefined {
  if (cursor === '') return undefined;
  const text = TEXT_FORM.exec(Buffer.from(cursor, 'base64url').toString())?.[3];
  if (text === undefined || text.includes('\0') || encodeTextCursor(scope, text) !== cursor)
    throw invalidCursor(cursor);
  return text;
}

function invalidCursor(cursor: string): Rejection {
  return new Rejection(
    'INVALID_CURSOR',
    'the cursor was not issued for this list, its filters and its order: start again without one',
    { cursor: cursor.slice(0, 64) },
  );
}

/** FNV-1a over the parts with their lengths. Guards against mistakes, not against forgery. */
export function fingerprint(parts: readonly string[]): string {
  let hash = 0x811c9dc5;
  for (const part of parts)
    for (const byte of `${part.length}:${part}`)
      hash = Math.imul(hash ^ byte.codePointAt(0)!, 0x01000193) >>> 0;
  return hash.toString(36);
}
