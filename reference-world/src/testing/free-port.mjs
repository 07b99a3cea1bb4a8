import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below those that Linux gives to connections: a server that is down for a moment gets its port back. */
const LOWEST = 10_000;
const HIGHEST = 32_767;
/** More in a row are taken only where something is wrong. */
const TRIES = 100;

export async function freePort() {
  for (let tries = 1; ; tries++) {
    const port = randomInt(LOWEST, HIGHEST + 1);
    const server = createServer();
    try {
      await once(server.listen(port, '127.0.0.1'), 'listening');
      return port;
    } catch (error) {
      if (tries === TRIES) throw error;
    } finally {
      server.close();
    }
  }
}
