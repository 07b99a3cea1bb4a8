import type { Check } from '../../check.js';
import { stepAnswerChecks } from './answers.js';
import { stepEndingChecks } from './ending.js';
import { stepRaceChecks } from './races.js';
import { stepRecordChecks } from './record.js';
import { retryTimeChecks } from './retry-time.js';
import { stepTryChecks } from './tries.js';

/** Steps. */
export const stepChecks: readonly Check[] = [
  ...stepRecordChecks,
  ...stepTryChecks,
  ...stepAnswerChecks,
  ...retryTimeChecks,
  ...stepEndingChecks,
  ...stepRaceChecks,
];
