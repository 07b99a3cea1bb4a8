import type { Check } from '../../check.js';
import { batchRaceChecks } from './batch-races.js';
import { batchRefusalChecks } from './batch-refusals.js';
import { batchChecks } from './batches.js';
import { deltaRaceChecks } from './delta-races.js';
import { deltaChecks } from './deltas.js';
import { eventChecks } from './events.js';
import { orderChecks } from './order.js';
import { eventRefusalChecks } from './refusals.js';
import { requestIdChecks } from './request-ids.js';
import { specVersionChecks } from './versions.js';
import { watchChecks } from './watches.js';

/** Event logs. */
export const logChecks: readonly Check[] = [
  ...eventChecks,
  ...specVersionChecks,
  ...eventRefusalChecks,
  ...orderChecks,
  ...batchChecks,
  ...batchRefusalChecks,
  ...batchRaceChecks,
  ...requestIdChecks,
  ...deltaChecks,
  ...deltaRaceChecks,
  ...watchChecks,
];
