import { afterAll, beforeAll, describe, it } from 'vitest';
import { scenarios } from '../../../examples/scenarios/index.ts';
import { Postgres } from '../../../reference-world/src/testing/postgres.js';
import { type App, prepareApps, SDKS, startApp } from '../harness/app.js';
import { Cluster } from '../harness/cluster.js';
import { startWorld } from '../harness/world.js';

const postgres = new Postgres();
beforeAll(prepareApps);
afterAll(() => postgres.stop());

/** Starts a World in a place; embedded, it starts with the application. */
const worlds = {
  server: () => startWorld(),
  embedded: async () => undefined,
  'embedded on PostgreSQL': async () => ({
    url: await postgres.createDatabase(),
    stop: async () => {},
  }),
  'two servers over PostgreSQL': async () => Cluster.start(await postgres.createDatabase()),
};
const places = Object.keys(worlds) as (keyof typeof worlds)[];

// The cells side by side, the scenarios of each one after the other.
describe.concurrent.each(SDKS)('%s', (sdk) => {
  describe.concurrent.each(places)('%s', (place) => {
    let world: { readonly url: string; stop(): Promise<unknown> } | undefined;
    let app: App;

    beforeAll(async () => {
      world = await worlds[place]();
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
