import { afterEach, beforeAll, describe, it } from 'vitest';
import { type App, prepareApps, SDKS, startApp } from '../harness/app.js';
import { showOnFailure } from '../harness/diagnose.js';
import { Load } from '../harness/load.js';
import { startWorld, type WorldServer } from '../harness/world.js';

const RUNS = 20;

beforeAll(prepareApps);

describe.each(SDKS)('%s: 20 runs survive kill -9', (sdk) => {
  let world: WorldServer | undefined;
  let app: App | undefined;

  afterEach(async () => {
    await app?.stop();
    await world?.stop();
    app = undefined;
    world = undefined;
  });

  it('of the server', async () => {
    const server = await startWorld();
    world = server;
    const running = await startApp(sdk, { url: server.url });
    app = running;
    showOnFailure(
      { name: 'the application', output: () => running.output },
      { name: 'the World', output: () => server.logs },
    );
    const load = await Load.start(running, RUNS);
    await load.underWay();
    await server.kill();
    await server.start();
    await load.check();
  });

  it.each(['server', 'embedded'])('of the application (%s)', async (place) => {
    world = place === 'server' ? await startWorld() : undefined;
    const running = await startApp(sdk, { url: world?.url });
    app = running;
    showOnFailure({ name: 'the application', output: () => running.output });
    const load = await Load.start(running, RUNS);
    await load.underWay();
    await running.kill();
    // It must take up its runs by its start alone: nothing is asked of it before they have ended.
    await running.start();
    await load.check();
  });
});
