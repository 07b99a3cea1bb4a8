import {
  Agent,
  createServer,
  type IncomingMessage,
  request as outgoing,
  type ServerResponse,
} from 'node:http';
import {
  type AddressInfo,
  connect,
  createServer as createTcpServer,
  type Server,
  type Socket,
} from 'node:net';

const HTTP2_PREFACE = Buffer.from('PRI * HTTP/2');

/** A load balancer that sends one request here and the next one there; over HTTP/2, one connection. */
export class Balancer {
  readonly url: string;
  /** Where requests go, in turn; where nobody listens is passed over. */
  targets: readonly string[];
  readonly #server: Server;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #sockets = new Set<Socket>();
  #turn = 0;

  private constructor(server: Server, targets: readonly string[]) {
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    this.targets = targets;
    this.#server = server;
    const http = createServer((near, answer) => this.#relay(near, answer, this.#inTurn()));
    http.timeout = 0;
    http.requestTimeout = 0;
    server.on('connection', (socket: Socket) => {
      this.#keep(socket);
      socket.once('data', (head) => {
        socket.pause();
        socket.unshift(head);
        if (head.subarray(0, HTTP2_PREFACE.length).equals(HTTP2_PREFACE)) this.#pipe(socket);
        else {
          http.emit('connection', socket);
          socket.resume();
        }
      });
    });
  }

  static async before(targets: readonly string[]): Promise<Balancer> {
    const server = createTcpServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Balancer(server, targets);
  }

  close(): void {
    this.#server.close();
    this.#agent.destroy();
    for (const socket of this.#sockets) socket.destroy();
  }

  /** All targets, beginning with the one whose turn it is. */
  #inTurn(): URL[] {
    const first = this.#turn++ % this.targets.length;
    return [...this.targets.slice(first), ...this.targets.slice(0, first)].map((to) => new URL(to));
  }

  #relay(near: IncomingMessage, answer: ServerResponse, [target, ...others]: URL[]): void {
    const { hostname, port } = target!;
    const { method, url: path, rawHeaders: headers } = near;
    const far = outgoing({ hostname, port, method, path, headers, agent: this.#agent });
    const broken = () => answer.destroy();
    far.once('socket', (socket) => {
      // Nothing of the request is taken before there is somebody to send it to.
      if (socket.connecting) socket.once('connect', () => near.pipe(far));
      else near.pipe(far);
    });
    far.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED' && others.length > 0) this.#relay(near, answer, others);
      // Behind an answer it only says that no more of the request was wanted.
      else if (!answer.headersSent) broken();
    });
    far.on('response', (response) => {
      answer.writeHead(response.statusCode!, response.statusMessage, response.rawHeaders);
      answer.flushHeaders();
      response.on('error', broken).pipe(answer);
    });
    answer.on('close', () => far.destroy());
    far.on('close', () => {
      if (answer.headersSent) near.unpipe(far).resume();
    });
    near.on('error', () => far.destroy());
  }

  #pipe(near: Socket): void {
    const { hostname, port } = this.#inTurn()[0]!;
    const far = connect(Number(port), hostname);
    this.#keep(far);
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
    near.pipe(far).pipe(near);
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket)).on('error', () => socket.destroy());
  }
}
