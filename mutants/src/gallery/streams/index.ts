import type { Mutant } from '../../mutant.js';
import { chunkMutants } from './chunks.js';
import { closingMutants } from './closing.js';
import { inspectionMutants } from './inspection.js';
import { liveMutants } from './live.js';
import { removalMutants } from './removal.js';
import { whichMutants } from './which.js';
import { writerMutants } from './writers.js';

/** Worlds with faulty streams. */
export const streamMutants: readonly Mutant[] = [
  ...chunkMutants,
  ...whichMutants,
  ...closingMutants,
  ...liveMutants,
  ...inspectionMutants,
  ...writerMutants,
  ...removalMutants,
];
