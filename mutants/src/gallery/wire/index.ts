import type { Mutant } from '../../mutant.js';
import { connectionMutants } from './connections.js';
import { jsonMutants } from './json.js';
import { protocolMutants } from './protocols.js';
import { requestMutants } from './requests.js';

/** Worlds with a faulty wire. */
export const wireMutants: readonly Mutant[] = [
  ...protocolMutants,
  ...jsonMutants,
  ...requestMutants,
  ...connectionMutants,
];
