import { type Wait, WaitStatus } from '@worldwire/proto';
import { compact, nonZero, requiredDate, toDate } from './convert.js';
import type { UpstreamWait } from './upstream.js';

/** A wait in the shape that an SDK reads. */
export function fromWait(wait: Wait): UpstreamWait {
  return compact({
    waitId: wait.waitId,
    runId: wait.runId,
    status: wait.status === WaitStatus.COMPLETED ? 'completed' : 'waiting',
    resumeAt: toDate(wait.resumeAt),
    completedAt: toDate(wait.completedAt),
    createdAt: requiredDate(wait.createdAt),
    updatedAt: requiredDate(wait.updatedAt),
    specVersion: nonZero(wait.specVersion),
  });
}
