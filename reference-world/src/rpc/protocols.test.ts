import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { create, toBinary } from '@bufbuild/protobuf';
import { Code, createClient, type Transport } from '@connectrpc/connect';
import {
  CreateEventRequestSchema,
  GetRunRequestSchema,
  ListRunsRequestSchema,
  ReadResponseSchema,
  RunStatus,
  StreamService,
} from '@worldwire/proto';
import { beforeAll, describe, expect, it } from 'vitest';
import { startServer } from '../server.js';
import {
  clientsOf,
  endOfRun,
  failureOf,
  newRun,
  serve,
  stockTransports,
} from '../testing/world.js';

describe.each(Object.entries(stockTransports))('%s', (_name, connect) => {
  async function open() {
    const { url } = await serve();
    return clientsOf(connect(url));
  }

  it('creates a run, reads it, and keeps bytes', async () => {
    const { events, runs, world } = await open();
    expect((await world.getWorld({})).implementation).toBe('worldwire-reference');
    const created = await events.createEvent(newRun('run-1'));
    expect(created.event?.position).toBe(1n);
    const { run } = await runs.getRun({ runId: 'run-1' });
    expect(run?.status).toBe(RunStatus.PENDING);
    expect([...(run?.input ?? [])]).toEqual([0, 1, 255]);
  });

  it('fails with one reason, of a read, a write and a live call', async () => {
    const { events, runs, streams } = await open();
    const unknown = { code: Code.NotFound, reasons: ['RUN_NOT_FOUND'], metadata: { run_id: 'no' } };
    expect(await failureOf(runs.getRun({ runId: 'no' }))).toMatchObject(unknown);
    expect(await failureOf(events.createEvent(endOfRun('no')))).toMatchObject(unknown);
    expect(await failureOf(events.watchEvents({ runId: 'no' }))).toMatchObject(unknown);
    expect(await failureOf(streams.read({ name: '../x' }))).toMatchObject({
      code: Code.InvalidArgument,
      reasons: ['INVALID_ID'],
    });
  });

  it('refuses push, which it does not declare', async () => {
    const { queue } = await open();
    expect(await failureOf(queue.listPushEndpoints({}))).toMatchObject({
      code: Code.Unimplemented,
      reasons: ['CAPABILITY_NOT_DECLARED'],
      metadata: { capability: 'CAPABILITY_PUSH' },
    });
  });

  it('reads a stream live, in order, to its end', async () => {
    const { streams } = await open();
    const chunks = ['a', '', 'c'].map((text) => new TextEncoder().encode(text));
    await streams.append({ runId: 'r', name: 's', chunks: chunks.slice(0, 2) });
    const seen: string[] = [];
    let done = false;
    for await (const response of streams.read({ runId: 'r', name: 's' })) {
      for (const { index, data } of response.chunks)
        seen.push(`${index}:${new TextDecoder().decode(data)}`);
      done = response.done;
      if (seen.length === 2 && !done)
        await streams.append({ runId: 'r', name: 's', chunks: chunks.slice(2), close: true });
    }
    expect(seen).toEqual(['0:a', '1:', '2:c']);
    expect(done).toBe(true);
  });

  it('ends a call at its deadline', async () => {
    const { runs, events } = await open();
    await events.createEvent(newRun('run-1'));
    expect(await failureOf(runs.waitForRun({ runId: 'run-1' }, { timeoutMs: 100 }))).toMatchObject({
      code: Code.DeadlineExceeded,
    });
  });

  it('names what the server does not know', async () => {
    const { url } = await serve();
    const transport = connect(url);
    const later = {
      ...StreamService.method.getStreamInfo,
      name: 'Later',
    } as typeof StreamService.method.getStreamInfo;
    const call = transport.unary(later, undefined, undefined, undefined, {});
    expect(await failureOf(call)).toMatchObject({
      code: Code.Unimplemented,
      reasons: ['METHOD_NOT_FOUND'],
      metadata: { method: 'worldwire.v1.StreamService/Later' },
    });
  });

  it('refuses a request beyond the limit and goes on serving', async () => {
    const { url } = await serve({ limits: { maxRequestBytes: 100_000 } });
    const { queue, runs } = clientsOf(connect(url));
    const body = new Uint8Array(400_000);
    for (let i = 0; i < 3; i += 1)
      expect(await failureOf(queue.enqueue({ message: { queueName: 'q', body } }))).toMatchObject({
        code: Code.InvalidArgument,
        reasons: ['PAYLOAD_TOO_LARGE'],
      });
    expect((await runs.listRuns({})).runs).toEqual([]);
  });
});

describe('the short way and the library', () => {
  let url: string;
  let transport: Transport;
  beforeAll(async () => {
    const { mkdtempSync } = await import('node:fs');
    const server = await startServer({
      port: 0,
      dataDir: mkdtempSync(join(tmpdir(), 'worldwire-')),
      limits: { maxRequestBytes: 10_000 },
    });
    url = server.url;
    transport = stockTransports['connect, HTTP/1.1']!(url);
    await createClient(StreamService, transport).append({
      runId: 'r',
      name: 's',
      chunks: [new Uint8Array(10)],
      close: true,
    });
    return () => server.close();
  });

  const run = toBinary(GetRunRequestSchema, create(GetRunRequestSchema, { runId: 'nobody' }));
  const cases: Record<string, { path: string; body: Uint8Array; headers?: HeadersInit }> = {
    'an empty list': {
      path: 'RunService/ListRuns',
      body: toBinary(ListRunsRequestSchema, create(ListRunsRequestSchema)),
    },
    'an unknown run': { path: 'RunService/GetRun', body: run },
    'an empty request': { path: 'RunService/GetRun', body: new Uint8Array() },
    'a truncated message': { path: 'RunService/GetRun', body: run.subarray(0, 5) },
    'no protobuf at all': { path: 'RunService/GetRun', body: new Uint8Array([0xff, 0xff, 0xff]) },
    'broken UTF-8': { path: 'RunService/GetRun', body: new Uint8Array([10, 2, 0xc3, 0x28]) },
    'a NUL byte in an id': { path: 'RunService/GetRun', body: new Uint8Array([10, 1, 0]) },
    'a future field': { path: 'RunService/GetRun', body: new Uint8Array([...run, 0xf8, 0x7f, 1]) },
    'no event type': {
      path: 'EventService/CreateEvent',
      body: toBinary(
        CreateEventRequestSchema,
        create(CreateEventRequestSchema, { runId: 'r', event: {} }),
      ),
    },
    'a capability that is not declared': {
      path: 'QueueService/ListPushEndpoints',
      body: new Uint8Array(),
    },
    'a deadline that is none': {
      path: 'RunService/ListRuns',
      body: new Uint8Array(),
      headers: { 'connect-timeout-ms': '9999999999' },
    },
    'a bad project': {
      path: 'RunService/ListRuns',
      body: new Uint8Array(),
      headers: { 'worldwire-project': '../x' },
    },
    'a live method': { path: 'StreamService/Read', body: new Uint8Array() },
    'no such method': { path: 'RunService/Nothing', body: new Uint8Array() },
  };

  it.each(Object.entries(cases))('answer alike: %s', async (_name, { path, body, headers }) => {
    const post = async (encoding: HeadersInit, bytes: Uint8Array) => {
      const response = await fetch(`${url}/worldwire.v1.${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/proto', ...headers, ...encoding },
        body: bytes as BodyInit,
      });
      return {
        status: response.status,
        type: response.headers.get('content-type'),
        body: Buffer.from(await response.arrayBuffer()).toString('latin1'),
      };
    };
    const short = await post({}, body);
    expect(short).toEqual(await post({ 'content-encoding': 'gzip' }, gzipSync(body)));
    if (short.status !== 200 && short.status !== 415)
      expect(JSON.parse(short.body).details[0].type).toBe('google.rpc.ErrorInfo');
  });

  it('refuse what unpacks to more than the limit', async () => {
    const response = await fetch(`${url}/worldwire.v1.RunService/GetRun`, {
      method: 'POST',
      headers: { 'content-type': 'application/proto', 'content-encoding': 'gzip' },
      body: gzipSync(new Uint8Array(1_000_000)),
    });
    expect(await response.text()).toContain('PAYLOAD_TOO_LARGE');
  });

  it('refuse a compression that nobody knows, and a broken one', async () => {
    for (const [encoding, body] of [
      ['snappy', run],
      ['gzip', run],
      ['gzip', gzipSync(run).subarray(0, -4)],
    ] as const) {
      const response = await fetch(`${url}/worldwire.v1.RunService/GetRun`, {
        method: 'POST',
        headers: { 'content-type': 'application/proto', 'content-encoding': encoding },
        body: body as BodyInit,
      });
      expect(await response.text()).toContain('"reason":"INVALID_ARGUMENT"');
    }
  });

  it('keep the boundaries and the flags of a Connect stream', async () => {
    const response = await fetch(`${url}/worldwire.v1.StreamService/Read`, {
      method: 'POST',
      headers: { 'content-type': 'application/connect+proto' },
      body: Buffer.from([0, 0, 0, 0, 6, 10, 1, 114, 18, 1, 115]),
    });
    const bytes = Buffer.from(await response.arrayBuffer());
    expect(bytes[0]).toBe(0);
    const first = bytes.readUInt32BE(1);
    expect(bytes.subarray(5, 5 + first)).toEqual(
      Buffer.from(toBinary(ReadResponseSchema, create(ReadResponseSchema, { nextIndex: 0n }))),
    );
    expect(bytes.subarray(-2).toString()).toBe('{}');
  });
});
