import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import {
  createServer as createHttp2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';

/** How a client of HTTP/2 begins; no method of HTTP/1.1 starts so. */
const PREFACE = 'PRI';
/** How long a connection may take to say its first bytes. */
const FIRST_BYTES_MS = 20_000;

export type NodeRequest = IncomingMessage | Http2ServerRequest;
export type NodeResponse = ServerResponse | Http2ServerResponse;

/** An open port. */
export interface Port {
  readonly url: string;
  close(): Promise<void>;
}

/** Opens one port for HTTP/1.1 and HTTP/2 without TLS, told apart by a connection's first bytes. */
export async function openPort(
  host: string,
  port: number,
  handle: (request: NodeRequest, response: NodeResponse) => void,
): Promise<Port> {
  const sockets = new Set<Socket>();
  const sessions = new Set<ServerHttp2Session>();
  const http1 = createServer({ keepAliveTimeout: 75_000 }, handle);
  const http2 = createHttp2Server({}, handle);
  http2.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
    // What breaks a connection ends it, and concerns nobody else; Node would end the process.
    session.on('error', () => undefined);
  });
  http2.on('sessionError', () => undefined);
  // What Node does with a connection of HTTP/1.1, put off until its first bytes are known.
  const serveHttp1 = http1.listeners('connection') as ((socket: Socket) => void)[];
  http1.removeAllListeners('connection');
  http1.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    // As with a session.
    socket.on('error', () => undefined);
    socket.setNoDelay(true);
    peek(socket, (isHttp2) => {
      if (isHttp2) {
        socket.allowHalfOpen = false;
        http2.emit('connection', socket);
      } else for (const serve of serveHttp1) serve.call(http1, socket);
    });
  });
  await new Promise<void>((resolve, reject) => {
    http1.once('error', reject);
    http1.listen(port, host, resolve);
  });
  const at = http1.address() as AddressInfo;
  const name = at.family === 'IPv6' ? `[${at.address}]` : at.address;
  return {
    url: `http://${name}:${at.port}`,
    async close() {
      const closed = new Promise((resolve) => http1.close(resolve));
      for (const session of sessions) session.destroy();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** Finds out how a connection begins, and leaves its bytes as they were. */
function peek(socket: Socket, found: (isHttp2: boolean) => void): void {
  let seen: Buffer = Buffer.alloc(0);
  const done = (): void => {
    clearTimeout(timer);
    socket.off('readable', onReadable);
    socket.off('end', onEnd);
    socket.off('close', done);
  };
  const onReadable = (): void => {
    const chunk = socket.read() as Buffer | null;
    if (chunk === null) return;
    seen = Buffer.concat([seen, chunk]);
    const start = seen.subarray(0, PREFACE.length).toString('latin1');
    if (start !== PREFACE && PREFACE.startsWith(start)) return;
    done();
    socket.unshift(seen);
    found(start === PREFACE);
  };
  const onEnd = (): void => {
    done();
    socket.destroy();
  };
  const timer = setTimeout(onEnd, FIRST_BYTES_MS);
  socket.on('readable', onReadable);
  socket.once('end', onEnd);
  socket.once('close', done);
}
