import { afterAll, beforeAll, describe, it } from 'vitest';
import { scenarios } from '../../../examples/scenarios/index.ts';
import { type App, prepareApps, SDKS, startApp } from '../harness/app.js';
import { startWorld, type WorldServer } from '../harness/world.js';

beforeAll(prepareApps);

// The cells side by side, the scenarios of each one after the other.
describe.concurrent.each(SDKS)('%s', (sdk) => {
  describe.concurrent.each(['server', 'embedded'])('%s', (place) => {
    let world: WorldServer | undefined;
    let app: App;

    beforeAll(async () => {
      if (place === 'server') world = await startWorld();
      app = await startApp(sdk, { url: world?.url });
    });

    afterAll(async () => {
      await app?.stop();
      await world?.stop();
    });

    for (const scenario of scenarios) {
      if (!scenario.sdk.includes(sdk === 'sdk4' ? '4' : '5')) continue;
      it.sequential(scenario.name, async ({ onTestFailed }) => {
        onTestFailed(() =>
          console.error(`--- the application printed:\n${app.output.slice(-4_000)}`),
        );
        await scenario.run(app.client);
      });
    }
  });
});
