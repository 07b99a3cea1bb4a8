import { createServer } from 'node:net';
import { create } from '@bufbuild/protobuf';
import { Code, ConnectError, createClient } from '@connectrpc/connect';
import { EventService, RunService, RunStatus, StreamService, WorldService } from '@worldwire/proto';
import { afterEach, describe, expect, it } from 'vitest';
import { isUnsent } from '../connection-failure.js';
import { Silence } from '../silence.js';
import { deferred, TestWorld, until, worldwireError } from '../testing/test-world.js';
import { type ClosableTransport, createUndiciTransport } from './undici-transport.js';

let world: TestWorld | undefined;
const transports: ClosableTransport[] = [];

function transport(url: string, headers: Record<string, string> = {}, maxConnections = 4) {
  const made = createUndiciTransport({ url, headers, maxConnections });
  transports.push(made);
  return made;
}

async function failure(promise: Promise<unknown>): Promise<ConnectError> {
  const error = await promise.then(
    () => undefined,
    (error) => error,
  );
  expect(error).toBeInstanceOf(ConnectError);
  return error as ConnectError;
}

afterEach(async () => {
  await Promise.all(transports.splice(0).map((one) => one.close()));
  await world?.close();
  world = undefined;
});

describe('unary calls', () => {
  it('speak the Connect protocol to a stock server, headers and trailers included', async () => {
    world = await TestWorld.start(({ service }) =>
      service(RunService, {
        getRun({ runId }, context) {
          context.responseHeader.set('x-head', 'h');
          context.responseTrailer.set('x-tail', 't');
          return { run: { runId, status: RunStatus.RUNNING, input: new Uint8Array([0, 1, 255]) } };
        },
      }),
    );
    const client = createClient(RunService, transport(world.url, { authorization: 'Bearer x' }));
    const told: (string | null)[] = [];
    const { run } = await client.getRun(
      { runId: 'wrun_1' },
      {
        timeoutMs: 5000,
        headers: { 'x-own': 'yes' },
        onHeader: (header) => told.push(header.get('x-head')),
        onTrailer: (trailer) => told.push(trailer.get('x-tail')),
      },
    );
    expect(run?.runId).toBe('wrun_1');
    expect(run?.status).toBe(RunStatus.RUNNING);
    expect(run?.input).toEqual(new Uint8Array([0, 1, 255]));
    expect(Buffer.isBuffer(run?.input)).toBe(false);
    expect(told).toEqual(['h', 't']);
    expect(world.seen[0]?.path).toBe('/worldwire.v1.RunService/GetRun');
    expect(world.seen[0]?.headers).toMatchObject({
      'content-type': 'application/proto',
      'connect-protocol-version': '1',
      'connect-timeout-ms': '5000',
      authorization: 'Bearer x',
      'x-own': 'yes',
    });
  });

  it('send an empty message, and keep a path in the address', async () => {
    world = await TestWorld.start(({ service }) =>
      service(WorldService, { getWorld: () => ({ implementation: 'test' }) }),
    );
    const client = createClient(WorldService, transport(world.url));
    expect((await client.getWorld({})).implementation).toBe('test');
    const below = createClient(WorldService, transport(`${world.url}/below/`));
    await failure(below.getWorld({}));
    expect(world.seen[1]?.path).toBe('/below/worldwire.v1.WorldService/GetWorld');
  });

  it('parse an error with its details', async () => {
    world = await TestWorld.start(({ service }) =>
      service(RunService, {
        getRun() {
          throw worldwireError(Code.NotFound, 'RUN_NOT_FOUND', { metadata: { run_id: 'r' } });
        },
      }),
    );
    const error = await failure(createClient(RunService, transport(world.url)).getRun({}));
    expect(error.code).toBe(Code.NotFound);
    expect(error.rawMessage).toBe('it is RUN_NOT_FOUND');
    expect(error.details).toHaveLength(1);
  });

  it("take a proxy's page by its status", async () => {
    world = await TestWorld.start(() => undefined);
    world.mischief = (_, response) => {
      response.writeHead(502, { 'content-type': 'text/html' }).end('<html>Bad Gateway</html>');
      return true;
    };
    const error = await failure(createClient(RunService, transport(world.url)).getRun({}));
    expect(error.code).toBe(Code.Unavailable);
    expect(error.rawMessage).toBe('HTTP 502: <html>Bad Gateway</html>');
  });

  it('refuse a 200 that is not from a World', async () => {
    world = await TestWorld.start(() => undefined);
    world.mischief = (_, response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Log in</html>');
      return true;
    };
    const error = await failure(createClient(RunService, transport(world.url)).getRun({}));
    expect(error.code).toBe(Code.Unknown);
  });

  it('take a body that was cut off as a lost connection, and one that is garbage as a fault', async () => {
    world = await TestWorld.start(() => undefined);
    world.mischief = ({ socket }, response) => {
      response.writeHead(200, { 'content-type': 'application/proto', 'content-length': '100' });
      response.write(Buffer.alloc(10), () => socket.destroy());
      return true;
    };
    const client = createClient(RunService, transport(world.url));
    const cut = await failure(client.getRun({}));
    expect(cut.code).toBe(Code.Unavailable);
    expect(isUnsent(cut)).toBe(false);
    world.mischief = (_, response) => {
      response.writeHead(200, { 'content-type': 'application/proto' }).end(Buffer.alloc(10, 0xff));
      return true;
    };
    expect((await failure(client.getRun({}))).code).toBe(Code.Internal);
  });

  it('tell a connection that could not be made from one that broke', async () => {
    const server = createServer((socket) => socket.on('data', () => socket.resetAndDestroy()));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const client = createClient(RunService, transport(`http://127.0.0.1:${port}`));
    const broken = await failure(client.getRun({ runId: 'r' }));
    expect(broken.code).toBe(Code.Unavailable);
    expect(isUnsent(broken)).toBe(false);
    await new Promise((resolve) => server.close(resolve));
    const refused = await failure(client.getRun({ runId: 'r' }));
    expect(refused.code).toBe(Code.Unavailable);
    expect(isUnsent(refused)).toBe(true);
  });

  it('end at the deadline and by the signal, and close their request', async () => {
    world = await TestWorld.start(() => undefined);
    const closed: string[] = [];
    world.mischief = ({ method, socket }) => {
      socket.on('close', () => closed.push(method));
      return true;
    };
    const client = createClient(RunService, transport(world.url));
    expect((await failure(client.getRun({}, { timeoutMs: 20 }))).code).toBe(Code.DeadlineExceeded);
    const abort = new AbortController();
    const call = failure(client.listRuns({}, { signal: abort.signal }));
    await until(() => world?.count('ListRuns') === 1);
    abort.abort(new Error('enough'));
    expect((await call).code).toBe(Code.Canceled);
    expect((await failure(client.getRun({}, { signal: abort.signal }))).code).toBe(Code.Canceled);
    await until(() => closed.length === 2);
    expect(world.count('GetRun')).toBe(1);
  });

  it('wait for a connection beyond the cap, and are unsent when they are given up there', async () => {
    const release = deferred();
    world = await TestWorld.start(({ service }) =>
      service(RunService, {
        async getRun({ runId }) {
          if (runId === 'slow') await release.promise;
          return { run: { runId } };
        },
      }),
    );
    const client = createClient(RunService, transport(world.url, {}, 1));
    const slow = client.getRun({ runId: 'slow' });
    await until(() => world?.count('GetRun') === 1);
    const late = await failure(client.getRun({ runId: 'late' }, { timeoutMs: 20 }));
    expect(late.code).toBe(Code.DeadlineExceeded);
    expect(isUnsent(late)).toBe(true);
    const next = client.getRun({ runId: 'next' });
    release.resolve();
    expect((await slow).run?.runId).toBe('slow');
    expect((await next).run?.runId).toBe('next');
    expect(world.count('GetRun')).toBe(2);
  });

  it('fail with canceled when the transport is closed', async () => {
    world = await TestWorld.start(() => undefined);
    world.mischief = () => true;
    const closable = transport(world.url, {}, 1);
    const client = createClient(RunService, closable);
    const calls = [failure(client.getRun({})), failure(client.getRun({}))];
    await until(() => world?.count('GetRun') === 1);
    await closable.close();
    for (const error of await Promise.all(calls)) expect(error.code).toBe(Code.Canceled);
  });

  it('reject a header that cannot be sent without calling it a lost connection', async () => {
    world = await TestWorld.start(() => undefined);
    const bad = transport(world.url, { authorization: 'Bearer a\nb' });
    const error = await failure(createClient(RunService, bad).getRun({}));
    expect(error.code).toBe(Code.InvalidArgument);
  });
});

describe('server streams', () => {
  it('deliver messages, trailers and the error of their end', async () => {
    world = await TestWorld.start(({ service }) =>
      service(StreamService, {
        async *read({ name }, context) {
          context.responseTrailer.set('x-tail', 't');
          yield { chunks: [{ index: 0n, data: new Uint8Array(300_000).fill(7) }], nextIndex: 1n };
          yield { done: true, nextIndex: 1n };
          if (name === 'bad') throw worldwireError(Code.FailedPrecondition, 'STREAM_EXPIRED');
        },
      }),
    );
    const client = createClient(StreamService, transport(world.url));
    let tail: string | null = null;
    const sizes: number[] = [];
    const good = client.read(
      { name: 'good' },
      {
        onTrailer: (trailer) => {
          tail = trailer.get('x-tail');
        },
      },
    );
    for await (const { chunks } of good) sizes.push(chunks[0]?.data.length ?? -1);
    expect(sizes).toEqual([300_000, -1]);
    expect(tail).toBe('t');
    let received = 0;
    const bad = (async () => {
      for await (const _ of client.read({ name: 'bad' })) received++;
    })();
    const error = await failure(bad);
    expect(received).toBe(2);
    expect(error.code).toBe(Code.FailedPrecondition);
    expect(error.details).toHaveLength(1);
  });

  it('take an end without the end-of-stream message as a lost connection', async () => {
    world = await TestWorld.start(() => undefined);
    const envelope = Buffer.from([0, 0, 0, 0, 2, 0x10, 1]);
    const ends = [
      (socket: { destroy(): void }) => socket.destroy(),
      (_: unknown, response: { end(): void }) => response.end(),
    ];
    for (const [i, end] of ends.entries()) {
      world.mischief = ({ socket }, response) => {
        response.writeHead(200, { 'content-type': 'application/connect+proto' });
        // One whole message, and the beginning of another.
        response.write(Buffer.concat([envelope, envelope.subarray(0, 3)]), () =>
          end(socket, response),
        );
        return true;
      };
      const client = createClient(StreamService, transport(world.url));
      const done: boolean[] = [];
      const error = await failure(
        (async () => {
          for await (const message of client.read({})) done.push(message.done);
        })(),
      );
      expect(error.code, `end ${i}`).toBe(Code.Unavailable);
      expect(done.length).toBeLessThanOrEqual(1);
    }
  });

  it("hold the server back at the reader's pace", async () => {
    let sent = 0;
    const data = new Uint8Array(256 * 1024);
    const total = 400;
    world = await TestWorld.start(({ service }) =>
      service(StreamService, {
        async *read() {
          for (; sent < total; sent++) yield { chunks: [{ index: BigInt(sent), data }] };
          yield { done: true };
        },
      }),
    );
    const response = await transport(world.url).stream(
      StreamService.method.read,
      undefined,
      undefined,
      undefined,
      (async function* () {
        yield create(StreamService.method.read.input);
      })(),
    );
    const reader = response.message[Symbol.asyncIterator]();
    await reader.next();
    // The server goes on until the buffers between are full, and then stays.
    let before = -1;
    while (before !== sent) {
      before = sent;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(sent).toBeLessThan(total / 2);
    let received = 1;
    while (!(await reader.next()).done) received++;
    expect(received).toBe(total + 1);
  });

  it('do not take connections from unary calls', async () => {
    const release = deferred();
    world = await TestWorld.start(({ service }) => {
      service(EventService, {
        async *watchEvents() {
          yield {};
          await release.promise;
        },
      });
      service(RunService, { getRun: ({ runId }) => ({ run: { runId } }) });
    });
    const one = transport(world.url, {}, 1);
    const events = createClient(EventService, one);
    const watches = Array.from({ length: 5 }, () => events.watchEvents({})[Symbol.asyncIterator]());
    await Promise.all(watches.map((watch) => watch.next()));
    const { run } = await createClient(RunService, one).getRun({ runId: 'r' });
    expect(run?.runId).toBe('r');
    release.resolve();
    for (const watch of watches) expect((await watch.next()).done).toBe(true);
  });
});

describe('a connection that falls silent', () => {
  async function silentWorld() {
    const together = deferred();
    let waiting = 0;
    const made = await TestWorld.start(({ service }) => {
      service(WorldService, {
        async getWorld() {
          // Two connections, for neither call is answered before the other has come.
          if (++waiting === 2) together.resolve();
          await together.promise;
          return {};
        },
      });
      service(StreamService, {
        async *read() {
          yield {};
          await new Promise(() => undefined);
        },
      });
    });
    world = made;
    const used = transport(made.url);
    const client = createClient(WorldService, used);
    await Promise.all([client.getWorld({}), client.getWorld({})]);
    return { made, used, client };
  }

  it('is not followed by another one that was open then', async () => {
    const { made, client } = await silentWorld();
    made.mischief = () => true;
    const error = await failure(client.getWorld({}, { timeoutMs: 5_000 }));
    expect(error.code).toBe(Code.DeadlineExceeded);
    made.mischief = undefined;
    await client.getWorld({});
    const sockets = made.seen.map(({ socket }) => socket);
    expect(new Set(sockets.slice(0, 2)).size).toBe(2);
    expect(sockets.slice(0, 3)).not.toContain(sockets[3]);
  });

  it('says so of others also when it is that of a live read', async () => {
    const { made, used, client } = await silentWorld();
    const abort = new AbortController();
    const reading = (async () => {
      for await (const _ of createClient(StreamService, used).read({}, { signal: abort.signal }))
        abort.abort(new Silence(1));
    })();
    await failure(reading);
    await client.getWorld({});
    const sockets = made.seen.map(({ socket }) => socket);
    expect(sockets.slice(0, 3)).not.toContain(sockets[3]);
  });

  it('says nothing where the call had little time', async () => {
    const { made, client } = await silentWorld();
    made.mischief = () => true;
    await failure(client.getWorld({}, { timeoutMs: 50 }));
    made.mischief = undefined;
    await client.getWorld({});
    const sockets = made.seen.map(({ socket }) => socket);
    expect(sockets.slice(0, 2)).toContain(sockets[3]);
  });
});
