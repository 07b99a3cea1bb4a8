import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NotTestable } from '../outcome.js';

/** Stands for a folder of its own in a start command and in its environment. */
const DATA = '{data}';

/** What a World prints when it takes requests. */
const READY = /listening on (https?:\/\/\S+)/;

/** What is kept of a World's output, for messages. */
const KEPT_OUTPUT = 4_000;

/** How to start a World. */
export interface StartCommand {
  /** A shell command; `{data}` stands for the World's data folder. */
  readonly command: string;
  /** Added to the environment; `{data}` as in the command. */
  readonly env: Readonly<Record<string, string>>;
  /** Where the command runs. */
  readonly cwd?: string;
  /** How long it may take until it is ready, in milliseconds. */
  readonly readyMs: number;
}

/** Whether Worlds started by the command share nothing, so that several may live side by side. */
export function isPrivate({ command, env }: StartCommand): boolean {
  return command.includes(DATA) || Object.values(env).some((value) => value.includes(DATA));
}

/** Worlds that run. They are groups of their own, which outlive the harness where it exits in between. */
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) kill(child, 'SIGKILL');
});

/** A World whose process is the harness's own. */
export class OwnedWorld {
  #child: ChildProcess | undefined;
  #url: string | undefined;
  #output = '';
  #starting: Promise<string> | undefined;
  readonly #data: string;

  constructor(private readonly start_: StartCommand) {
    this.#data = mkdtempSync(join(tmpdir(), 'worldwire-conformance-'));
  }

  /** Where it answers; another address after each start. */
  get url(): string {
    if (this.#url === undefined) throw new Error('the World is not running');
    return this.#url;
  }

  /** Puts the data folder where `{data}` stands. */
  fill(text: string): string {
    return text.replaceAll(DATA, this.#data);
  }

  /** Starts the process and waits until it says that it is ready. */
  async start(): Promise<string> {
    this.#starting = this.#start();
    try {
      return await this.#starting;
    } finally {
      this.#starting = undefined;
    }
  }

  /** Resolves when the process runs: waits for a start that is under way, and starts it where there is none. */
  async revive(): Promise<void> {
    if (this.#url === undefined) await (this.#starting ?? this.start());
  }

  async #start(): Promise<string> {
    const { command, env, cwd, readyMs } = this.start_;
    const fill = (text: string) => this.fill(text);
    const child = spawn('/bin/sh', ['-c', `exec ${fill(command)}`], {
      cwd,
      env: {
        ...process.env,
        ...Object.fromEntries(Object.entries(env).map(([name, value]) => [name, fill(value)])),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    this.#child = child;
    running.add(child);
    this.#output = '';
    const ready = new Promise<string>((resolve, reject) => {
      let line = '';
      const read = (data: Buffer) => {
        const text = data.toString();
        this.#output = (this.#output + text).slice(-KEPT_OUTPUT);
        line = (line + text).slice(-KEPT_OUTPUT);
        const url = READY.exec(line)?.[1];
        if (url !== undefined) resolve(url);
      };
      child.stdout?.on('data', read);
      child.stderr?.on('data', read);
      child.once('error', reject);
      child.once('exit', (code, signal) =>
        reject(
          new NotTestable(
            `the World ended (${signal ?? code}) before it was ready: ${this.#output}`,
          ),
        ),
      );
      const late = () =>
        reject(new NotTestable(`the World was not ready in ${readyMs} ms: ${this.#output}`));
      setTimeout(late, readyMs).unref();
    });
    this.#url = (await ready).replace(/\/$/, '');
    return this.#url;
  }

  /** Ends the process and its children at once, as `kill -9` does, and waits until they are gone. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL', 10_000);
  }

  /** Asks the process to stop, and kills it where it does not. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM', 10_000);
  }

  /** Asks the process to stop; resolves when it has ended by itself, and leaves it alone until then. */
  async askToStop(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    kill(child, 'SIGTERM');
    await gone;
  }

  /** Stops the process without ending it: it answers nothing until it goes on. */
  pause(): void {
    this.#signal('SIGSTOP');
  }

  /** Lets a paused process go on. */
  resume(): void {
    this.#signal('SIGCONT');
  }

  /** Stops the process and removes its data. */
  async dispose(): Promise<void> {
    await this.kill();
    rmSync(this.#data, { recursive: true, force: true, maxRetries: 3 });
  }

  async #end(signal: NodeJS.Signals, graceMs: number): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    this.#child = undefined;
    this.#url = undefined;
    if (child.exitCode === null && child.signalCode === null) {
      const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      kill(child, signal);
      const timer = setTimeout(() => kill(child, 'SIGKILL'), graceMs);
      await gone;
      clearTimeout(timer);
    }
    // Children that outlive the shell hold the port and the data.
    kill(child, 'SIGKILL');
    running.delete(child);
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.#child !== undefined) kill(this.#child, signal);
  }
}

/** The whole process group, as the command may have started others. */
function kill(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The group is gone already.
  }
}
