import { create } from '@bufbuild/protobuf';
import { Capability, type GetWorldResponse, type Limits, LimitsSchema } from '@worldwire/proto';
import type { CapabilityName } from '../check.js';

/** What a World says of itself. */
export class WorldFacts {
  readonly capabilities: ReadonlySet<CapabilityName>;

  constructor(readonly info: GetWorldResponse) {
    this.capabilities = new Set(
      info.capabilities
        .map((value) => Capability[value] as CapabilityName | undefined)
        .filter((name) => name !== undefined),
    );
  }

  /** The limits that it announces; zero or unset where it announces none. */
  get limits(): Limits {
    return this.info.limits ?? create(LimitsSchema);
  }

  has(capability: CapabilityName): boolean {
    return this.capabilities.has(capability);
  }
}
