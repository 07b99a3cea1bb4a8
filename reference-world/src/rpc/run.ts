import type { RunService } from '@worldwire/proto';
import { runRules } from '../core/index.js';
import { waitForRun } from '../dispatch/wait-for-run.js';
import type { Handlers } from './handlers.js';
import type { Runtime } from './runtime.js';

/** RunService. */
export function runHandlers(world: Runtime): Handlers<typeof RunService> {
  return {
    getRun: world.reads(runRules.getRun),
    batchGetRuns: world.reads(runRules.batchGetRuns),
    listRuns: world.reads(runRules.listRuns),
    waitForRun: (request, call) => waitForRun(world, request, call),
    cancelRuns: world.writes(runRules.cancelRuns),
    listAttributeKeys: world.reads(runRules.listAttributeKeys),
  };
}
