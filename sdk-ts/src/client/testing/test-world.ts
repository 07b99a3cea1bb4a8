import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { create, type DescMessage, type MessageInitShape } from '@bufbuild/protobuf';
import { type Code, ConnectError, type ConnectRouter } from '@connectrpc/connect';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import { ERROR_DOMAIN, ErrorInfoSchema, RetryInfoSchema } from '@worldwire/proto';
import { createWorldClient } from '../client.js';
import type { ConnectionStatus, WorldClient, WorldClientOptions } from '../types.js';

/** What a test does to one request before, or instead of, the stock Connect server's answer to it. */
export type Mischief = (request: Seen, response: ServerResponse) => boolean | undefined;

/** A request that arrived. */
export interface Seen {
  readonly path: string;
  readonly method: string;
  readonly headers: IncomingMessage['headers'];
  readonly socket: Socket;
  /** How many requests came before on this path. */
  readonly nth: number;
}

/** A real HTTP server with connect-node's router, whose requests a test may spoil. */
export class TestWorld {
  readonly seen: Seen[] = [];
  /** Takes over a request by returning true. */
  mischief: Mischief | undefined;
  #server: Server | undefined;
  #port = 0;
  readonly #clients: WorldClient[] = [];
  readonly #handler: (request: IncomingMessage, response: ServerResponse) => void;

  constructor(routes: (router: ConnectRouter) => void) {
    this.#handler = connectNodeAdapter({ routes });
  }

  static async start(routes: (router: ConnectRouter) => void): Promise<TestWorld> {
    const world = new TestWorld(routes);
    await world.listen();
    return world;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** How many requests came for a method. */
  count(method: string): number {
    return this.seen.filter((request) => request.method === method).length;
  }

  /** Starts, or starts again on the same port. */
  async listen(): Promise<void> {
    // Idle connections are the client's to close, however long a test lets them be.
    const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
      const path = request.url ?? '';
      const method = path.slice(path.lastIndexOf('/') + 1);
      const nth = this.count(method);
      const seen = { path, method, nth, headers: request.headers, socket: request.socket };
      this.seen.push(seen);
      // What a spoilt request leaves behind is no concern of the test.
      request.on('error', () => undefined);
      response.on('error', () => undefined);
      if (this.mischief?.(seen, response)) return;
      this.#handler(request, response);
    });
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, '127.0.0.1', resolve);
    });
    this.#port = (server.address() as AddressInfo).port;
  }

  /** Stops as a killed process does: every connection is reset. */
  async kill(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    await new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
  }

  /** A client of this World that retries fast and reports into the void. */
  client(options: WorldClientOptions = {}): WorldClient {
    const client = createWorldClient({
      url: this.url,
      retry: { initialDelayMs: 1, maxDelayMs: 5, budgetMs: 60_000 },
      onStatus: () => undefined,
      ...options,
    });
    this.#clients.push(client);
    return client;
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
    await this.kill();
  }
}

/** An error as a World makes it. */
export function worldwireError(
  code: Code,
  reason: string,
  extra: { metadata?: Record<string, string>; retryAfterMs?: number } = {},
): ConnectError {
  const error = new ConnectError(`it is ${reason}`, code);
  const metadata = extra.metadata ?? {};
  addDetail(error, ErrorInfoSchema, { reason, domain: ERROR_DOMAIN, metadata });
  if (extra.retryAfterMs !== undefined) {
    const nanos = extra.retryAfterMs * 1_000_000;
    addDetail(error, RetryInfoSchema, { retryDelay: { seconds: 0n, nanos } });
  }
  return error;
}

function addDetail<S extends DescMessage>(
  error: ConnectError,
  desc: S,
  value: MessageInitShape<S>,
): void {
  error.details.push({ desc, value: create(desc, value) });
}

/** A promise with its ends. */
export function deferred<T = void>(): {
  promise: Promise<T>;
  resolve: (value: T) => void;
  reject: (error: unknown) => void;
} {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

/** Waits until something holds; the test's own timeout is its limit. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 2));
}

/** Everything that an iterable gives. */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** A place for status changes, and for what else is told. */
export function recorder(): {
  states: ConnectionStatus['state'][];
  onStatus: (s: ConnectionStatus) => void;
} {
  const states: ConnectionStatus['state'][] = [];
  return { states, onStatus: ({ state }) => states.push(state) };
}
