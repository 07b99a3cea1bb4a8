import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import {
  createServer as createHttp2Server,
  type Http2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { create, type DescMessage, type DescMethod, type MessageShape } from '@bufbuild/protobuf';
import {
  Code,
  ConnectError,
  type ConnectRouter,
  createContextKey,
  createContextValues,
  type HandlerContext,
} from '@connectrpc/connect';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import {
  type Capability,
  CapabilitySchema,
  ERROR_DOMAIN,
  ErrorInfoSchema,
  EventService,
  errorRules,
  type GetWorldResponse,
  GetWorldResponseSchema,
  HookService,
  KeyService,
  PROTOCOL_VERSION,
  QueueService,
  RetryInfoSchema,
  RunService,
  StepService,
  StreamService,
  WaitService,
  WorldService,
} from '@worldwire/proto';
import { durationFromMs } from '../fixtures/duration.js';
import type { Recorder } from '../wire/recorder.js';
import type { Protocol } from '../wire/transport.js';
import type { Script, ScriptedCall, Services } from './script.js';
import { ScriptedExchange } from './scripted-exchange.js';

const SERVICES: Services = {
  world: WorldService,
  events: EventService,
  runs: RunService,
  steps: StepService,
  hooks: HookService,
  waits: WaitService,
  queue: QueueService,
  streams: StreamService,
  keys: KeyService,
};

/** Larger than anything that a check sends. */
const MAX_MESSAGE_BYTES = 256 * 1024 * 1024;

const exchangeKey = createContextKey<ScriptedExchange | undefined>(undefined);

/** A call with its request, as a check looks at it afterwards. */
export interface SeenCall extends ScriptedCall {
  readonly request: unknown;
}

/** What the World says of itself where a script says nothing: that it has everything. */
export function worldInfo(changes: Partial<GetWorldResponse> = {}): GetWorldResponse {
  const all = create(GetWorldResponseSchema, {
    implementation: 'scripted',
    version: '1',
    protocolVersion: PROTOCOL_VERSION,
    minSpecVersion: 1,
    maxSpecVersion: 6,
    capabilities: CapabilitySchema.values.map(({ number }) => number).filter((n) => n !== 0),
    limits: { maxStreamAppend: 1_000, maxLongPoll: durationFromMs(60_000) },
  });
  return Object.assign(all, changes);
}

/** Every capability but some. */
export function capabilitiesWithout(...lacking: readonly Capability[]): Capability[] {
  return worldInfo().capabilities.filter((capability) => !lacking.includes(capability));
}

/** A refusal as a World makes it; the code is the registry's unless it is told. */
export function refusal(
  reason: string,
  {
    code = codeOf(reason),
    metadata = {},
    retryAfterMs,
  }: { code?: Code; metadata?: Record<string, string>; retryAfterMs?: number } = {},
): ConnectError {
  const error = new ConnectError(`refused with ${reason}`, code);
  const info = create(ErrorInfoSchema, { reason, domain: ERROR_DOMAIN, metadata });
  error.details.push({ desc: ErrorInfoSchema, value: info });
  if (retryAfterMs !== undefined)
    error.details.push({
      desc: RetryInfoSchema,
      value: create(RetryInfoSchema, { retryDelay: durationFromMs(retryAfterMs) }),
    });
  return error;
}

function codeOf(reason: string): Code {
  const name = errorRules.get(reason)?.code ?? 'unknown';
  const pascal = name.replace(/(^|_)([a-z])/g, (_all, _start, letter: string) =>
    letter.toUpperCase(),
  );
  return Code[pascal as keyof typeof Code];
}

/** A World that does what a check scripts, on a port of its own. */
export class ScriptedWorld {
  /** Every call in the order of arrival. */
  readonly calls: SeenCall[] = [];
  /** What it says of itself. */
  info = worldInfo();
  #script: Script = {};
  #server: Server | Http2Server | undefined;
  #port = 0;
  readonly #arrived = new Map<string, number>();
  readonly #sockets = new Set<Socket>();
  readonly #protocol: Protocol;
  readonly #handler: (
    request: IncomingMessage & Http2ServerRequest,
    response: ServerResponse & Http2ServerResponse,
  ) => void;

  constructor(protocol: Protocol, recorder: Recorder) {
    this.#protocol = protocol;
    const exchanges = new WeakMap<object, ScriptedExchange>();
    const adapter = connectNodeAdapter({
      routes: (router) => this.#routes(router),
      interceptors: [recorder.interceptor('driver')],
      contextValues: (request) => createContextValues().set(exchangeKey, exchanges.get(request)),
      readMaxBytes: MAX_MESSAGE_BYTES,
      writeMaxBytes: MAX_MESSAGE_BYTES,
      maxTimeoutMs: Number.MAX_SAFE_INTEGER,
    });
    this.#handler = (request, response) => {
      // What the client sends after its connection was broken is no concern of the check.
      request.on('error', () => undefined);
      response.on('error', () => undefined);
      const path = request.url ?? '';
      const method = path.slice(path.lastIndexOf('/') + 1);
      exchanges.set(
        request,
        new ScriptedExchange(method, this.count(method), request, response, () =>
          this.#connectionOf(request)?.destroy(),
        ),
      );
      this.#arrived.set(method, this.count(method) + 1);
      adapter(request, response);
    };
  }

  /** Where it answers; also while it does not listen. */
  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** What it does from now on. */
  play(script: Script): void {
    this.#script = script;
  }

  /** How many calls of a method have arrived. */
  count(method: string): number {
    return this.#arrived.get(method) ?? 0;
  }

  /** The calls of a method whose request was whole, in the order of arrival. */
  seen<I extends DescMessage>(
    method: DescMethod & { readonly input: I },
  ): (SeenCall & { readonly request: MessageShape<I> })[] {
    return this.calls.filter((call) => call.method === method.name) as never;
  }

  /** Begins to listen, again on the same port. */
  async listen(): Promise<void> {
    const handler = this.#handler as unknown as RequestListener;
    const server =
      this.#protocol === 'grpc'
        ? createHttp2Server(handler as never)
        : createServer({ keepAliveTimeout: 60_000 }, handler);
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, '127.0.0.1', () => resolve());
    });
    this.#port = (server.address() as AddressInfo).port;
  }

  /** Stops listening, and breaks every connection. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** The connection of a request; sockets of HTTP/2 show only their addresses, by which it is found. */
  #connectionOf(request: IncomingMessage | Http2ServerRequest): Socket | undefined {
    const { remotePort } = request.socket;
    return [...this.#sockets].find((socket) => socket.remotePort === remotePort);
  }

  #routes(router: ConnectRouter): void {
    for (const [name, service] of Object.entries(SERVICES) as [keyof Services, never][]) {
      const { methods } = service as {
        methods: readonly { localName: string; methodKind: string }[];
      };
      const implementation = Object.fromEntries(
        methods.map(({ localName, methodKind }) => [
          localName,
          methodKind === 'unary'
            ? (request: unknown, context: HandlerContext) =>
                this.#answer(name, localName, request, context)
            : (request: unknown, context: HandlerContext) =>
                this.#stream(name, localName, request, context),
        ]),
      );
      router.service(service, implementation);
    }
  }

  #handlerOf(name: keyof Services, method: string) {
    const service = this.#script[name] as Record<string, unknown> | undefined;
    return service?.[method] as ((request: unknown, call: ScriptedCall) => never) | undefined;
  }

  #begin(request: unknown, context: HandlerContext): SeenCall {
    const exchange = context.values.get(exchangeKey)!;
    const seen = exchange.seen(request, context.requestHeader);
    this.calls.push(seen);
    return seen;
  }

  async #answer(
    name: keyof Services,
    method: string,
    request: unknown,
    context: HandlerContext,
  ): Promise<never> {
    const call = this.#begin(request, context);
    const handler = this.#handlerOf(name, method);
    if (handler !== undefined) return handler(request, call);
    if (name === 'world' && method === 'getWorld') return this.info as never;
    throw refusal('METHOD_NOT_FOUND', { metadata: { method } });
  }

  async *#stream(
    name: keyof Services,
    method: string,
    request: unknown,
    context: HandlerContext,
  ): AsyncIterable<never> {
    const call = this.#begin(request, context);
    const handler = this.#handlerOf(name, method);
    if (handler === undefined) throw refusal('METHOD_NOT_FOUND', { metadata: { method } });
    yield* handler(request, call) as AsyncIterable<never>;
  }
}
