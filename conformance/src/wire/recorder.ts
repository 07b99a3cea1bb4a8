import type { DescMethod, Message } from '@bufbuild/protobuf';
import { ConnectError, type Interceptor, type StreamResponse } from '@connectrpc/connect';

/** One call as the harness saw it. */
export interface Exchange {
  readonly method: DescMethod;
  /** Which client of the check sent it. */
  readonly client: string;
  /** Orders beginnings and ends of all exchanges of a run of the suite: a counter, no clock. */
  readonly begun: number;
  /** Set when the call has ended. */
  ended?: number;
  /** Milliseconds since the process began, for people. */
  readonly beganAt: number;
  endedAt?: number;
  /** Which World it was sent to: "shared", or the check that has one of its own. */
  readonly world: string;
  /** The header `worldwire-project` of the call. */
  readonly project: string;
  readonly request: Message;
  /** The response, or the messages of a stream so far; the last ones where they are many. */
  readonly responses: Message[];
  /** How many messages a stream brought. */
  received: number;
  error?: ConnectError;
}

/** Takes part in what the harness sees. */
export interface Observer {
  /** A call is about to be sent. */
  begun?(exchange: Exchange): void;
  /** A call has ended. */
  ended?(exchange: Exchange): void;
  /** A message of a stream has arrived. */
  message?(exchange: Exchange, message: Message): void;
}

/** Streams of this length are shown by their last messages. */
const KEPT_MESSAGES = 50;

/** How many exchanges of a check are kept for its trace. */
const KEPT_EXCHANGES = 400;

let order = 0;

/** The next moment in the order of all that the harness sees. */
export function nextMoment(): number {
  return ++order;
}

/** Records the exchanges of one check. */
export class Recorder {
  readonly exchanges: Exchange[] = [];
  /** How many were not kept. */
  omitted = 0;

  constructor(
    private readonly observers: readonly Observer[],
    private readonly world: string,
  ) {}

  /** Calls under way. */
  get pending(): Exchange[] {
    return this.exchanges.filter(({ ended }) => ended === undefined);
  }

  /** Records all calls of a client. */
  interceptor(client: string): Interceptor {
    return (next) => async (request) => {
      const exchange = this.#begin(request.method, client, request.header);
      if (request.stream) {
        const [input] = await takeAll(request.message);
        Object.assign(exchange, { request: input });
        request = { ...request, message: replay(input) };
      } else {
        Object.assign(exchange, { request: request.message });
      }
      for (const observer of this.observers) observer.begun?.(exchange);
      try {
        const response = await next(request);
        if (response.stream) return this.#follow(exchange, response);
        exchange.responses.push(response.message);
        exchange.received = 1;
        this.#end(exchange);
        return response;
      } catch (error) {
        this.#end(exchange, error);
        throw error;
      }
    };
  }

  #begin(method: DescMethod, client: string, header: Headers): Exchange {
    const exchange: Exchange = {
      method,
      client,
      begun: nextMoment(),
      beganAt: performance.now(),
      world: this.world,
      project: header.get('worldwire-project') || 'default',
      request: undefined as unknown as Message,
      responses: [],
      received: 0,
    };
    this.exchanges.push(exchange);
    if (this.exchanges.length > KEPT_EXCHANGES) {
      const oldest = this.exchanges.findIndex(({ ended }) => ended !== undefined);
      if (oldest >= 0) this.exchanges.splice(oldest, 1);
      this.omitted += 1;
    }
    return exchange;
  }

  #end(exchange: Exchange, error?: unknown): void {
    if (exchange.ended !== undefined) return;
    exchange.ended = nextMoment();
    exchange.endedAt = performance.now();
    if (error !== undefined) exchange.error = ConnectError.from(error);
    for (const observer of this.observers) observer.ended?.(exchange);
  }

  #follow(exchange: Exchange, response: StreamResponse): StreamResponse {
    const { message: messages } = response;
    const record = (message: Message) => {
      exchange.received += 1;
      exchange.responses.push(message);
      if (exchange.responses.length > KEPT_MESSAGES) exchange.responses.shift();
      for (const observer of this.observers) observer.message?.(exchange, message);
    };
    const end = (error?: unknown) => this.#end(exchange, error);
    async function* followed() {
      try {
        for await (const message of messages) {
          record(message);
          yield message;
        }
        end();
      } catch (error) {
        end(error);
        throw error;
      } finally {
        end();
      }
    }
    return { ...response, message: followed() };
  }
}

async function takeAll(messages: AsyncIterable<Message>): Promise<Message[]> {
  const taken: Message[] = [];
  for await (const message of messages) taken.push(message);
  return taken;
}

async function* replay<T>(message: T | undefined): AsyncIterable<T> {
  if (message !== undefined) yield message;
}
