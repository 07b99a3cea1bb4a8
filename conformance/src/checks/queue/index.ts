import type { Check } from '../../check.js';
import { attemptChecks } from './attempts.js';
import { batchChecks } from './batches.js';
import { consumerChecks } from './consumers.js';
import { deadChecks } from './dead.js';
import { delayChecks } from './delays.js';
import { deploymentChecks } from './deployments.js';
import { durabilityChecks } from './durability.js';
import { keyChecks } from './keys.js';
import { leaseChecks } from './leases.js';
import { pushChecks } from './push.js';
import { requestIdChecks } from './request-ids.js';
import { sendingChecks } from './sending.js';
import { settlingChecks } from './settling.js';
import { wakeChecks } from './wakes.js';

/** Everything about the queue. */
export const queueChecks: readonly Check[] = [
  ...sendingChecks,
  ...delayChecks,
  ...keyChecks,
  ...consumerChecks,
  ...leaseChecks,
  ...settlingChecks,
  ...attemptChecks,
  ...deadChecks,
  ...batchChecks,
  ...requestIdChecks,
  ...wakeChecks,
  ...deploymentChecks,
  ...durabilityChecks,
  ...pushChecks,
];
