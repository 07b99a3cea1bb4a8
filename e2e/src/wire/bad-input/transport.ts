/** Sends bytes as they are, and brings back whatever comes. */
import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { type ClientHttp2Session, connect } from 'node:http2';
import { Envelopes } from '../envelopes.js';

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly trailers: Record<string, unknown>;
  readonly body: Buffer;
}

export interface Outgoing {
  readonly path: string;
  readonly method?: string;
  readonly headers: Record<string, string>;
  readonly body?: Uint8Array;
  /** Whether to leave after the first frame: what is live does not end by itself. */
  readonly live?: boolean;
}

/** An answer that takes longer than this never comes. */
const HANG_MS = 60_000;

/** HTTP/1.1 and HTTP/2 to one address. */
export class Wire {
  readonly #url: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 16 });
  #session: ClientHttp2Session | undefined;

  constructor(url: string) {
    this.#url = url;
  }

  http1({ path, method = 'POST', headers, body, live }: Outgoing): Promise<Reply> {
    const length = body === undefined ? {} : { 'content-length': String(body.length) };
    return hang(path, (resolve, reject) => {
      const call = request(`${this.#url}${path}`, {
        method,
        headers: { ...headers, ...length },
        agent: this.#agent,
      });
      call.on('error', reject);
      call.on('response', (response) => {
        const parts: Buffer[] = [];
        const frames = new Envelopes();
        let left = false;
        const finish = () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            trailers: left ? { left: 'yes' } : response.trailers,
            body: Buffer.concat(parts),
          });
        response.on('data', (part: Buffer) => {
          parts.push(part);
          if (!live || response.statusCode !== 200 || frames.add(part).length === 0) return;
          left = true;
          finish();
          response.removeAllListeners('close');
          call.destroy();
        });
        response.on('end', finish);
        response.on('error', reject);
        response.on('close', () => reject(new Error('the answer was cut off')));
      });
      call.end(body);
      return () => call.destroy();
    });
  }

  http2({ path, headers, body, live }: Outgoing): Promise<Reply> {
    return hang(path, (resolve, reject) => {
      if (this.#session === undefined || this.#session.destroyed) {
        this.#session = connect(this.#url).on('error', () => {});
      }
      const call = this.#session.request({ ':method': 'POST', ':path': path, ...headers });
      const parts: Buffer[] = [];
      const frames = new Envelopes();
      let status = 0;
      let answered: IncomingHttpHeaders = {};
      let trailers: Record<string, unknown> = {};
      call.on('response', (all) => {
        status = Number(all[':status']);
        answered = all;
      });
      call.on('trailers', (all) => {
        trailers = all;
      });
      call.on('data', (part: Buffer) => {
        parts.push(part);
        if (!live || frames.add(part).length === 0) return;
        resolve({
          status,
          headers: answered,
          trailers: { left: 'yes' },
          body: Buffer.concat(parts),
        });
        call.close();
      });
      call.on('end', () =>
        resolve({ status, headers: answered, trailers, body: Buffer.concat(parts) }),
      );
      call.on('error', reject);
      call.end(body);
      return () => call.destroy();
    });
  }

  close(): void {
    this.#agent.destroy();
    this.#session?.destroy();
  }
}

function hang<T>(
  what: string,
  act: (resolve: (value: T) => void, reject: (error: Error) => void) => () => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const settle = () => clearTimeout(timer);
    const stop = act(
      (value) => {
        settle();
        resolve(value);
      },
      (error) => {
        settle();
        reject(error);
      },
    );
    const timer = setTimeout(() => {
      reject(new Error(`${what}: no answer within ${HANG_MS} ms`));
      stop();
    }, HANG_MS);
  });
}
