import { randomBytes, randomUUID } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { plantSecret } from '../../../examples/scenarios/index.ts';
import { type App, prepareApps, SDKS, type Sdk } from '../harness/app.js';
import { folderHolds, openPlace, PLACES, type Place, prefixes, startOn } from '../harness/place.js';
import { until } from '../harness/until.js';

beforeAll(prepareApps);

const newKey = () => randomBytes(32).toString('base64');

describe.each(SDKS)('%s', { concurrent: true }, (sdk) => {
  describe.each(PLACES)('%s', (kind) => {
    it('seals every payload with a key that it made', async (context) => {
      const place = await openPlace(context, kind);
      const app = await startOn(context, sdk, place);
      const secret = `secret-${randomUUID()}`;
      const runIds = await plantSecret(app.client, secret);
      expect(folderHolds(place.folder, secret)).toBe(false);

      const client = await place.stranger();
      const sealed = Object.values(await prefixes(client, runIds[0]!)).flat();
      sealed.push(...Object.values(await prefixes(client, runIds[1]!)).flat());
      expect(sealed.length).toBeGreaterThan(10);
      for (const prefix of sealed) expect(['encr', 'encp']).toContain(prefix);

      const keys = join(app.folder, '.worldwire-keys');
      expect(statSync(keys).mode & 0o777).toBe(0o700);
      expect(statSync(join(keys, 'keys')).mode & 0o777).toBe(0o600);
      expect(readdirSync(keys).sort()).toEqual(['.gitignore', 'keys']);
      expect(app.output.match(/made a key in/g)).toHaveLength(1);
      expect(app.output).toContain(join(keys, 'keys'));
    });

    it('leaves payloads readable where it is told to', async (context) => {
      const place = await openPlace(context, kind);
      const app = await startOn(context, sdk, place, { WORLDWIRE_ENCRYPTION: 'off' });
      const secret = `secret-${randomUUID()}`;
      const [runId] = await plantSecret(app.client, secret);
      expect(folderHolds(place.folder, secret)).toBe(true);
      const seen = Object.values(await prefixes(await place.stranger(), runId!)).flat();
      expect(seen).not.toContain('encr');
      expect(readdirSync(app.folder)).not.toContain('.worldwire-keys');
    });
  });
});

describe.each(PLACES)('both SDKs on one %s World', { concurrent: true }, (kind) => {
  /** Both applications, as two deployments that share their key. */
  async function both(context: TestContext): Promise<{ place: Place; apps: Record<Sdk, App> }> {
    const place = await openPlace(context, kind);
    const WORLDWIRE_KEY = newKey();
    const [sdk4, sdk5] = await Promise.all(
      SDKS.map((sdk) =>
        startOn(context, sdk, place, { WORLDWIRE_KEY, WORLDWIRE_DEPLOYMENT_ID: `on-${sdk}` }),
      ),
    );
    return { place, apps: { sdk4: sdk4!, sdk5: sdk5! } };
  }

  it('each reads what the other one wrote', async (context) => {
    const { place, apps } = await both(context);
    const client = await place.stranger();
    for (const [writer, reader] of [
      [apps.sdk4, apps.sdk5],
      [apps.sdk5, apps.sdk4],
    ] as const) {
      const token = `cross:${randomUUID()}`;
      const runId = await writer.client.start('collect', [token, 'orders']);
      const hook = await until('the hook', () => reader.client.hook(token));
      expect(hook.metadata).toEqual({ about: 'orders' });
      await reader.client.resume(token, { text: 'hello', last: true });
      expect(await reader.client.value(runId)).toEqual(['HELLO']);
      // SDK 5 seals to the public key of a run that has one. A run of SDK 4 has none, for it opens none.
      const seals = await prefixes(client, runId);
      expect(seals['hookReceived.payload']).toEqual(['encr']);

      const ticker = await writer.client.start('ticker', [1, 3, 0]);
      const ticks = await reader.client.stream<{ n: number }>(ticker);
      expect(ticks.map(({ n }) => n)).toEqual([0, 1, 2]);
      const bytes = await writer.client.start('byteStream', [2, 10]);
      expect(await reader.client.stream(bytes, { namespace: 'bytes' })).toHaveLength(2);

      const failing = await writer.client.start('fatalUncaught', ['no way']);
      expect(JSON.stringify(await reader.client.failure(failing))).toContain('no way');
      expect((await prefixes(client, failing))['runFailed.error']).toEqual(['encr']);
    }
  });
});

describe.each(PLACES)('deployments with keys of their own (%s)', { concurrent: true }, (kind) => {
  it('resume a hook of each other by the public key, and read nothing', async (context) => {
    const place = await openPlace(context, kind);
    const [owner, other] = await Promise.all(
      ['owner', 'other'].map((deployment) =>
        startOn(context, 'sdk5', place, {
          WORLDWIRE_KEY: newKey(),
          WORLDWIRE_DEPLOYMENT_ID: deployment,
        }),
      ),
    );
    const token = `public:${randomUUID()}`;
    const runId = await owner!.client.start('collect', [token, 'orders']);
    await until('the hook', () => owner!.client.hook(token));
    await other!.client.resume(token, { text: 'sealed to you', last: true });
    expect(await owner!.client.value(runId)).toEqual(['SEALED TO YOU']);

    const client = await place.stranger();
    expect((await prefixes(client, runId))['hookReceived.payload']).toEqual(['encp']);
    const { run } = await client.runs.getRun({ runId });
    const { message } = await other!.client.failure(runId);
    expect(message).toContain(runId);
    expect(message).toContain(run!.encryptionKeyId);
    expect(run!.encryptionKeyId).toMatch(/^[0-9a-f]{16}$/);
  });

  it('resume a webhook of each other by the public key, unless its metadata has to be read', async (context) => {
    const place = await openPlace(context, kind);
    const [owner, other] = await Promise.all(
      ['owner', 'other'].map((deployment) =>
        startOn(context, 'sdk5', place, {
          WORLDWIRE_KEY: newKey(),
          WORLDWIRE_DEPLOYMENT_ID: deployment,
        }),
      ),
    );
    const client = await place.stranger();
    const announce = async (workflow: string) => {
      const runId = await owner!.client.start(workflow);
      const [said] = await owner!.client.stream<{ token: string }>(runId, { take: 1 });
      await until('the webhook', () => owner!.client.hook(said!.token));
      return { runId, token: said!.token };
    };

    const bare = await announce('webhookDefault');
    const body = `body-${randomUUID()}`;
    const answer = await other!.client.webhook(bare.token, { method: 'PUT', body });
    expect(answer.status).toBe(202);
    expect(await owner!.client.value(bare.runId)).toEqual({ method: 'PUT', body });
    expect((await prefixes(client, bare.runId))['hookReceived.payload']).toEqual(['encp']);
    expect(folderHolds(place.folder, body)).toBe(false);

    // How it is to be answered is sealed to its owner, and the SDK asks for the key before it sends anything.
    const manual = await announce('webhookManual');
    const ask = (app: App) =>
      app.client.webhook(manual.token, { method: 'POST', body: '{"question":"meaning"}' });
    expect((await ask(other!)).status).toBe(404);
    const { run } = await client.runs.getRun({ runId: manual.runId });
    expect(other!.output).toContain(
      `the key of run ${manual.runId} is missing: it needs deployment key ${run!.encryptionKeyId}`,
    );
    const log = await owner!.client.events(manual.runId);
    expect(log.map(({ eventType }) => eventType)).not.toContain('hook_received');
    expect((await ask(owner!)).status).toBe(201);
    expect(await owner!.client.value(manual.runId)).toBe('meaning');
  });

  it('start runs of each other, whose arguments only the other one reads', async (context) => {
    const place = await openPlace(context, kind);
    const [here, there] = await Promise.all(
      ['here', 'there'].map((deployment) =>
        startOn(context, 'sdk5', place, {
          WORLDWIRE_KEY: `${deployment} ${newKey()}`,
          WORLDWIRE_DEPLOYMENT_ID: deployment,
        }),
      ),
    );
    const runId = await here!.client.start('sequence', [2, 0], { deploymentId: 'there' });
    expect(await there!.client.value(runId)).toBe(3);
    const client = await place.stranger();
    expect((await prefixes(client, runId))['runCreated.input']).toEqual(['encp']);
  });

  it('SDK 4 refuses to seal without the key, and says which', async (context) => {
    const place = await openPlace(context, kind);
    const [owner, other] = await Promise.all(
      (['sdk5', 'sdk4'] as const).map((sdk) =>
        startOn(context, sdk, place, { WORLDWIRE_KEY: newKey(), WORLDWIRE_DEPLOYMENT_ID: sdk }),
      ),
    );
    const token = `foreign:${randomUUID()}`;
    const runId = await owner!.client.start('collect', [token, 'orders']);
    await until('the hook', () => owner!.client.hook(token));
    await expect(other!.client.resume(token, { text: 'x' })).rejects.toThrow(
      new RegExp(`the key of run ${runId} is missing: it needs deployment key [0-9a-f]{16}`),
    );
    const log = await owner!.client.events(runId);
    expect(log.map(({ eventType }) => eventType)).not.toContain('hook_received');
  });
});
