import type { DescService } from '@bufbuild/protobuf';
import type { ConnectError, ServiceImpl } from '@connectrpc/connect';
import type { Traits } from './describe.js';
import { type About, explain } from './errors.js';
import type { Loose, UpstreamWorld } from './upstream-world.js';

/** What every service is made of: the World, and what is known of it. */
export interface Bridged {
  readonly world: UpstreamWorld;
  readonly traits: Traits;
}

/** The methods of a service that a bridge may answer; the others are refused by the gate before. */
export type Handlers<S extends DescService> = Partial<ServiceImpl<S>>;

/** Makes one call of the World, and names the reason where it throws. */
export async function asked<T = Loose>(
  { world }: Bridged,
  about: About,
  call: () => Promise<T>,
): Promise<T> {
  try {
    return await call();
  } catch (thrown) {
    throw (await explain(world, thrown, about)) satisfies ConnectError;
  }
}
