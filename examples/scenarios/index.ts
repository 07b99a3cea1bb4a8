import { agent } from './agent.ts';
import { errors } from './errors.ts';
import { health } from './health.ts';
import { hooks } from './hooks.ts';
import { runs } from './runs.ts';
import type { Scenario } from './scenario.ts';
import { secrets } from './secrets.ts';
import { steps } from './steps.ts';
import { streams } from './streams.ts';
import { timers } from './timers.ts';
import { webhooks } from './webhooks.ts';

export { AppClient } from './client.ts';
export { checkLedger, checkLog } from './log.ts';
export type { Scenario } from './scenario.ts';
export { plantSecret } from './secrets.ts';

/** Every durable feature, each on its own; none knows which World serves it. */
export const scenarios: Scenario[] = [
  ...health,
  ...steps,
  ...errors,
  ...timers,
  ...hooks,
  ...webhooks,
  ...streams,
  ...runs,
  ...secrets,
  ...agent,
];
