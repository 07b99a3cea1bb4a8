import { join } from 'node:path';
import { freePort } from '../../../reference-world/src/testing/free-port.mjs';
import { REPOSITORY } from './paths.js';
import { type Exit, Process } from './process.js';
import { tempDir } from './scratch.js';

const LISTENING = /^worldwire listening on (http:\S+)$/m;

export interface WorldServerOptions {
  /** Default: a new one. */
  dataDir?: string;
  /** Further arguments of `worldwire serve`. */
  args?: string[];
  env?: Record<string, string>;
}

/** The reference World in a process of its own, as the repository's build has it. */
export class WorldServer {
  readonly dataDir: string;
  readonly #options: WorldServerOptions;
  #process: Process | undefined;
  #url: string | undefined;
  /** What earlier processes printed. */
  #past = '';

  constructor(options: WorldServerOptions) {
    this.#options = options;
    this.dataDir = options.dataDir ?? tempDir('world');
  }

  /** The same before and after a restart. */
  get url(): string {
    if (this.#url === undefined) throw new Error('the World was never started');
    return this.#url;
  }

  get pid(): number {
    return this.#running.pid;
  }

  /** What this World printed, over all its restarts. */
  get logs(): string {
    return this.#past + (this.#process?.output ?? '');
  }

  get #running(): Process {
    if (this.#process === undefined) throw new Error('the World does not run');
    return this.#process;
  }

  /** Starts it; after a first start on the same port and the same data. */
  async start(): Promise<this> {
    const port = this.#url === undefined ? String(await freePort()) : new URL(this.#url).port;
    const child = new Process(
      process.execPath,
      [
        join(REPOSITORY, 'reference-world/bin/worldwire.js'),
        ...['serve', '--port', port, '--data-dir', this.dataDir],
        ...(this.#options.args ?? []),
      ],
      { cwd: this.dataDir, env: this.#options.env },
    );
    this.#process = child;
    const [, url] = await child.prints(LISTENING);
    this.#url = url;
    return this;
  }

  signal(signal: NodeJS.Signals): void {
    this.#running.signal(signal);
  }

  /** kill -9. */
  async kill(): Promise<void> {
    await this.#running.kill();
    this.#forget();
  }

  /** SIGTERM; returns how it ended. */
  async stop(): Promise<Exit | undefined> {
    const exit = await this.#process?.stop();
    this.#forget();
    return exit;
  }

  async restart(): Promise<this> {
    if (this.#process !== undefined) await this.stop();
    return this.start();
  }

  #forget(): void {
    this.#past = this.logs;
    this.#process = undefined;
  }
}

export function startWorld(options: WorldServerOptions = {}): Promise<WorldServer> {
  return new WorldServer(options).start();
}
