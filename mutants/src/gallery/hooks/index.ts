import type { Mutant } from '../../mutant.js';
import { hookLifeMutants } from './lives.js';
import { hookRecordMutants } from './records.js';
import { resumeMutants } from './resumes.js';
import { retentionMutants } from './retention.js';
import { tokenMutants } from './tokens.js';

/** Worlds with faulty hooks. */
export const hookMutants: readonly Mutant[] = [
  ...hookRecordMutants,
  ...tokenMutants,
  ...hookLifeMutants,
  ...resumeMutants,
  ...retentionMutants,
];
