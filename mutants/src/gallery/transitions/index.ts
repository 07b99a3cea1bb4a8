import type { Mutant } from '../../mutant.js';
import { hookMutants } from './hooks.js';
import { runMutants } from './runs.js';
import { stepMutants } from './steps.js';
import { waitMutants } from './waits.js';

/** Worlds with a faulty rule on what becomes of an event. */
export const transitionMutants: readonly Mutant[] = [
  ...runMutants,
  ...stepMutants,
  ...hookMutants,
  ...waitMutants,
];
