import { connect, createServer, type Server, type Socket } from 'node:net';

/** A TCP relay to a World, in which the network can be cut as a network is: without a word to either side. */
export class Network {
  readonly url: string;
  readonly #server: Server;
  readonly #sockets: Set<Socket>;
  readonly #state: { cut: boolean };

  private constructor(url: string, server: Server, sockets: Set<Socket>, state: { cut: boolean }) {
    this.url = url;
    this.#server = server;
    this.#sockets = sockets;
    this.#state = state;
  }

  static async before(target: string): Promise<Network> {
    const { hostname, port } = new URL(target);
    const sockets = new Set<Socket>();
    const state = { cut: false };
    const server = createServer((near) => {
      sockets.add(near);
      near.on('error', () => {}).on('close', () => sockets.delete(near));
      // What connects while the network is cut is never answered.
      if (state.cut) return void near.resume();
      const far = connect({ host: hostname, port: Number(port) });
      sockets.add(far);
      far.on('error', () => near.destroy()).on('close', () => sockets.delete(far));
      near.on('close', () => far.destroy());
      far.on('close', () => near.destroy());
      near.pipe(far).pipe(near);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the relay has no port');
    return new Network(`http://127.0.0.1:${address.port}`, server, sockets, state);
  }

  /** Every connection of now is dead from here on, though neither side is told. */
  cut(): void {
    this.#state.cut = true;
    for (const socket of this.#sockets) {
      socket.unpipe();
      socket.removeAllListeners('close');
      socket.removeAllListeners('end');
      socket.resume();
    }
  }

  /** New connections come through again. */
  mend(): void {
    this.#state.cut = false;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
