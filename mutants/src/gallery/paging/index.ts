import type { Mutant } from '../../mutant.js';
import { batchReadMutants } from './batches.js';
import { cursorMutants } from './cursors.js';
import { filterMutants } from './filters.js';
import { payloadMutants } from './payloads.js';
import { readMutants } from './reads.js';
import { waitForRunMutants } from './waiting.js';

/** Worlds with faulty reads and pages. */
export const pagingMutants: readonly Mutant[] = [
  ...readMutants,
  ...cursorMutants,
  ...filterMutants,
  ...payloadMutants,
  ...batchReadMutants,
  ...waitForRunMutants,
];
