import { randomBytes, randomUUID } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WorldClient } from '@worldwire/sdk';
import { deriveRunKey, keyIdOf, RunKeys, seal } from '@worldwire/sdk/envelope';
import { beforeAll, describe, expect, it } from 'vitest';
import { deployApp, prepareApps, SDKS } from '../harness/app.js';
import { openPlace, PLACES, startOn } from '../harness/place.js';
import { Process } from '../harness/process.js';
import { tempDir } from '../harness/scratch.js';
import { until } from '../harness/until.js';

const TOGETHER = 8;

beforeAll(prepareApps);

/** A new deployment key, and what a run's record calls it. */
function newKey(): { base64: string; id: string; secret: Uint8Array } {
  const secret = new Uint8Array(randomBytes(32));
  return { base64: Buffer.from(secret).toString('base64'), id: keyIdOf(secret), secret };
}

async function keyIdIn(client: WorldClient, runId: string): Promise<string | undefined> {
  return (await client.runs.getRun({ runId })).run?.encryptionKeyId;
}

describe.each(SDKS)('%s', { concurrent: true }, (sdk) => {
  describe.each(PLACES)('%s', (kind) => {
    it('a run whose key is lost waits until it is back', async (context) => {
      const place = await openPlace(context, kind);
      const [lost, another] = [newKey(), newKey()];
      const file = join(tempDir('keys'), 'keys');
      writeFileSync(file, `${lost.base64}\n`);
      const app = await startOn(context, sdk, place, { WORLDWIRE_KEY_FILE: file });
      const token = `lost:${randomUUID()}`;
      const runId = await app.client.start('collect', [token, 'orders']);
      const done = await app.client.start('sequence', [2, 0]);
      await until('the hook', () => app.client.hook(token));
      await app.client.value(done);
      await app.stop();

      writeFileSync(file, `# the first one is lost\n${another.base64}\n`);
      await app.start();
      const { message } = await app.client.failure(done);
      expect(message).toContain(`the key of run ${done} is missing`);
      expect(message).toContain(`deployment key ${lost.id}`);
      expect(message).toContain(`${file} has ${another.id}`);
      expect(message).not.toContain(another.base64);
      // What wakes it waits, and counts as no failed try.
      const client = await place.stranger();
      const { run } = await client.runs.getRun({ runId });
      await client.queue.enqueue({
        message: {
          queueName: `__wkf_workflow_${run!.workflowName}`,
          body: Buffer.from(JSON.stringify({ runId })),
          contentType: 'application/json',
          deploymentId: run!.deploymentId,
        },
      });
      await until(
        'the application says so',
        () => app.output.includes(`the key of run ${runId} is missing`) || undefined,
      );
      expect((await app.client.run(runId)).status).toBe('running');
      // Runs of the key that is here go on.
      expect(await app.client.value(await app.client.start('sequence', [2, 0]))).toBe(3);

      writeFileSync(file, `${another.base64}\n${lost.base64}\n`);
      await app.client.resume(token, { text: 'back', last: true });
      expect(await app.client.value(runId)).toEqual(['BACK']);
      expect(await app.client.value(done)).toBe(3);
    });

    it('the old key opens old runs after rotation, and the new one seals', async (context) => {
      const place = await openPlace(context, kind);
      const [before, after] = [newKey(), newKey()];
      const file = join(tempDir('keys'), 'keys');
      writeFileSync(file, `${before.base64}\n`);
      const app = await startOn(context, sdk, place, { WORLDWIRE_KEY_FILE: file });
      const [oldToken, newToken] = [`old:${randomUUID()}`, `new:${randomUUID()}`];
      const old = await app.client.start('collect', [oldToken, 'orders']);
      await until('the hook', () => app.client.hook(oldToken));
      // While the application runs: it reads the file again.
      writeFileSync(
        file,
        `default ${after.base64}\n${before.base64} # until all of its runs have ended\n`,
      );
      const fresh = await app.client.start('collect', [newToken, 'orders']);
      await until('the hook', () => app.client.hook(newToken));
      const client = await place.stranger();
      expect(await keyIdIn(client, old)).toBe(before.id);
      expect(await keyIdIn(client, fresh)).toBe(after.id);
      await app.stop();
      await app.start();
      for (const [runId, token] of [
        [old, oldToken],
        [fresh, newToken],
      ] as const) {
        await app.client.resume(token, { text: 'hi', last: true });
        expect(await app.client.value(runId)).toEqual(['HI']);
      }
    });

    it('the wrong key yields an error and no garbage', async (context) => {
      const place = await openPlace(context, kind);
      const [right, wrong] = [newKey(), newKey()];
      const app = await startOn(context, sdk, place, {
        WORLDWIRE_KEY: `${wrong.base64},${right.base64}`,
      });
      const client = await place.stranger();
      const { run } = await client.runs.getRun({
        runId: await app.client.start('sequence', [1, 0]),
      });
      // A record that names another key than the one which sealed the input.
      const runId = `${run!.runId.slice(0, -4)}${randomBytes(2).toString('hex').toUpperCase()}`;
      const runKey = deriveRunKey(right.secret, 'default', runId);
      const input = seal(Buffer.from('devl[[1],[2,3],1,0]'), new RunKeys({ runId, runKey }));
      const { deploymentId, workflowName, specVersion, executionContext } = run!;
      await client.events.createEvent({
        runId,
        event: {
          specVersion,
          data: {
            case: 'runCreated',
            value: {
              deploymentId,
              workflowName,
              executionContext,
              input,
              encryptionKeyId: wrong.id,
            },
          },
        },
      });
      await client.queue.enqueue({
        message: {
          queueName: `__wkf_workflow_${workflowName}`,
          body: Buffer.from(JSON.stringify({ runId })),
          contentType: 'application/json',
          deploymentId,
          runId,
        },
      });
      expect(JSON.stringify(await app.client.failure(runId))).toMatch(/decrypt/i);
      expect(await app.client.ledger(runId)).toEqual([]);
    });
  });

  it('processes that start together make one key', async (context) => {
    const place = await openPlace(context, 'server');
    const { folder, env } = await deployApp(sdk, { url: place.url });
    const script = `
      import { createWorld } from '@worldwire/sdk/world';
      const world = createWorld();
      await world.runs.list({ pagination: { limit: 1 } });
      console.log('ready');
      while (Date.now() < ${Date.now() + 15_000});
      const key = await world.getEncryptionKeyForRun('wrun_new', { deploymentId: 'default' });
      console.log('key ' + Buffer.from(key).toString('hex'));
      await world.close();
    `;
    const args = ['--input-type=module', '-e', script];
    const processes = Array.from(
      { length: TOGETHER },
      () => new Process(process.execPath, args, { cwd: folder, env }),
    );
    context.onTestFinished(async () => void (await Promise.all(processes.map((p) => p.stop()))));
    const keys = await Promise.all(
      processes.map(async (one) => (await one.prints(/^key ([0-9a-f]{64})$/m))[1]),
    );
    expect(new Set(keys).size).toBe(1);
    const told = processes.filter((one) => one.output.includes('made a key in'));
    expect(told).toHaveLength(1);
    const made = join(folder, '.worldwire-keys');
    expect(readdirSync(made).sort()).toEqual(['.gitignore', 'keys']);
    expect(readFileSync(join(made, '.gitignore'), 'utf8')).toBe('*\n');
    // Whoever only looks makes none.
    expect(processes.every((one) => one.output.startsWith('ready'))).toBe(true);
  });

  it('settings that are wrong are named, and the key is not', async (context) => {
    const place = await openPlace(context, 'server');
    const { base64 } = newKey();
    for (const [env, message] of [
      [{ WORLDWIRE_ENCRYPTION: 'maybe' }, /WORLDWIRE_ENCRYPTION is "maybe"/],
      [{ WORLDWIRE_KEY: `${base64},${base64.slice(2)}` }, /entry 2 of WORLDWIRE_KEY is no key/],
      [{ WORLDWIRE_KEY_FILE: join(tempDir('keys'), 'none') }, /none cannot be read: ENOENT/],
    ] as const) {
      const { folder, env: own } = await deployApp(sdk, { url: place.url, env });
      const script = `
        import { createWorld } from '@worldwire/sdk/world';
        const world = createWorld();
        await world.getEncryptionKeyForRun('wrun_new').catch((e) => console.log(e.message));
        await world.close();
      `;
      const child = new Process(process.execPath, ['--input-type=module', '-e', script], {
        cwd: folder,
        env: own,
      });
      await child.prints(message);
      expect(child.output).not.toContain(base64.slice(2, 20));
      await child.stop();
    }
  });
});
