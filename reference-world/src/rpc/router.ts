import type { Message } from '@bufbuild/protobuf';
import {
  type ConnectRouter,
  createConnectRouter,
  createContextKey,
  createContextValues,
  type HandlerContext,
  type MethodImpl,
} from '@connectrpc/connect';
import type { UniversalHandler } from '@connectrpc/connect/protocol';
import { compressionBrotli, compressionGzip } from '@connectrpc/connect-node';
import { announcedLength, bodyOf } from './body.js';
import { Call, MAX_TIMER_MS } from './call.js';
import { type Admitted, NOWHERE } from './credentials.js';
import type { Endpoint } from './endpoints.js';
import { refusal, toConnectError, tooLarge } from './errors.js';
import { healthRoutes } from './health.js';
import { cutOff, type HttpRequest, type HttpResponse, isGone } from './http.js';
import { encodeJson, LargePayloads, wantsJson } from './json.js';
import { reflectionRoutes } from './reflection.js';
import { sendAnswer } from './respond.js';
import type { Runtime } from './runtime.js';
import { withReasons, writeError } from './wire-error.js';

const admittedKey = createContextKey(NOWHERE);
const largePayloadsKey = createContextKey<LargePayloads | undefined>(undefined);

/** Serves every protocol of the RPC library: gRPC, gRPC-Web, Connect streams, and Connect unary in all its forms. */
export class Router {
  readonly #handlers: ReadonlyMap<string, UniversalHandler>;

  constructor(
    private readonly world: Runtime,
    endpoints: readonly Endpoint[],
  ) {
    const router = createConnectRouter({
      readMaxBytes: world.limits.maxRequestBytes,
      acceptCompression: [compressionGzip, compressionBrotli],
      // Never compresses an answer: payloads are sealed, and would not get smaller.
      compressMinBytes: 0xffff_ffff,
      jsonOptions: {
        ignoreUnknownFields: false,
        ...{
          textDecoder: new TextDecoder('utf-8', { fatal: true }),
          textEncoder: { encode: encodeJson },
        },
      },
    });
    for (const endpoint of endpoints) route(router, endpoint);
    const services = [...new Set(endpoints.map(({ method }) => method.parent))];
    healthRoutes(
      router,
      world,
      services.map(({ typeName }) => typeName),
    );
    const health = router.handlers.at(-1)!.service;
    reflectionRoutes(router, [...services, health]);
    this.#handlers = new Map(router.handlers.map((handler) => [handler.requestPath, handler]));
  }

  /** Whether there is such a method. */
  has(path: string): boolean {
    return this.#handlers.has(path);
  }

  /** Answers a request for a method that there is. */
  async serve(
    request: HttpRequest,
    response: HttpResponse,
    path: string,
    admitted: Admitted,
  ): Promise<void> {
    const { log, limits } = this.world;
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const large = wantsJson(request) ? new LargePayloads() : undefined;
    try {
      const handler = this.#handlers.get(path)!;
      const announced = announcedLength(request);
      if (announced !== undefined && announced > limits.maxRequestBytes)
        throw tooLarge(limits.maxRequestBytes, String(announced));
      const answer = await handler({
        httpVersion: request.httpVersion,
        method: request.method ?? '',
        url: `http://world${request.url}`,
        header: headersOf(request),
        body: bodyOf(request),
        signal: gone.signal,
        contextValues: createContextValues()
          .set(admittedKey, admitted)
          .set(largePayloadsKey, large),
      });
      if (answer.body === undefined) refuseForm(request, response, handler, answer.status);
      else await sendAnswer(request, await withReasons(answer, log), response);
    } catch (error) {
      if (response.headersSent) cutOff(response);
      else if (!isGone(response)) writeError(request, response, toConnectError(error, log));
    } finally {
      large?.drop();
    }
  }
}

function route(router: ConnectRouter, { method, unary, live }: Endpoint): void {
  const impl =
    unary !== undefined
      ? async (request: Message, context: HandlerContext) => {
          const call = callOf(context);
          const unfollow = call.follow(context.signal);
          try {
            const answer = await unary(request, call);
            return context.values.get(largePayloadsKey)?.replace(answer) ?? answer;
          } finally {
            unfollow();
          }
        }
      : async function* (request: Message, context: HandlerContext) {
          const call = callOf(context);
          const unfollow = call.follow(context.signal);
          try {
            const large = context.values.get(largePayloadsKey);
            for await (const answer of live!(request, call)) yield large?.replace(answer) ?? answer;
          } finally {
            unfollow();
          }
        };
  router.rpc(method, impl as MethodImpl<typeof method>);
}

function callOf({ values }: HandlerContext): Call {
  const { project, caller } = values.get(admittedKey);
  return new Call(project, undefined, caller);
}

/** Answers a request whose verb, content type or HTTP version the method does not take. */
function refuseForm(
  request: HttpRequest,
  response: HttpResponse,
  handler: UniversalHandler,
  status: number,
): void {
  const [field, problem] =
    status === 415
      ? ['content-type', 'is none that this method takes']
      : status === 405
        ? ['HTTP method', `is none of ${handler.allowedMethods.join(', ')}`]
        : ['HTTP version', 'must be 2 for this method'];
  writeError(
    request,
    response,
    refusal('INVALID_ARGUMENT', `${field} ${problem}`, { field, problem }),
    {
      status,
      headers: status === 405 ? { allow: handler.allowedMethods.join(', ') } : {},
    },
  );
}

function headersOf(request: HttpRequest): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) {
    if (name.startsWith(':') || value === undefined) continue;
    for (const one of Array.isArray(value) ? value : [value]) headers.append(name, one);
  }
  // A deadline beyond what a timer can wait would pass at once; it is none.
  if (Number(headers.get('connect-timeout-ms')) > MAX_TIMER_MS)
    headers.delete('connect-timeout-ms');
  if (grpcTimeoutMs(headers.get('grpc-timeout')) > MAX_TIMER_MS) headers.delete('grpc-timeout');
  return headers;
}

const UNIT_MS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000 };

function grpcTimeoutMs(header: string | null): number {
  const match = /^(\d{1,8})([HMS])$/.exec(header ?? '');
  return match === null ? 0 : Number(match[1]) * UNIT_MS[match[2]!]!;
}
