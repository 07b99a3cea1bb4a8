import { once } from 'node:events';
import { createServer, connect as dial, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** A wire that breaks at will, between a client and a World. */
export interface LosingProxy {
  readonly url: string;
  /** How many answers were lost. */
  readonly lost: number;
  /** Loses the next answers: when one begins to arrive, the client's connection is cut instead. */
  loseAnswers(count: number): void;
  /** Cuts every connection now. */
  cut(): void;
}

/** Opens one, until the end of the test. */
export async function openProxy(target: string): Promise<LosingProxy> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let losing = 0;
  let lost = 0;

  const server = createServer((client) => {
    const upstream = dial(Number(port), hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket
        .on('error', () => {})
        .on('close', () => {
          sockets.delete(socket);
          client.destroy();
          upstream.destroy();
        });
    }
    client.pipe(upstream);
    upstream.on('data', (bytes) => {
      if (losing > 0) {
        losing -= 1;
        lost += 1;
        client.destroy();
        return;
      }
      if (!client.write(bytes)) {
        upstream.pause();
        client.once('drain', () => upstream.resume());
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  onTestFinished(() => {
    cut();
    server.close();
  });
  const address = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${address.port}`,
    get lost() {
      return lost;
    },
    loseAnswers(count) {
      losing = count;
    },
    cut,
  };
}
