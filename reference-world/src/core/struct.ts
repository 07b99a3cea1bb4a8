import type { JsonObject, JsonValue } from '@bufbuild/protobuf';
import { UNCARRIED } from './attributes.js';
import { isWellFormed } from './identifiers.js';
import { invalid } from './rejection.js';

/** Deeper than anything that an SDK records, and far from where a codec would run out of stack. */
const MAX_DEPTH = 64;

/** Refuses a Struct that could not be returned as it came, in JSON as in binary. */
export function checkStruct(field: string, struct: JsonObject | undefined): void {
  if (struct !== undefined) checkValue(field, struct, 0);
}

function checkValue(field: string, value: JsonValue | undefined, depth: number): void {
  if (depth > MAX_DEPTH) throw invalid(field, `is nested more than ${MAX_DEPTH} levels deep`);
  switch (typeof value) {
    case 'undefined':
    case 'boolean':
      return;
    case 'number':
      if (!Number.isFinite(value)) throw invalid(field, 'holds a number that JSON cannot say');
      return;
    case 'string':
      checkString(field, value);
      return;
    case 'object':
      break;
    default:
      throw invalid(field, 'holds a value that JSON cannot say');
  }
  if (value === null) return;
  for (const [key, member] of Object.entries(value)) {
    checkString(field, key);
    if (key === UNCARRIED) throw invalid(field, 'holds a key that JavaScript clients cannot carry');
    checkValue(field, member, depth + 1);
  }
}

function checkString(field: string, text: string): void {
  if (!isWellFormed(text)) throw invalid(field, 'holds broken Unicode');
}
