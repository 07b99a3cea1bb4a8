import { Hono } from 'hono';
import { control } from './control.ts';
import type { Sdk } from './sdk.ts';

const ROOT = '/.well-known/workflow/v1';

/** The SDK's generated routes where it expects them, and the tests' control API beside them. */
export function createApp(sdk: Sdk): Hono {
  const app = new Hono();
  app.all(`${ROOT}/flow`, async (c) => (await sdk.flow())(c.req.raw));
  const step = sdk.step;
  if (step) app.all(`${ROOT}/step`, async (c) => (await step())(c.req.raw));
  app.all(`${ROOT}/webhook/:token`, async (c) => sdk.webhook(c.req.raw));
  app.route('/', control(sdk));
  app.onError((error, c) => c.json({ error: error.name, message: error.message }, 500));
  return app;
}
