import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { scratchDir } from './scratch.js';

export type Exit = number | NodeJS.Signals;

export interface LaunchOptions {
  cwd?: string;
  env?: Record<string, string | undefined>;
  /** How long `stop()` waits before it kills. */
  graceMs?: number;
}

const STOP_WITHIN_MS = 15_000;

/** Variables of the tests' own surroundings that must not reach what is tested. */
const OURS =
  /^(WORLDWIRE_|WORKFLOW_|VITEST|npm_(?!config_)|npm_config_local_prefix$|(NODE_ENV|NODE_OPTIONS|TEST|DEV|PROD|FORCE_COLOR)$)/;

/** The environment of a process under test: this one's, without what vitest and npm put into it. */
export function cleanEnv(extra: Record<string, string | undefined> = {}): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !OURS.test(name));
  return { ...Object.fromEntries(own), NO_COLOR: '1', ...extra };
}

/** A process in a group of its own, so that a signal reaches whatever it started in turn. */
export class Process {
  readonly pid: number;
  /** Its exit code, or the signal that ended it. */
  readonly exited: Promise<Exit>;
  #stdout = '';
  #stderr = '';
  #output = '';
  #ended = false;
  readonly #graceMs: number;
  readonly #name: string;

  constructor(command: string, args: string[], { cwd, env, graceMs }: LaunchOptions = {}) {
    this.#name = [command, ...args].join(' ');
    this.#graceMs = graceMs ?? STOP_WITHIN_MS;
    const child = spawn(command, args, {
      cwd,
      env: cleanEnv(env),
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.exited = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => resolve(code ?? signal ?? 'SIGKILL'));
    });
    if (child.pid === undefined) throw new Error(`${this.#name} cannot be started`);
    this.pid = child.pid;
    note(`+${this.pid}`);
    this.exited
      .then(() => {
        this.#ended = true;
        note(`-${this.pid}`);
      })
      // Where the tests were aborted, the folder is gone.
      .catch(() => {});
    this.#listen(child);
  }

  #listen(child: ChildProcess): void {
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
      this.#output += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
      this.#output += text;
    });
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** What it printed, on both channels. */
  get output(): string {
    return this.#output;
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** Waits until it has printed what matches. */
  async prints(pattern: RegExp, withinMs = 60_000): Promise<RegExpExecArray> {
    const giveUpAt = Date.now() + withinMs;
    for (;;) {
      const match = pattern.exec(this.#output);
      if (match !== null) return match;
      if (this.#ended)
        throw new Error(`${this.#name} ended (${await this.exited}):\n${this.tail()}`);
      if (Date.now() > giveUpAt) {
        throw new Error(
          `${this.#name} did not print ${pattern} within ${withinMs} ms:\n${this.tail()}`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  tail(characters = 8_000): string {
    return this.#output.slice(-characters);
  }

  /** Signals the whole group; nothing happens where it has ended. */
  signal(signal: NodeJS.Signals): void {
    try {
      process.kill(-this.pid, signal);
    } catch {
      // Gone already.
    }
  }

  /** kill -9, and waits for the end. */
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.exited;
  }

  /** Asks it to stop, kills it where it does not, and returns how it ended. */
  async stop(): Promise<Exit> {
    if (!this.#ended) {
      try {
        process.kill(this.pid, 'SIGTERM');
      } catch {
        // Gone already.
      }
    }
    const timer = setTimeout(() => this.signal('SIGKILL'), this.#graceMs);
    try {
      return await this.exited;
    } finally {
      clearTimeout(timer);
      this.signal('SIGKILL');
    }
  }
}

/** Runs a command to its end. */
export async function run(
  command: string,
  args: string[],
  options: LaunchOptions & { withinMs?: number } = {},
): Promise<{ code: Exit; stdout: string; stderr: string }> {
  const child = new Process(command, args, options);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.signal('SIGKILL');
  }, options.withinMs ?? 120_000);
  const code = await child.exited;
  clearTimeout(timer);
  if (late) throw new Error(`${[command, ...args].join(' ')} does not end:\n${child.tail()}`);
  return { code, stdout: child.stdout, stderr: child.stderr };
}

function note(line: string): void {
  appendFileSync(join(scratchDir(), 'process-groups'), `${line}\n`);
}
