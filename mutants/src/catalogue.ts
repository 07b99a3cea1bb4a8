import { catalogue } from '@worldwire/conformance/dist/catalogue.js';
import { oracles } from '@worldwire/conformance/dist/oracles/index.js';
import { sdkCatalogue } from '@worldwire/conformance/dist/sdk/catalogue.js';

/** The ids of every check and oracle of Worlds. */
export function everyCheck(): string[] {
  return [...catalogue, ...oracles].map(({ id }) => id);
}

/** The ids of every check of clients. */
export function everySdkCheck(): string[] {
  return sdkCatalogue.map(({ id }) => id);
}
