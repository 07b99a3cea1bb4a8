import { connect as connectHttp2 } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { promisify } from 'node:util';
import { createConnectTransport, createGrpcTransport } from '@connectrpc/connect-node';
import { expect, it, onTestFinished } from 'vitest';
import { defaultLimits } from '../core/limits.js';
import { testTls } from '../testing/tls.js';
import { clientsOf, serve } from '../testing/world.js';

/** A connection on which bytes are sent as they are. */
async function dial(url: string): Promise<Socket & { received: string }> {
  const { hostname, port } = new URL(url);
  const socket = Object.assign(connect(Number(port), hostname), { received: '' });
  onTestFinished(() => void socket.destroy());
  socket.on('data', (data) => {
    socket.received += data.toString('latin1');
  });
  socket.on('error', () => {});
  await new Promise((resolve) => socket.once('connect', resolve));
  return socket;
}

const closed = (socket: Socket) => new Promise((resolve) => socket.once('close', resolve));
const post = (path: string, headers: readonly string[], body = '') =>
  [`POST /worldwire.v1.${path} HTTP/1.1`, 'host: x', ...headers, '', body].join('\r\n');
const proto = 'content-type: application/proto';

/** The server answers an ordinary request. */
async function alive(url: string) {
  expect((await clientsOf(url).world.getWorld({})).version).not.toBe('');
}

it('tells the versions of HTTP apart when the first bytes come one by one', async () => {
  const { url } = await serve();
  for (const [bytes, answer] of [
    [post('WorldService/GetWorld', [proto, 'content-length: 0']), 'HTTP/1.1 200'],
    ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0', '\x04'],
    ['PUT / HTTP/1.1\r\nhost: x\r\n\r\n', 'HTTP/1.1 501'],
    ['PRX / HTTP/1.1\r\nhost: x\r\n\r\n', 'HTTP/1.1 400'],
  ] as const) {
    const socket = await dial(url);
    for (const byte of bytes.slice(0, 5)) {
      socket.write(byte, 'latin1');
      await new Promise((resolve) => setImmediate(resolve));
    }
    socket.write(bytes.slice(5), 'latin1');
    await expect.poll(() => socket.received, { timeout: 20_000 }).toContain(answer);
  }
  await alive(url);
});

it('serves both versions of HTTP by TLS', async () => {
  const { url } = await serve({ tls: testTls });
  expect(url).toMatch(/^https:/);
  const nodeOptions = { rejectUnauthorized: false };
  for (const transport of [
    createConnectTransport({ baseUrl: url, httpVersion: '1.1', nodeOptions }),
    createConnectTransport({ baseUrl: url, httpVersion: '2', nodeOptions }),
    createGrpcTransport({ baseUrl: url, nodeOptions }),
  ]) {
    const { streams, world } = clientsOf(transport);
    expect((await world.getWorld({})).version).not.toBe('');
    await streams.append({ runId: 'r', name: 's', chunks: [new Uint8Array(1)], close: true });
    for await (const { chunks } of streams.read({ runId: 'r', name: 's' }))
      expect(chunks.length).toBeLessThan(2);
  }
});

it('answers requests that are sent ahead, in their order', async () => {
  const { url } = await serve();
  const socket = await dial(url);
  const get = post('RunService/GetRun', [proto, 'content-length: 3'], '\n\x01x');
  socket.write(get + post('WorldService/GetWorld', [proto, 'content-length: 0']) + get);
  await expect.poll(() => socket.received.split('HTTP/1.1 ').length, { timeout: 20_000 }).toBe(4);
  const order = socket.received.split('HTTP/1.1 ').slice(1);
  expect(order.map((answer) => answer.slice(0, 3))).toEqual(['404', '200', '404']);
});

it('survives what is no HTTP', async () => {
  const { url } = await serve();
  for (const bytes of [
    '\0\x01\x02garbage\r\n\r\n',
    'PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n',
    `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${'\xff'.repeat(100)}`,
    'GET / HTTP/9.9\r\n\r\n',
    `GET /${'a'.repeat(100_000)} HTTP/1.1\r\nhost: x\r\n\r\n`,
    'POST /worldwire.v1.RunService/GetRun HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n',
    post('RunService/GetRun', [proto, 'content-length: 3', 'transfer-encoding: chunked'], 'abc'),
  ]) {
    const socket = await dial(url);
    const end = closed(socket);
    socket.write(bytes, 'latin1');
    await end;
    expect(socket.received).not.toContain('HTTP/1.1 200');
    expect(socket.received).not.toContain('HTTP/1.1 500');
  }
  await alive(url);
});

it('survives callers that go away in the middle of anything', async () => {
  const faults: unknown[] = [];
  const quiet = () => {};
  const log = {
    debug: quiet,
    info: quiet,
    warn: (facts: object) => faults.push(facts),
    error: (facts: object) => faults.push(facts),
  };
  const { url } = await serve({ log });
  const stream = 'content-type: application/connect+proto';
  for (const bytes of [
    '',
    'P',
    'POST /worldwire',
    post('RunService/GetRun', [proto, 'content-length: 100'], 'abc'),
    post('RunService/GetRun', ['content-type: application/json', 'content-length: 100'], '{'),
    post('RunService/GetRun', ['content-type: application/grpc', 'content-length: 100'], '\0\0'),
    post('StreamService/Read', [stream, 'content-length: 11'], '\0\0\0\0\x06\n\x01r\x12\x01s'),
    post('QueueService/Receive', [stream, 'content-length: 13'], '\0\0\0\0\x08\n\x01q\x12\x03dpl'),
  ]) {
    const socket = await dial(url);
    socket.write(bytes, 'latin1');
    if (bytes.includes('connect+proto'))
      await expect.poll(() => socket.received, { timeout: 20_000 }).toContain('200 OK');
    const end = closed(socket);
    socket.resetAndDestroy();
    await end;
  }
  const session = connectHttp2(url);
  const request = session.request({
    ':method': 'POST',
    ':path': '/worldwire.v1.QueueService/Receive',
    'content-type': 'application/grpc',
  });
  request.on('error', () => {});
  request.end(Buffer.from('\0\0\0\0\x08\n\x01q\x12\x03dpl', 'latin1'));
  await new Promise((resolve) => request.once('response', resolve));
  session.destroy();
  await alive(url);
  await expect
    .poll(async () => (await (await fetch(`${url}/metrics`)).text()).match(/live_calls\{.*/g), {
      timeout: 20_000,
    })
    .toEqual([expect.stringMatching(/ 0$/), expect.stringMatching(/ 0$/)]);
  expect(faults).toEqual([]);
});

it('refuses a body that is too large before it has it, and lets the caller read the answer', async () => {
  const { url } = await serve({ limits: { maxRequestBytes: 1_000 } });
  const announced = await dial(url);
  announced.write(post('QueueService/Enqueue', [proto, 'content-length: 1000000000']));
  await expect.poll(() => announced.received, { timeout: 20_000 }).toContain('PAYLOAD_TOO_LARGE');

  const expecting = await dial(url);
  expecting.write(
    post('QueueService/Enqueue', [proto, 'content-length: 1000000000', 'expect: 100-continue']),
  );
  await expect.poll(() => expecting.received, { timeout: 20_000 }).toContain('PAYLOAD_TOO_LARGE');
  expect(expecting.received).not.toContain('100 Continue');

  const chunked = await dial(url);
  chunked.write(post('QueueService/Enqueue', [proto, 'transfer-encoding: chunked']));
  for (let i = 0; i < 100; i += 1) chunked.write(`3e8\r\n${'x'.repeat(1_000)}\r\n`);
  chunked.write('0\r\n\r\n');
  await expect.poll(() => chunked.received, { timeout: 20_000 }).toContain('PAYLOAD_TOO_LARGE');
  await alive(url);
});

it('takes the rest of a refused body before it closes, so that the caller is not reset', async () => {
  const { url } = await serve({ limits: { maxRequestBytes: 1_000 } });
  const chunk = `186a0\r\n${'x'.repeat(100_000)}\r\n`;
  for (const content of [proto, 'content-type: application/json'])
    for (const [length, first, piece, last] of [
      ['content-length: 10000000', '', 'x'.repeat(100_000), ''],
      ['transfer-encoding: chunked', chunk, chunk, '0\r\n\r\n'],
    ] as const) {
      const socket = await dial(url);
      const end = closed(socket);
      socket.write(post('QueueService/Enqueue', [content, length, 'connection: close'], first));
      await expect.poll(() => socket.received, { timeout: 20_000 }).toContain('PAYLOAD_TOO_LARGE');
      const write = promisify((bytes: string, done: (error?: Error | null) => void) =>
        socket.write(bytes, done),
      );
      for (let i = 0; i < 100; i++) await write(piece);
      await write(last);
      await end;
      expect(socket.received.match(/^HTTP/gm)).toHaveLength(1);
    }
  await alive(url);
});

it('ends its answer to a stream request of which it wanted no more', async () => {
  const { url } = await serve();
  const socket = await dial(url);
  const message = '\0\0\0\0\0';
  for (let answers = 1; answers <= 2; answers++) {
    socket.write(
      post(
        'StreamService/Read',
        ['content-type: application/connect+proto', 'content-length: 10'],
        message,
      ),
    );
    await new Promise((resolve) => setTimeout(resolve, 50));
    socket.write(message);
    await expect
      .poll(() => socket.received.split('\r\n0\r\n\r\n').length - 1, { timeout: 20_000 })
      .toBe(answers);
  }
});

it('ends its answer also to a caller who does not go on with its request', async () => {
  const { url } = await serve();
  const socket = await dial(url);
  const headers = ['content-type: application/connect+proto', 'content-length: 1000'];
  const end = closed(socket);
  socket.write(post('StreamService/Read', headers, '\0\0\0\0\0\0\0\0\0\0'));
  await end;
  expect(socket.received.endsWith('\r\n0\r\n\r\n')).toBe(true);
});

it('takes JSON as curl sends it, and refuses what it does not know', async () => {
  const { url } = await serve();
  const call = async (path: string, body: string | Uint8Array) => {
    const response = await fetch(`${url}/worldwire.v1.${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: Buffer.from(body),
    });
    return { status: response.status, ...((await response.json()) as { details?: unknown[] }) };
  };
  expect(await call('WorldService/GetWorld', '{}')).toMatchObject({ status: 200 });
  const event = (more: object) =>
    JSON.stringify({
      runId: 'r',
      event: { runCreated: { deploymentId: 'd', workflowName: 'w', input: 'AAH/' }, ...more },
    });
  const broken = [
    '',
    '{',
    '[]',
    'null',
    '{"runId": 7}',
    '{"nonsense": 1}',
    '{"runId": "r", "resolveData": "RESOLVE_DATA_SOME"}',
    '{"runId": "\\ud800"}',
    '{"runId": "a\\u0000b"}',
    '{"runId": "../../etc/passwd"}',
    new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
  ];
  for (const body of broken)
    expect(await call('RunService/GetRun', body)).toMatchObject({
      status: 400,
      details: [{ type: 'google.rpc.ErrorInfo' }],
    });
  expect(await call('EventService/CreateEvent', event({ traceRequestId: '\ud800' }))).toMatchObject(
    { status: 400 },
  );
  expect(await call('EventService/CreateEvent', event({}))).toMatchObject({
    status: 200,
    event: { position: '1' },
  });
  const query = new URLSearchParams({ encoding: 'json', connect: 'v1', message: '{"runId":"r"}' });
  const got = await fetch(`${url}/worldwire.v1.RunService/GetRun?${query}`);
  expect(await got.json()).toMatchObject({ run: { runId: 'r', input: 'AAH/' } });
});

it('says which verbs and content types a method takes', async () => {
  const { url } = await serve();
  const get = await fetch(`${url}/worldwire.v1.RunService/CancelRuns`);
  expect([get.status, get.headers.get('allow')]).toEqual([405, 'POST']);
  const put = await fetch(`${url}/worldwire.v1.StreamService/Read`, {
    method: 'PUT',
    headers: { 'content-type': 'application/connect+json' },
    body: new Uint8Array([0, 0, 0, 0, 2, 0x7b, 0x7d]),
  });
  expect(put.status).toBe(405);
  for (const type of ['text/plain', 'application/grpc+xml', 'application/connect+proto']) {
    const response = await fetch(`${url}/worldwire.v1.RunService/GetRun`, {
      method: 'POST',
      headers: { 'content-type': type },
      body: 'x',
    });
    expect(response.status === 415 || response.status === 200).toBe(true);
    if (response.status === 415) expect(await response.text()).toContain('INVALID_ARGUMENT');
  }
});

it.each([
  ['gRPC', createGrpcTransport],
  ['Connect', createConnectTransport],
] as const)(
  'keeps the calls of an HTTP/2 connection going while others have the largest payloads: %s',
  async (_name, transportOf) => {
    const { url } = await serve();
    // Node's client counts what it sends against a memory of its own, and resets other calls too.
    const nodeOptions = { maxSessionMemory: 1_000 };
    const { streams, world } = clientsOf(
      transportOf({ baseUrl: url, httpVersion: '2', nodeOptions }),
    );
    const [live, large] = [
      { runId: 'r', name: 'live' },
      { runId: 'r', name: 'large' },
    ];
    const chunk = Buffer.alloc(defaultLimits.maxPayloadBytes, 7);
    const waiting = Array.from({ length: 5 }, () => streams.read(live)[Symbol.asyncIterator]());
    for (const reader of waiting) await reader.next();

    let over = false;
    const others = (async () => {
      for (let calls = 0; ; calls += 1) {
        if (over) return calls;
        expect((await world.getWorld({})).version).not.toBe('');
      }
    })();
    others.catch(() => {});
    await streams.append({ ...large, chunks: [chunk], close: true });
    // More than are read at once hang at the server until the readers go on.
    const slow = Array.from({ length: 2 }, () => streams.read(large)[Symbol.asyncIterator]());
    for (const reader of slow) await reader.next();
    const pending = slow.map((reader) => reader.next());
    const listed = await Promise.all(Array.from({ length: 2 }, () => streams.listChunks(large)));
    for (const { chunks } of listed) expect(chunk.equals(chunks[0]!.data)).toBe(true);
    for (const { value } of await Promise.all(pending))
      expect(chunk.equals(value!.chunks[0]!.data)).toBe(true);
    over = true;
    expect(await others).toBeGreaterThan(10);

    await streams.append({ ...live, chunks: [new Uint8Array(1)], close: true });
    for (const reader of waiting) {
      let answer = await reader.next();
      while (answer.value?.chunks.length === 0) answer = await reader.next();
      expect(answer.value?.chunks).toHaveLength(1);
    }
  },
  180_000,
);

it.each(['cleartext', 'TLS'])(
  'leaves it to clients to close idle connections, and closes them itself when it stops: %s',
  async (how) => {
    const server = await serve(how === 'TLS' ? { tls: testTls } : {});
    const { port, hostname } = new URL(server.url);
    const open = async () => {
      const socket = Object.assign(
        how === 'TLS'
          ? connectTls({ port: Number(port), host: hostname, rejectUnauthorized: false })
          : connect(Number(port), hostname),
        { received: '' },
      );
      onTestFinished(() => void socket.destroy());
      socket.on('data', (data) => {
        socket.received += data.toString('latin1');
      });
      socket.on('error', () => {});
      await new Promise((resolve) =>
        socket.once(how === 'TLS' ? 'secureConnect' : 'connect', resolve),
      );
      return socket;
    };
    const idle = await open();
    const ask = async (answers: number) => {
      idle.write('GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n');
      await expect
        .poll(() => idle.received.split('200 OK').length - 1, { timeout: 20_000 })
        .toBe(answers);
    };
    await ask(1);
    expect(idle.received).toMatch(/^keep-alive: timeout=75\r$/im);
    // Longer than Node keeps them by default.
    await new Promise((resolve) => setTimeout(resolve, 7_000));
    await ask(2);

    const busy = await open();
    busy.write(post('RunService/GetRun', [proto, 'content-length: 100'], 'abc'));
    await ask(3);
    const gone = closed(idle);
    let over = false;
    const stopped = server.close().then(() => {
      over = true;
    });
    await gone;
    expect(over, 'the idle connection did not wait for the busy one').toBe(false);
    busy.destroy();
    await stopped;
  },
);
