import type { SdkCheck } from './check.js';
import { callChecks } from './checks/calls.js';
import { consumerChecks } from './checks/consumers.js';
import { deadlineChecks } from './checks/deadlines.js';
import { listChecks } from './checks/lists.js';
import { readChecks } from './checks/reads.js';
import { retryChecks } from './checks/retries.js';
import { sealingChecks } from './checks/sealing.js';
import { versionChecks } from './checks/versions.js';
import { writeChecks } from './checks/writes.js';

/** Every check of clients. */
export const sdkCatalogue: readonly SdkCheck[] = [
  ...callChecks,
  ...retryChecks,
  ...deadlineChecks,
  ...listChecks,
  ...readChecks,
  ...writeChecks,
  ...consumerChecks,
  ...versionChecks,
  ...sealingChecks,
];
