import { beforeAll, describe, it, type TestContext } from 'vitest';
import { type App, prepareApps, SDKS, type Sdk, startApp } from '../harness/app.js';
import { showOnFailure } from '../harness/diagnose.js';
import { Load } from '../harness/load.js';
import { startWorld, type WorldServer } from '../harness/world.js';

const RUNS = 20;

beforeAll(prepareApps);

/** An application with 20 runs under way, and the World server that serves it, if there is one. */
async function underWay(
  sdk: Sdk,
  place: string,
  context: TestContext,
): Promise<{ app: App; world: WorldServer | undefined; load: Load }> {
  const world = place === 'server' ? await startWorld() : undefined;
  context.onTestFinished(async () => void (await world?.stop()));
  const app = await startApp(sdk, { url: world?.url });
  context.onTestFinished(async () => void (await app.stop()));
  showOnFailure(context, { 'the application': () => app.output, 'the World': () => world?.logs });
  const load = await Load.start(app, RUNS);
  await load.underWay();
  return { app, world, load };
}

// Side by side, for much of this is waiting for the leases of the dead to end.
describe.each(SDKS)('%s: 20 runs survive kill -9', { concurrent: true }, (sdk) => {
  it('of the server', async (context) => {
    const { world, load } = await underWay(sdk, 'server', context);
    await world?.kill();
    await world?.start();
    await load.check();
  });

  it.for(['server', 'embedded'])('of the application (%s)', async (place, context) => {
    const { app, load } = await underWay(sdk, place, context);
    await app.kill();
    // It must take up its runs by its start alone: nothing is asked of it but how they are.
    await app.start();
    await load.check();
  });
});
