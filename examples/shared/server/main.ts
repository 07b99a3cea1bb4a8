import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { getWorld } from 'workflow/runtime';
import { createApp } from './app.ts';
import type { Sdk } from './sdk.ts';

/** Worlds have these, the SDK's types do not always say so. */
interface Lifecycle {
  start?(): Promise<void>;
  close?(): Promise<void>;
}

const CLOSE_WITHIN_MS = 5_000;

export async function main(sdk: Sdk): Promise<void> {
  const server = createAdaptorServer({
    fetch: createApp(sdk).fetch,
    // The SDK tells a Response that it must send over a stream by the class that Node has.
    overrideGlobalObjects: false,
  });
  const port = Number(process.env.PORT ?? 3000);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address() as AddressInfo;
  // A World that calls the handlers over HTTP, and the URL of a webhook, go by this variable.
  process.env.PORT = String(address.port);

  // The handlers first: a World that delivers in process learns of them when they are loaded.
  await sdk.flow();
  await sdk.step?.();
  const world = (await getWorld()) as Lifecycle;
  await world.start?.();
  console.log(`app listening on http://127.0.0.1:${address.port}`);

  let stopping = false;
  const stop = async () => {
    if (stopping) return;
    stopping = true;
    // A World that cannot be reached must not keep the process.
    setTimeout(() => process.exit(1), CLOSE_WITHIN_MS).unref();
    server.close();
    if ('closeAllConnections' in server) server.closeAllConnections();
    await world.close?.();
    process.exit(0);
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}
