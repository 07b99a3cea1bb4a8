import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import type { SeenCall } from './scripted-world.js';

/** Between the last byte and the cut, so that a client has taken what came before. */
const CUT_MS = 40;

/** Never resolves: what was done to the connection is the answer. */
const never = (): Promise<never> => new Promise(() => undefined);

/** One request on its connection, and what a script does to it there. */
export class ScriptedExchange {
  readonly arrivedAt = performance.now();
  gone = false;
  accepted = 0;
  readonly left: Promise<void>;

  constructor(
    readonly method: string,
    readonly nth: number,
    request: IncomingMessage | Http2ServerRequest,
    private readonly response: ServerResponse & Http2ServerResponse,
    /** Destroys the connection that the request came by, as a network does it. */
    private readonly breakConnection: () => void,
  ) {
    this.left = new Promise((resolve) => {
      const ended = () => {
        if (response.writableFinished) return;
        this.gone = true;
        resolve();
      };
      response.once('close', ended);
      request.once('aborted', ended);
    });
    this.#countAccepted();
  }

  /** The call as scripts and checks see it. */
  seen(request: unknown, header: Headers): SeenCall {
    const exchange = this;
    return {
      request,
      header,
      method: this.method,
      nth: this.nth,
      arrivedAt: this.arrivedAt,
      left: this.left,
      get gone() {
        return exchange.gone;
      },
      get accepted() {
        return exchange.accepted;
      },
      drop: () => this.#drop(),
      cutAfter: (bytes) => this.#cutAfter(bytes),
      silence: () => this.#silence(),
      page: (status, contentType, body) => this.#page(status, contentType, body),
    };
  }

  #drop(): Promise<never> {
    this.breakConnection();
    return never();
  }

  #silence(): Promise<never> {
    const { response } = this;
    response.writeHead = (() => response) as never;
    response.write = (() => true) as never;
    response.end = (() => response) as never;
    return never();
  }

  #page(status: number, contentType: string, body: string): Promise<never> {
    this.response.writeHead(status, { 'content-type': contentType });
    this.response.end(body);
    return this.#silence();
  }

  /** Counts what the network has taken; what waits in this process is not counted. */
  #countAccepted(): void {
    const { response } = this;
    const write = response.write.bind(response) as (
      data: Uint8Array,
      done: (error?: Error | null) => void,
    ) => boolean;
    response.write = ((data: Uint8Array, ...rest: unknown[]) =>
      write(data, (error) => {
        if (!error) this.accepted += data.length;
        const done = rest.at(-1);
        if (typeof done === 'function') done(error);
      })) as never;
  }

  #cutAfter(bytes: number): void {
    const { response } = this;
    const write = response.write.bind(response) as (
      data: Uint8Array,
      done: (error?: Error | null) => void,
    ) => boolean;
    const end = response.end.bind(response);
    response.end = ((...rest: never[]) => (isCut ? response : end(...rest))) as never;
    const cut = () => setTimeout(this.breakConnection, CUT_MS);
    let left = bytes;
    let isCut = false;
    response.write = ((data: Uint8Array, ...rest: unknown[]) => {
      const done = rest.at(-1) as (error?: Error | null) => void;
      // What comes behind the cut is as if it were sent.
      if (isCut) return true;
      if (data.length <= left) {
        left -= data.length;
        return write(data, done);
      }
      isCut = true;
      if (left > 0) write(data.subarray(0, left), cut);
      else {
        response.flushHeaders?.();
        cut();
      }
      return true;
    }) as never;
  }
}
