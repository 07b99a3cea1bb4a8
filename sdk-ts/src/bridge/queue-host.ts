import { AsyncLocalStorage } from 'node:async_hooks';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

type Route = (request: Request) => Promise<Response>;

/** Aborts when the World has closed the connection of the delivery that is being handled. */
export const givenUp = new AsyncLocalStorage<AbortSignal>();

/**
 * The address at which Worlds that deliver over HTTP post their messages, as they post them to an application:
 * `/.well-known/workflow/v1/flow` and `/step`.
 */
export class QueueHost {
  readonly #routes = new Map<string, Route>();
  readonly #server: Server;

  private constructor() {
    this.#server = createServer({ requestTimeout: 0, headersTimeout: 0 }, (request, response) => {
      this.#answer(request, response).catch((error: unknown) => {
        if (!response.headersSent) response.writeHead(500);
        response.end(String(error));
      });
    });
    this.#server.keepAliveTimeout = 60_000;
  }

  /** Opens it on loopback, and tells Worlds of it by the variables that they read: before they are loaded, best. */
  static async open(env: NodeJS.ProcessEnv = process.env): Promise<QueueHost> {
    const host = new QueueHost();
    // Worlds write "localhost", which is either of two addresses.
    await new Promise<void>((resolve, reject) => {
      host.#server.once('error', reject);
      host.#server.listen(0, 'localhost', resolve);
    });
    env.PORT = String(host.port);
    env.WORKFLOW_LOCAL_BASE_URL = host.url;
    return host;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://localhost:${this.port}`;
  }

  /** Answers one kind of delivery. */
  serve(kind: 'flow' | 'step', route: Route): void {
    this.#routes.set(kind, route);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.url);
    const route = this.#routes.get(/\/v1\/(flow|step)$/.exec(url.pathname)?.[1] ?? '');
    if (request.method !== 'POST' || route === undefined) {
      // Worlds that look for the application's port ask for its health.
      response.writeHead(request.method === 'POST' ? 404 : 200).end();
      return;
    }
    const gone = new AbortController();
    response.once('close', () => {
      if (!response.writableFinished) gone.abort();
    });
    const answer = await givenUp.run(gone.signal, async () => route(await toRequest(request, url)));
    const body = Buffer.from(await answer.arrayBuffer());
    response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(body);
  }
}

async function toRequest(request: IncomingMessage, url: URL): Promise<Request> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers))
    for (const one of [value ?? []].flat()) headers.append(name, one);
  return new Request(url, { method: 'POST', headers, body: Buffer.concat(pieces) });
}
