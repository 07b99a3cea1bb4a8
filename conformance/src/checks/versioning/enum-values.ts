import {
  create,
  type DescMessage,
  type DescMethod,
  type DescMethodServerStreaming,
  type DescMethodUnary,
  type Message,
} from '@bufbuild/protobuf';
import {
  Capability,
  CreateEventBatchRequestSchema,
  CreateEventRequestSchema,
  methodCapabilities,
  services,
} from '@worldwire/proto';
import type { CapabilityName } from '../../check.js';
import { type Check, check } from '../../check.js';
import type { Context } from '../../context.js';
import * as events from '../../fixtures/new-event.js';
import { type Samples, sampleRequests } from '../../fixtures/sample-requests.js';

/** A number that no enum has. */
const UNKNOWN = 99;

/** An enum field of a method's request: the names on the way to it. */
interface Place {
  readonly method: DescMethod;
  readonly path: readonly string[];
  readonly list: boolean;
}

const places: readonly Place[] = services.flatMap((service) =>
  service.methods.flatMap((method) => enumsIn(method.input).map((place) => ({ method, ...place }))),
);

function enumsIn(schema: DescMessage, above: readonly string[] = []): Omit<Place, 'method'>[] {
  return schema.fields.flatMap((field) => {
    const path = [...above, field.localName];
    if (field.enum !== undefined) return [{ path, list: field.fieldKind === 'list' }];
    return field.fieldKind === 'message' && above.length === 0 ? enumsIn(field.message, path) : [];
  });
}

/** Enum values that the World does not know, in each enum field of each request. */
export const enumValueChecks: readonly Check[] = [
  ...new Set(places.map(({ method }) => method)),
].map((method) => {
  const capability = methodCapabilities.get(`${method.parent.typeName}/${method.name}`);
  return check(
    `versioning/unknown-enum-values-${slug(method.name)}`,
    `${method.name} refuses an enum value that the World does not know`,
    {
      requirements: ['WW-VER-006'],
      capabilities: capability === undefined ? [] : [Capability[capability] as CapabilityName],
    },
    async (t) => {
      const samples = await sampleRequests(t);
      const before = await samples.run.log();
      for (const place of places.filter((one) => one.method === method))
        await t.refused(
          `${place.path.join('.')} of ${UNKNOWN}`,
          () => call(t, method, request(samples, method, place)),
          'INVALID_ARGUMENT',
        );
      t.equal(await samples.run.log(), before, 'the log after the refusals');
      await t.accepted('the request with known values', () =>
        call(t, method, request(samples, method)),
      );
    },
  );
});

/** A good request, but for the enum value where a place is given. */
function request(samples: Samples, method: DescMethod, place?: Place): Message {
  const good = { ...samples.of(method), ...written(samples, method) } as Record<string, unknown>;
  if (place !== undefined) {
    const [first = '', second] = place.path;
    const value = place.list ? [UNKNOWN] : UNKNOWN;
    good[first] = second === undefined ? value : { [second]: value };
  }
  const { $typeName: _name, $unknown: _unknown, ...init } = good;
  return create(method.input, init);
}

function written({ run }: Samples, { input }: DescMethod): object {
  if (input === CreateEventRequestSchema) return { event: events.stepCreated('step_2') };
  if (input === CreateEventBatchRequestSchema)
    return { runId: run.id, events: [events.stepCreated('step_2')] };
  return {};
}

async function call(t: Context, method: DescMethod, message: Message): Promise<void> {
  if (method.methodKind === 'unary') {
    await t.call(method as DescMethodUnary, message);
    return;
  }
  for await (const _first of t.callStream(method as DescMethodServerStreaming, message)) return;
}

function slug(name: string): string {
  return name.replace(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase();
}
