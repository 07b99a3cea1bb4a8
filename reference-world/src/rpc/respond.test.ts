import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2';
import { type AddressInfo, connect } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import type { HttpRequest, HttpResponse } from './http.js';
import { sendAnswer } from './respond.js';

const PIECE = 1024 * 1024;

/** Pieces without end, and how many of them were asked for. */
function endless() {
  const made = { count: 0, ended: false };
  async function* body() {
    try {
      for (;;) {
        made.count += 1;
        yield new Uint8Array(PIECE);
      }
    } finally {
      made.ended = true;
    }
  }
  return { made, body: body() };
}

async function stalled(made: { count: number }) {
  // Stands still: the same count many turns in a row.
  let [last, still] = [-1, 0];
  while (still < 20) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    still = made.count === last && made.count > 0 ? still + 1 : 0;
    last = made.count;
  }
  return made.count;
}

it.each(['HTTP/1.1', 'HTTP/2'])(
  'makes no more than a reader takes, and ends when it goes away: %s',
  async (version) => {
    const { made, body } = endless();
    const handle = (request: HttpRequest, response: HttpResponse): void =>
      void sendAnswer(request, { status: 200, body }, response);
    const server = version === 'HTTP/2' ? createHttp2Server(handle) : createServer(handle);
    server.listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    let leave: () => void;
    if (version === 'HTTP/2') {
      const session = connectHttp2(`http://127.0.0.1:${port}`);
      session.on('error', () => {});
      const stream = session.request({ ':path': '/' });
      stream.on('error', () => {});
      leave = () => session.destroy();
    } else {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => {});
      socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
      leave = () => socket.destroy();
    }
    // What the kernel buffers of a loopback connection is some megabytes.
    expect(await stalled(made)).toBeLessThan(32);
    leave();
    await expect.poll(() => made.ended, { timeout: 20_000 }).toBe(true);
  },
);
