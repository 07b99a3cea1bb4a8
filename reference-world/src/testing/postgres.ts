/** A PostgreSQL for tests: started on first use, with a fresh database for each that asks, gone afterwards. */
import { spawnSync } from 'node:child_process';
import { PostgresServer } from './postgres-server.mjs';

export { execute } from './postgres-server.mjs';

const MAX_CONNECTIONS = 200;

/** One server on a folder of its own, which can also fail. */
export class Postgres extends PostgresServer {
  /** @param binaries a folder with a `bin` that anybody may run; by default that of the package */
  constructor(binaries?: string) {
    super({ binaries, maxConnections: MAX_CONNECTIONS });
  }

  /** Kills the server with all of its processes, as a crash would, and starts it again. */
  async crash(): Promise<void> {
    await this.end('SIGQUIT');
    await this.start();
  }

  /** Kills the server and each of its processes, none of which can finish anything. */
  async kill(): Promise<void> {
    const { pid } = this;
    const { stdout } = spawnSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' });
    const pairs = stdout.split('\n').map((line) => line.trim().split(/\s+/).map(Number));
    await this.end('SIGKILL');
    for (const [child, parent] of pairs) if (parent === pid) killIfThere(child!);
  }

  /** Starts the server again. */
  async restart(): Promise<void> {
    await this.start();
  }
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It went with its server.
  }
}
