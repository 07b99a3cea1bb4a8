import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { create } from '@bufbuild/protobuf';
import { Code } from '@connectrpc/connect';
import { StepSchema, StepStatus } from '@worldwire/proto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as v4 from 'workflow-world-4';
import * as v5 from 'workflow-world-5';
import { until, worldwireError } from '../client/testing/test-world.js';
import { decodeMessage } from './codec.js';
import createDefault, { createWorld, type WorldwireWorld } from './index.js';
import { eventAt, FakeWorld } from './testing/fake-world.js';

const WORKFLOWS = '__wkf_workflow_';
const STEPS = '__wkf_step_';
const REGISTERED_STEPS = Symbol.for('@workflow/core//registeredSteps');
const SHARED = Symbol.for('@worldwire/sdk//shared');
const store = globalThis as Record<symbol, unknown>;

let fake: FakeWorld;
let world: WorldwireWorld;

beforeEach(async () => {
  fake = await FakeWorld.start();
  vi.stubEnv('WORLDWIRE_URL', fake.http.url);
  vi.stubEnv('WORLDWIRE_SPEC_VERSION', '7');
  vi.stubEnv('WORLDWIRE_KEY', 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=');
  vi.stubEnv('PORT', '');
  vi.stubEnv('npm_lifecycle_event', '');
  vi.spyOn(console, 'warn').mockImplementation(() => {});
  world = createWorld();
});

afterEach(async () => {
  await world.close();
  delete store[SHARED];
  delete store[REGISTERED_STEPS];
  await fake.close();
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

const quiet = (ms = 100) => new Promise((resolve) => setTimeout(resolve, ms));
const json = (value: unknown) => Buffer.from(JSON.stringify(value));

describe('construction', () => {
  it('needs no environment, and touches nothing', async () => {
    vi.stubEnv('WORLDWIRE_URL', 'nonsense');
    const other = createDefault({ project: 'p' });
    expect(other.specVersion).toBe(7);
    await expect(other.runs.get('wrun_1')).rejects.toThrow('WORLDWIRE_URL');
    expect(fake.http.seen).toEqual([]);
  });

  it('has every member that each line of the SDK calls', () => {
    for (const name of ['writeToStream', 'writeToStreamMulti', 'closeStream', 'readFromStream']) {
      expect(world[name as keyof WorldwireWorld]).toBeTypeOf('function');
    }
    for (const name of ['getStreamInfo', 'getStreamChunks', 'listStreamsByRunId', 'queueBatch']) {
      expect(world[name as keyof WorldwireWorld]).toBeTypeOf('function');
    }
    expect(Object.keys(world.streams).sort()).toEqual(
      ['close', 'createWriteSession', 'get', 'getChunks', 'getInfo', 'list'].concat([
        'write',
        'writeMulti',
      ]),
    );
  });
});

describe('capabilities', () => {
  it('are closed until the World has declared them', async () => {
    const { capabilities } = { ...world };
    expect(capabilities.hookResumeDedup).toBe(false);
    expect(capabilities.hookRetention).toEqual({ active: false });
    await world.runs.get('wrun_1');
    expect(capabilities.hookResumeDedup).toBe(true);
    expect(capabilities.hookRetention).toEqual({ active: true });
  });

  it('affine deployments are those with a name', () => {
    expect(world.capabilities.deploymentAffinity).toBe(false);
    expect(createWorld({ deploymentId: 'd1' }).capabilities.deploymentAffinity).toBe(true);
  });
});

describe('events.create', () => {
  it('asks for what the SDK asks for', async () => {
    fake.answer = () => ({ event: eventAt(3, { case: 'runStarted', value: {} }), run: fake.run });
    await world.events.create('wrun_1', { eventType: 'run_started', specVersion: 7 });
    expect(fake.created[0]).toMatchObject({ preloadEvents: true, skipPreload: false });
    await world.events.create('wrun_1', { eventType: 'run_started' }, { skipPreload: true });
    expect(fake.created[1]).toMatchObject({ preloadEvents: false, skipPreload: true });
    await world.events.create(
      'wrun_1',
      { eventType: 'hook_received', correlationId: 'hook_1', eventData: {} },
      {
        preloadEvents: true,
        resumeId: 'r',
        resumePayloadDigest: 'd',
        eventCount: 4,
        sinceCursor: 'c',
        viaStepDispatch: true,
        requestId: 'q',
        computeInstanceId: 'i',
      },
    );
    expect(fake.created[2]).toMatchObject({
      preloadEvents: true,
      expectedPosition: 4n,
      sinceCursor: 'c',
      viaStepDispatch: true,
      event: {
        resumeId: 'r',
        resumePayloadDigest: 'd',
        traceRequestId: 'q',
        computeInstanceId: 'i',
      },
    });
    expect(fake.created[2]!.requestId).not.toBe('');
  });

  it('gives back the preload of a start, which both SDKs accept, and shows it to the observer', async () => {
    const events = [1, 2].map((position) => eventAt(position, { case: 'runStarted', value: {} }));
    fake.answer = () => ({
      run: fake.run,
      maxEvents: 25_000,
      delta: { events, page: { cursor: 'c2', hasMore: false } },
    });
    const seen: unknown[] = [];
    const result = await world.events.create(
      'wrun_1',
      { eventType: 'run_started' },
      { replayEventObserver: (event) => seen.push(event) },
    );
    expect(result).toMatchObject({ cursor: 'c2', hasMore: false, maxEvents: 25_000 });
    expect(result).not.toHaveProperty('event');
    expect(result.run!.startedAt).toBeInstanceOf(Date);
    expect(seen).toEqual(result.events);
    for (const event of result.events!) {
      expect(v5.EventSchema.parse(event)).toEqual(event);
      expect(v4.EventSchema.parse(event)).toEqual(event);
    }
  });

  it('reports skipped events without its own and without a cursor', async () => {
    const event = (position: number) => eventAt(position, { case: 'runStarted', value: {} });
    fake.answer = () => ({
      event: event(5),
      delta: { events: [event(4), event(5)], page: { cursor: 'x', hasMore: false } },
    });
    const request = { eventType: 'wait_completed', correlationId: 'wait_1' };
    const report = await world.events.create('wrun_1', request, { eventCount: 3 });
    expect(report.events!.map(({ eventId }) => Number(eventId.slice(5)))).toEqual([4]);
    expect(report.cursor).toBeNull();
    const delta = await world.events.create('wrun_1', request, { eventCount: 3, sinceCursor: 'c' });
    expect(delta.events).toHaveLength(2);
    expect(delta.cursor).toBe('x');
  });

  it('a token that is taken is no error', async () => {
    const value = { token: 't', conflictingRunId: 'wrun_2' };
    fake.answer = () => ({ event: eventAt(2, { case: 'hookConflict', value }, 'hook_1') });
    const result = await world.events.create('wrun_1', {
      eventType: 'hook_created',
      correlationId: 'hook_1',
      eventData: { token: 't' },
    });
    expect(result).toEqual({
      event: expect.objectContaining({ eventType: 'hook_conflict', eventData: value }),
    });
  });

  it('throws what the SDK catches', async () => {
    fake.answer = () => {
      throw worldwireError(Code.FailedPrecondition, 'TOO_EARLY', { retryAfterMs: 500 });
    };
    const start = world.events.create('wrun_1', {
      eventType: 'step_started',
      correlationId: 'step_1',
    });
    await expect(start).rejects.toMatchObject({ name: 'TooEarlyError', retryAfter: 1 });
  });

  it('a lazily created step says so', async () => {
    const step = create(StepSchema, { stepId: 'step_1', status: StepStatus.RUNNING, attempt: 1 });
    fake.answer = () => ({ step, stepCreated: true });
    const result = await world.events.create('wrun_1', {
      eventType: 'step_started',
      correlationId: 'step_1',
    });
    expect(result).toMatchObject({ stepCreated: true, step: { status: 'running', attempt: 1 } });
  });
});

describe('lists', () => {
  beforeEach(() => {
    fake.log = [1, 2, 3, 4, 5].map((position) => eventAt(position, { case: 'noop', value: {} }));
  });

  it('without a limit read everything from the cursor on', async () => {
    const page = await world.events.list({ runId: 'wrun_1', pagination: { cursor: '1' } });
    expect(page.data.map(({ eventId }) => Number(eventId.slice(5)))).toEqual([2, 3, 4, 5]);
    expect(page).toMatchObject({ hasMore: false, cursor: '5' });
  });

  it('with a limit read one page', async () => {
    const page = await world.events.list({ runId: 'wrun_1', pagination: { limit: 3 } });
    expect(page.data).toHaveLength(3);
    expect(page).toMatchObject({ hasMore: true, cursor: '3' });
  });

  it('of no status are empty, without asking', async () => {
    expect(await world.runs.list({ status: [] })).toEqual({
      data: [],
      cursor: null,
      hasMore: false,
    });
  });
});

describe('the queue', () => {
  it('sends CBOR to newer runs and JSON to older ones, with the run that it wakes', async () => {
    const input = new Uint8Array([1, 0]);
    await world.queue(
      `${WORKFLOWS}w`,
      { runId: 'wrun_1', runInput: { input } },
      { specVersion: 7 },
    );
    await world.queue(`${STEPS}s`, { workflowRunId: 'wrun_1', stepId: 's' });
    await world.queue(`${WORKFLOWS}health_check`, { __healthCheck: true, runId: 'wrun_9' });
    const [first, second, third] = fake.sent;
    expect(first).toMatchObject({ contentType: 'application/cbor', runId: 'wrun_1' });
    expect(decodeMessage(first!.body, first!.contentType)).toEqual({
      runId: 'wrun_1',
      runInput: { input },
    });
    expect(second).toMatchObject({ contentType: 'application/json', runId: 'wrun_1' });
    expect(third!.runId).toBe('');
    expect(fake.sent.map(({ deploymentId }) => deploymentId)).toEqual(Array(3).fill('default'));
  });

  it('passes on key, delay, headers and deployment', async () => {
    const result = await world.queue(
      `${WORKFLOWS}w`,
      { runId: 'wrun_1' },
      { idempotencyKey: 'k', delaySeconds: 1.5, headers: { traceparent: 'x' }, deploymentId: 'd' },
    );
    expect(result).toEqual({ messageId: 'msg_1' });
    expect(fake.sent[0]).toMatchObject({
      idempotencyKey: 'k',
      headers: { traceparent: 'x' },
      deploymentId: 'd',
      delay: { seconds: 1n, nanos: 500_000_000 },
    });
  });

  it('sends batches within the World limit, with one result each', async () => {
    const entries = [1, 2, 3].map((n) => ({ message: { runId: `wrun_${n}` } }));
    const results = await world.queueBatch(`${WORKFLOWS}w`, entries);
    expect(results).toEqual([
      { messageId: 'msg_1' },
      { messageId: null, error: 'no', retryable: true },
      { messageId: 'msg_1' },
    ]);
  });

  it("mends SDK 4's step queue where the consumer has a namespace", async () => {
    world.createQueueHandler('__ns_wkf_step_', async () => {});
    await world.queue(`${STEPS}s`, { workflowRunId: 'wrun_1' });
    expect(fake.sent[0]!.queueName).toBe('__ns_wkf_step_s');
  });
});

describe('work', () => {
  it('goes to the handler that a stub registered, once the World is started', async () => {
    const { createQueueHandler } = createWorld();
    const seen: unknown[] = [];
    createQueueHandler(WORKFLOWS, async (message, meta) => {
      seen.push([message, meta]);
      if (seen.length === 1) return { timeoutSeconds: 0 };
      if (seen.length === 2) throw new Error('not yet');
      return undefined;
    });
    await quiet();
    expect(fake.attached).toEqual([]);

    await world.start();
    await world.start();
    fake.deliver({ queueName: `${WORKFLOWS}w`, body: json({ runId: 'wrun_1' }) });
    await until(() => fake.settled.length === 3);
    const meta = (attempt: number) => ({
      attempt,
      queueName: `${WORKFLOWS}w`,
      messageId: 'msg_1',
    });
    expect(seen).toEqual([1, 2, 3].map((attempt) => [{ runId: 'wrun_1' }, meta(attempt)]));
    const [again, failed, done] = fake.settled.map(({ action }) => action);
    expect(again).toMatchObject({ case: 'retry', value: { delay: { seconds: 0n, nanos: 0 } } });
    expect(failed).toMatchObject({
      case: 'retry',
      // The message of an error may be the user's: it stays in the process.
      value: { error: 'Error: the log of the consumer says more' },
    });
    expect((failed!.value as { delay?: unknown }).delay).toBeUndefined();
    expect(done).toMatchObject({ case: 'ack' });
    expect(fake.attached).toEqual([[WORKFLOWS]]);
    expect(fake.woken).toMatchObject([{ queuePrefix: WORKFLOWS, deploymentId: 'default' }]);
  });

  it('begins by itself a while after a route was loaded', async () => {
    world.createQueueHandler(WORKFLOWS, async () => {});
    await until(() => fake.attached.length === 1);
  });

  it('begins at the first write of a process that has the route', async () => {
    world.createQueueHandler(WORKFLOWS, async () => {});
    await world.queue(`${WORKFLOWS}w`, { runId: 'wrun_1' });
    await until(() => fake.settled.length === 1);
  });

  it.each([
    ['a build of Next.js', 'NEXT_PHASE', 'phase-production-build'],
    ['a build script', 'npm_lifecycle_event', 'build'],
    ['a process that shall not', 'WORLDWIRE_WORKER', '0'],
  ])('is not taken in %s', async (_what, name, value) => {
    vi.stubEnv(name, value);
    world.createQueueHandler(WORKFLOWS, async () => {});
    await world.queue(`${WORKFLOWS}w`, { runId: 'wrun_1' });
    await quiet(1_300);
    expect(fake.attached).toEqual([]);
  });

  it('is not taken where only the core of SDK 4 was imported, as in its command line', async () => {
    world.createQueueHandler(STEPS, async () => {});
    await world.queue(`${WORKFLOWS}w`, { runId: 'wrun_1' });
    await quiet(1_300);
    expect(fake.attached).toEqual([]);
  });

  it('of steps waits until the steps are loaded', async () => {
    world.createQueueHandler(STEPS, async () => {});
    world.createQueueHandler(WORKFLOWS, async () => {});
    await world.start();
    await until(() => fake.attached.length === 1);
    await quiet();
    expect(fake.attached).toEqual([[WORKFLOWS]]);
    store[REGISTERED_STEPS] = new Map([['step', {}]]);
    await until(() => fake.attached.length === 2);
    expect(fake.attached[1]).toEqual([STEPS]);
  });

  it('ends with close, after which calls fail until the World is started again', async () => {
    let finish!: () => void;
    const running = new Promise<void>((resolve) => {
      finish = resolve;
    });
    world.createQueueHandler(WORKFLOWS, async () => {
      await running;
      await world.runs.get('wrun_1');
    });
    await world.start();
    fake.deliver({ queueName: `${WORKFLOWS}w`, body: json({ runId: 'wrun_1' }) });
    await quiet();
    const closed = world.close();
    finish();
    await closed;
    expect(fake.settled).toMatchObject([{ action: { case: 'ack' } }]);
    await expect(world.runs.get('wrun_1')).rejects.toMatchObject({
      name: 'WorkflowWorldError',
      status: 503,
    });
    await world.start();
    await world.runs.get('wrun_1');
  });
});

describe('a World that is away', () => {
  it('does not hold up the start of the application for long, nor its end', async () => {
    await fake.http.kill();
    world.createQueueHandler(WORKFLOWS, async () => {});
    const reading = world.runs.get('wrun_1');
    reading.catch(() => {});
    const began = Date.now();
    await world.start();
    expect(Date.now() - began).toBeLessThan(10_000);
    await world.close();
    await expect(reading).rejects.toMatchObject({ name: 'WorkflowWorldError', status: 503 });
    expect(Date.now() - began).toBeLessThan(15_000);
  });

  it('gets its workers when it comes', async () => {
    await fake.http.kill();
    world.createQueueHandler(WORKFLOWS, async () => {});
    const starting = world.start();
    await quiet(300);
    await fake.http.listen();
    await starting;
    await until(() => fake.attached.length === 1);
  });

  it('whose spec versions are others is refused by name', async () => {
    vi.stubEnv('WORLDWIRE_SPEC_VERSION', '8');
    delete store[SHARED];
    world = createWorld();
    await expect(world.runs.get('wrun_1')).rejects.toThrow(
      /spec version 8, but fake 1 serves 2 to 7/,
    );
  });
});

describe('an application whose route registers at the first request, as that of SDK 5', () => {
  let server: Server;
  let requests: string[];
  const seen: unknown[] = [];

  beforeEach(async () => {
    requests = [];
    seen.length = 0;
    let handler: ((request: Request) => Promise<Response>) | undefined;
    server = createServer(async (incoming, outgoing) => {
      const parts: Buffer[] = [];
      for await (const part of incoming) parts.push(part);
      requests.push(`${incoming.url} ${Buffer.concat(parts)}`);
      handler ??= world.createQueueHandler(WORKFLOWS, async (message) => {
        seen.push(message);
      });
      const request = new Request(`http://localhost${incoming.url}`, {
        method: 'POST',
        headers: incoming.headers as Record<string, string>,
        body: Buffer.concat(parts),
      });
      const response = await handler(request);
      outgoing.writeHead(response.status, Object.fromEntries(response.headers));
      outgoing.end(Buffer.from(await response.arrayBuffer()));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    vi.stubEnv('PORT', String((server.address() as AddressInfo).port));
  });

  afterEach(() => new Promise((resolve) => server.close(resolve)));

  it('has its route loaded by one request, and works in process from then on', async () => {
    await world.start();
    fake.deliver({ queueName: `${WORKFLOWS}w`, body: json({ runId: 'wrun_1' }) });
    await until(() => fake.settled.length === 1);
    expect(seen).toEqual([{ runId: 'wrun_1' }]);
    expect(requests).toEqual(['/.well-known/workflow/v1/flow {}']);
  });

  it('has every message posted where it is a beta that knows deliveries at its route only', async () => {
    vi.stubEnv('WORLDWIRE_SPEC_VERSION', '5');
    delete store[SHARED];
    world = createWorld();
    await world.start();
    fake.deliver({ queueName: `${WORKFLOWS}w`, body: json({ runId: 'wrun_1' }) });
    await until(() => fake.settled.length === 1);
    expect(requests.at(-1)).toBe('/.well-known/workflow/v1/flow {"runId":"wrun_1"}');
    const forged = await fetch(
      `http://127.0.0.1:${process.env.PORT}/.well-known/workflow/v1/flow`,
      {
        method: 'POST',
        headers: {
          'x-vqs-queue-name': `${WORKFLOWS}w`,
          'x-vqs-message-id': 'msg_2',
          'x-vqs-message-attempt': '1',
        },
        body: '{"runId":"wrun_2"}',
      },
    );
    expect(forged.status).toBe(403);
    expect(seen).toEqual([{ runId: 'wrun_1' }]);
  });

  it('has every message posted where the operator wants it', async () => {
    vi.stubEnv('WORLDWIRE_DELIVERY', 'http');
    await world.start();
    fake.deliver({ queueName: `${WORKFLOWS}w`, body: json({ runId: 'wrun_1' }) });
    await until(() => fake.settled.length === 1);
    expect(seen).toEqual([{ runId: 'wrun_1' }]);
    expect(requests[1]).toBe('/.well-known/workflow/v1/flow {"runId":"wrun_1"}');
  });
});

describe('the HTTP form of a handler', () => {
  const post = (headers: Record<string, string>, body: string | undefined = '{"runId":"r"}') =>
    new Request('http://x/', { method: 'POST', headers, body });
  const delivery = {
    'content-type': 'application/json',
    'x-vqs-queue-name': `${WORKFLOWS}w`,
    'x-vqs-message-id': 'msg_1',
    'x-vqs-message-attempt': '2',
  };

  it('takes no messages unless the operator opens it', async () => {
    const handler = vi.fn();
    const response = await world.createQueueHandler(WORKFLOWS, handler)(post(delivery));
    expect(response.status).toBe(403);
    expect(handler).not.toHaveBeenCalled();
  });

  it.each([
    ['nothing', undefined, 200, { ok: true }],
    ['a wish', { timeoutSeconds: 3 }, 200, { timeoutSeconds: 3 }],
  ])('answers %s', async (_what, result, status, body) => {
    vi.stubEnv('WORLDWIRE_DELIVERY', 'http');
    const handler = vi.fn(async () => result);
    const response = await world.createQueueHandler(WORKFLOWS, handler)(post(delivery));
    expect(response.status).toBe(status);
    expect(await response.json()).toEqual(body);
    expect(handler).toHaveBeenCalledWith(
      { runId: 'r' },
      { attempt: 2, queueName: `${WORKFLOWS}w`, messageId: 'msg_1' },
    );
  });

  it.each([
    ['no headers', { 'content-type': 'application/json' }, '{}'],
    ['another queue', { ...delivery, 'x-vqs-queue-name': 'other' }, '{}'],
    ['no body', delivery, ''],
    ['an attempt that is none', { ...delivery, 'x-vqs-message-attempt': 'x' }, '{}'],
  ])('refuses %s', async (_what, headers, body) => {
    vi.stubEnv('WORLDWIRE_DELIVERY', 'http');
    const handler = vi.fn();
    const response = await world.createQueueHandler(WORKFLOWS, handler)(post(headers, body));
    expect(response.status).toBe(400);
    expect(handler).not.toHaveBeenCalled();
  });

  it('says that the handler failed', async () => {
    vi.stubEnv('WORLDWIRE_DELIVERY', 'http');
    const handler = async () => {
      throw new TypeError('broken');
    };
    const response = await world.createQueueHandler(WORKFLOWS, handler)(post(delivery));
    expect(response.status).toBe(500);
    // The message may be the user's, and whoever posts may be the World.
    expect(await response.json()).toBe('TypeError: the log of the consumer says more');

    const open = createWorld({ encryption: 'off' });
    const again = await open.createQueueHandler(WORKFLOWS, handler)(post(delivery));
    expect(await again.json()).toBe('TypeError: broken');
    await open.close();
  });
});

describe('streams', () => {
  const text = async (stream: ReadableStream<Uint8Array>) => {
    const parts: string[] = [];
    for await (const part of stream) parts.push(Buffer.from(part).toString());
    return parts;
  };

  it('keep boundaries, skip empty chunks when read, and end when closed', async () => {
    await world.streams.write('wrun_1', 's', 'ä');
    await world.streams.writeMulti('wrun_1', 's', ['b', new Uint8Array(), Buffer.from('c')]);
    await world.streams.close('wrun_1', 's');
    expect(await text(await world.streams.get('wrun_1', 's'))).toEqual(['ä', 'b', 'c']);
    expect(await text(await world.readFromStream('s', -1))).toEqual(['c']);
    expect(await world.streams.getInfo('wrun_1', 's')).toEqual({ tailIndex: 3, done: true });
    expect(await world.getStreamInfo('s', 'wrun_1')).toEqual({ tailIndex: 3, done: true });
    expect(await world.streams.getChunks('wrun_1', 's', { limit: 2 })).toMatchObject({
      data: [{ index: 0 }, { index: 1 }],
      cursor: '2',
      hasMore: true,
    });
    expect(await world.getStreamChunks('s', 'wrun_1', { cursor: '2' })).toMatchObject({
      cursor: null,
      hasMore: false,
      done: true,
    });
  });

  it('are read in buffers of their own, which byte streams may take away', async () => {
    fake.chunks.push(Buffer.from('a'), Buffer.from('b'));
    for await (const chunk of await world.streams.get('wrun_1', 's')) {
      expect(chunk.buffer.byteLength).toBe(1);
    }
    const { data } = await world.streams.getChunks('wrun_1', 's');
    expect(data.map((chunk) => chunk.data.buffer.byteLength)).toEqual([1, 1]);
  });

  it('are written by one writer with one sequence', async () => {
    await world.writeToStream('s', Promise.resolve('wrun_1'), 'a');
    await world.writeToStreamMulti('s', 'wrun_1', ['b', 'c']);
    await world.streams.write('wrun_1', 's', 'd');
    const [first, second, third] = fake.appends;
    expect([first!.sequence, second!.sequence, third!.sequence]).toEqual([0n, 1n, 3n]);
    expect(new Set(fake.appends.map(({ writerId }) => writerId)).size).toBe(1);
  });

  it('in a session, a group that is written again has the same number', async () => {
    const session = world.streams.createWriteSession('wrun_1', 's', { writerId: 'wrtr_1' });
    await session.write(0, ['a', 'b']);
    await session.write(2, ['c']);
    await session.write(2, ['c']);
    await session.close();
    expect(fake.appends.map(({ sequence }) => sequence)).toEqual([0n, 2n, 2n]);
    expect(fake.appends.every(({ writerId }) => writerId === 'wrtr_1')).toBe(true);
    expect(fake.closedStream).toBe(true);
  });
});

describe('analytics', () => {
  beforeEach(() => {
    const time = { seconds: 1_700_000_100n, nanos: 0 };
    fake.log = [
      eventAt(1, { case: 'runCreated', value: { workflowName: 'w' } }),
      eventAt(2, { case: 'hookCreated', value: { token: 't', isWebhook: true } }, 'hook_1'),
      eventAt(3, { case: 'hookCreated', value: { token: 'u' } }, 'hook_2'),
      eventAt(4, { case: 'hookReceived', value: {} }, 'hook_1'),
      eventAt(5, { case: 'hookConflict', value: { token: 't' } }, 'hook_3'),
      eventAt(6, { case: 'waitCreated', value: { resumeAt: time } }, 'wait_1'),
      eventAt(7, { case: 'waitCompleted', value: {} }, 'wait_1'),
      eventAt(8, { case: 'waitCreated', value: { resumeAt: time } }, 'wait_2'),
      eventAt(9, { case: 'hookDisposed', value: {} }, 'hook_2'),
      eventAt(10, { case: 'runCompleted', value: {} }),
    ];
  });

  it('tell of the run and its SDK', async () => {
    const row = await world.analytics.runs.get('wrun_1');
    expect(v5.AnalyticsRunSchema.parse(row)).toMatchObject({
      status: 'running',
      workflowCoreVersion: '5.0.0',
      workflowEncryptionEnabled: true,
    });
  });

  it('tell of events, filtered and found again', async () => {
    const page = await world.analytics.events.list({ runId: 'wrun_1' });
    expect(page.data).toHaveLength(10);
    for (const row of page.data) v5.AnalyticsEventSchema.parse(row);
    const some = await world.analytics.events.list({
      runId: 'wrun_1',
      correlationId: 'hook_1',
      eventType: 'hook_received',
    });
    expect(some.data.map(({ eventType }) => eventType)).toEqual(['hook_received']);
  });

  it('tell of hooks after their end', async () => {
    const { data } = await world.analytics.hooks.list({ runId: 'wrun_1' });
    for (const row of data) v5.AnalyticsHookSchema.parse(row);
    expect(data.map(({ hookId, status }) => [hookId, status])).toEqual([
      ['hook_1', 'received'],
      ['hook_2', 'disposed'],
      ['hook_3', 'conflict'],
    ]);
    expect(await world.analytics.hooks.get('hook_1')).toMatchObject({ isWebhook: true });
    await expect(world.analytics.hooks.get('hook_9')).rejects.toMatchObject({ status: 404 });
  });

  it('tell of waits, in pages', async () => {
    const first = await world.analytics.waits.list({ runId: 'wrun_1', pagination: { limit: 1 } });
    expect(first).toMatchObject({ hasMore: true, data: [{ waitId: 'wait_1' }] });
    v5.AnalyticsWaitSchema.parse(first.data[0]);
    const second = await world.analytics.waits.list({
      runId: 'wrun_1',
      pagination: { limit: 1, cursor: first.cursor! },
    });
    expect(second).toMatchObject({ hasMore: false, data: [{ status: 'waiting' }] });
    await expect(
      world.analytics.waits.list({ runId: 'wrun_1', pagination: { cursor: 'x' } }),
    ).rejects.toMatchObject({ status: 400 });
  });
});
