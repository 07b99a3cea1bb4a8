import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Process } from './process.js';
import { tempDir } from './scratch.js';

const SCRIPT = fileURLToPath(new URL('capture.py', import.meta.url));
const PYTHON = 'python3';

/** Why packets cannot be captured here, which takes Linux, Python and privileges; undefined where they can. */
export function whyNoCapture(): string | undefined {
  const { error, stderr } = spawnSync(PYTHON, [SCRIPT, '--probe'], { encoding: 'utf8' });
  if (error !== undefined) return `loopback cannot be captured: ${error.message}`;
  return stderr.trim() || undefined;
}

/** A capture of the packets that go over the loopback interface to and from a port. */
export class Capture {
  readonly #process: Process;
  readonly #folder: string;

  private constructor(process: Process, folder: string) {
    this.#process = process;
    this.#folder = folder;
  }

  static async of(url: string): Promise<Capture> {
    const folder = tempDir('capture');
    const child = new Process(PYTHON, [SCRIPT, new URL(url).port, folder]);
    await child.prints(/^capturing$/m);
    return new Capture(child, folder);
  }

  /**
   * Ends the capture.
   *
   * @returns What went over the wire, one Buffer for each direction of each connection.
   */
  async stop(): Promise<Buffer[]> {
    const exit = await this.#process.stop();
    if (exit !== 0) throw new Error(`the capture failed: ${this.#process.output}`);
    return readdirSync(this.#folder).map((name) => readFileSync(join(this.#folder, name)));
  }
}
