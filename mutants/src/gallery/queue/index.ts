import type { Mutant } from '../../mutant.js';
import { administrationMutants } from './administration.js';
import { consumerMutants } from './consumers.js';
import { messageMutants } from './messages.js';
import { pushMutants } from './push.js';
import { settlingMutants } from './settling.js';

/** Worlds with faulty queues. */
export const queueMutants: readonly Mutant[] = [
  ...messageMutants,
  ...consumerMutants,
  ...settlingMutants,
  ...administrationMutants,
  ...pushMutants,
];
