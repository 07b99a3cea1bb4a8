import { cpSync, existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { AppClient } from '../../../examples/scenarios/index.ts';
import { digestOf } from './digest.js';
import { cached, install, installSqlite, packTarballs } from './install.js';
import { REPOSITORY } from './paths.js';
import { type Exit, Process } from './process.js';
import { tempDir } from './scratch.js';

export const SDKS = ['sdk4', 'sdk5'] as const;
export type Sdk = (typeof SDKS)[number];

const EXAMPLES = join(REPOSITORY, 'examples');
const LISTENING = /^app listening on (http:\S+)$/m;
/** No answer for so long is a hang, also on a machine that has other work. */
const HANG_MS = 150_000;

/** An application, installed outside the repository from the packed tarballs, and built. */
async function prepareApp(sdk: Sdk): Promise<string> {
  const tarballs = await packTarballs();
  const sources = [sdk, 'shared', 'build.mjs'].map((name) => join(EXAMPLES, name));
  const digest = digestOf([...sources, ...tarballs], [process.version, process.arch]);
  return cached(sdk, digest, async (folder) => {
    const add = tarballs.flatMap((tarball) => ['--add', tarball]);
    const build = [join(EXAMPLES, 'build.mjs'), '--app', sdk, '--dir', folder, ...add];
    await install(process.execPath, build, REPOSITORY);
    await installSqlite(folder);
  });
}

/** Prepares all applications, for the first test that needs one; later it is quick. */
export async function prepareApps(): Promise<void> {
  await packTarballs();
  await Promise.all(SDKS.map(prepareApp));
}

export interface AppOptions {
  /** The World's address or `embedded:<dir>`; without it, embedded in the application's own folder. */
  url?: string;
  env?: Record<string, string>;
}

/** One deployment of an example application, in a folder of its own, and its process. */
export class App {
  readonly folder: string;
  readonly #options: AppOptions;
  #process: Process | undefined;
  #client: AppClient | undefined;
  #past = '';

  constructor(folder: string, options: AppOptions) {
    this.folder = folder;
    this.#options = options;
  }

  /** The environment of the application and of the SDK's tools beside it. */
  get env(): Record<string, string> {
    const { url, env } = this.#options;
    return {
      WORKFLOW_TARGET_WORLD: '@worldwire/sdk/world',
      ...(url === undefined ? {} : { WORLDWIRE_URL: url }),
      ...env,
    };
  }

  get client(): AppClient {
    if (this.#client === undefined) throw new Error('the application does not run');
    return this.#client;
  }

  get pid(): number {
    return this.#running.pid;
  }

  /** What it printed, over all its restarts. */
  get output(): string {
    return this.#past + (this.#process?.output ?? '');
  }

  get #running(): Process {
    if (this.#process === undefined) throw new Error('the application does not run');
    return this.#process;
  }

  async start(): Promise<this> {
    const child = new Process(process.execPath, [join('dist', 'server.mjs')], {
      cwd: this.folder,
      env: { ...this.env, PORT: '0' },
    });
    this.#process = child;
    const [, url] = await child.prints(LISTENING, HANG_MS);
    this.#client = new AppClient(url ?? '', HANG_MS);
    return this;
  }

  /** kill -9. */
  async kill(): Promise<void> {
    await this.#running.kill();
    this.#forget();
  }

  async stop(): Promise<Exit | undefined> {
    const exit = await this.#process?.stop();
    this.#forget();
    return exit;
  }

  #forget(): void {
    this.#past = this.output;
    this.#process = undefined;
    this.#client = undefined;
  }
}

/** Deploys an application without starting it. */
export async function deployApp(sdk: Sdk, options: AppOptions = {}): Promise<App> {
  const built = await prepareApp(sdk);
  const folder = tempDir(sdk);
  for (const name of ['package.json', 'dist', '.well-known']) {
    if (existsSync(join(built, name))) {
      cpSync(join(built, name), join(folder, name), { recursive: true });
    }
  }
  mkdirSync(folder, { recursive: true });
  symlinkSync(join(built, 'node_modules'), join(folder, 'node_modules'), 'dir');
  return new App(folder, options);
}

export async function startApp(sdk: Sdk, options: AppOptions = {}): Promise<App> {
  return (await deployApp(sdk, options)).start();
}
