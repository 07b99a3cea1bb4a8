import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Failure } from '@worldwire/proto';
import { openEmbeddedWorld } from '@worldwire/reference-world/embedded';
import { createWorldClient, type WorldClient } from '@worldwire/sdk';
import type { TestContext } from 'vitest';
import { type App, deployApp, type Sdk } from './app.js';
import { showOnFailure } from './diagnose.js';
import { tempDir } from './scratch.js';
import { startWorld } from './world.js';

/** Where a World may be: behind an address, or in the application's own process. */
export const PLACES = ['server', 'embedded'] as const;

/** A World, and what a stranger who has all of its data sees of it. */
export interface Place {
  url: string;
  /** Where its data is. */
  folder: string;
  /** A client without keys. */
  stranger(): Promise<WorldClient>;
}

export async function openPlace(
  { onTestFinished }: TestContext,
  kind: (typeof PLACES)[number],
): Promise<Place> {
  if (kind === 'server') {
    const world = await startWorld();
    onTestFinished(async () => void (await world.stop()));
    const stranger = async () => createWorldClient({ url: world.url, onStatus: () => {} });
    return { url: world.url, folder: world.dataDir, stranger };
  }
  const folder = tempDir('sealed');
  const stranger = async () => {
    const { transport, close } = await openEmbeddedWorld({ dataDir: folder });
    onTestFinished(close);
    return createWorldClient({ transport });
  };
  return { url: `embedded:${folder}`, folder, stranger };
}

/** A deployment of an application on a World. */
export async function startOn(
  context: TestContext,
  sdk: Sdk,
  place: Place,
  env: Record<string, string> = {},
): Promise<App> {
  const app = await deployApp(sdk, { url: place.url, env });
  context.onTestFinished(async () => void (await app.stop()));
  showOnFailure(context, { [`${sdk} ${env.WORLDWIRE_DEPLOYMENT_ID ?? ''}`]: () => app.output });
  return app.start();
}

const prefixOf = (payload: Uint8Array | undefined) =>
  Buffer.from(payload ?? []).toString('latin1', 0, 4);

/** Whether a text is in any file of a folder, however deep. */
export function folderHolds(folder: string, text: string): boolean {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).some((name) => {
    const path = join(folder, name);
    return statSync(path).isFile() && readFileSync(path).includes(text);
  });
}

/** The prefixes of the payloads of a run's log, by the member that holds them. */
export async function prefixes(
  client: WorldClient,
  runId: string,
): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {};
  const note = (member: string, prefix: string) => {
    found[member] = [...(found[member] ?? []), prefix];
  };
  for await (const { data } of client.listEvents({ runId })) {
    const value = (data.value ?? {}) as Record<string, unknown>;
    for (const member of ['input', 'output', 'result', 'payload', 'metadata']) {
      const payload = value[member];
      if (payload instanceof Uint8Array) note(`${data.case}.${member}`, prefixOf(payload));
    }
    const error = (value.error as Failure | undefined)?.form;
    if (error?.case === 'payload') note(`${data.case}.error`, prefixOf(error.value));
    if (error?.case === 'structured') note(`${data.case}.error`, 'structured');
  }
  return found;
}
