import type { JsonValue } from '@bufbuild/protobuf';
import { EnvelopeError } from '@worldwire/sdk/envelope';
import { parse } from 'devalue';

/** A value is a graph: a few bytes of shared parts can ask for any number of lines. */
const MAX_SIZE = 64 * 1024 * 1024;
const MAX_DEPTH = 1_000;
const VALUE_SIZE = 8;

const PREFIX = 'devl';

/** A value of a type that JSON has not, be it known here or not. */
class Typed {
  constructor(
    readonly type: string,
    readonly value: unknown,
  ) {}
}

/**
 * A `devl` payload as JSON. What JSON has no word for becomes an object with one key that begins with `$`: of a type,
 * such as `{"$Date": "…"}` or `{"$Request": {…}}`, or `{"$": "undefined"}`, `NaN`, `circular` and the like.
 *
 * @throws EnvelopeError `format` where it is no value, `limit` where it would be too large to show.
 */
export function readValue(payload: Uint8Array): JsonValue {
  return new Reading().of(parseValue(payload));
}

function parseValue(payload: Uint8Array): unknown {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(payload.subarray(PREFIX.length));
    return parse(text, revivers(JSON.parse(text)));
  } catch {
    // The cause would quote from the value.
    throw new EnvelopeError('format', 'The value is not written as the library devalue writes it');
  }
}

/** One for each type in a value, so that none is unknown. Objects without a prototype are the library's own matter. */
function revivers(table: unknown): Record<string, (value: unknown) => Typed> {
  if (!Array.isArray(table)) return {};
  const types = table.map((entry: unknown) => (Array.isArray(entry) ? entry[0] : undefined));
  return Object.fromEntries(
    types
      .filter((type): type is string => typeof type === 'string' && type !== 'null')
      .map((type) => [type, (value: unknown) => new Typed(type, value)]),
  );
}

class Reading {
  #size = 0;
  readonly #around: object[] = [];

  of(value: unknown): JsonValue {
    const length = typeof value === 'string' ? value.length : 0;
    this.#size += VALUE_SIZE + length + this.#around.length;
    if (this.#size > MAX_SIZE || this.#around.length > MAX_DEPTH)
      throw new EnvelopeError('limit', 'The value is too large to be shown');
    if (typeof value !== 'object' || value === null) return primitive(value);
    if (this.#around.includes(value)) return { $: 'circular' };
    this.#around.push(value);
    const shown = this.#object(value);
    this.#around.pop();
    return shown;
  }

  #object(value: object): JsonValue {
    if (value instanceof Typed) return { [`$${value.type}`]: this.of(value.value) };
    if (!Array.isArray(value)) return this.#fields(value);
    return isDense(value)
      ? value.map((item) => this.of(item))
      : { $Array: { length: value.length, ...this.#fields(value) } };
  }

  #fields(value: object): Record<string, JsonValue> {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => {
        this.#size += key.length;
        return [key, this.of(item)];
      }),
    );
  }
}

function primitive(value: unknown): JsonValue {
  const isJson =
    value === null ||
    typeof value === 'string' ||
    typeof value === 'boolean' ||
    (typeof value === 'number' && Number.isFinite(value) && !Object.is(value, -0));
  if (isJson) return value;
  return { $: Object.is(value, -0) ? '-0' : String(value) };
}

/** Whether an array has no holes. One that has may be far longer than its items are many. */
function isDense(array: readonly unknown[]): boolean {
  for (let i = 0; i < array.length; i++) if (!(i in array)) return false;
  return true;
}
