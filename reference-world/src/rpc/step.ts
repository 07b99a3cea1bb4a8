import type { StepService } from '@worldwire/proto';
import { stepRules } from '../core/index.js';
import type { Handlers } from './handlers.js';
import type { Runtime } from './runtime.js';

/** StepService. */
export function stepHandlers(world: Runtime): Handlers<typeof StepService> {
  return {
    getStep: world.reads(stepRules.getStep),
    listSteps: world.reads(stepRules.listSteps),
  };
}
