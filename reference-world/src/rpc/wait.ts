import type { WaitService } from '@worldwire/proto';
import { waitRules } from '../core/index.js';
import type { Handlers } from './handlers.js';
import type { Runtime } from './runtime.js';

/** WaitService. */
export function waitHandlers(world: Runtime): Handlers<typeof WaitService> {
  return {
    getWait: world.reads(waitRules.getWait),
    listWaits: world.reads(waitRules.listWaits),
  };
}
