import { Agent, request as http1 } from 'node:http';
import { connect as http2 } from 'node:http2';

/** A request as bytes. */
export interface RawCall {
  /** The path, such as "/worldwire.v1.RunService/GetRun". */
  readonly path: string;
  /** POST where absent. */
  readonly method?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  /** Speaks HTTP/2 from the first byte, as gRPC does; otherwise HTTP/1.1. */
  readonly http2?: boolean;
  /** Sends no credential. */
  readonly anonymous?: boolean;
  /** Another address than the World's own now, such as that of a process that stops. */
  readonly at?: string;
}

/** What came back. */
export interface RawResponse {
  readonly status: number;
  /** Header names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Trailers; of gRPC the status is here, or among the headers where there is no body. */
  readonly trailers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** Sends a request as it is. Fails where no answer comes in time or the connection breaks. */
export function sendRaw(baseUrl: string, call: RawCall, deadlineMs: number): Promise<RawResponse> {
  return call.http2 ? sendHttp2(baseUrl, call, deadlineMs) : sendHttp1(baseUrl, call, deadlineMs);
}

function sendHttp1(baseUrl: string, call: RawCall, deadlineMs: number): Promise<RawResponse> {
  return new Promise((resolve, reject) => {
    // A connection of its own, which is not announced to end with the call: a World that has refused a call would close
    // it on a caller who still sends, and the answer be lost.
    const agent = new Agent({ keepAlive: true });
    const request = http1(
      new URL(call.path, baseUrl),
      { method: call.method ?? 'POST', headers: { ...lengthOf(call), ...call.headers }, agent },
      (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('error', reject);
        response.on('end', () => {
          resolve({
            status: response.statusCode ?? 0,
            headers: flat(response.headers),
            trailers: flat(response.trailers),
            body: Buffer.concat(parts),
          });
        });
      },
    );
    request.setTimeout(deadlineMs, () =>
      request.destroy(new Error(`no answer in ${deadlineMs} ms`)),
    );
    request.on('error', reject);
    // What becomes of the connection when the answer is there is nobody's fault.
    request.on('socket', (socket) => socket.on('error', () => {}));
    request.on('close', () => agent.destroy());
    request.end(call.body);
  });
}

function sendHttp2(baseUrl: string, call: RawCall, deadlineMs: number): Promise<RawResponse> {
  return new Promise((resolve, reject) => {
    const session = http2(baseUrl);
    const fail = (error: Error) => {
      session.destroy();
      reject(error);
    };
    session.on('error', fail);
    const stream = session.request({
      ':method': call.method ?? 'POST',
      ':path': call.path,
      ...call.headers,
    });
    const parts: Buffer[] = [];
    let headers: Record<string, string> = {};
    let trailers: Record<string, string> = {};
    stream.setTimeout(deadlineMs, () => fail(new Error(`no answer in ${deadlineMs} ms`)));
    stream.on('response', (received) => (headers = flat(received)));
    stream.on('trailers', (received) => (trailers = flat(received)));
    stream.on('data', (part: Buffer) => parts.push(part));
    stream.on('error', fail);
    stream.on('end', () => {
      session.close();
      resolve({
        status: Number(headers[':status'] ?? 0),
        headers,
        trailers,
        body: Buffer.concat(parts),
      });
    });
    stream.end(call.body);
  });
}

/** The length is always told: Node leaves it out for verbs that seldom have a body. */
function lengthOf({ body, headers }: RawCall): Record<string, string> {
  return body === undefined || 'transfer-encoding' in headers
    ? {}
    : { 'content-length': String(Buffer.byteLength(body)) };
}

function flat(headers: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name.toLowerCase(),
      Array.isArray(value) ? value.join(', ') : String(value),
    ]),
  );
}
