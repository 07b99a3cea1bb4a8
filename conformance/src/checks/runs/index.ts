import type { Check } from '../../check.js';
import { cancelManyChecks } from './cancel-many.js';
import { runCreationChecks } from './creation.js';
import { runEndingChecks } from './ending.js';
import { runEndingRaceChecks } from './ending-races.js';
import { overviewChecks } from './overview.js';
import { payloadChecks } from './payloads.js';
import { runRecordChecks } from './record.js';
import { runRetentionChecks } from './retention.js';
import { runStartChecks } from './start.js';

/** Runs, and what holds for everything that belongs to one. */
export const runChecks: readonly Check[] = [
  ...overviewChecks,
  ...payloadChecks,
  ...runRecordChecks,
  ...runCreationChecks,
  ...runStartChecks,
  ...runEndingChecks,
  ...runEndingRaceChecks,
  ...runRetentionChecks,
  ...cancelManyChecks,
];
