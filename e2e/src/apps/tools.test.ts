import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { open, payloadsOf, RunKeys } from '@worldwire/sdk/envelope';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../../reference-world/src/testing/free-port.mjs';
import { type App, prepareApps, SDKS, startApp } from '../harness/app.js';
import { WorkflowCli } from '../harness/cli.js';
import { REPOSITORY } from '../harness/paths.js';
import type { Process } from '../harness/process.js';
import { until } from '../harness/until.js';
import { WebUi } from '../harness/web-ui.js';
import { startWorld, type WorldServer } from '../harness/world.js';

const CHUNKS = 5;

type Row = Record<string, unknown>;

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

beforeAll(prepareApps);

// The cells side by side, the tools of each one after the other.
describe.concurrent.each(SDKS)('%s', (sdk) => {
  describe.concurrent.each(['server', 'embedded'])('%s', (place) => {
    let world: WorldServer | undefined;
    let app: App;
    let cli: WorkflowCli;
    /** Wrote a stream, and has ended. */
    let ticker: string;
    /** Holds a hook. */
    let collector: string;
    const token = `inspected:${randomUUID()}`;
    /** Slept. */
    let sleeper: string;

    beforeAll(async () => {
      if (place === 'server') world = await startWorld();
      app = await startApp(sdk, { url: world?.url });
      cli = new WorkflowCli(app);
      ticker = await app.client.start('ticker', [1, CHUNKS, 0]);
      collector = await app.client.start('collect', [token, 'orders']);
      sleeper = await app.client.start('nap', [10]);
      await until(`hook ${token}`, () => app.client.hook(token));
      await Promise.all([app.client.value(ticker), app.client.value(sleeper)]);
    });

    afterAll(async () => {
      await app?.stop();
      await world?.stop();
    });

    async function rows(...args: string[]): Promise<Row[]> {
      const answer = await cli.json<Row[] | { data: Row[] }>('inspect', ...args);
      return Array.isArray(answer) ? answer : answer.data;
    }

    it.sequential('inspect runs', async () => {
      const runs = await rows('runs');
      const statuses = new Map(runs.map(({ runId, status }) => [runId, status]));
      expect(statuses.get(ticker)).toBe('completed');
      expect(statuses.get(collector)).toBe('running');
      expect(statuses.get(sleeper)).toBe('completed');
      const running = await rows('runs', '--status', 'running');
      expect(running.map(({ runId }) => runId)).toEqual([collector]);
      const table = await cli.run('inspect', 'runs');
      // On a narrow terminal the table shortens ids.
      for (const runId of [ticker, collector, sleeper]) expect(table).toContain(runId.slice(-4));
    });

    it.sequential('inspect run', async () => {
      const run = await cli.json<Row>('inspect', 'run', ticker, '--decrypt');
      expect(run).toMatchObject({ runId: ticker, status: 'completed', output: CHUNKS });
      const sealed = await cli.json<Row>('inspect', 'run', ticker);
      expect(sealed.output).toContain('Encrypted');
    });

    it.sequential('inspect steps', async () => {
      const steps = await rows('steps', '--runId', ticker);
      expect(steps).toHaveLength(2);
      for (const step of steps) expect(step).toMatchObject({ runId: ticker, status: 'completed' });
      const [{ stepId } = {}] = steps;
      const step = await cli.json<Row>('inspect', 'step', String(stepId), '--runId', ticker);
      expect(step).toMatchObject({ stepId, status: 'completed' });
    });

    it.sequential('inspect events', async () => {
      const events = await rows('events', '--runId', ticker, '--sort', 'asc');
      const log = await app.client.events(ticker);
      expect(events.map(({ eventType }) => eventType)).toEqual(log.map((e) => e.eventType));
    });

    it.sequential('inspect hooks', async () => {
      const hooks = await rows('hooks', '--runId', collector);
      expect(hooks).toMatchObject([{ runId: collector, token }]);
      const hook = await cli.json<Row>('inspect', 'hook', String(hooks[0]?.hookId));
      expect(hook).toMatchObject({ runId: collector, token });
    });

    it.sequential('inspect streams', async () => {
      const streams = await rows('streams', '--runId', ticker);
      expect(streams).toMatchObject([{ runId: ticker }]);
      const name = String(streams[0]?.streamId);
      const flags = ['--runId', ticker, '--json', '--decrypt'];
      const chunks = await cli.run('inspect', 'stream', name, ...flags);
      for (let n = 0; n < CHUNKS; n++) expect(chunks).toContain(`tick ${n} `);
    });

    it.sequential('inspect sleeps', async () => {
      const sleeps = await rows('sleeps', '--runId', sleeper);
      expect(sleeps).toMatchObject([{ runId: sleeper }]);
    });

    it.skipIf(sdk === 'sdk4')('inspect attributes', { concurrent: false }, async () => {
      const run = await app.client.start('attributed', ['o-1'], { attributes: { team: 'red' } });
      await app.client.value(run);
      const keys = JSON.stringify(await cli.json<unknown>('inspect', 'attributes'));
      for (const key of ['team', 'phase', 'colour']) expect(keys).toContain(`"${key}"`);
      const found = await rows('runs', '--attribute', 'team=red');
      expect(found.map(({ runId }) => runId)).toEqual([run]);
    });

    it.sequential('cancel', async () => {
      const runId = await app.client.start('longNap');
      await until('it sleeps', async () => {
        const log = await app.client.events(runId);
        return log.some(({ eventType }) => eventType === 'wait_created') || undefined;
      });
      await cli.run('cancel', runId);
      expect((await app.client.run(runId)).status).toBe('cancelled');
    });

    it.sequential('health', async () => {
      expect(await cli.run('health')).toContain('healthy');
    });

    describe.sequential('web', () => {
      let server: Process;
      let ui: WebUi;

      beforeAll(async () => {
        const port = await freePort();
        const preload = join(REPOSITORY, 'examples', 'web-on-node20.mjs');
        server = cli.start(
          ['web', '--noBrowser', '--standalone', '--webPort', String(port)].filter(
            (arg) => sdk === 'sdk5' || arg !== '--standalone',
          ),
          { NODE_OPTIONS: `--import ${preload}` },
        );
        await server.prints(/listening on port/);
        ui = new WebUi(`http://localhost:${port}`, app.folder);
      });

      afterAll(async () => {
        await server?.stop();
      });

      it.sequential('serves its page', async () => {
        expect(await ui.page()).toContain('<html');
      });

      it.sequential('shows runs, steps, events and hooks', async () => {
        const runs = await ui.rpc<{ data: Row[] }>('fetchRuns', { params: { limit: 10 } });
        expect(runs.data.map(({ runId }) => runId)).toContain(ticker);
        const run = await ui.rpc<Row>('fetchRun', { runId: ticker, resolveData: 'all' });
        expect(run).toMatchObject({ runId: ticker, status: 'completed' });
        const events = await ui.rpc<{ data: Row[] }>('fetchEvents', { runId: ticker, params: {} });
        expect(events.data.length).toBe((await app.client.events(ticker)).length);
        const hooks = await ui.rpc<{ data: Row[] }>('fetchHooks', { params: { runId: collector } });
        expect(hooks.data).toMatchObject([{ runId: collector }]);
      });

      it.sequential('shows the chunks of a stream', async () => {
        const [name] = await ui.rpc<string[]>('fetchStreams', { runId: ticker });
        const bytes = await ui.stream(name ?? '', ticker);
        // The page opens them, with a key that its server gives it.
        const runKey = await ui.rpc<Uint8Array>('getEncryptionKeyForRun', { runId: ticker });
        const keys = new RunKeys({ runId: ticker, runKey: new Uint8Array(runKey) });
        const values = [...payloadsOf([bytes])].map((payload) => text(open(payload, keys).payload));
        expect(values).toHaveLength(CHUNKS);
        for (const [n, value] of values.entries()) expect(value).toContain(`tick ${n} `);
      });
    });
  });
});
