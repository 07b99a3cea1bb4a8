import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { prepareApps, SDKS, type Sdk, startApp } from '../harness/app.js';
import { showOnFailure } from '../harness/diagnose.js';
import { Load } from '../harness/load.js';
import { checkDense } from '../harness/log.js';
import { Network } from '../harness/proxy.js';
import { until } from '../harness/until.js';
import { startWorld, type WorldServer } from '../harness/world.js';

const AWAY_MS = Number(process.env.WORLDWIRE_E2E_OUTAGE_SECONDS ?? 15) * 1_000;
const RUNS = 8;
/** A stream that is still being written when the World goes, and for a while after it is back. */
const TICKS = { steps: 4, perStep: 10, everyMs: 100 };
const TOTAL_TICKS = TICKS.steps * TICKS.perStep;
/** How long after the World is back every run has ended: it had seconds of work left, and leases last 30 s. */
const WITHIN_MS = 60_000;
/** Lines that an application may spend on an outage, its return included. */
const A_HANDFUL = 8;
const ABOUT_THE_OUTAGE =
  /worldwire:|ECONN|EPIPE|ETIMEDOUT|unavailable|fetch failed|socket|timed? ?out|other side closed/i;

interface Outage {
  name: string;
  begin(world: WorldServer, network: Network): Promise<void> | void;
  end(world: WorldServer, network: Network): Promise<unknown> | unknown;
}

const outages: Outage[] = [
  {
    name: 'is killed, and started again later',
    begin: (world) => world.kill(),
    end: (world) => world.start(),
  },
  {
    name: 'hangs, and goes on later',
    begin: (world) => world.signal('SIGSTOP'),
    end: (world) => world.signal('SIGCONT'),
  },
  {
    name: 'is cut off, and the application not told',
    begin: (_, network) => network.cut({ silent: false }),
    end: (_, network) => network.mend(),
  },
  {
    name: 'is cut off, and neither side told',
    begin: (_, network) => network.cut({ silent: true }),
    end: (_, network) => network.mend(),
  },
];

beforeAll(prepareApps);

describe(`the World is away for ${AWAY_MS / 1_000} s`, () => {
  async function endure(sdk: Sdk, outage: Outage, context: TestContext): Promise<void> {
    const world = await startWorld();
    context.onTestFinished(async () => void (await world.stop()));
    const network = await Network.before(world.url);
    context.onTestFinished(() => network.close());
    const app = await startApp(sdk, { url: network.url });
    context.onTestFinished(async () => void (await app.stop()));
    showOnFailure(context, {
      [`the application (${sdk})`]: () => app.output,
      [`the World of ${sdk}`]: () => world.logs,
    });
    const load = await Load.start(app, RUNS);
    const { steps, perStep, everyMs } = TICKS;
    const ticker = await app.client.start('ticker', [steps, perStep, everyMs]);
    const reading = app.client.stream<{ n: number }>(ticker);
    reading.catch(() => {});
    await load.underWay();
    const before = app.output.length;

    await outage.begin(world, network);
    await sleep(AWAY_MS);
    await outage.end(world, network);

    const back = Date.now();
    await load.check();
    expect(Date.now() - back, 'ms until all had ended').toBeLessThan(WITHIN_MS);
    await until('the stream is closed', async () => {
      const { status } = await app.client.run(ticker);
      return status === 'completed' || undefined;
    });
    const seen = (await reading).map(({ n }) => n);
    // A step that was delivered again has written its part again: that is the application's affair. A
    // reader must have seen what the World holds, neither less nor twice.
    const held = (await app.client.stream<{ n: number }>(ticker)).map(({ n }) => n);
    expect(seen).toEqual(held);
    expect(new Set(held).size).toBe(TOTAL_TICKS);
    await checkDense(app.client, ticker);
    const lines = app.output.slice(before).split('\n');
    const about = lines.filter((line) => ABOUT_THE_OUTAGE.test(line));
    expect(about.length, about.join('\n')).toBeLessThanOrEqual(A_HANDFUL);
  }

  // All at once: most of this is waiting.
  for (const sdk of SDKS) {
    for (const outage of outages) {
      it.concurrent(`${sdk}: the World ${outage.name}`, (context) => endure(sdk, outage, context));
    }
  }

  it.concurrent('tells of it once, and of its end once', async (context) => {
    const world = await startWorld();
    context.onTestFinished(async () => void (await world.stop()));
    const app = await startApp('sdk5', { url: world.url });
    context.onTestFinished(async () => void (await app.stop()));
    showOnFailure(context, { 'the application': () => app.output });
    await world.kill();
    await until('the application notices', () => /cannot be reached/.test(app.output) || undefined);
    await sleep(2_000);
    await world.start();
    await until('it is back', () => /connected to \S+ again/.test(app.output) || undefined);
    expect(app.output.match(/cannot be reached/g)).toHaveLength(1);
    expect(app.output.match(/connected to \S+ again/g)).toHaveLength(1);
  });
});
