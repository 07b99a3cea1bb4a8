import type { Mutant } from '../mutant.js';
import { attributeMutants } from './attributes.js';
import { benignMutants } from './benign.js';
import { capabilityMutants } from './capabilities.js';
import { envelopeMutants } from './envelopes.js';
import { errorMutants } from './errors.js';
import { faultMutants } from './faults.js';
import { historyMutants } from './histories.js';
import { hookMutants } from './hooks/index.js';
import { identifierMutants } from './identifiers.js';
import { keyMutants } from './keys.js';
import { limitMutants } from './limits.js';
import { logMutants } from './log/index.js';
import { oracleMutants } from './oracles.js';
import { pagingMutants } from './paging/index.js';
import { queueMutants } from './queue/index.js';
import { readerMutants } from './readers.js';
import { runMutants } from './runs.js';
import { securityMutants } from './security.js';
import { stepMutants } from './steps.js';
import { streamMutants } from './streams/index.js';
import { transitionMutants } from './transitions/index.js';
import { versioningMutants } from './versioning.js';
import { waitMutants } from './waits.js';
import { wireMutants } from './wire/index.js';

/** Every mutant. */
export const gallery: readonly Mutant[] = [
  ...runMutants,
  ...hookMutants,
  ...logMutants,
  ...pagingMutants,
  ...oracleMutants,
  ...stepMutants,
  ...waitMutants,
  ...attributeMutants,
  ...transitionMutants,
  ...queueMutants,
  ...capabilityMutants,
  ...faultMutants,
  ...streamMutants,
  ...limitMutants,
  ...identifierMutants,
  ...historyMutants,
  ...errorMutants,
  ...securityMutants,
  ...versioningMutants,
  ...readerMutants,
  ...wireMutants,
  ...envelopeMutants,
  ...keyMutants,
  ...benignMutants,
];

/** One of them. */
export function mutantNamed(name: string): Mutant {
  const mutant = gallery.find((each) => each.name === name);
  if (mutant === undefined) throw new Error(`there is no mutant ${JSON.stringify(name)}`);
  return mutant;
}
