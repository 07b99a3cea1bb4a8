import {
  create,
  type DescMessage,
  type DescMethod,
  type DescMethodStreaming,
  type DescMethodUnary,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf';
import {
  Code,
  ConnectError,
  type StreamResponse,
  type Transport,
  type UnaryResponse,
} from '@connectrpc/connect';
import { trailerDemux } from '@connectrpc/connect/protocol-connect';
import { Pool } from 'undici';
import { isUnsent } from '../connection-failure.js';
import type { HeadersInit } from '../headers-init.js';
import { Silence } from '../silence.js';
import { type Answer, exchange } from './exchange.js';
import { streamExchange } from './stream-exchange.js';
import { errorFromResponse } from './wire-error.js';

/** A transport that holds connections. */
export interface ClosableTransport extends Transport {
  /** Fails every call under way, and closes the connections. */
  close(): Promise<void>;
}

export interface UndiciTransportOptions {
  readonly url: string;
  /** Sent with every call. */
  readonly headers: Readonly<Record<string, string>>;
  readonly maxConnections: number;
}

/** A connection takes longer only where its packets are lost; the next try is then the better bet. */
const CONNECT_TIMEOUT_MS = 5_000;
/** A call that was given less time and ran out of it says nothing of its connection. */
const SUSPICIOUS_MS = 5_000;

/** The connections. */
interface Pools {
  readonly unary: Pool;
  readonly stream: Pool;
}

/**
 * The Connect protocol over undici: unary calls and server streams, binary, uncompressed, HTTP/1.1. Live streams have
 * connections of their own, without a bound but their readers', so that they never hold up a unary call.
 */
export function createUndiciTransport(options: UndiciTransportOptions): ClosableTransport {
  const url = new URL(options.url);
  const prefix = url.pathname.replace(/\/$/, '');
  const connect = { timeout: CONNECT_TIMEOUT_MS };
  const openPools = (): Pools => ({
    unary: new Pool(url.origin, { connect, connections: options.maxConnections }),
    stream: new Pool(url.origin, { connect }),
  });
  let pools = openPools();
  /** Those given up, until their last call has ended. */
  const old = new Set<Pools>();
  const paths = new Map<DescMethod, string>();
  const unaryHeaders = headerMaker('application/proto', options.headers);
  const streamHeaders = headerMaker('application/connect+proto', options.headers);

  /**
   * Where one connection was silent for so long the network may have been cut, and the idle ones are as dead without
   * knowing it: each would cost a later call its time. None of them is used again.
   */
  const distrust = (silent: Pools): void => {
    if (silent !== pools) return;
    pools = openPools();
    old.add(silent);
    const closed = Promise.allSettled([silent.unary.close(), silent.stream.close()]);
    void closed.then(() => old.delete(silent));
  };

  const pathOf = (method: DescMethod): string => {
    let path = paths.get(method);
    if (path === undefined) {
      path = `${prefix}/${method.parent.typeName}/${method.name}`;
      paths.set(method, path);
    }
    return path;
  };

  return {
    async unary<I extends DescMessage, O extends DescMessage>(
      method: DescMethodUnary<I, O>,
      signal: AbortSignal | undefined,
      timeoutMs: number | undefined,
      header: HeadersInit | undefined,
      input: MessageInitShape<I>,
    ): Promise<UnaryResponse<I, O>> {
      const used = pools;
      const answer = await exchange(used.unary, {
        path: pathOf(method),
        headers: unaryHeaders(timeoutMs, header),
        body: toBinary(method.input, create(method.input, input)),
        signal,
        timeoutMs,
      }).catch((error: unknown) => {
        const late = error instanceof ConnectError && error.code === Code.DeadlineExceeded;
        if (late && !isUnsent(error) && (timeoutMs ?? 0) >= SUSPICIOUS_MS) distrust(used);
        throw error;
      });
      return new LazyUnaryResponse(method, answer);
    },

    async stream<I extends DescMessage, O extends DescMessage>(
      method: DescMethodStreaming<I, O>,
      signal: AbortSignal | undefined,
      timeoutMs: number | undefined,
      header: HeadersInit | undefined,
      input: AsyncIterable<MessageInitShape<I>>,
    ): Promise<StreamResponse<I, O>> {
      if (method.methodKind !== 'server_streaming') {
        throw new ConnectError(`${method.methodKind} is not supported`, Code.Unimplemented);
      }
      const used = pools;
      signal?.addEventListener(
        'abort',
        () => {
          if (signal.reason instanceof Silence) distrust(used);
        },
        { once: true },
      );
      const answer = await streamExchange(used.stream, {
        path: pathOf(method),
        headers: streamHeaders(timeoutMs, header),
        body: toBinary(method.input, create(method.input, await only(input))),
        signal,
        timeoutMs,
      });
      return {
        stream: true,
        service: method.parent,
        method,
        header: toHeaders(answer.headers),
        trailer: answer.trailers,
        message: decodeAll(method.output, answer.messages),
      };
    },

    async close(): Promise<void> {
      const error = new ConnectError('the client was closed', Code.Canceled);
      const all = [pools, ...old].flatMap(({ unary, stream }) => [unary, stream]);
      await Promise.all(all.map((pool) => pool.destroy(error)));
    },
  };
}

/** Decodes at once, and makes Headers only for who asks: few do, and they cost more than the message. */
class LazyUnaryResponse<I extends DescMessage, O extends DescMessage>
  implements UnaryResponse<I, O>
{
  readonly stream = false;
  readonly message: MessageShape<O>;
  #demuxed: [header: Headers, trailer: Headers] | undefined;

  constructor(
    readonly method: DescMethodUnary<I, O>,
    readonly answer: Answer,
  ) {
    const { status, headers, body } = answer;
    const contentType = headers['content-type'];
    if (status !== 200) throw errorFromResponse(status, contentType, body);
    if (contentType !== 'application/proto') {
      throw new ConnectError(`unexpected content type ${contentType}`, Code.Unknown);
    }
    if ((headers['content-encoding'] ?? 'identity') !== 'identity') {
      throw new ConnectError('unexpected compression', Code.Internal);
    }
    this.message = decode(method.output, body);
  }

  get service() {
    return this.method.parent;
  }

  get header(): Headers {
    return this.#split()[0];
  }

  get trailer(): Headers {
    return this.#split()[1];
  }

  #split(): [Headers, Headers] {
    this.#demuxed ??= trailerDemux(toHeaders(this.answer.headers));
    return this.#demuxed;
  }
}

function decode<O extends DescMessage>(schema: O, bytes: Uint8Array): MessageShape<O> {
  try {
    return fromBinary(schema, bytes);
  } catch (error) {
    const message = `the response is no ${schema.typeName}`;
    throw new ConnectError(message, Code.Internal, undefined, undefined, error);
  }
}

async function* decodeAll<O extends DescMessage>(
  schema: O,
  messages: AsyncIterable<Uint8Array>,
): AsyncGenerator<MessageShape<O>> {
  for await (const bytes of messages) yield decode(schema, bytes);
}

async function only<T>(input: AsyncIterable<T>): Promise<T> {
  for await (const message of input) return message;
  throw new ConnectError('the request has no message', Code.Internal);
}

/** Makes a request's headers, names and values in turn; those without the caller's own are made once a timeout. */
function headerMaker(
  contentType: string,
  common: Readonly<Record<string, string>>,
): (timeoutMs: number | undefined, extra: HeadersInit | undefined) => string[] {
  const base = ['content-type', contentType, 'connect-protocol-version', '1'];
  for (const [name, value] of Object.entries(common)) base.push(name, value);
  let last = base;
  let lastTimeout: number | undefined;
  return (timeoutMs, extra) => {
    if (timeoutMs !== lastTimeout) {
      last =
        timeoutMs === undefined ? base : [...base, 'connect-timeout-ms', wireTimeout(timeoutMs)];
      lastTimeout = timeoutMs;
    }
    return extra === undefined ? last : [...last, ...[...new Headers(extra)].flat()];
  };
}

/** Whole milliseconds, at least one and at most the ten digits that the protocol allows. */
function wireTimeout(timeoutMs: number): string {
  return String(Math.min(9_999_999_999, Math.max(1, Math.ceil(timeoutMs))));
}

function toHeaders(headers: Record<string, string | string[] | undefined>): Headers {
  const result = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined) result.append(name, one);
    }
  }
  return result;
}
