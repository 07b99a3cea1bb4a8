import { create, type DescMessage, type MessageShape, toBinary, toJson } from '@bufbuild/protobuf';
import { ConnectError, type Transport } from '@connectrpc/connect';
import { adopt } from './adopt.js';
import { Call } from './call.js';
import { PROJECT_HEADER, projectOf } from './credentials.js';
import type { Endpoint } from './endpoints.js';
import { malformed, methodNotFound, shuttingDown, toConnectError } from './errors.js';
import type { Runtime } from './runtime.js';

/** Calls the World's methods in this process: the same endpoints, errors and limits as by the wire. */
export class LocalTransport implements Transport {
  readonly #endpoints: ReadonlyMap<string, Endpoint>;
  readonly #pending = new Set<Promise<unknown>>();

  constructor(
    private readonly world: Runtime,
    endpoints: readonly Endpoint[],
  ) {
    this.#endpoints = new Map(endpoints.map((endpoint) => [endpoint.name, endpoint]));
  }

  readonly unary: Transport['unary'] = async (method, signal, timeoutMs, header, input) => {
    const work = this.#open(method, signal, timeoutMs, header, async ({ unary }, call) => {
      if (unary === undefined) throw methodNotFound(method.name);
      return unary(adopt(method.input, input, this.world.limits.maxRequestBytes), call);
    });
    this.#pending.add(work);
    try {
      const message = (await work) as MessageShape<typeof method.output>;
      return { ...responseOf(method), stream: false, message };
    } finally {
      this.#pending.delete(work);
    }
  };

  readonly stream: Transport['stream'] = async (method, signal, timeoutMs, header, input) => {
    const messages = await this.#open(
      method,
      signal,
      timeoutMs,
      header,
      async ({ live }, call, unfollow) => {
        if (live === undefined) throw methodNotFound(method.name);
        const request = adopt(method.input, await only(input), this.world.limits.maxRequestBytes);
        return told(live(request, call), unfollow);
      },
    );
    const message = messages as AsyncIterable<MessageShape<typeof method.output>>;
    return { ...responseOf(method), stream: true, message };
  };

  /** Waits for the calls under way. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.#pending);
  }

  async #open<T>(
    method: { readonly name: string; readonly parent: { readonly typeName: string } },
    signal: AbortSignal | undefined,
    timeoutMs: number | undefined,
    header: ConstructorParameters<typeof Headers>[0],
    begin: (endpoint: Endpoint, call: Call, unfollow: () => void) => Promise<T>,
  ): Promise<T> {
    let unfollow = (): void => {};
    try {
      if (this.world.stopping.aborted) throw shuttingDown();
      const name = `${method.parent.typeName}/${method.name}`;
      const endpoint = this.#endpoints.get(name);
      if (endpoint === undefined) throw methodNotFound(name);
      const project = projectOf(
        new Headers(header).get(PROJECT_HEADER) ?? undefined,
        this.world.limits,
      );
      const call = new Call(project, timeoutMs);
      unfollow = call.follow(signal);
      const result = await begin(endpoint, call, unfollow);
      if (endpoint.unary !== undefined) unfollow();
      return result;
    } catch (error) {
      unfollow();
      throw asReceived(toConnectError(error, this.world.log));
    }
  }
}

async function* told<T>(messages: AsyncIterable<T>, unfollow: () => void): AsyncGenerator<T> {
  try {
    yield* messages;
  } catch (error) {
    throw asReceived(ConnectError.from(error));
  } finally {
    unfollow();
  }
}

/** The one request of a method that streams its answers. */
async function only<T>(input: AsyncIterable<T>): Promise<T> {
  for await (const request of input) return request;
  throw malformed('it has no message');
}

function responseOf<M extends { readonly parent: S }, S>(method: M) {
  return { service: method.parent, method, header: new Headers(), trailer: new Headers() };
}

/** The error as a client would have it from the wire, with details that are encoded. */
function asReceived(error: ConnectError): ConnectError {
  const received = new ConnectError(error.rawMessage, error.code);
  received.details = error.details.map((detail) => {
    if (!('desc' in detail)) return detail;
    const value = create(detail.desc, detail.value) as MessageShape<DescMessage>;
    return {
      type: detail.desc.typeName,
      value: toBinary(detail.desc, value),
      debug: toJson(detail.desc, value),
    };
  });
  return received;
}
