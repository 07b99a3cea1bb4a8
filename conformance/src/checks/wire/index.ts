import type { Check } from '../../check.js';
import { compressionChecks } from './compression.js';
import { connectChecks } from './connect.js';
import { connectionChecks } from './connections.js';
import { deadlineChecks } from './deadlines.js';
import { getChecks } from './get.js';
import { grpcChecks } from './grpc.js';
import { healthChecks } from './health.js';
import { jsonChecks } from './json.js';
import { malformedChecks } from './malformed.js';

/** Checks of chapter 17. */
export const wireChecks: readonly Check[] = [
  ...connectChecks,
  ...getChecks,
  ...grpcChecks,
  ...jsonChecks,
  ...compressionChecks,
  ...deadlineChecks,
  ...malformedChecks,
  ...connectionChecks,
  ...healthChecks,
];
