import { createServer, type Server } from 'node:http';
import {
  createServer as createHttp2Server,
  createSecureServer,
  type Http2SecureServer,
  type Http2Server,
  type Http2Session,
} from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { announcedLength } from './body.js';
import type { HttpRequest, HttpResponse } from './http.js';
import type { Log } from './log.js';
import { WRITE_BYTES } from './respond.js';

/** How a client of HTTP/2 begins. No HTTP/1.1 method starts like its first three bytes. */
const PREFACE = 'PRI';
/** How long a connection may take to say its first bytes, and a request its headers. */
const FIRST_BYTES_MS = 20_000;
const HTTP2_IDLE_MS = 600_000;
const MAX_HEADER_BYTES = 32 * 1024;
/** Connections that are open at most; further ones are closed at once. */
const MAX_CONNECTIONS = 10_000;
/** Calls on one HTTP/2 connection at a time; further ones wait at the client. */
const MAX_STREAMS = 1_000;
/** How long an idle connection is not asked whether its other end is there. */
const TCP_KEEP_ALIVE_MS = 10_000;
/** How often a session of HTTP/2 is asked, and after how many questions without an answer it is taken for lost. */
const PING_MS = 10_000;
const MAX_PINGS = 3;
const HTTP1_SETTINGS = {
  maxHeaderSize: MAX_HEADER_BYTES,
  headersTimeout: FIRST_BYTES_MS,
  /** How long a whole request may take to arrive. */
  requestTimeout: 300_000,
  /**
   * Longer than load balancers and pools of clients keep an idle connection, which is a minute as a rule, so that it is
   * they who close it: where the server does, it may be just when the next request comes, which then fails.
   */
  keepAliveTimeout: 75_000,
  connectionsCheckingInterval: 5_000,
};
const HTTP2_SETTINGS = {
  maxConcurrentStreams: MAX_STREAMS,
  initialWindowSize: 1024 * 1024,
  maxHeaderListSize: MAX_HEADER_BYTES,
};
/**
 * Megabytes that an HTTP/2 connection may hold before Node refuses further calls on it, and after a hundred refusals
 * ends it with all that is under way: what all its calls together may hold, however large their payloads.
 */
const MAX_SESSION_MEMORY = Math.ceil((MAX_STREAMS * (WRITE_BYTES + MAX_HEADER_BYTES)) / 1e6);

/** What the port is told. */
export interface PortOptions {
  readonly host: string;
  readonly port: number;
  /** A certificate and its key, in PEM; without them the port is cleartext. */
  readonly tls?: { readonly cert: string | Buffer; readonly key: string | Buffer };
  readonly maxRequestBytes: number;
  readonly log: Log;
}

/**
 * One port for HTTP/1.1 and HTTP/2. In cleartext they are told apart by a connection's first bytes, with TLS by ALPN.
 */
export class Port {
  readonly #server: Server | Http2SecureServer;
  readonly #sessions = new Set<Http2Session>();
  readonly #sockets = new Set<Socket>();

  private constructor(
    private readonly options: PortOptions,
    private readonly handle: (request: HttpRequest, response: HttpResponse) => void,
  ) {
    this.#server = options.tls === undefined ? this.#cleartext() : this.#secure(options.tls);
  }

  /** Opens the port, or fails as `listen` does. */
  static async open(
    options: PortOptions,
    handle: (request: HttpRequest, response: HttpResponse) => void,
  ): Promise<Port> {
    const port = new Port(options, handle);
    await new Promise<void>((resolve, reject) => {
      port.#server.once('error', reject);
      port.#server.listen(options.port, options.host, () => {
        port.#server.off('error', reject);
        resolve();
      });
    });
    port.#server.on('error', (err) => options.log.error({ err }, 'the port failed'));
    return port;
  }

  /** Where it listens. */
  get url(): string {
    const { address, family, port } = this.#server.address() as AddressInfo;
    const host = family === 'IPv6' ? `[${address}]` : address;
    return `${this.options.tls === undefined ? 'http' : 'https'}://${host}:${port}`;
  }

  /** Accepts no more connections and lets those go that have nothing under way. */
  stop(): void {
    this.#server.close();
    if ('closeIdleConnections' in this.#server) this.#server.closeIdleConnections();
    for (const session of this.#sessions) session.close();
  }

  /** Ends every connection. */
  destroy(): void {
    this.#server.close();
    for (const session of this.#sessions) session.destroy();
    for (const socket of this.#sockets) socket.destroy();
  }

  #cleartext(): Server {
    const server = createServer({ ...HTTP1_SETTINGS, noDelay: true }, this.handle);
    const http2 = createHttp2Server(
      { settings: HTTP2_SETTINGS, maxSessionMemory: MAX_SESSION_MEMORY },
      this.handle,
    );
    this.#watchSessions(http2);
    // Node's own way of serving HTTP/1.1 on a connection, put off until its first bytes are known.
    const serveHttp1 = server.listeners('connection') as ((socket: Socket) => void)[];
    server.removeAllListeners('connection');
    server.on('connection', (socket: Socket) => {
      if (!this.#admit(socket)) return;
      peek(socket, (isHttp2) => {
        if (!isHttp2) {
          for (const serve of serveHttp1) serve.call(server, socket);
          return;
        }
        // An HTTP/1.1 server's sockets may stay half open; a session of HTTP/2 would outlive its client so.
        socket.allowHalfOpen = false;
        http2.emit('connection', socket);
      });
    });
    this.#watchRequests(server);
    return server;
  }

  #secure(tls: { readonly cert: string | Buffer; readonly key: string | Buffer }) {
    const server = createSecureServer(
      {
        ...tls,
        allowHTTP1: true,
        settings: HTTP2_SETTINGS,
        maxSessionMemory: MAX_SESSION_MEMORY,
        handshakeTimeout: FIRST_BYTES_MS,
      },
      this.handle,
    );
    // As properties: the options of this kind of server know none of them.
    Object.assign(server, HTTP1_SETTINGS);
    server.on('connection', (socket: Socket) => this.#admit(socket));
    server.on('tlsClientError', (err) => this.options.log.debug({ err }, 'a TLS handshake failed'));
    this.#watchSessions(server);
    this.#watchRequests(server);
    return server;
  }

  #admit(socket: Socket): boolean {
    socket.on('error', (err) => this.options.log.debug({ err }, 'a connection broke'));
    if (this.#sockets.size >= MAX_CONNECTIONS) {
      this.options.log.warn({ connections: MAX_CONNECTIONS }, 'refused a connection: too many');
      socket.destroy();
      return false;
    }
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    socket.setNoDelay(true);
    socket.setKeepAlive(true, TCP_KEEP_ALIVE_MS);
    return true;
  }

  #watchSessions(server: Http2Server | Http2SecureServer): void {
    server.on('session', (session) => {
      this.#sessions.add(session);
      session.once('close', () => this.#sessions.delete(session));
      session.on('error', (err) => this.options.log.debug({ err }, 'a session broke'));
      this.#ping(session);
      session.setTimeout(HTTP2_IDLE_MS, () => session.close());
    });
    server.on('sessionError', (err) => this.options.log.debug({ err }, 'a session broke'));
  }

  /** Finds out, while calls are open, that a client is gone which could not say so: writing to it would not fail. */
  #ping(session: Http2Session): void {
    let calls = 0;
    let unanswered = 0;
    const answered = (): void => {
      unanswered = 0;
    };
    const timer = setInterval(() => {
      if (session.closed || session.destroyed || calls === 0) return answered();
      if (unanswered === MAX_PINGS) session.destroy();
      else if (session.ping(answered)) unanswered++;
    }, PING_MS);
    session.on('stream', (stream) => {
      calls++;
      stream.once('close', () => calls--);
    });
    session.once('close', () => clearInterval(timer));
  }

  #watchRequests(server: Server | Http2SecureServer): void {
    // Who announces a request that is too large is refused before it is sent.
    server.on('checkContinue', (request: HttpRequest, response: HttpResponse) => {
      if ((announcedLength(request) ?? 0) <= this.options.maxRequestBytes) response.writeContinue();
      this.handle(request, response);
    });
    server.on('clientError', (err: Error & { code?: string }, socket: Socket) => {
      if (err.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
      const status =
        err.code === 'HPE_HEADER_OVERFLOW'
          ? '431 Request Header Fields Too Large'
          : err.code === 'ERR_HTTP_REQUEST_TIMEOUT'
            ? '408 Request Timeout'
            : '400 Bad Request';
      socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
    });
  }
}

/** Finds out how a connection begins, and leaves its bytes as they were. Gives up on one that stays silent. */
function peek(socket: Socket, found: (isHttp2: boolean) => void): void {
  let seen: Buffer = Buffer.alloc(0);
  const timer = setTimeout(() => socket.destroy(), FIRST_BYTES_MS);
  const onReadable = (): void => {
    const chunk = socket.read() as Buffer | null;
    if (chunk === null) return;
    seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk]);
    const start = seen.subarray(0, PREFACE.length).toString('latin1');
    if (PREFACE !== start && PREFACE.startsWith(start)) return;
    done();
    socket.unshift(seen);
    found(start === PREFACE);
  };
  const onEnd = (): void => {
    done();
    socket.destroy();
  };
  const done = (): void => {
    clearTimeout(timer);
    socket.off('readable', onReadable);
    socket.off('end', onEnd);
    socket.off('close', done);
  };
  socket.on('readable', onReadable);
  socket.once('end', onEnd);
  socket.once('close', done);
}
