import type { Credentials } from './credentials.js';
import { NOWHERE, PROJECT_HEADER } from './credentials.js';
import type { Endpoint } from './endpoints.js';
import { methodNotFound, shuttingDown, toConnectError } from './errors.js';
import { cutOff, type HttpRequest, type HttpResponse, isGone } from './http.js';
import { isLean, serveLean } from './lean.js';
import type { PrometheusMeter } from './metrics.js';
import { Router } from './router.js';
import type { Runtime } from './runtime.js';
import { writeError } from './wire-error.js';

const HEALTH = '/grpc.health.v1.Health/';

/** Takes every request of the port: who may call, and who answers. */
export class Gate {
  /** Whether new calls are refused because the server stops. */
  stopping = false;
  readonly #endpoints: ReadonlyMap<string, Endpoint>;
  readonly #router: Router;
  readonly #open = new Set<HttpResponse>();
  #idle: (() => void) | undefined;

  constructor(
    private readonly world: Runtime,
    private readonly credentials: Credentials,
    private readonly meter: PrometheusMeter,
    endpoints: readonly Endpoint[],
  ) {
    this.#endpoints = new Map(endpoints.map((endpoint) => [`/${endpoint.name}`, endpoint]));
    this.#router = new Router(world, endpoints);
  }

  /** Handles a request; never throws. */
  readonly handle = (request: HttpRequest, response: HttpResponse): void => {
    this.#open.add(response);
    // A stream that its client gave up may wait for ever to send what was written to it.
    if ('stream' in response) response.stream.once('aborted', () => cutOff(response));
    response.once('close', () => {
      this.#open.delete(response);
      if (this.#open.size === 0) this.#idle?.();
    });
    this.#route(request, response).catch((error: unknown) => {
      this.#refuse(request, response, error);
    });
  };

  /** Waits until no request is under way. */
  async idle(): Promise<void> {
    if (this.#open.size > 0) await new Promise<void>((resolve) => (this.#idle = resolve));
  }

  async #route(request: HttpRequest, response: HttpResponse): Promise<void> {
    const url = request.url ?? '';
    const query = url.indexOf('?');
    const path = query < 0 ? url : url.slice(0, query);
    if (this.stopping) throw shuttingDown();
    const { authorization } = request.headers;
    const endpoint = this.#endpoints.get(path);
    if (endpoint !== undefined) {
      const admitted = endpoint.open
        ? NOWHERE
        : this.credentials.admit(
            authorization,
            headerOf(request, PROJECT_HEADER),
            endpoint.audited,
          );
      if (isLean(request, endpoint))
        return serveLean(request, response, endpoint, admitted, this.world);
      return this.#router.serve(request, response, path, admitted);
    }
    if (this.#router.has(path)) {
      if (!path.startsWith(HEALTH)) this.credentials.authenticate(authorization);
      return this.#router.serve(request, response, path, NOWHERE);
    }
    if (request.method === 'GET' && path === '/healthz')
      return answer(response, 'text/plain', 'ok\n');
    if (request.method === 'GET' && path === '/readyz') {
      const leaving = this.world.draining.aborted;
      return answer(response, 'text/plain', leaving ? 'stopping\n' : 'ok\n', leaving ? 503 : 200);
    }
    if (request.method === 'GET' && path === '/metrics') {
      this.credentials.authenticate(authorization);
      const { contentType, text } = await this.meter.exposition();
      return answer(response, contentType, text);
    }
    throw methodNotFound(path.slice(1, 256));
  }

  #refuse(request: HttpRequest, response: HttpResponse, thrown: unknown): void {
    if (isGone(response)) return;
    if (response.headersSent) {
      cutOff(response);
      return;
    }
    const error = toConnectError(thrown, this.world.log);
    const last = request.httpVersionMajor === 1 && this.stopping;
    writeError(request, response, error, last ? { headers: { connection: 'close' } } : {});
  }
}

function headerOf(request: HttpRequest, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}

function answer(
  response: HttpResponse,
  contentType: string,
  text: string,
  status: 200 | 503 = 200,
): void {
  response.writeHead(status, { 'content-type': contentType });
  response.end(text);
}
