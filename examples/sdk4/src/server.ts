import { getWorld, healthCheck } from 'workflow/runtime';
import manifest from '../.well-known/workflow/v1/manifest.json';
import { POST as webhook } from '../.well-known/workflow/v1/webhook.js';
import { main } from '../shared/server/main.ts';
import { type Handler, workflowIds } from '../shared/server/sdk.ts';

const HEALTH_TIMEOUT_MS = 20_000;

/** The builder of SDK 4 writes CommonJS. */
async function handler(file: string): Promise<Handler> {
  const url = new URL(`../.well-known/workflow/v1/${file}`, import.meta.url).href;
  const loaded = (await import(url)) as { POST?: Handler; default?: { POST: Handler } };
  const post = loaded.POST ?? loaded.default?.POST;
  if (post === undefined) throw new Error(`${file} exports no POST`);
  return post;
}

await main({
  version: '4',
  workflows: workflowIds(manifest),
  flow: () => handler('flow.js'),
  step: () => handler('step.js'),
  webhook,
  async health() {
    const world = getWorld();
    const options = { timeout: HEALTH_TIMEOUT_MS };
    return {
      workflow: await healthCheck(world, 'workflow', options),
      step: await healthCheck(world, 'step', options),
    };
  },
});
