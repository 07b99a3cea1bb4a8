import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { REPOSITORY } from './harness/paths.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** A folder of this run of the tests; it goes with it. */
    scratch: string;
  }
}

/** Builds what is older than its sources, and sees to it that nothing is left behind. */
export default function setup(project: TestProject): () => Promise<void> {
  // For who works on several packages at once, of which one does not build at the moment.
  if (process.env.WORLDWIRE_E2E_BUILD !== '0') build();
  const scratch = mkdtempSync(join(tmpdir(), 'worldwire-e2e-'));
  const script = fileURLToPath(new URL('harness/guardian.mjs', import.meta.url));
  const guardian = spawn(process.execPath, [script, scratch], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const done = new Promise((resolve) => guardian.once('exit', resolve));
  guardian.unref();
  project.provide('scratch', scratch);
  return async () => {
    guardian.ref();
    guardian.stdin.end();
    await done;
  };
}

function build(): void {
  const code = "import('./scripts/setup.mjs').then(({ setup }) => setup())";
  const { status } = spawnSync(process.execPath, ['-e', code], {
    cwd: REPOSITORY,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) throw new Error('the packages do not build');
}
