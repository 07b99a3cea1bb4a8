import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Interceptor, Transport } from '@connectrpc/connect';
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
  Http2SessionManager,
} from '@connectrpc/connect-node';
import { PROTOCOL_VERSION } from '@worldwire/proto';
import { IdleConnections } from './idle-connections.js';

/** The ways to speak with a World. */
export const protocols = ['connect', 'grpc', 'grpc-web', 'json'] as const;

/** One of them. */
export type Protocol = (typeof protocols)[number];

/** What every client of a run shares. */
export interface WireOptions {
  readonly protocol: Protocol;
  /** The bearer token of every call, where the World wants one. */
  readonly token: string | undefined;
}

/** What one client has of its own. */
export interface ClientOptions {
  readonly baseUrl: string;
  readonly interceptors: readonly Interceptor[];
  /** Headers of every call. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Milliseconds after which a unary call is given up. */
  readonly deadlineMs: number;
  /** Sends no credential. */
  readonly anonymous?: boolean;
  /** Speaks another protocol than the run's. */
  readonly protocol?: Protocol;
}

/** Large enough for the largest payload that a World announces, with room for its envelope. */
const MAX_MESSAGE_BYTES = 512 * 1024 * 1024;

/** All clients share a session: at Node's own limit of 10 MB one large payload makes it refuse the calls of others. */
const SESSION_MEMORY_MB = 1_000;

/** Opens connections and keeps them for all clients of a run. */
export class Wire {
  readonly #http = new HttpAgent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });
  readonly #https = new HttpsAgent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });
  readonly #idle = [new IdleConnections(this.#http), new IdleConnections(this.#https)];
  readonly #sessions = new Map<string, Http2SessionManager>();

  constructor(readonly options: WireOptions) {}

  /** A transport for one client. */
  transport(client: ClientOptions): Transport {
    const { baseUrl } = client;
    // The headers come first: what records a call is to see them.
    const interceptors = [this.#headers(client), ...client.interceptors];
    const common = {
      baseUrl,
      interceptors,
      defaultTimeoutMs: client.deadlineMs,
      readMaxBytes: MAX_MESSAGE_BYTES,
      writeMaxBytes: MAX_MESSAGE_BYTES,
    };
    const agent = baseUrl.startsWith('https:') ? this.#https : this.#http;
    const protocol = client.protocol ?? this.options.protocol;
    switch (protocol) {
      case 'connect':
      case 'json':
        return createConnectTransport({
          ...common,
          httpVersion: '1.1',
          nodeOptions: { agent },
          useBinaryFormat: protocol === 'connect',
        });
      case 'grpc-web':
        return createGrpcWebTransport({ ...common, httpVersion: '1.1', nodeOptions: { agent } });
      case 'grpc':
        return createGrpcTransport({ ...common, sessionManager: this.#session(baseUrl) });
    }
  }

  /** Closes every connection. */
  close(): void {
    this.#http.destroy();
    this.#https.destroy();
    for (const session of this.#sessions.values()) session.abort();
    this.#sessions.clear();
  }

  #session(baseUrl: string): Http2SessionManager {
    let session = this.#sessions.get(baseUrl);
    if (session === undefined) {
      session = new Http2SessionManager(baseUrl, undefined, {
        maxSessionMemory: SESSION_MEMORY_MB,
      });
      this.#sessions.set(baseUrl, session);
    }
    return session;
  }

  #headers({ headers, anonymous }: ClientOptions): Interceptor {
    const { token } = this.options;
    return (next) => (request) => {
      for (const connections of this.#idle) connections.dropStale();
      request.header.set('worldwire-protocol-version', PROTOCOL_VERSION);
      if (token !== undefined && !anonymous) request.header.set('authorization', `Bearer ${token}`);
      for (const [name, value] of Object.entries(headers ?? {})) request.header.set(name, value);
      return next(request);
    };
  }
}
