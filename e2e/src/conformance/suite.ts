import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pLimit from 'p-limit';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const suite = join(root, 'conformance/bin/worldwire-conformance.js');

/** The shell command that serves the reference World on data of its own. */
export const REFERENCE = `'${process.execPath}' '${join(root, 'reference-world/bin/worldwire.js')}' serve --port 0 --data-dir {data}`;

/** The shell command that makes its store refuse writes. */
export const STORE_FAULT = `'${process.execPath}' '${join(root, 'mutants/faults/sqlite.mjs')}' {data}`;

/** As much of a JSON report as the tests read. */
export interface SuiteReport {
  readonly conformant?: boolean;
  readonly checks: readonly {
    id: string;
    verdict: string;
    message?: string;
    capabilities?: readonly string[];
  }[];
  readonly requirements: readonly {
    id: string;
    level: string;
    checks?: readonly string[];
    verdict?: string;
    excluded?: string;
  }[];
}

/** Runs the suite's command line. */
export async function runCommand(
  args: readonly string[],
): Promise<{ exitCode: number; output: string }> {
  const child = spawn(process.execPath, [suite, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const collect = (data: Buffer) => {
    output += data.toString();
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  const exitCode = await new Promise<number>((resolve, reject) => {
    child.once('error', reject).once('close', (code) => resolve(code ?? -1));
  });
  return { exitCode, output };
}

/** A run waits more than it works: as many at once as there are cores keep them busy. */
const atOnce = pLimit(availableParallelism());

/** What a run of the suite came to; no report where it ended before it judged. */
export interface SuiteRun {
  readonly exitCode: number;
  readonly output: string;
  readonly report: SuiteReport | undefined;
}

/** Runs the suite's command line when its turn comes, and reads the JSON report that it wrote. */
export function runSuite(args: readonly string[]): Promise<SuiteRun> {
  return atOnce(() => runNow(args));
}

async function runNow(args: readonly string[]): Promise<SuiteRun> {
  const scratch = mkdtempSync(join(tmpdir(), 'worldwire-suite-'));
  const file = join(scratch, 'report.json');
  try {
    const { exitCode, output } = await runCommand([...args, '--report', `json=${file}`]);
    let report: SuiteReport | undefined;
    try {
      report = JSON.parse(readFileSync(file, 'utf8'));
    } catch {
      // The command ended before it judged; its output says why.
    }
    return { exitCode, output, report };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
