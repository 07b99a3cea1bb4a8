import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { plantSecret } from '../../../examples/scenarios/index.ts';
import { deployApp, prepareApps, SDKS } from '../harness/app.js';
import { REPOSITORY } from '../harness/paths.js';
import { run } from '../harness/process.js';
import { startWorld } from '../harness/world.js';

const COMMAND = join(REPOSITORY, 'reference-world/bin/worldwire.js');

beforeAll(prepareApps);

describe.each(SDKS)('worldwire inspect, %s', { concurrent: true }, (sdk) => {
  it('opens with the key what an application sealed, and shows nothing of it without', async ({
    onTestFinished,
  }) => {
    const world = await startWorld();
    onTestFinished(async () => void (await world.stop()));
    const app = await deployApp(sdk, { url: world.url });
    onTestFinished(async () => void (await app.stop()));
    await app.start();
    const secret = `secret-${randomUUID()}`;
    const [runId = '', failing = ''] = await plantSecret(app.client, secret);

    async function inspect(view: readonly string[], decrypt: boolean): Promise<string> {
      const keys = ['--decrypt', '--key-file', join(app.folder, '.worldwire-keys/keys')];
      const args = [COMMAND, 'inspect', ...view, '--json', ...(decrypt ? keys : [])];
      const { code, stdout, stderr } = await run(process.execPath, args, {
        cwd: world.dataDir,
        env: { WORLDWIRE_URL: world.url },
      });
      expect(code, `${view.join(' ')}\n${stdout}${stderr}`).toBe(0);
      return stdout;
    }

    const { streams } = JSON.parse(await inspect(['streams', runId], false));
    expect(streams.length).toBeGreaterThan(1);
    const views = [
      ['run', runId],
      ['run', failing],
      ['steps', runId],
      ['events', runId],
      ['events', failing],
      ...streams.map(({ name }: { name: string }) => ['stream', runId, name]),
    ];
    // Bytes are shown in base64.
    const base64 = Buffer.from(secret).toString('base64');
    const found = (text: string) => text.includes(secret) || text.includes(base64);
    for (const view of views) {
      expect(found(await inspect(view, false)), view.join(' ')).toBe(false);
      expect(found(await inspect(view, true)), view.join(' ')).toBe(true);
    }

    const { events } = JSON.parse(await inspect(['events', runId], true));
    const opened = (member: string, field: string) =>
      events
        .filter((event: Record<string, unknown>) => member in event)
        .map((event: Record<string, Record<string, unknown>>) => event[member]?.[field]);
    expect(JSON.stringify(opened('hookCreated', 'metadata'))).toContain(secret);
    const received = JSON.stringify(opened('hookReceived', 'payload'));
    expect(received).toContain(secret);
    // The webhook's, of a type that JSON has not.
    expect(received).toContain('"$Request"');
  });
});
