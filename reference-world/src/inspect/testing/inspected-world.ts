import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { NewEventSchema } from '@worldwire/proto';
import { createWorldClient, type WorldClient } from '@worldwire/sdk';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, vi } from 'vitest';
import {
  encp,
  encr,
  frame,
  key,
  made,
  names,
  PROJECT,
  RUN,
  streamed,
  wrongKey,
} from './payloads.js';

export type Json = Record<string, unknown>;
type Data = NonNullable<MessageInitShape<typeof NewEventSchema>['data']>;

/** `worldwire serve` and `worldwire inspect` in processes of their own, on a run with a payload in every place. */
export class InspectedWorld {
  /** Within the package, so that what is bundled finds its dependencies. */
  readonly #bundle = fileURLToPath(new URL(`../../../.cache/${randomUUID()}/`, import.meta.url));
  readonly #data = mkdtempSync(join(tmpdir(), 'worldwire-'));
  /** Where `inspect` is started; there are no keys. */
  readonly folder = join(this.#data, 'elsewhere');
  /** The wrong key and the right one. */
  readonly keyFile = join(this.#data, 'keys');
  url = '';
  /** May do everything. */
  ops!: WorldClient;
  #stop: () => Promise<unknown> = async () => {};

  async open(): Promise<void> {
    mkdirSync(this.folder);
    writeFileSync(this.keyFile, `# the new one, and the old one\n${wrongKey.text}\n${key.text}\n`);
    const tokenFile = join(this.#data, 'tokens');
    writeFileSync(tokenFile, 'ops +keys +escrow\nplain\n');
    await build({
      entryPoints: [fileURLToPath(new URL('../../cli.ts', import.meta.url))],
      outdir: this.#bundle,
      outExtension: { '.js': '.mjs' },
      bundle: true,
      splitting: true,
      format: 'esm',
      platform: 'node',
      packages: 'external',
    });
    const args = ['serve', '--port', '0', '--data-dir', this.#data, '--token-file', tokenFile];
    const server = this.#start(args, { WORLDWIRE_MASTER_KEY: wrongKey.text });
    this.#stop = () => {
      server.child.kill();
      return server.ended;
    };
    await vi.waitFor(() => expect(server.output.stdout).toContain('\n'), { timeout: 40_000 });
    this.url = server.output.stdout.trim().split(' ').at(-1)!;
    this.ops = createWorldClient({ url: this.url, token: 'ops', project: PROJECT });
    await fill(this.ops);
  }

  async close(): Promise<void> {
    await this.ops?.close();
    await this.#stop();
    for (const path of [this.#bundle, this.#data]) rmSync(path, { recursive: true, force: true });
  }

  /** Runs a view to its end. */
  async inspect(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    const { output, ended } = this.#start(['inspect', ...args], {
      WORLDWIRE_URL: this.url,
      WORLDWIRE_TOKEN: 'ops',
      WORLDWIRE_PROJECT: PROJECT,
      ...env,
    });
    return { code: await ended, ...output };
  }

  /** The same with `--json`. */
  async json(args: readonly string[], env?: NodeJS.ProcessEnv) {
    const { stdout, ...rest } = await this.inspect([...args, '--json'], env);
    return { ...rest, document: JSON.parse(stdout) as Json };
  }

  #start(args: readonly string[], env: NodeJS.ProcessEnv) {
    const inherited = Object.entries(process.env).filter(([name]) => !/^WORLDWIRE_/.test(name));
    const child = spawn(process.execPath, [join(this.#bundle, 'cli.mjs'), ...args], {
      env: { ...Object.fromEntries(inherited), ...env },
      cwd: this.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output = { stdout: '', stderr: '' };
    child.stdout.on('data', (data) => {
      output.stdout += data;
    });
    child.stderr.on('data', (data) => {
      output.stderr += data;
    });
    return { child, output, ended: once(child, 'close').then(([code]) => code as number) };
  }
}

/** A World for the tests of a file. */
export function inspectedWorld(): InspectedWorld {
  const world = new InspectedWorld();
  beforeAll(() => world.open());
  afterAll(() => world.close());
  return world;
}

/** The payloads of a document, by where they stand. */
export function payloadsOf(value: unknown, path = ''): Record<string, Json> {
  if (typeof value !== 'object' || value === null) return {};
  if ('bytes' in value) return { [path]: value as Json };
  const inner = Object.entries(value).map(([name, item]) =>
    payloadsOf(item, path === '' ? name : `${path}.${name}`),
  );
  return Object.assign({}, ...inner);
}

/** Appends an event. */
export async function append(
  client: WorldClient,
  runId: string,
  data: Data,
  correlationId = '',
): Promise<void> {
  await client.events.createEvent({ runId, event: { correlationId, specVersion: 7, data } });
}

async function fill(client: WorldClient): Promise<void> {
  const write = (data: Data, correlationId?: string) => append(client, RUN, data, correlationId);
  const failure = (value: Uint8Array) => ({ form: { case: 'payload' as const, value } });
  const small = made('core-5/devl/small').payload;
  const unicode = made('vercel-workflow/devl/unicode').payload;
  const large = made('core-5/gzip/large').payload;
  const run = { deploymentId: 'd', workflowName: 'hello', input: encr(small), ...names };
  await write({ case: 'runCreated', value: run });
  await write({ case: 'runStarted', value: {} });
  await write({ case: 'stepCreated', value: { stepName: 'add', input: encr(unicode) } }, 's');
  await write({ case: 'stepStarted', value: {} }, 's');
  await write({ case: 'stepRetrying', value: { error: failure(encr(unicode)) } }, 's');
  await write({ case: 'stepCompleted', value: { result: encr(large) } }, 's');
  await write({ case: 'stepCreated', value: { stepName: 'fail', input: small } }, 't');
  await write({ case: 'stepFailed', value: { error: failure(encr(small)) } }, 't');
  await write({ case: 'hookCreated', value: { token: 'token', metadata: encp(unicode) } }, 'h');
  await write({ case: 'hookReceived', value: { token: 'token', payload: encp(large) } }, 'h');
  for (const [name, sealed] of Object.entries({ encr, encp })) {
    const chunks = streamed.map(({ payload }) => frame(sealed(payload)));
    await client.streams.append({ runId: RUN, name, chunks });
  }
}
