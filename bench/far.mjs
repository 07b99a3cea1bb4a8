/** What is far away: a way to an address on which everything arrives some milliseconds later. Timers count whole ones. */
import { connect, createServer } from 'node:net';

/** Resolves with the address by that way, and what closes it. `ms` is for one way. */
export async function farAway(url, ms) {
  const { hostname, port } = new URL(url);
  const sockets = new Set();
  const server = createServer((near) => {
    const far = connect({ host: hostname, port: Number(port), noDelay: true });
    near.setNoDelay(true);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ]) {
      sockets.add(one);
      one.on('data', (chunk) => setTimeout(() => other.write(chunk), ms));
      one.on('error', () => {});
      one.on('close', () => {
        sockets.delete(one);
        setTimeout(() => other.destroy(), ms);
      });
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const through = new URL(url);
  through.port = server.address().port;
  return {
    url: through.href,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
