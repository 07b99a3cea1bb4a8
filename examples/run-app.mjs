// Starts a built example application as a process of its own, and stops it.
import { spawn } from 'node:child_process';
import { join } from 'node:path';

const START_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 10_000;
const LISTENING = /^app listening on (http:\S+)$/m;

/** Resolves with its address once it listens; rejects with what it printed if it never does. */
export async function startApp(dir, { env = {}, port = 0 } = {}) {
  const child = spawn(process.execPath, [join('dist', 'server.mjs')], {
    cwd: dir,
    env: { ...process.env, ...env, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const exited = new Promise((resolve) =>
    child.once('exit', (code, signal) => resolve(code ?? signal)),
  );
  const baseUrl = await new Promise((resolve, reject) => {
    const give = (why) => reject(new Error(`the application ${why}:\n${output}`));
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      give(`did not listen within ${START_WITHIN_MS} ms`);
    }, START_WITHIN_MS);
    const hear = (text) => {
      output += text;
      const url = LISTENING.exec(output)?.[1];
      if (url !== undefined) {
        clearTimeout(timer);
        resolve(url);
      }
    };
    child.stdout.setEncoding('utf8').on('data', hear);
    child.stderr.setEncoding('utf8').on('data', hear);
    child.once('error', reject);
    exited.then((code) => {
      clearTimeout(timer);
      give(`ended (${code})`);
    });
  });

  return {
    baseUrl,
    pid: child.pid,
    exited,
    output: () => output,
    kill: (signal = 'SIGKILL') => child.kill(signal),
    /** Asks it to stop; returns its exit code, or the signal that it took in the end. */
    async stop() {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
      const code = await exited;
      clearTimeout(timer);
      return code;
    },
  };
}
