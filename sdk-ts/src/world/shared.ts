import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Transport } from '@connectrpc/connect';
import { type Capability, type GetWorldResponse, PROTOCOL_VERSION } from '@worldwire/proto';
import { createWorldClient } from '../client/client.js';
import type { WorldClient } from '../client/types.js';
import { type Config, readConfig, type WorldOptions } from './config.js';
import { loadErrorClasses, worldError } from './errors.js';
import { RunKeyStore } from './keys/run-key-store.js';
import type { Session } from './session.js';
import { detectSpecVersion, readerOf } from './spec-version.js';
import { Worker } from './worker.js';

/** What `@worldwire/reference-world/embedded` exports. */
interface EmbeddedModule {
  openEmbeddedWorld(options: { dataDir: string } | { databaseUrl: string }): Promise<EmbeddedWorld>;
}

interface EmbeddedWorld {
  transport: Transport;
  close(): Promise<void>;
}

/** A name and not a literal, so that bundlers leave the import alone. */
const EMBEDDED_MODULE: string = '@worldwire/reference-world/embedded';

/** How long `start()` waits for a World that is away, before it goes on without. */
const START_WAIT_MS = 5_000;

/**
 * What all World objects of the same options in one process share: SDK 4 makes two of them, and bundlers
 * copy this very module.
 */
export class Shared {
  readonly worker: Worker;
  readonly keys: RunKeyStore;
  readonly specVersion: number;
  readonly #options: WorldOptions;
  #config: Config | undefined;
  #opening: Promise<Session> | undefined;
  #client: WorldClient | undefined;
  #info: GetWorldResponse | undefined;
  #embedded: EmbeddedWorld | undefined;
  #closed = false;
  #closing: Promise<void> | undefined;

  constructor(options: WorldOptions) {
    this.#options = options;
    this.specVersion = detectSpecVersion();
    this.keys = new RunKeyStore(this.connect, () => this.config());
    this.worker = new Worker(this.connect, () => this.config(), this.keys, this.specVersion);
  }

  config(): Config {
    this.#config ??= readConfig(this.#options);
    return this.#config;
  }

  /** Connects once; a connection that failed is tried anew by the next call. */
  connect = (): Promise<Session> => {
    if (this.#closed) return Promise.reject(worldError('the World was closed', { status: 503 }));
    this.#opening ??= this.#open().catch((error) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  };

  /** What the World declared, or undefined before its first answer. */
  declares(capability: Capability): boolean {
    return this.#info?.capabilities.includes(capability) ?? false;
  }

  /** Makes a closed World usable again. */
  reopen(): void {
    this.#closed = false;
  }

  /** Connects and takes work. Goes on without a World that is away: it is tried until it is back. */
  async start(): Promise<void> {
    this.reopen();
    const working = this.worker.start();
    const away = new Promise<void>((resolve) => {
      setTimeout(resolve, START_WAIT_MS).unref();
    });
    await Promise.race([Promise.all([this.connect(), working]), away]);
  }

  /** Stops taking work, lets handlers finish for a moment, and releases everything. */
  close(): Promise<void> {
    this.#closing ??= this.#close().finally(() => {
      this.#closing = undefined;
    });
    return this.#closing;
  }

  async #close(): Promise<void> {
    // Handlers still need the connection while they finish.
    await this.worker.stop();
    this.#closed = true;
    const opening = this.#opening;
    this.#opening = undefined;
    this.#config = undefined;
    this.keys.clear();
    this.#info = undefined;
    // A call that still waits for a World which is away ends here.
    await this.#client?.close();
    const session = await opening?.catch(() => undefined);
    await session?.client.close();
    this.#client = undefined;
    const embedded = this.#embedded;
    this.#embedded = undefined;
    await embedded?.close();
  }

  async #open(): Promise<Session> {
    const config = this.config();
    const [place] = await Promise.all([this.#locate(config), loadErrorClasses()]);
    const { token, project } = config;
    const client = createWorldClient({ ...place, token, project });
    this.#client = client;
    let info: GetWorldResponse;
    try {
      info = await client.getWorld();
      assertServes(info, this.specVersion);
    } catch (error) {
      await client.close();
      throw error;
    }
    this.#info = info;
    const { specVersion, keys } = this;
    return { client, info, config, reader: readerOf(specVersion), specVersion, keys };
  }

  async #locate({ place, defaulted }: Config): Promise<{ url: string } | { transport: Transport }> {
    if (place.kind === 'remote') return { url: place.url };
    if (defaulted && 'dataDir' in place) {
      console.warn(
        `worldwire: WORLDWIRE_URL is not set; using an embedded World in ${place.dataDir}`,
      );
    }
    const { openEmbeddedWorld } = await loadEmbedded();
    this.#embedded ??= await openEmbeddedWorld(place);
    return { transport: this.#embedded.transport };
  }
}

/** Throws where the World speaks another protocol, or does not take the events that this SDK writes. */
function assertServes(info: GetWorldResponse, specVersion: number): void {
  const { implementation, version, protocolVersion, minSpecVersion, maxSpecVersion } = info;
  const name = `${implementation} ${version}`;
  if (majorOf(protocolVersion) !== majorOf(PROTOCOL_VERSION)) {
    throw worldError(
      `${name} speaks protocol ${protocolVersion}, and this SDK ${PROTOCOL_VERSION}`,
    );
  }
  if (specVersion < minSpecVersion || specVersion > maxSpecVersion) {
    throw worldError(
      `this application's Workflow SDK writes spec version ${specVersion}, ` +
        `but ${name} serves ${minSpecVersion} to ${maxSpecVersion}`,
    );
  }
}

function majorOf(version: string): string | undefined {
  return version.split('.')[0];
}

/** Looks beside this package first, then in the application. */
async function loadEmbedded(): Promise<EmbeddedModule> {
  try {
    return (await import(EMBEDDED_MODULE)) as EmbeddedModule;
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  try {
    const { resolve } = createRequire(join(process.cwd(), 'package.json'));
    return (await import(pathToFileURL(resolve(EMBEDDED_MODULE)).href)) as EmbeddedModule;
  } catch (error) {
    if (!isMissing(error)) throw error;
    throw worldError(
      'an embedded World needs the package @worldwire/reference-world: ' +
        'run `npm install @worldwire/reference-world`, or set WORLDWIRE_URL to the address of a World',
      { cause: error },
    );
  }
}

function isMissing(error: unknown): boolean {
  const { code } = error as { code?: string };
  return code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
}

const SHARED = Symbol.for('@worldwire/sdk//shared');

/** The part that World objects of these options share, made at the first call. */
export function sharedFor(options: WorldOptions): Shared {
  const store = globalThis as { [SHARED]?: Map<string, Shared> };
  store[SHARED] ??= new Map();
  const key = JSON.stringify(Object.entries(options).sort());
  let shared = store[SHARED].get(key);
  if (shared === undefined) {
    shared = new Shared(options);
    store[SHARED].set(key, shared);
  }
  shared.reopen();
  return shared;
}
