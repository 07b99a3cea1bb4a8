import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'vitest';
import { showOnFailure } from './diagnose.js';
import { REPOSITORY } from './paths.js';
import { Process, run } from './process.js';
import { tempDir } from './scratch.js';

const PYTHON = join(REPOSITORY, 'sdk-python/.venv/bin/python');
const EXAMPLE = join(REPOSITORY, 'examples/python');

/** The example application in Python: a worker, and a command line beside it. */
export class PythonApp {
  readonly #env: Record<string, string>;
  readonly #cwd = tempDir('python');
  #worker: Process | undefined;

  constructor(env: Record<string, string>) {
    if (!existsSync(PYTHON)) throw new Error(`${PYTHON} is missing: npm test makes it`);
    this.#env = { PYTHONPATH: EXAMPLE, ...env };
  }

  /** The full name of one of its workflows. */
  static workflow(name: string): string {
    return `workflow//orders.workflows//${name}`;
  }

  get output(): string | undefined {
    return this.#worker?.output;
  }

  async start(): Promise<this> {
    const args = ['-m', 'orders', 'worker'];
    this.#worker = new Process(PYTHON, args, { cwd: this.#cwd, env: this.#env });
    await this.#worker.prints(/^orders takes work$/m);
    return this;
  }

  async stop(): Promise<void> {
    await this.#worker?.stop();
  }

  /** Runs a command that must succeed; returns the JSON values that it printed, one a line. */
  async lines<T>(...args: string[]): Promise<T[]> {
    const command = ['-m', 'orders', ...args];
    const { code, stdout, stderr } = await run(PYTHON, command, { cwd: this.#cwd, env: this.#env });
    if (code !== 0) throw new Error(`orders ${args.join(' ')}: ${code}\n${stdout}${stderr}`);
    return stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as T);
  }

  /** Runs a command that must succeed and print one value. */
  async ask<T>(...args: string[]): Promise<T> {
    const [value] = await this.lines<T>(...args);
    return value as T;
  }

  /** The value of a run that must succeed. */
  async value<T>(runId: string): Promise<T> {
    const { value, error } = await this.ask<{ value?: T; error?: string }>('result', runId);
    if (error !== undefined) throw new Error(`run ${runId}: ${error}`);
    return value as T;
  }
}

/** A running application in Python, which ends with the test. */
export async function startPython(
  context: TestContext,
  env: Record<string, string>,
): Promise<PythonApp> {
  const app = new PythonApp(env);
  context.onTestFinished(() => app.stop());
  showOnFailure(context, { 'the application in Python': () => app.output });
  return app.start();
}
