import { clone, type DescMessage, type Message } from '@bufbuild/protobuf';
import type { Interceptor } from '@connectrpc/connect';
import { ReaderSchema } from '@worldwire/proto';

/** Ids as checks write them, such as "step_1", and the stream "out". */
const SHORT = /^((step|hook|wait|attr)_[a-z0-9_]{1,24}|out)$/;

/**
 * Makes the short ids of one check its own on the wire: "step_1" travels as "step_1_K7Q2" and comes back as it was
 * written. A World that keeps entities by their id alone, over all runs, is found by the checks that are about that, and
 * does not fail all others with it.
 */
export class ScopedIds {
  readonly #ending: string;

  /** `scope` is letters and digits that no other check has. */
  constructor(scope: string) {
    this.#ending = `_${scope}`;
  }

  /** The id as the World knows it. */
  toWire(text: string): string {
    return SHORT.test(text) ? `${text}${this.#ending}` : text;
  }

  /** The id as the check knows it. */
  fromWire(text: string): string {
    return text.endsWith(this.#ending) ? text.slice(0, -this.#ending.length) : text;
  }

  /** Translates what a client sends and gets. */
  interceptor(): Interceptor {
    const outward = (text: string) => this.toWire(text);
    const inward = (text: string) => this.fromWire(text);
    return (next) => async (request) => {
      const { method } = request;
      const sent = request.stream
        ? {
            ...request,
            message: each(request.message, (one) => translated(method.input, one, outward)),
          }
        : { ...request, message: translated(method.input, request.message, outward) };
      const response = await next(sent);
      return response.stream
        ? {
            ...response,
            message: each(response.message, (one) => translated(method.output, one, inward)),
          }
        : { ...response, message: translated(method.output, response.message, inward) };
    };
  }
}

async function* each<T>(messages: AsyncIterable<T>, change: (message: T) => T): AsyncIterable<T> {
  for await (const message of messages) yield change(message);
}

/** The message with its texts translated; the very same one where nothing is to be translated. */
function translated<T extends Message>(
  schema: DescMessage,
  message: T,
  translate: (text: string) => string,
): T {
  if (!walk(message, translate, false)) return message;
  const copy = clone(schema, message) as T;
  walk(copy, translate, true);
  return copy;
}

/** Whether a text in the tree is to be translated; with `write` it is. */
function walk(node: object, translate: (text: string) => string, write: boolean): boolean {
  const members = node as Record<string, unknown>;
  // Names of event types look like ids and are none.
  if (members.$typeName === ReaderSchema.typeName) return false;
  let found = false;
  for (const key of Object.keys(members)) {
    const value = members[key];
    if (typeof value === 'string') {
      if (key === '$typeName' || key === 'case') continue;
      const other = translate(value);
      if (other === value) continue;
      found = true;
      if (write) members[key] = other;
    } else if (typeof value === 'object' && value !== null && !(value instanceof Uint8Array)) {
      found = walk(value, translate, write) || found;
    }
    if (found && !write) return true;
  }
  return found;
}
