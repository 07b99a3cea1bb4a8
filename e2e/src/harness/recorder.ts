import { connect, createServer, type Server, type Socket } from 'node:net';

interface Flow {
  readonly toWorld: boolean;
  readonly pieces: Buffer[];
}

/**
 * A TCP relay to a World that keeps every byte of both directions, without the privileges that a capture of the loopback
 * interface takes. It can lose an answer.
 */
export class Recorder {
  readonly url: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** What went one way over one connection, as it came. */
  readonly #flows: Flow[] = [];
  #unanswered: Buffer | undefined;
  #lost = 0;

  private constructor(server: Server, port: number, target: string) {
    this.#server = server;
    this.url = `http://127.0.0.1:${port}`;
    const { hostname: host, port: targetPort } = new URL(target);
    server.on('connection', (near) => {
      const far = connect({ host, port: Number(targetPort) });
      const sent = this.#relay(near, far, true);
      const answered = this.#relay(far, near, false);
      const loseAnswer = () => {
        this.#lost += 1;
        near.destroy();
      };
      sent.on('data', (bytes: Buffer) => {
        if (this.#unanswered === undefined || !bytes.includes(this.#unanswered)) return;
        this.#unanswered = undefined;
        answered.prependOnceListener('data', loseAnswer);
      });
    });
  }

  static async before(target: string): Promise<Recorder> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the relay has no port');
    return new Recorder(server, address.port, target);
  }

  #relay(from: Socket, to: Socket, toWorld: boolean): Socket {
    const flow: Flow = { toWorld, pieces: [] };
    this.#flows.push(flow);
    this.#sockets.add(from);
    from
      .on('data', (bytes) => flow.pieces.push(bytes))
      .on('error', () => {})
      .on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
    from.pipe(to);
    return from;
  }

  /**
   * Lets the next piece with these bytes in it go to the World, and cuts its connection when the World says something
   * over it again.
   */
  loseAnswerTo(bytes: Buffer): void {
    this.#unanswered = bytes;
  }

  /** How many answers were lost. */
  get lost(): number {
    return this.#lost;
  }

  /** What went to the World, over one connection after the other. */
  get sent(): Buffer {
    const flows = this.#flows.filter(({ toWorld }) => toWorld);
    return Buffer.concat(flows.flatMap(({ pieces }) => pieces));
  }

  /** What went over the wire, one Buffer for each direction of each connection. */
  get flows(): Buffer[] {
    return this.#flows.map(({ pieces }) => Buffer.concat(pieces));
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
