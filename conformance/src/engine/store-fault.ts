import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { StoreFault } from '../context.js';
import { NotTestable } from '../outcome.js';

const run = promisify(execFile);

/** How long the command may take. */
const TIMEOUT_MS = 30_000;

/** A fault of the store that a command switches on and off. */
export function storeFaultBy(command: string): StoreFault {
  const call = async (words: string) => {
    try {
      await run('/bin/sh', ['-c', `${command} ${words}`], { timeout: TIMEOUT_MS });
    } catch (error) {
      throw new NotTestable(`the store fault command failed: ${String(error)}`);
    }
  };
  return { arm: (eventType) => call(`arm ${eventType}`), disarm: () => call('disarm') };
}
