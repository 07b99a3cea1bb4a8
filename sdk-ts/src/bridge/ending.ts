/** How the bridge's process ends: in order where the World lets it, and soon in any case. */
import { fstatSync } from 'node:fs';
import { Worker } from 'node:worker_threads';

/** How long the process may take to end once it is told to, in milliseconds: longer than the World has to close. */
const END_MS = 8_000;
/** How often the program that started this one is looked for. */
const LOOK_MS = 500;

/**
 * Ends the process by `close`, with status 0 or 1: on SIGTERM, on SIGINT, and when the program is gone that started it
 * and reads its output. Where that takes longer than END_MS, the process is killed.
 */
export function endBy(close: () => Promise<void>): void {
  // Whoever read the output may be gone. An error that nobody can be told of would be told of by another, for ever.
  for (const output of [process.stdout, process.stderr]) output.on('error', () => undefined);
  let isEnding = false;
  const end = (): void => {
    if (isEnding) return;
    isEnding = true;
    killLater();
    close().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error('worldwire bridge: could not stop cleanly:', error);
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
  whenStarterIsGone(end);
}

/** Kills the process from another thread, for a World may keep this one busy. */
function killLater(): void {
  const message = 'worldwire bridge: the World did not let the process end: killed\n';
  const code = `setTimeout(() => {
    try { require('node:fs').writeSync(2, ${JSON.stringify(message)}); }
    finally { process.kill(process.pid, 'SIGKILL'); }
  }, ${END_MS})`;
  new Worker(code, { eval: true }).unref();
}

/**
 * Only a program that reads the output of another through a socket, as Node's do, wants it for itself; to a shell or to
 * a log the process may be left behind.
 */
function whenStarterIsGone(end: () => void): void {
  if (!fstatSync(process.stdout.fd).isSocket()) return;
  const starter = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === starter) return;
    clearInterval(timer);
    end();
  }, LOOK_MS);
  timer.unref();
}
