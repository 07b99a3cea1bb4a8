import { createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { create, type MessageShape } from '@bufbuild/protobuf';
import { Code, createRouterTransport } from '@connectrpc/connect';
import {
  connectNodeAdapter,
  createConnectTransport,
  createGrpcTransport,
} from '@connectrpc/connect-node';
import {
  Capability,
  CreateEventRequestSchema,
  EventService,
  PROTOCOL_VERSION,
  QueueService,
  RunService,
  StreamService,
  WorldService,
} from '@worldwire/proto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { connect, createWorldClient } from './client.js';
import { WorldError } from './error.js';
import {
  collect,
  deferred,
  recorder,
  TestWorld,
  until,
  worldwireError,
} from './testing/test-world.js';

type CreateEventRequest = MessageShape<typeof CreateEventRequestSchema>;

let world: TestWorld;

afterEach(async () => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  await world?.close();
});

async function failure(promise: Promise<unknown>): Promise<WorldError> {
  const error = await promise.then(
    () => undefined,
    (error) => error,
  );
  expect(error).toBeInstanceOf(WorldError);
  return error as WorldError;
}

/** A World that keeps the events it was asked to create, and fails as often as it is told. */
async function eventWorld(failures: (() => Error)[] = []) {
  const requests: CreateEventRequest[] = [];
  world = await TestWorld.start(({ service }) =>
    service(EventService, {
      createEvent(request) {
        requests.push(request);
        const fail = failures.shift();
        if (fail !== undefined) throw fail();
        return { event: { eventId: 'evnt_1', position: 1n } };
      },
    }),
  );
  return requests;
}

describe('settings', () => {
  it('come from the environment, and every call carries them', async () => {
    world = await TestWorld.start(({ service }) =>
      service(WorldService, { getWorld: () => ({ implementation: 'env' }) }),
    );
    vi.stubEnv('WORLDWIRE_URL', world.url);
    vi.stubEnv('WORLDWIRE_TOKEN', 'secret');
    vi.stubEnv('WORLDWIRE_PROJECT', 'blue');
    const client = createWorldClient();
    expect((await client.getWorld()).implementation).toBe('env');
    await client.close();
    expect(world.seen[0]?.headers).toMatchObject({
      authorization: 'Bearer secret',
      'worldwire-project': 'blue',
      'worldwire-protocol-version': PROTOCOL_VERSION,
    });
  });

  it('give way to options, and default to the project `default` without a token', async () => {
    const requests = await eventWorld();
    vi.stubEnv('WORLDWIRE_URL', 'http://127.0.0.1:1');
    await world.client().events.createEvent({ runId: 'r' });
    expect(requests).toHaveLength(1);
    expect(world.seen[0]?.headers['worldwire-project']).toBe('default');
    expect(world.seen[0]?.headers.authorization).toBeUndefined();
  });

  it('refuse an address that is none', () => {
    for (const url of ['nonsense', 'embedded:x', 'ftp://x']) {
      expect(() => createWorldClient({ url })).toThrow(WorldError);
    }
  });
});

describe('connect', () => {
  it('refuses a World of another major protocol version', async () => {
    let protocolVersion = '2.0';
    world = await TestWorld.start(({ service }) =>
      service(WorldService, { getWorld: () => ({ protocolVersion }) }),
    );
    expect((await failure(connect({ url: world.url }))).code).toBe('failed_precondition');
    protocolVersion = '1.7';
    const client = await connect({ url: world.url });
    expect((await client.getWorld()).protocolVersion).toBe('1.7');
    await client.close();
  });
});

describe('transports', () => {
  const routes = (router: Parameters<Parameters<typeof createRouterTransport>[0]>[0]) => {
    router.service(RunService, {
      getRun({ runId }, context) {
        if (runId === 'none') throw worldwireError(Code.NotFound, 'RUN_NOT_FOUND');
        return { run: { runId, workflowName: context.requestHeader.get('authorization') ?? '' } };
      },
    });
    router.service(StreamService, {
      async *read() {
        yield { chunks: [{ index: 0n, data: new Uint8Array([1]) }], nextIndex: 1n };
        yield { done: true, nextIndex: 1n };
      },
    });
  };

  it.each(['own', 'connect json', 'grpc-less connect', 'in process'])('%s', async (kind) => {
    world = await TestWorld.start(routes);
    const baseUrl = world.url;
    const transport = {
      own: undefined,
      'connect json': createConnectTransport({
        httpVersion: '1.1',
        baseUrl,
        useBinaryFormat: false,
      }),
      'grpc-less connect': createConnectTransport({ httpVersion: '1.1', baseUrl }),
      'in process': createRouterTransport(routes),
    }[kind];
    const client = world.client({ token: 't', ...(transport && { transport }) });
    const { run } = await client.runs.getRun({ runId: 'r' });
    expect(run).toMatchObject({ runId: 'r', workflowName: 'Bearer t' });
    const error = await failure(client.runs.getRun({ runId: 'none' }));
    expect(error.reason).toBe('RUN_NOT_FOUND');
    expect(await collect(client.readStream({ name: 's' }))).toEqual([
      { index: 0, data: new Uint8Array([1]) },
    ]);
  });

  it.each(['own', 'stock'])('%s: a stream whose loop is left closes its request', async (kind) => {
    let ended = false;
    world = await TestWorld.start(({ service }) =>
      service(StreamService, {
        async *read(_, { signal }) {
          signal.addEventListener('abort', () => {
            ended = true;
          });
          yield {};
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
        },
      }),
    );
    const stock = createConnectTransport({ httpVersion: '1.1', baseUrl: world.url });
    const client = world.client(kind === 'stock' ? { transport: stock } : {});
    for await (const _ of client.streams.read({ name: 's' })) break;
    await until(() => ended);
  });

  it('grpc, refused, is retried and then told as unavailable', async () => {
    world = await TestWorld.start(() => undefined);
    await world.kill();
    const client = world.client({
      transport: createGrpcTransport({ baseUrl: world.url }),
      retry: { budgetMs: 50, initialDelayMs: 1 },
    });
    const error = await failure(client.runs.getRun({ runId: 'r' }));
    expect(error).toMatchObject({ code: 'unavailable', retryable: true });
  });

  it('grpc, cut, is retried, and given up by its caller is not', async () => {
    const answer = connectNodeAdapter({
      routes: ({ service }) => service(RunService, { getRun: () => ({ run: { runId: 'r' } }) }),
    });
    let requests = 0;
    let connection: Socket | undefined;
    const server = createHttp2Server((request, response) => {
      requests++;
      if (requests === 1) connection?.destroy();
      else if (requests === 2) answer(request, response);
    });
    server.on('connection', (socket) => {
      connection = socket;
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const client = createWorldClient({
      transport: createGrpcTransport({ baseUrl }),
      retry: { initialDelayMs: 1, budgetMs: 60_000 },
      onStatus: () => undefined,
    });
    try {
      expect((await client.runs.getRun({ runId: 'r' })).run?.runId).toBe('r');
      const caller = new AbortController();
      const call = failure(client.runs.getRun({ runId: 'r' }, { signal: caller.signal }));
      await until(() => requests === 3);
      caller.abort();
      expect(await call).toMatchObject({ code: 'canceled' });
      expect(requests).toBe(3);
    } finally {
      await client.close();
      connection?.destroy();
      await new Promise((resolve) => server.close(resolve));
    }
  });
});

describe('retries', () => {
  it('repeat the same request, its request_id included', async () => {
    const requests = await eventWorld([
      () => worldwireError(Code.Unavailable, 'UNAVAILABLE'),
      () => worldwireError(Code.Internal, 'INTERNAL'),
      () => worldwireError(Code.ResourceExhausted, 'THROTTLED', { retryAfterMs: 3 }),
    ]);
    const response = await world.client().events.createEvent({
      runId: 'r',
      event: { data: { case: 'runStarted', value: {} } },
    });
    expect(response.event?.position).toBe(1n);
    expect(requests).toHaveLength(4);
    expect(requests[0]?.requestId).toMatch(/^[0-9a-f]+-[0-9a-f-]{36}$/);
    for (const request of requests) expect(request).toEqual(requests[0]);
  });

  it("keep the caller's request_id and message as they are, and make a new id for every call", async () => {
    const requests = await eventWorld();
    const client = world.client();
    const own = create(CreateEventRequestSchema, { runId: 'r', requestId: 'mine' });
    await client.events.createEvent(own);
    const bare = create(CreateEventRequestSchema, { runId: 'r' });
    await client.events.createEvent(bare);
    await client.events.createEvent(bare);
    expect(bare.requestId).toBe('');
    const ids = requests.map((request) => request.requestId);
    expect(ids[0]).toBe('mine');
    expect(new Set(ids).size).toBe(3);
  });

  it.each([
    [Code.NotFound, 'RUN_NOT_FOUND'],
    [Code.FailedPrecondition, 'TOO_EARLY'],
    [Code.InvalidArgument, 'FROM_THE_FUTURE'],
    [Code.Unauthenticated, 'UNAUTHENTICATED'],
  ])('do not follow %s %s', async (code, reason) => {
    const requests = await eventWorld([() => worldwireError(code, reason)]);
    await failure(world.client().events.createEvent({ runId: 'r' }));
    expect(requests).toHaveLength(1);
  });

  it('follow responses that are lost on the way', async () => {
    const requests = await eventWorld();
    world.mischief = ({ nth, socket }, response) => {
      if (nth === 0) response.writeHead(502, { 'content-type': 'text/html' }).end('<html>');
      else if (nth === 1) socket.destroy();
      else return false;
      return true;
    };
    await world.client().events.createEvent({ runId: 'r' });
    expect(world.count('CreateEvent')).toBe(3);
    expect(requests).toHaveLength(1);
  });

  it('give up when the budget is spent, with the last error', async () => {
    world = await TestWorld.start(() => undefined);
    world.mischief = (_, response) => {
      response.writeHead(503).end();
      return true;
    };
    const client = world.client({ retry: { budgetMs: 30, initialDelayMs: 1, maxDelayMs: 5 } });
    const error = await failure(client.runs.getRun({ runId: 'r' }));
    expect(error.code).toBe('unavailable');
    expect(world.seen.length).toBeGreaterThan(1);
  });

  it('do not begin a wait that the World asks for but the budget forbids', async () => {
    const requests = await eventWorld([
      () => worldwireError(Code.ResourceExhausted, 'THROTTLED', { retryAfterMs: 900 }),
    ]);
    const client = world.client({ retry: { budgetMs: 100 } });
    expect((await failure(client.events.createEvent({}))).retryAfterMs).toBe(900);
    expect(requests).toHaveLength(1);
  });

  it('are off with a budget of 0', async () => {
    const requests = await eventWorld([() => worldwireError(Code.Unavailable, 'UNAVAILABLE')]);
    await failure(world.client({ retry: { budgetMs: 0 } }).events.createEvent({}));
    expect(requests).toHaveLength(1);
  });

  it('gives the first tries of what it may repeat less time, and settlements always', async () => {
    const late = () => worldwireError(Code.DeadlineExceeded, 'DEADLINE_EXCEEDED');
    let failures = 4;
    const answer = () => {
      if (failures-- > 0) throw late();
      return {};
    };
    world = await TestWorld.start(({ service }) => {
      service(RunService, { getRun: answer });
      service(QueueService, { settle: answer, reviveMessages: answer });
    });
    const timeouts = (method: string) =>
      world.seen
        .filter((request) => request.method === method)
        .map(({ headers }) => headers['connect-timeout-ms']);
    const client = world.client();
    await client.runs.getRun({ runId: 'r' });
    expect(timeouts('GetRun')).toEqual(['10000', '10000', '30000', '30000', '30000']);
    failures = 4;
    await client.queue.settle({});
    expect(timeouts('Settle')).toEqual(['10000', '10000', '10000', '10000', '10000']);
    failures = 1;
    await failure(client.queue.reviveMessages({}));
    expect(timeouts('ReviveMessages')).toEqual(['30000']);
  });

  it('follow a try that took too long, but not a call that did', async () => {
    world = await TestWorld.start(({ service }) => service(RunService, { getRun: () => ({}) }));
    world.mischief = ({ nth }) => nth === 0;
    await world.client({ deadlineMs: 200 }).runs.getRun({});
    expect(world.count('GetRun')).toBeGreaterThan(1);
    world.mischief = () => true;
    const error = await failure(world.client().runs.getRun({}, { timeoutMs: 30 }));
    expect(error.code).toBe('deadline_exceeded');
  });

  it("end with the caller's signal, also between tries", async () => {
    world = await TestWorld.start(() => undefined);
    world.mischief = (_, response) => {
      response.writeHead(503).end();
      return true;
    };
    const client = world.client({
      retry: { initialDelayMs: 1e9, maxDelayMs: 1e9, budgetMs: 1e10 },
    });
    const abort = new AbortController();
    const call = failure(client.runs.getRun({}, { signal: abort.signal }));
    await until(() => world.count('GetRun') === 1);
    abort.abort();
    expect((await call).code).toBe('canceled');
  });

  it('outlast a World that is away, for whatever changes nothing twice', async () => {
    const requests = await eventWorld();
    const { states, onStatus } = recorder();
    const client = world.client({ onStatus });
    await client.events.createEvent({ runId: 'r' });
    await world.kill();
    const call = client.events.createEvent({ runId: 'r' });
    await until(() => states.length === 1);
    await world.listen();
    await call;
    expect(requests).toHaveLength(2);
  });

  it('spare an append without a writer once it may have arrived', async () => {
    world = await TestWorld.start(({ service }) =>
      service(StreamService, { append: () => ({}), close: () => ({}) }),
    );
    world.mischief = ({ nth, socket }) => {
      if (nth > 0) return false;
      socket.destroy();
      return true;
    };
    const { streams } = world.client();
    const chunks = [new Uint8Array([1])];
    expect((await failure(streams.append({ name: 's', chunks }))).code).toBe('unavailable');
    expect(world.count('Append')).toBe(1);
    world.seen.length = 0;
    await streams.append({ name: 's', chunks, writerId: 'w' });
    expect(world.count('Append')).toBe(2);
    await streams.close({ name: 's' });
    expect(world.count('Close')).toBe(2);
  });

  it('follow an append without a writer that never left', async () => {
    world = await TestWorld.start(({ service }) => service(StreamService, { append: () => ({}) }));
    const { states, onStatus } = recorder();
    await world.kill();
    const call = world.client({ onStatus }).streams.append({ name: 's' });
    await until(() => states.length === 1);
    await world.listen();
    await call;
    expect(world.count('Append')).toBe(1);
  });

  it.each(['settle', 'wakeRuns'] as const)('follow %s', async (name) => {
    world = await TestWorld.start(({ service }) =>
      service(QueueService, { settle: () => ({}), wakeRuns: () => ({}) }),
    );
    world.mischief = ({ nth, socket }) => {
      if (nth === 0) socket.destroy();
      return nth === 0;
    };
    await world.client().queue[name]({});
    expect(world.count(name === 'settle' ? 'Settle' : 'WakeRuns')).toBe(2);
  });

  it('spare ReviveMessages, whose second outcome differs', async () => {
    world = await TestWorld.start(() => undefined);
    world.mischief = ({ socket }) => {
      socket.destroy();
      return true;
    };
    await failure(world.client().queue.reviveMessages({}));
    expect(world.count('ReviveMessages')).toBe(1);
  });

  it("give a long poll its own time and not a call's", async () => {
    world = await TestWorld.start(({ service }) => {
      service(WorldService, { getWorld: () => ({ limits: { maxLongPoll: { seconds: 20n } } }) });
      service(RunService, { waitForRun: () => ({ run: { runId: 'r' } }) });
    });
    const client = world.client({ deadlineMs: 1000 });
    await client.runs.waitForRun({ runId: 'r', timeout: { seconds: 7n } });
    await client.runs.waitForRun({ runId: 'r', timeout: { seconds: 3600n } });
    await client.runs.waitForRun({ runId: 'r' });
    const timeouts = world.seen
      .filter(({ method }) => method === 'WaitForRun')
      .map(({ headers }) => headers['connect-timeout-ms']);
    expect(timeouts).toEqual(['17000', '30000', '30000']);
  });
});

describe('status', () => {
  it('is told once when the World goes away and once when it is back', async () => {
    const requests = await eventWorld();
    const { states, onStatus } = recorder();
    const client = world.client({ onStatus });
    await client.events.createEvent({});
    expect(states).toEqual([]);
    await world.kill();
    const calls = Array.from({ length: 20 }, () => client.events.createEvent({}));
    await until(() => states.length > 0);
    await world.listen();
    await Promise.all(calls);
    await until(() => states.length > 1);
    expect(requests).toHaveLength(21);
    expect(states).toEqual(['disconnected', 'connected']);
  });

  it('is not changed by errors of a World that is there', async () => {
    await eventWorld([() => worldwireError(Code.NotFound, 'RUN_NOT_FOUND')]);
    const { states, onStatus } = recorder();
    await failure(world.client({ onStatus }).events.createEvent({}));
    expect(states).toEqual([]);
  });

  it('goes to the console by default, a line a change', async () => {
    const lines = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    await eventWorld();
    await world.kill();
    const client = createWorldClient({
      url: world.url,
      retry: { initialDelayMs: 1, maxDelayMs: 5 },
    });
    const calls = [client.events.createEvent({}), client.events.createEvent({})];
    await until(() => lines.mock.calls.length > 0);
    await world.listen();
    await Promise.all(calls);
    await client.close();
    expect(lines.mock.calls).toHaveLength(2);
    expect(lines.mock.calls[0]?.[0]).toContain('cannot be reached');
    expect(lines.mock.calls[1]?.[0]).toContain('again');
  });
});

describe('what the World is', () => {
  const batchWorld = async (capabilities: Capability[]) => {
    const told = { capabilities, asked: 0 };
    world = await TestWorld.start(({ service }) => {
      service(WorldService, {
        getWorld() {
          told.asked++;
          return { capabilities: told.capabilities };
        },
      });
      service(EventService, {
        createEventBatch: () => ({}),
        async *watchEvents() {},
      });
    });
    return told;
  };

  it('is asked once', async () => {
    const told = await batchWorld([Capability.EVENT_BATCH]);
    const client = world.client();
    expect(await client.has(Capability.EVENT_BATCH)).toBe(true);
    expect(await client.has(Capability.PUSH)).toBe(false);
    await client.events.createEventBatch({});
    expect(told.asked).toBe(1);
  });

  it('is asked again after a lost connection', async () => {
    const told = await batchWorld([]);
    const { states, onStatus } = recorder();
    const client = world.client({ onStatus });
    expect(await client.has(Capability.EVENT_BATCH)).toBe(false);
    await world.kill();
    const call = client.world.getWorld({});
    await until(() => states.length === 1);
    told.capabilities = [Capability.EVENT_BATCH];
    await world.listen();
    await call;
    expect(await client.has(Capability.EVENT_BATCH)).toBe(true);
  });

  it('keeps calls that it does not declare from going out', async () => {
    await batchWorld([]);
    const client = world.client();
    const batch = await failure(client.events.createEventBatch({}));
    expect(batch).toMatchObject({ code: 'unimplemented', reason: 'CAPABILITY_NOT_DECLARED' });
    const watch = await failure(collect(client.watchEvents({ runId: 'r' })));
    expect(watch.reason).toBe('CAPABILITY_NOT_DECLARED');
    expect(world.count('CreateEventBatch') + world.count('WatchEvents')).toBe(0);
  });

  it('lets calls out when it cannot be had', async () => {
    await batchWorld([]);
    world.mischief = ({ method }, response) => {
      if (method === 'GetWorld') response.writeHead(503).end();
      return method === 'GetWorld';
    };
    await world.client().events.createEventBatch({});
    expect(world.count('CreateEventBatch')).toBe(1);
  });
});

describe('close', () => {
  it('ends calls, waits and live reads with canceled', async () => {
    const never = deferred();
    world = await TestWorld.start(({ service }) => {
      service(RunService, {
        getRun: () => {
          throw worldwireError(Code.Unavailable, 'UNAVAILABLE');
        },
      });
      service(StreamService, {
        async *read() {
          yield {};
          await never.promise;
        },
      });
    });
    world.mischief = ({ method }) => method === 'ListRuns';
    const client = world.client({
      retry: { initialDelayMs: 1e9, maxDelayMs: 1e9, budgetMs: 1e10 },
    });
    const ends = [
      failure(client.runs.getRun({})),
      failure(client.runs.listRuns({})),
      failure(collect(client.readStream({ name: 's' }))),
    ];
    await until(() => world.seen.length === 3);
    await client.close();
    for (const error of await Promise.all(ends)) expect(error.code).toBe('canceled');
    expect((await failure(client.runs.getRun({}))).code).toBe('canceled');
    never.resolve();
  });
});
