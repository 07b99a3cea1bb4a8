import {
  create,
  type DescField,
  type DescMessage,
  type DescMethod,
  type DescMethodServerStreaming,
  type DescMethodUnary,
  type Message,
  ScalarType,
} from '@bufbuild/protobuf';
import { ConnectError } from '@connectrpc/connect';
import { Capability, methodCapabilities, services } from '@worldwire/proto';
import * as fc from 'fast-check';
import { type CapabilityName, type Check, check } from '../../check.js';
import type { Context } from '../../context.js';
import { show } from '../../show.js';
import { describeRefusal, refusalOf } from '../../wire/refusal.js';
import { INSIDE } from './refusals.js';

/** Requests to each method. */
const REQUESTS = 25;

/** How deep messages are nested. */
const DEPTH = 4;

/** A long poll is cut short by this. */
const DEADLINE_MS = 2_000;

const methods = services
  .flatMap(({ methods }) => methods)
  .filter(({ name }) => name !== 'GetWorld');

/** Requests made from the definitions alone: whatever they hold, the answer is an answer or a refusal that says why. */
export const badInputChecks: readonly Check[] = methods.map((method) => {
  const capability = methodCapabilities.get(`${method.parent.typeName}/${method.name}`);
  return check(
    `errors/any-input-${slug(method.name)}`,
    `${method.name} answers any request, or says what is wrong with it`,
    {
      requirements: ['WW-ERR-010', 'WW-WIRE-030'],
      capabilities: capability === undefined ? [] : [Capability[capability] as CapabilityName],
    },
    async (t) => {
      const requests = fc.sample(messageOf(method.input, DEPTH), {
        numRuns: REQUESTS,
        seed: t.random.below(2 ** 31),
      });
      for (const request of requests) {
        try {
          await call(t, method, request);
        } catch (error) {
          if (!(error instanceof ConnectError)) throw error;
          const refusal = refusalOf(error);
          const told = describeRefusal(refusal);
          if (refusal.code === 'deadline_exceeded') continue;
          t.ok(
            refusal.reason !== '' && !['INTERNAL', 'UNAVAILABLE'].includes(refusal.reason),
            `${method.name} is refused without saying what is wrong`,
            'an answer, or a refusal with a reason that lies in the request',
            `${told} to ${show(request)}`,
          );
          t.ok(
            !INSIDE.test(refusal.message),
            'an error shows the inside of the World',
            'none of it',
            told,
          );
        }
      }
      await t.accepted('GetWorld afterwards', () => t.api.world.getWorld({}));
    },
  );
});

/** Calls a method once; of a stream the first response is enough. */
async function call(t: Context, method: DescMethod, request: Message): Promise<void> {
  if (method.methodKind === 'unary') {
    await t.call(method as DescMethodUnary, request, DEADLINE_MS);
    return;
  }
  const stream = t.callStream(
    method as DescMethodServerStreaming,
    harmless(t, request),
    DEADLINE_MS,
  );
  for await (const _first of stream) return;
}

/** A consumer takes messages: let it take none of other checks. */
function harmless(t: Context, request: Message): Message {
  if (!('queuePrefixes' in request)) return request;
  const own = t.queueName();
  const prefixes = request.queuePrefixes as string[];
  return { ...request, queuePrefixes: prefixes.map((prefix) => `${own}${prefix}`) } as Message;
}

/** Any message of a type; values are chosen near the edges. */
function messageOf(schema: DescMessage, depth: number): fc.Arbitrary<Message> {
  const fields: Record<string, fc.Arbitrary<unknown>> = {};
  for (const field of schema.fields)
    if (field.oneof === undefined) fields[field.localName] = optional(valuesOf(field, depth));
  for (const oneof of schema.oneofs) {
    const members = oneof.fields.map((field) =>
      valuesOf(field, depth).map((value) => ({ case: field.localName, value })),
    );
    fields[oneof.localName] = optional(fc.oneof(...members));
  }
  return fc.record(fields).map((values) => {
    const set = Object.entries(values).filter(([, value]) => value !== undefined);
    return create(schema, Object.fromEntries(set));
  });
}

function optional(value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.option(value, { nil: undefined, freq: 3 });
}

function valuesOf(field: DescField, depth: number): fc.Arbitrary<unknown> {
  switch (field.fieldKind) {
    case 'list': {
      const item =
        field.listKind === 'message'
          ? nested(field.message, depth)
          : field.listKind === 'enum'
            ? numbers(field.enum.values.map(({ number }) => number))
            : scalar(field.scalar);
      return fc.array(item, { maxLength: 3 });
    }
    case 'map':
      return fc.dictionary(text, field.mapKind === 'scalar' ? scalar(field.scalar) : text, {
        maxKeys: 3,
        noNullPrototype: true,
      });
    case 'message':
      return nested(field.message, depth);
    case 'enum':
      return numbers(field.enum.values.map(({ number }) => number));
    case 'scalar':
      return scalar(field.scalar);
  }
}

function nested(schema: DescMessage, depth: number): fc.Arbitrary<unknown> {
  switch (schema.typeName) {
    case 'google.protobuf.Timestamp':
      return fc
        .constantFrom(
          { seconds: 0n, nanos: 0 },
          { seconds: 4_102_444_800n, nanos: 999_999_999 },
          { seconds: -62_135_596_800n, nanos: 0 },
        )
        .map((value) => create(schema, value));
    case 'google.protobuf.Duration':
      // Nothing that a World would have to wait for: what is accepted is not followed up.
      return fc
        .constantFrom({ seconds: 0n }, { seconds: 1n, nanos: 1 }, { seconds: -1n })
        .map((value) => create(schema, value));
    case 'google.protobuf.Struct':
      return fc.constantFrom({}, { a: 1, b: ['x', null] });
    default:
      return depth === 0 ? fc.constant(create(schema)) : messageOf(schema, depth - 1);
  }
}

function numbers(values: readonly number[]): fc.Arbitrary<number> {
  return fc.constantFrom(...values, 99);
}

/** Ids that are known, hostile, empty, long; a World keeps to text that is valid UTF-8 by the protocol's own rules. */
const text: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    '',
    'a',
    'wrun_1',
    '../../etc/passwd',
    'nul\0byte',
    '__proto__',
    'constructor',
    'ü日本🚀',
    ' ',
    '\n',
    'x'.repeat(3_000),
  ),
  fc.string({ maxLength: 12, unit: 'grapheme' }),
);

const BYTES = fc.uint8Array({ maxLength: 24 });

function scalar(type: ScalarType): fc.Arbitrary<unknown> {
  switch (type) {
    case ScalarType.STRING:
      return text;
    case ScalarType.BYTES:
      return BYTES;
    case ScalarType.BOOL:
      return fc.boolean();
    case ScalarType.INT64:
      return fc.constantFrom(0n, 1n, -1n, 9_223_372_036_854_775_807n, -9_223_372_036_854_775_808n);
    case ScalarType.INT32:
      return fc.constantFrom(0, 1, -1, 2_147_483_647, -2_147_483_648);
    case ScalarType.UINT32:
      return fc.constantFrom(0, 1, 4_294_967_295);
    case ScalarType.DOUBLE:
      return fc.double();
    default:
      throw new Error(`no values are known for scalar type ${type}`);
  }
}

function slug(name: string): string {
  return name.replace(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase();
}
