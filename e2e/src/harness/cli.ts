import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { App } from './app.js';
import { Process, run } from './process.js';
import { scratchDir } from './scratch.js';

const BACKEND = ['--backend', '@worldwire/sdk/world'];

/** Where the SDK's tools find their settings: they ask the registry for news once in three days. */
function settings(app: App): Record<string, string> {
  const require = createRequire(join(app.folder, 'package.json'));
  const { version } = require('@workflow/cli/package.json') as { version: string };
  const home = join(scratchDir(), `cli-${version}`);
  const cache = join(home, 'workflow');
  mkdirSync(cache, { recursive: true });
  const news = { timestamp: Date.now(), currentVersion: version, latestVersion: version };
  writeFileSync(join(cache, 'version-check.json'), JSON.stringify(news));
  return { XDG_DATA_HOME: home, WORKFLOW_TELEMETRY_DISABLED: '1' };
}

/** `npx workflow …` in the application's folder, started as npx would start it. */
export class WorkflowCli {
  readonly #app: App;
  readonly #env: Record<string, string>;
  readonly #bin: string;

  constructor(app: App) {
    this.#app = app;
    const { WORKFLOW_TARGET_WORLD: _, ...env } = app.env;
    this.#env = { ...env, ...settings(app) };
    this.#bin = join(app.folder, 'node_modules', 'workflow', 'bin', 'run.js');
  }

  /** Runs a command that must succeed and end by itself; returns what it printed to stdout. */
  async run(...args: string[]): Promise<string> {
    const command = [this.#bin, ...args, ...BACKEND];
    const { code, stdout, stderr } = await run(process.execPath, command, {
      cwd: this.#app.folder,
      env: this.#env,
    });
    expect(code, `workflow ${args.join(' ')}\n${stdout}${stderr}`).toBe(0);
    return stdout;
  }

  /** The answer of a command in JSON. */
  async json<T>(...args: string[]): Promise<T> {
    return JSON.parse(await this.run(...args, '--json')) as T;
  }

  /** Starts a command that goes on. */
  start(args: string[], env: Record<string, string> = {}): Process {
    return new Process(process.execPath, [this.#bin, ...args, ...BACKEND], {
      cwd: this.#app.folder,
      env: { ...this.#env, ...env },
    });
  }
}
