import { randomBytes, randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WorldClient } from '@worldwire/sdk';
import { beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { type App, prepareApps, SDKS, type Sdk } from '../harness/app.js';
import { folderHolds, openPlace, type Place, prefixes, startOn } from '../harness/place.js';
import { PythonApp, startPython } from '../harness/python.js';
import { tempDir } from '../harness/scratch.js';
import { until } from '../harness/until.js';

beforeAll(prepareApps);

const PYTHON = 'on-python';

interface Both {
  place: Place;
  typescript: App;
  python: PythonApp;
  /** The deployment of the application in TypeScript. */
  deployment: string;
  /** A client without keys. */
  client: WorldClient;
}

/** An application in each language, as two deployments of one World that share a key file. */
async function both(
  context: TestContext,
  sdk: Sdk,
  env: Record<string, string> = {},
): Promise<Both> {
  const place = await openPlace(context, 'server');
  const keys = join(tempDir('keys'), 'keys');
  writeFileSync(keys, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
  const deployment = `on-${sdk}`;
  const [typescript, python] = await Promise.all([
    startOn(context, sdk, place, { WORLDWIRE_KEY_FILE: keys, WORLDWIRE_DEPLOYMENT_ID: deployment }),
    startPython(context, {
      WORLDWIRE_URL: place.url,
      WORLDWIRE_KEY_FILE: keys,
      WORLDWIRE_DEPLOYMENT_ID: PYTHON,
      ...env,
    }),
  ]);
  return { place, typescript, python, deployment, client: await place.stranger() };
}

/** Starts a workflow of the application in Python from TypeScript. */
function startPythonRun({ typescript }: Both, name: string, args: unknown[]): Promise<string> {
  return typescript.client.start(PythonApp.workflow(name), args, { deploymentId: PYTHON });
}

/** The full name of a workflow of the application in TypeScript, as a run of it has it. */
async function nameOf({ typescript, client }: Both, name: string, args: unknown[]) {
  const runId = await typescript.client.start(name, args);
  await typescript.client.value(runId);
  const { run } = await client.runs.getRun({ runId });
  return run!.workflowName;
}

/** Whether every payload of a run's log is sealed. */
async function expectSealed(client: WorldClient, runId: string): Promise<void> {
  const found = Object.values(await prefixes(client, runId)).flat();
  expect(found.length).toBeGreaterThan(0);
  for (const prefix of found) expect(['encr', 'encp']).toContain(prefix);
}

async function end({ client }: Both, runId: string): Promise<string> {
  return until(`${runId} ends`, async () => {
    const { run } = await client.runs.waitForRun({ runId, timeout: { seconds: 5n, nanos: 0 } });
    return run!.completedAt === undefined ? undefined : String(run!.status);
  });
}

describe.each(SDKS)('%s and Python', (sdk) => {
  it('start and await each other', async (context) => {
    const apps = await both(context, sdk);
    const { typescript, python, client, deployment } = apps;
    const there = await startPythonRun(apps, 'sequence', [4, 0]);
    expect(await typescript.client.value(there)).toBe(10);
    await expectSealed(client, there);

    const name = await nameOf(apps, 'sequence', [1, 0]);
    const args = ['start', name, JSON.stringify([4, 0]), '--deployment', deployment];
    const here = await python.ask<string>(...args);
    expect(await python.value(here)).toBe(10);
    await expectSealed(client, here);

    const failing = await startPythonRun(apps, 'refused', ['no way']);
    expect(JSON.stringify(await typescript.client.failure(failing))).toContain('no way');
    const failed = await typescript.client.start('fatalUncaught', ['no way']);
    expect((await python.ask<{ error: string }>('result', failed)).error).toContain('no way');
  });

  it('exchange payloads that are long enough to be compressed', async (context) => {
    // The SDK for Python does not know for whom it starts a run, and SDK 4 reads nothing compressed.
    const env: Record<string, string> = sdk === 'sdk4' ? { WORKFLOW_DISABLE_COMPRESSION: '1' } : {};
    const apps = await both(context, sdk, env);
    const { typescript, python, deployment } = apps;
    const text = 'long '.repeat(2_000);
    const there = await startPythonRun(apps, 'loud', [text]);
    expect(await typescript.client.value(there)).toBe(text.toUpperCase());
    expect(await python.value(there)).toBe(text.toUpperCase());

    const name = await nameOf(apps, 'fatalCaught', ['short']);
    const args = ['start', name, JSON.stringify([text]), '--deployment', deployment];
    const here = await python.ask<string>(...args);
    expect(await python.value(here)).toMatchObject({ answer: `compensated: ${text}` });
    expect(await typescript.client.value(here)).toMatchObject({ answer: `compensated: ${text}` });
  });

  it('resume the hooks of each other, and read what they say', async (context) => {
    const apps = await both(context, sdk);
    const { place, typescript, python, client } = apps;
    const secret = `secret-${randomUUID()}${' and long'.repeat(300)}`;
    const [mine, theirs] = [`python:${randomUUID()}`, `typescript:${randomUUID()}`];

    const there = await startPythonRun(apps, 'collect', [mine, secret]);
    const seen = await until('the hook', () => typescript.client.hook(mine));
    expect(seen).toMatchObject({ runId: there, metadata: { about: secret } });
    await typescript.client.resume(mine, { text: secret });
    await typescript.client.resume(mine, { text: 'end', last: true });
    expect(await typescript.client.value(there)).toEqual([secret.toUpperCase(), 'END']);

    const here = await typescript.client.start('collect', [theirs, secret]);
    await until('the hook', () => typescript.client.hook(theirs));
    const hook = await python.ask('hook', theirs);
    expect(hook).toEqual({ runId: here, metadata: { about: secret } });
    await python.ask('resume', theirs, JSON.stringify({ text: secret }));
    await python.ask('resume', theirs, JSON.stringify({ text: 'end', last: true }));
    expect(await python.value(here)).toEqual([secret.toUpperCase(), 'END']);

    for (const runId of [there, here]) await expectSealed(client, runId);
    expect(folderHolds(place.folder, secret.slice(0, 43))).toBe(false);
  });

  it('read the streams of each other live, and resume', async (context) => {
    const apps = await both(context, sdk);
    const { typescript, python } = apps;
    const ticks = Array.from({ length: 40 }, (_, n) => n);

    const there = await startPythonRun(apps, 'ticker', [4, 10, 0.02]);
    const early = typescript.client.stream<{ n: number }>(there);
    const before = await typescript.client.stream<{ n: number }>(there, { take: 13 });
    const after = await typescript.client.stream<{ n: number }>(there, { startIndex: 13 });
    expect([...before, ...after].map(({ n }) => n)).toEqual(ticks);
    expect((await early).map(({ n }) => n)).toEqual(ticks);

    const here = await typescript.client.start('ticker', [4, 10, 20]);
    const first = await python.lines<{ n: number }>('stream', here, '--take', '13');
    const rest = await python.lines<{ n: number }>('stream', here, '--from', '13');
    expect([...first, ...rest].map(({ n }) => n)).toEqual(ticks);
  });

  it('cancel the runs of each other', async (context) => {
    const apps = await both(context, sdk);
    const { typescript, python } = apps;
    const there = await startPythonRun(apps, 'nap', [3600]);
    await typescript.client.cancel(there);
    const cancelled = await end(apps, there);
    expect(await python.ask('status', there)).toBe('cancelled');

    const here = await typescript.client.start('longNap', []);
    await python.lines('terminate', here);
    expect(await end(apps, here)).toBe(cancelled);
    expect((await typescript.client.run(here)).status).toBe('cancelled');

    // Both go on.
    const next = await startPythonRun(apps, 'sequence', [2, 0]);
    expect(await typescript.client.value(next)).toBe(3);
    expect(await python.value(await typescript.client.start('sequence', [2, 0]))).toBe(3);
  });
});
