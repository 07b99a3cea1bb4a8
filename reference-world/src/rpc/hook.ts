import type { HookService } from '@worldwire/proto';
import { hookRules } from '../core/index.js';
import type { Handlers } from './handlers.js';
import type { Runtime } from './runtime.js';

/** HookService. */
export function hookHandlers(world: Runtime): Handlers<typeof HookService> {
  return {
    getHook: world.reads(hookRules.getHook),
    getHookByToken: world.reads(hookRules.getHookByToken),
    listHooks: world.reads(hookRules.listHooks),
  };
}
