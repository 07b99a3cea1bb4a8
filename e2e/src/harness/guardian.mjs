/**
 * Kills what the tests started and removes what they wrote, once the process that runs the tests is gone,
 * however it went: its end closes the pipe that this process reads.
 *
 *   node guardian.mjs <scratch folder>
 */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const scratch = process.argv[2];
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});
process.stdin.on('data', () => {}).on('close', cleanUp);

function cleanUp() {
  for (const pid of groups()) {
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }
  rmSync(scratch, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
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
