import type { QueueService } from '@worldwire/proto';
import { queueRules } from '../core/index.js';
import { receive } from '../dispatch/receive.js';
import { settle } from '../dispatch/settle.js';
import type { Handlers } from './handlers.js';
import type { Runtime } from './runtime.js';

type Push = 'registerPushEndpoint' | 'deletePushEndpoint' | 'listPushEndpoints';

/** QueueService, but for deliveries by push. */
export function queueHandlers(world: Runtime): Omit<Handlers<typeof QueueService>, Push> {
  return {
    enqueue: world.writes(queueRules.enqueue),
    enqueueBatch: world.writes(queueRules.enqueueBatch),
    receive: (request, call) => receive(world, request, call),
    settle: (request, call) => settle(world, request, call),
    wakeRuns: world.writes(queueRules.wakeRuns),
    listQueues: world.reads(queueRules.listQueues),
    listDeadMessages: world.reads(queueRules.listDeadMessages),
    reviveMessages: world.writes(queueRules.reviveMessages),
    getLatestDeployment: world.reads(queueRules.getLatestDeployment),
  };
}
