import { randomBytes, randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { type App, deployApp, prepareApps, SDKS, type Sdk } from '../harness/app.js';
import { WorkflowCli } from '../harness/cli.js';
import { showOnFailure } from '../harness/diagnose.js';
import { Load } from '../harness/load.js';
import { checkDense, checkRun } from '../harness/log.js';
import { tempDir } from '../harness/scratch.js';
import { until } from '../harness/until.js';

beforeAll(prepareApps);

/** Each application is in a folder of its own, where it would make a key of its own. */
const WORLDWIRE_KEY = randomBytes(32).toString('base64');

/** A worker on a folder; its ledger tells what this worker did, unless it shares one. */
async function worker(
  sdk: Sdk,
  context: TestContext,
  folder: string,
  env: Record<string, string>,
): Promise<App> {
  const app = await deployApp(sdk, {
    url: `embedded:${folder}`,
    env: { WORLDWIRE_KEY, ...env },
  });
  context.onTestFinished(async () => void (await app.stop()));
  showOnFailure(context, { 'a worker': () => app.output });
  return app.start();
}

describe.each(SDKS)('%s: several processes on one folder', { concurrent: true }, (sdk) => {
  it('two workers share the work, and the CLI looks on', async (context) => {
    const folder = tempDir('shared');
    // Few at a time, so that neither can take everything before the other one asks.
    const few = { WORLDWIRE_CONCURRENCY: '4' };
    const [a, b] = [
      await worker(sdk, context, folder, few),
      await worker(sdk, context, folder, few),
    ];
    const count = 40;
    const runIds = await Promise.all(
      [a, b].map((app) => app.client.start('parallel', [count, 150])),
    );
    const cli = new WorkflowCli(a);
    const { data } = await cli.json<{ data: { runId: string }[] }>('inspect', 'runs');
    expect(data.map(({ runId }) => runId).sort()).toEqual([...runIds].sort());
    const squares = Array.from({ length: count }, (_, n) => n * n);
    for (const runId of runIds) {
      expect(await b.client.value(runId)).toEqual(squares);
      await checkDense(a.client, runId);
      const did = await Promise.all([a, b].map((app) => app.client.ledger(runId)));
      for (const lines of did) expect(lines.length).toBeGreaterThan(0);
    }
  });

  it('a worker wakes the other one', async (context) => {
    const folder = tempDir('shared');
    const ledger = { EXAMPLE_DATA_DIR: tempDir('ledger') };
    // The second one takes no work: what it starts and resumes, the first one must do.
    const a = await worker(sdk, context, folder, ledger);
    const b = await worker(sdk, context, folder, { ...ledger, WORLDWIRE_WORKER: '0' });
    const token = `shared:${randomUUID()}`;
    const runId = await b.client.start('collect', [token, 'orders']);
    await until(`hook ${token}`, () => b.client.hook(token));
    const texts = ['one', 'two', 'three'];
    for (const [i, text] of texts.entries()) {
      await b.client.resume(token, { text, last: i === texts.length - 1 });
      await until(`the step for ${text}`, async () => {
        return (await b.client.ledger(runId)).length === i + 1 || undefined;
      });
    }
    expect(await b.client.value(runId)).toEqual(['ONE', 'TWO', 'THREE']);
    // What the one writes, a reader in the other sees as it comes.
    const ticker = await b.client.start('ticker', [2, 10, 20]);
    const ticks = await b.client.stream<{ n: number }>(ticker);
    expect(ticks.map(({ n }) => n)).toEqual(Array.from({ length: 20 }, (_, n) => n));
    await checkRun(a.client, runId, texts.length);
  });

  it('a worker finishes what a killed one left', async (context) => {
    const folder = tempDir('shared');
    const ledger = { EXAMPLE_DATA_DIR: tempDir('ledger') };
    const [a, b] = [
      await worker(sdk, context, folder, ledger),
      await worker(sdk, context, folder, ledger),
    ];
    const load = await Load.start(b, 10);
    await load.underWay();
    await a.kill();
    await load.check();
  });
});
