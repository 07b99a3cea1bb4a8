import { randomUUID } from 'node:crypto';
import { create, type DescMethod, type Message } from '@bufbuild/protobuf';
import {
  Code,
  ConnectError,
  createConnectRouter,
  type HandlerContext,
  type MethodImpl,
} from '@connectrpc/connect';
import {
  compressionBrotli,
  compressionGzip,
  universalRequestFromNodeRequest,
  universalResponseToNodeResponse,
} from '@connectrpc/connect-node';
import {
  EventService,
  GetWorldResponseSchema,
  HookService,
  methodCapabilities,
  PROTOCOL_VERSION,
  QueueService,
  RunService,
  StepService,
  StreamService,
  services,
  WorldService,
} from '@worldwire/proto';
import type { Bridged } from './bridged.js';
import { Broker } from './broker.js';
import { checkProject, credentialsOf } from './credentials.js';
import { dropFarDeadlines } from './deadlines.js';
import { traitsOf } from './describe.js';
import { hookHandlers, runHandlers, stepHandlers } from './entity-service.js';
import { openMessage } from './envelope.js';
import { eventHandlers } from './event-service.js';
import { checkFields } from './gate.js';
import { healthRoutes } from './health.js';
import { isLegacy, modernize } from './legacy.js';
import { type NodeRequest, type NodeResponse, openPort } from './port.js';
import { givenUp, QueueHost } from './queue-host.js';
import { resolveQueuePrefix } from './queue-names.js';
import { queueHandlers } from './queue-service.js';
import { notDeclared, refusal } from './refusal.js';
import { streamHandlers } from './stream-service.js';
import type { Loose, UpstreamWorld, WorldQueueHandler } from './upstream-world.js';
import { refuseBrokenUtf8 } from './utf8.js';
import { Wakes } from './wakes.js';
import { checkWellFormed } from './well-formed.js';
import { errorAnswer, explainAnswer, withReason } from './wire-errors.js';

/** Deliveries that may be open without a consumer, in a World that calls the bridge in the process. */
const HELD_IN_PROCESS = 900;
/** The same in a World that delivers over HTTP: those deliver ten or twenty at a time. */
const HELD_OVER_HTTP = 8;
const MAX_REQUEST_BYTES = 128 * 1024 * 1024;
/** How long the World may take to close. */
const CLOSE_MS = 5_000;

/** How a World is served. */
export interface ServeOptions {
  /** The address to listen on; 127.0.0.1 by default. */
  readonly host?: string;
  /** The port; 7420 by default, 0 for a free one. */
  readonly port?: number;
  /** The package that the World comes from, as GetWorld names it. */
  readonly name?: string;
  readonly version?: string;
  /** What the World acknowledges dies with the process: it is for development. */
  readonly volatile?: boolean;
  /** A file with a token on each line; without one everybody may call. */
  readonly tokenFile?: string;
  /** Where the World delivers its messages. Open it before the World is loaded; otherwise it is opened here. */
  readonly queueHost?: QueueHost;
  /** How many deliveries may be open of which no consumer takes the queue. */
  readonly maxHeld?: number;
}

/** A World that is served. */
export interface ServedWorld {
  readonly url: string;
  /** Ends every call, sends open deliveries back, and closes the World. May be called again. */
  close(): Promise<void>;
}

type AnyHandler = (request: Message, context: HandlerContext) => Loose;

/** Serves an existing World of the Workflow SDK over the Worldwire protocol. Resolves when it accepts requests. */
export async function serveWorld(given: unknown, options: ServeOptions = {}): Promise<ServedWorld> {
  refuseBrokenUtf8();
  const legacy = isLegacy(given);
  const world = legacy ? modernize(given) : (given as UpstreamWorld);
  const traits = traitsOf(world, { legacy, volatile: options.volatile === true });
  const bridged: Bridged = { world, traits };
  const inProcess = typeof world.registerHandler === 'function';
  const broker = new Broker(options.maxHeld ?? (inProcess ? HELD_IN_PROCESS : HELD_OVER_HTTP));
  const wakes = new Wakes(world, () => broker.dispatch());
  const host = options.queueHost ?? (await QueueHost.open());
  attachQueue(world, traits.v5, host, broker, wakes);
  const door = await open();
  let closed: Promise<void> | undefined;
  return {
    url: door.url,
    close: () => {
      closed ??= close();
      return closed;
    },
  };

  async function open() {
    try {
      await world.start?.();
      const handle = route(bridged, broker, wakes, options);
      return await openPort(options.host ?? '127.0.0.1', options.port ?? 7420, handle);
    } catch (error) {
      broker.stop();
      await host.close();
      throw error;
    }
  }

  async function close(): Promise<void> {
    broker.stop();
    await door.close();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        console.error(`worldwire bridge: the World did not close within ${CLOSE_MS} ms`);
        resolve();
      }, CLOSE_MS);
    });
    // What goes wrong in a World's own end is told, and keeps nobody from stopping.
    const ended = (async () => world.close?.())().catch((error: unknown) =>
      console.error('worldwire bridge: the World did not close cleanly:', error),
    );
    await Promise.race([ended, late]);
    clearTimeout(timer);
    await host.close();
  }
}

/** Gives the World the handlers that it delivers to: in the process where it can, and at its address. */
function attachQueue(
  world: UpstreamWorld,
  v5: boolean,
  host: QueueHost,
  broker: Broker,
  wakes: Wakes,
): void {
  const handler: WorldQueueHandler = async (message, { attempt, queueName, ...meta }) => {
    const signal = givenUp.getStore();
    const messageId = String(meta.messageId);
    const given = openMessage(message, queueName);
    if (wakes.isSurplus(given, messageId)) return undefined;
    const opened = await wakes.addressed(given);
    try {
      const outcome = await broker.accept(opened, { messageId, attempt }, signal);
      if (outcome === undefined) wakes.acknowledged(messageId);
      return outcome;
    } finally {
      wakes.closed(opened);
    }
  };
  for (const kind of v5 ? (['workflow'] as const) : (['workflow', 'step'] as const)) {
    const prefix = resolveQueuePrefix(kind);
    const route = world.createQueueHandler(prefix, handler);
    host.serve(kind === 'workflow' ? 'flow' : 'step', route);
    world.registerHandler?.(prefix, route);
  }
}

/** Every method of the protocol, behind the gate, on all transports. */
function route(bridged: Bridged, broker: Broker, wakes: Wakes, options: ServeOptions) {
  const { capabilities } = bridged.traits;
  const admit = credentialsOf(options.tokenFile);
  const tables = new Map<unknown, object>([
    [WorldService, { getWorld: () => describe(bridged, options, instanceId) }],
    [EventService, eventHandlers(bridged)],
    [RunService, runHandlers(bridged)],
    [StepService, stepHandlers(bridged)],
    [HookService, hookHandlers(bridged)],
    [QueueService, queueHandlers(bridged, broker, wakes)],
    [StreamService, streamHandlers(bridged)],
  ]);
  const instanceId = randomUUID();

  const router = createConnectRouter({
    readMaxBytes: MAX_REQUEST_BYTES,
    acceptCompression: [compressionGzip, compressionBrotli],
    // A caller need not unpack what it did not ask to be packed.
    compressMinBytes: 0xffff_ffff,
    jsonOptions: {
      ignoreUnknownFields: false,
      ...{ textDecoder: new TextDecoder('utf-8', { fatal: true }) },
    },
  });
  for (const service of services) {
    for (const method of service.methods) {
      const table = tables.get(service) as Record<string, AnyHandler> | undefined;
      const check = (request: Message, { requestHeader }: HandlerContext): AnyHandler => {
        if (service !== WorldService) {
          admit(requestHeader);
          checkProject(requestHeader);
        }
        const name = `${service.typeName}/${method.name}`;
        const capability = methodCapabilities.get(name);
        if (capability !== undefined && !capabilities.has(capability))
          throw notDeclared(capability, `it has no ${name}`);
        checkFields(method.input, request, capabilities);
        checkWellFormed(method.input, request);
        const handler = table?.[method.localName];
        if (handler === undefined)
          throw refusal('METHOD_NOT_FOUND', `no ${name}`, { method: name });
        return handler;
      };
      router.rpc(method, implementationOf(method, check) as MethodImpl<typeof method>);
    }
  }
  healthRoutes(router, services);
  const handlers = new Map(router.handlers.map((handler) => [handler.requestPath, handler]));

  return (request: NodeRequest, response: NodeResponse): void => {
    const path = (request.url ?? '').split('?')[0]!;
    const handler = handlers.get(path);
    if (handler === undefined) {
      answerUnknown(path, request, response);
      return;
    }
    dropFarDeadlines(request.headers);
    // The library's own reading of requests; it knows of no path that was not routed here.
    handler(
      universalRequestFromNodeRequest(request as Loose, response as Loose, undefined, undefined),
    )
      .then(explainAnswer)
      .then((answer) => universalResponseToNodeResponse(answer, response as Loose))
      .catch((error: unknown) => {
        if (ConnectError.from(error).code === Code.Aborted) return;
        if (!response.headersSent) answerError(request, response, ConnectError.from(error));
        else response.end();
      });
  };
}

type Check = (request: Message, context: HandlerContext) => AnyHandler;

function implementationOf(method: DescMethod, check: Check) {
  if (method.methodKind === 'unary')
    return async (request: Message, context: HandlerContext) => {
      try {
        return await untilAborted(
          (async () => check(request, context)(request, context))(),
          context.signal,
        );
      } catch (error) {
        throw withReason(ConnectError.from(error));
      }
    };
  return async function* (request: Message, context: HandlerContext) {
    try {
      yield* check(request, context)(request, context);
      // A handler ends quietly where its call was given up; that is not the end of what it read.
      if (context.signal.aborted) throw givenUpBy(context.signal);
    } catch (error) {
      throw withReason(ConnectError.from(error));
    }
  };
}

/** A caller's deadline ends its call, whatever the World is doing. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let abort: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(givenUpBy(signal));
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', abort!);
  }
}

/** Why a call has ended that was not served to its end. */
function givenUpBy({ reason }: AbortSignal): ConnectError {
  return ConnectError.from(reason).code === Code.DeadlineExceeded
    ? refusal('DEADLINE_EXCEEDED', 'the deadline passed before the World answered')
    : refusal('CANCELLED', 'the caller went away');
}

function answerUnknown(path: string, request: NodeRequest, response: NodeResponse): void {
  if (request.method === 'GET' && path === '/healthz') {
    response.writeHead(200, { 'content-type': 'text/plain' });
    response.end('ok\n');
    return;
  }
  const method = path.slice(1, 256);
  const error = refusal('METHOD_NOT_FOUND', `this World has no method ${method}`, { method });
  answerError(request, response, error);
}

function answerError(request: NodeRequest, response: NodeResponse, error: ConnectError): void {
  const answer = errorAnswer(String(request.headers['content-type'] ?? ''), withReason(error));
  // A caller that has gone by now is told nothing.
  universalResponseToNodeResponse(answer, response as Loose).catch(() => response.destroy());
}

function describe({ traits }: Bridged, options: ServeOptions, instanceId: string) {
  const { name = 'unnamed World', version = '' } = options;
  return create(GetWorldResponseSchema, {
    implementation: `${name}${version && `@${version}`} (bridged)`,
    version,
    protocolVersion: PROTOCOL_VERSION,
    minSpecVersion: traits.minSpecVersion,
    maxSpecVersion: traits.specVersion,
    capabilities: [...traits.capabilities],
    // Worlds state no limits.
    limits: {},
    instanceId,
  });
}
