import type { Mutant } from '../../mutant.js';
import { batchMutants } from './batches.js';
import { deltaMutants } from './deltas.js';
import { eventMutants } from './events.js';
import { orderMutants } from './order.js';
import { requestIdMutants } from './request-ids.js';
import { watchMutants } from './watches.js';

/** Worlds with faulty logs. */
export const logMutants: readonly Mutant[] = [
  ...eventMutants,
  ...orderMutants,
  ...batchMutants,
  ...requestIdMutants,
  ...deltaMutants,
  ...watchMutants,
];
