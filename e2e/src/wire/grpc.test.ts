/** What a client that knows nothing but the .proto files can do: the stock gRPC library of Node, on HTTP/2. */
import { once } from 'node:events';
import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import {
  Client,
  type ClientReadableStream,
  type ClientUnaryCall,
  credentials,
  type GrpcObject,
  loadPackageDefinition,
  Metadata,
  type ServiceClientConstructor,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { load } from '@grpc/proto-loader';
import { ErrorInfoSchema } from '@worldwire/proto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { REPOSITORY } from '../harness/paths.js';
import { startWorld, type WorldServer } from '../harness/world.js';
import { newId } from './clients.js';

// biome-ignore lint/suspicious/noExplicitAny: the library makes its types at run time
type Message = any;
type Unary = (
  request: Message,
  metadata: Metadata,
  done: (error: ServiceError | null, answer: Message) => void,
) => ClientUnaryCall;
type Live = (request: Message, metadata: Metadata) => ClientReadableStream<Message>;

const metadata = new Metadata();
metadata.set('worldwire-project', 'grpc');

let world: WorldServer;
let services: GrpcObject;
const open = new Map<string, Record<string, Unary | Live>>();

beforeAll(async () => {
  world = await startWorld();
  const files = ['event', 'queue', 'run', 'stream', 'world'].map(
    (name) => `worldwire/v1/${name}.proto`,
  );
  const definition = await load(files, {
    includeDirs: [join(REPOSITORY, 'proto')],
    longs: Number,
    enums: String,
    defaults: true,
    oneofs: true,
  });
  services = (loadPackageDefinition(definition).worldwire as GrpcObject).v1 as GrpcObject;
});
afterAll(async () => {
  // StreamService has a method of the same name.
  for (const client of open.values()) Client.prototype.close.call(client);
  await world?.stop();
});

function service(name: string): Record<string, Unary | Live> {
  const known = open.get(name);
  if (known !== undefined) return known;
  const Service = services[name] as ServiceClientConstructor;
  const client = new Service(new URL(world.url).host, credentials.createInsecure());
  open.set(name, client as never);
  return client as never;
}

function call(name: string, method: string, request: Message): Promise<Message> {
  const client = service(name);
  return new Promise((resolve, reject) => {
    (client[method] as Unary).call(client, request, metadata, (error, answer) =>
      error ? reject(error) : resolve(answer),
    );
  });
}

function live(name: string, method: string, request: Message): ClientReadableStream<Message> {
  const client = service(name);
  return (client[method] as Live).call(client, request, metadata);
}

it('creates a run, appends its events and lists them', async () => {
  const runId = newId('run');
  const write = (event: Message) => call('EventService', 'createEvent', { runId, event });
  const input = Buffer.from([0, 255, 0]);
  const created = await write({ runCreated: { deploymentId: 'd', workflowName: 'w', input } });
  expect(created.event).toMatchObject({ position: 1, data: 'runCreated' });
  await write({ runStarted: {} });
  await write({ correlationId: 's', stepCreated: { stepName: 'step', input } });
  await write({ correlationId: 's', stepStarted: {} });
  const step = await write({ correlationId: 's', stepCompleted: { result: input } });
  expect(step.step).toMatchObject({ status: 'STEP_STATUS_COMPLETED', attempt: 1 });
  await write({ runCompleted: { output: input } });

  const { events, page } = await call('EventService', 'listEvents', { runId });
  expect(events.map((event: Message) => [event.position, event.data])).toEqual([
    [1, 'runCreated'],
    [2, 'runStarted'],
    [3, 'stepCreated'],
    [4, 'stepStarted'],
    [5, 'stepCompleted'],
    [6, 'runCompleted'],
  ]);
  expect(events[0].runCreated.input).toEqual(input);
  expect(page.hasMore).toBe(false);
});

it('reads a stream while it is appended to', async () => {
  const stream = { runId: newId('run'), name: 'live' };
  const reader = live('StreamService', 'read', stream);
  const seen: number[][] = [];
  reader.on('data', ({ chunks }: Message) => {
    for (const { data } of chunks) seen.push([...data]);
  });
  const ended = once(reader, 'end');
  for (let i = 0; i < 5; i++) {
    await call('StreamService', 'append', {
      ...stream,
      chunks: [Buffer.from([i]), Buffer.alloc(0)],
    });
  }
  await call('StreamService', 'close', stream);
  await ended;
  expect(seen).toEqual([[0], [], [1], [], [2], [], [3], [], [4], []]);
});

it('receives a message and settles it', async () => {
  const queueName = newId('queue');
  const body = Buffer.from('work');
  const message = { queueName, body, contentType: 'text/plain', headers: { trace: 'x' } };
  const { messageId } = await call('QueueService', 'enqueue', { message });
  const attachment = { queuePrefixes: [queueName], deploymentId: 'd' };
  const consumer = live('QueueService', 'receive', attachment);
  const delivery = await new Promise<Message>((resolve, reject) => {
    consumer.on('error', reject);
    consumer.on('data', ({ deliveries }: Message) => {
      if (deliveries.length > 0) resolve(deliveries[0]);
    });
  });
  expect(delivery).toMatchObject({ messageId, attempt: 1, queueName, headers: { trace: 'x' } });
  expect(delivery.body).toEqual(body);
  const settlements = [{ leaseId: delivery.leaseId, ack: {} }];
  const settled = await call('QueueService', 'settle', { settlements });
  expect(settled.results[0].settled).toBe(true);
  const again = await call('QueueService', 'settle', { settlements });
  expect(again.results[0].settled).toBe(false);
  consumer.cancel();
});

it('gets refusals as status, reason and metadata', async () => {
  const refusal = await call('RunService', 'getRun', { runId: 'nobody' }).then(
    () => undefined,
    (error: ServiceError) => error,
  );
  expect(refusal?.code).toBe(status.NOT_FOUND);
  const [details] = refusal?.metadata.get('grpc-status-details-bin') ?? [];
  // google.rpc.Status: its third field holds the details, each an Any of a type and a value.
  const info = infoIn(details as Buffer);
  expect(info).toMatchObject({ reason: 'RUN_NOT_FOUND', metadata: { run_id: 'nobody' } });
});

it('answers the health check and reflection of gRPC', async () => {
  const health = await load('grpc/health/v1/health.proto', {
    includeDirs: [join(REPOSITORY, 'reference-world/proto')],
    enums: String,
  });
  const grpc = loadPackageDefinition(health).grpc as Message;
  const client = new grpc.health.v1.Health(new URL(world.url).host, credentials.createInsecure());
  try {
    const answer = await new Promise<Message>((resolve, reject) => {
      client.check({ service: '' }, (error: ServiceError | null, value: Message) =>
        error ? reject(error) : resolve(value),
      );
    });
    expect(answer.status).toBe('SERVING');
  } finally {
    client.close();
  }
});

function infoIn(details: Buffer) {
  const type = Buffer.from('type.googleapis.com/google.rpc.ErrorInfo');
  const at = details.indexOf(type) + type.length;
  // A field header and a length of one byte come before the value of so small a message.
  expect(details[at]).toBe(0x12);
  return fromBinary(ErrorInfoSchema, details.subarray(at + 2, at + 2 + details[at + 1]!));
}
