import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { inject } from 'vitest';

/** The folder of this run of the tests. */
export function scratchDir(): string {
  return inject('scratch');
}

/** A new folder that is removed when the tests have ended. */
export function tempDir(prefix: string): string {
  return mkdtempSync(join(scratchDir(), `${prefix}-`));
}
