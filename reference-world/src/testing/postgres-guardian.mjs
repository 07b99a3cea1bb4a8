/**
 * Ends a PostgreSQL and removes its folder, once the process that started it is gone, however it went: its end closes
 * the pipe that this process reads. On it come the ids of what runs on the folder, one after the other, and 0 for nothing.
 *
 *   node postgres-guardian.mjs <folder>
 */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

const TRIES = 100;
const BETWEEN_TRIES_MS = 100;

const folder = process.argv[2];
const lock = join(folder, 'data', 'postmaster.pid');
let pid = 0;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});
for await (const line of createInterface({ input: process.stdin })) pid = Number(line);

// The server ends its processes at once and saves nothing. It is not our child: its lock goes with it.
end('SIGQUIT');
for (let n = 0; n < TRIES && pid > 0 && existsSync(lock); n++) await sleep(BETWEEN_TRIES_MS);
if (existsSync(lock)) end('SIGKILL');
for (let n = 0; n < TRIES; n++) {
  try {
    rmSync(folder, { recursive: true, force: true });
    break;
  } catch {
    // Something that is about to end has just written there.
    await sleep(BETWEEN_TRIES_MS);
  }
}

function end(signal) {
  try {
    if (pid > 0) process.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}
