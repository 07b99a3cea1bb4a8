/**
 * Kills what the tests started and removes what they wrote, once the process that runs the tests is gone,
 * however it went: its end closes the pipe that this process reads.
 *
 *   node guardian.mjs <scratch folder>
 */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const scratch = process.argv[2];
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});
process.stdin.on('data', () => {}).on('close', cleanUp);

async function cleanUp() {
  for (const pid of groups()) {
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }
  // A worker of vitest that outlives it for a moment may still write here.
  for (let tries = 0; tries < 20 && existsSync(scratch); tries++) {
    try {
      rmSync(scratch, { recursive: true, force: true });
    } catch {
      // It has: once more.
    }
    await sleep(100);
  }
  process.exit(0);
}

/** Process groups that were started and not seen to end. */
function groups() {
  let text = '';
  try {
    text = readFileSync(join(scratch, 'process-groups'), 'utf8');
  } catch {
    // Nothing was ever started.
  }
  const alive = new Set();
  for (const line of text.split('\n')) {
    if (line.startsWith('+')) alive.add(Number(line.slice(1)));
    if (line.startsWith('-')) alive.delete(Number(line.slice(1)));
  }
  return alive;
}
