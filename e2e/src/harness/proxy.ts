import { connect, createServer, type Server, type Socket } from 'node:net';

/** A TCP relay to a World, in which the network can be cut as a network is: without a word. */
export class Network {
  readonly url: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #pairs = new Set<{ near: Socket; far: Socket }>();
  readonly #target: { host: string; port: number };
  #cut = false;

  private constructor(server: Server, port: number, target: string) {
    this.#server = server;
    this.url = `http://127.0.0.1:${port}`;
    const { hostname, port: targetPort } = new URL(target);
    this.#target = { host: hostname, port: Number(targetPort) };
    server.on('connection', (near) => this.#relay(near));
  }

  static async before(target: string): Promise<Network> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the relay has no port');
    return new Network(server, address.port, target);
  }

  #relay(near: Socket): void {
    this.#keep(near);
    // What connects while the network is cut is never answered.
    if (this.#cut) return void near.resume();
    const far = connect(this.#target);
    this.#keep(far);
    const pair = { near, far };
    this.#pairs.add(pair);
    const end = () => {
      if (!this.#pairs.delete(pair)) return;
      near.destroy();
      far.destroy();
    };
    near.on('close', end);
    far.on('close', end);
    near.pipe(far).pipe(near);
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {}).on('close', () => this.#sockets.delete(socket));
  }

  /**
   * Every connection of now is dead from here on. The client is told nothing; the World sees its end unless
   * `silent`, which leaves both sides with connections that are none.
   */
  cut({ silent }: { silent: boolean }): void {
    this.#cut = true;
    for (const { near, far } of this.#pairs) {
      near.unpipe(far);
      far.unpipe(near);
      near.resume();
      far.resume();
      if (!silent) far.destroy();
    }
    this.#pairs.clear();
  }

  /** New connections come through again. */
  mend(): void {
    this.#cut = false;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
