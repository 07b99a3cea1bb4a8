import { getWorld, healthCheck } from 'workflow/runtime';
import manifest from '../.well-known/workflow/v1/manifest.json';
import { POST as webhook } from '../.well-known/workflow/v1/webhook.mjs';
import { main } from '../shared/server/main.ts';
import { type Handler, workflowIds } from '../shared/server/sdk.ts';

const HEALTH_TIMEOUT_MS = 20_000;
const flowUrl = new URL('../.well-known/workflow/v1/flow.mjs', import.meta.url).href;

await main({
  version: '5',
  workflows: workflowIds(manifest),
  async flow() {
    const { POST } = (await import(flowUrl)) as { POST: Handler };
    return POST;
  },
  webhook,
  async health() {
    return { workflow: await healthCheck(await getWorld(), { timeout: HEALTH_TIMEOUT_MS }) };
  },
});
