import { type DescEnum, type DescExtension, getOption } from '@bufbuild/protobuf';
import {
  capability_rule,
  error_rule,
  skippable,
  upstream_name,
} from './gen/worldwire/v1/annotations_pb.js';
import { ErrorReasonSchema } from './gen/worldwire/v1/error_pb.js';
import { EventTypeSchema } from './gen/worldwire/v1/event_pb.js';
import { type Capability, CapabilitySchema } from './gen/worldwire/v1/world_pb.js';

/** The domain of every Worldwire error reason. */
export const ERROR_DOMAIN = 'worldwire';

/** The protocol version that these definitions describe. */
export const PROTOCOL_VERSION = '1.0';

/** What an error reason means, as error.proto says. */
export interface ErrorRuleEntry {
  /** The reason's name without `ERROR_REASON_`. */
  readonly reason: string;
  /** The canonical code in Connect's spelling. */
  readonly code: string;
  /** Whether the same request may succeed later unchanged. */
  readonly retryable: boolean;
  /** The Workflow SDK's error class, or undefined where it has none. */
  readonly upstreamClass: string | undefined;
  /** The HTTP status that the SDK associates with the class, or undefined. */
  readonly upstreamStatus: number | undefined;
}

const ERROR_PREFIX = 'ERROR_REASON_';

/** Every error reason by its name without prefix, read from the options in error.proto. */
export const errorRules: ReadonlyMap<string, ErrorRuleEntry> = new Map(
  ErrorReasonSchema.values
    .filter((value) => value.number !== 0)
    .map((value) => {
      const rule = getOption(value, error_rule);
      const reason = value.name.slice(ERROR_PREFIX.length);
      return [
        reason,
        {
          reason,
          code: rule.code,
          retryable: rule.retryable,
          upstreamClass: rule.upstreamClass || undefined,
          upstreamStatus: rule.upstreamStatus || undefined,
        },
      ];
    }),
);

/** The capability that a method needs, by `package.Service/Method`; absent for methods every World has. */
export const methodCapabilities: ReadonlyMap<string, Capability> = new Map(
  CapabilitySchema.values.flatMap((value) =>
    getOption(value, capability_rule).methods.map((method) => [method, value.number] as const),
  ),
);

/** The capability that a request field needs, by `package.Message.field`; absent for fields every World has. */
export const fieldCapabilities: ReadonlyMap<string, Capability> = new Map(
  CapabilitySchema.values.flatMap((value) =>
    getOption(value, capability_rule).fields.map((field) => [field, value.number] as const),
  ),
);

/** A two-way table between an enum's numbers and the Workflow SDK's spelling. */
export interface UpstreamNames {
  /** Returns the SDK's spelling, or undefined for a value that has none. */
  nameOf(value: number): string | undefined;
  /** Returns the enum number, or undefined for an unknown spelling. */
  valueOf(name: string): number | undefined;
}

/** Reads the `upstream_name` options of an enum. */
export function upstreamNames(
  schema: DescEnum,
  option: DescExtension = upstream_name,
): UpstreamNames {
  const names = new Map<number, string>();
  const values = new Map<string, number>();
  for (const value of schema.values) {
    const name = getOption(value, option as typeof upstream_name);
    if (name === '') continue;
    names.set(value.number, name);
    values.set(name, value.number);
  }
  return { nameOf: (value) => names.get(value), valueOf: (name) => values.get(name) };
}

/** Event types in the Workflow SDK's spelling, such as `run_created`. */
export const eventTypeNames: UpstreamNames = upstreamNames(EventTypeSchema);

/** The event types, in the SDK's spelling, that may be kept from a reader that does not know them. */
export const skippableEventTypes: ReadonlySet<string> = new Set(
  EventTypeSchema.values
    .filter((value) => getOption(value, skippable))
    .map((value) => getOption(value, upstream_name)),
);
