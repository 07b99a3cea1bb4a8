import { fileURLToPath } from 'node:url';
import { fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import * as grpc from '@grpc/grpc-js';
import * as loader from '@grpc/proto-loader';
import { expect, it, onTestFinished } from 'vitest';
import { serve } from '../testing/world.js';

const root = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

// biome-ignore lint/suspicious/noExplicitAny: what a client without types receives
type Answer = Record<string, any>;
type Unary = (
  request: object,
  metadata: grpc.Metadata,
  callback: (error: grpc.ServiceError | null, answer: Answer) => void,
) => void;
type Peer = grpc.Client & Record<string, unknown>;

/** A client of a service that is made from the proto files alone. */
function peer(url: string, file: string, service: string): Peer {
  const definition = loader.loadSync(file, {
    includeDirs: [root('proto'), root('reference-world/proto')],
    keepCase: true,
    arrays: true,
    longs: String,
    enums: String,
    oneofs: true,
  });
  const Service = service
    .split('.')
    .reduce<unknown>(
      (at, name) => (at as Record<string, unknown>)[name],
      grpc.loadPackageDefinition(definition),
    ) as new (
    address: string,
    credentials: grpc.ChannelCredentials,
  ) => Peer;
  const client = new Service(new URL(url).host, grpc.credentials.createInsecure());
  // Not client.close(): a service may have a method of that name.
  onTestFinished(() => grpc.Client.prototype.close.call(client));
  return client;
}

function call(client: Peer, method: string, request: object): Promise<Answer> {
  return new Promise((resolve, reject) => {
    (client[method] as Unary).call(client, request, new grpc.Metadata(), (error, answer) =>
      error ? reject(error) : resolve(answer),
    );
  });
}

function open(client: Peer, method: string, request: object) {
  return (client[method] as (request: object) => grpc.ClientReadableStream<Answer>).call(
    client,
    request,
  );
}

it('serves a stock gRPC client: a run, its events, a stream', async () => {
  const { url } = await serve();
  const events = peer(url, 'worldwire/v1/event.proto', 'worldwire.v1.EventService');
  const streams = peer(url, 'worldwire/v1/stream.proto', 'worldwire.v1.StreamService');
  const created = await call(events, 'CreateEvent', {
    run_id: 'r',
    event: { run_created: { deployment_id: 'd', workflow_name: 'w', input: Buffer.from([0, 1]) } },
  });
  expect(created.event).toMatchObject({ position: '1', data: 'run_created' });
  await call(events, 'CreateEvent', { run_id: 'r', event: { run_started: {} } });
  const listed = await call(events, 'ListEvents', { run_id: 'r' });
  expect(listed.events).toHaveLength(2);

  await call(streams, 'Append', { run_id: 'r', name: 's', chunks: [Buffer.from('a')] });
  const read = open(streams, 'Read', { run_id: 'r', name: 's' });
  const data: string[] = [];
  for await (const { chunks, done } of read) {
    for (const chunk of chunks) data.push(chunk.data.toString());
    if (data.length === 1 && !done)
      await call(streams, 'Append', {
        run_id: 'r',
        name: 's',
        chunks: [Buffer.from('b')],
        close: true,
      });
  }
  expect(data).toEqual(['a', 'b']);
});

it('tells a stock gRPC client the reason in the details', async () => {
  const { url } = await serve();
  const runs = peer(url, 'worldwire/v1/run.proto', 'worldwire.v1.RunService');
  const error: grpc.ServiceError = await call(runs, 'GetRun', { run_id: 'no' }).then(
    () => undefined as never,
    (thrown) => thrown,
  );
  expect(error.code).toBe(grpc.status.NOT_FOUND);
  const [details] = error.metadata.get('grpc-status-details-bin');
  expect((details as Buffer).toString('latin1')).toContain('RUN_NOT_FOUND');
});

it('answers health checks, and says so when it stops', async () => {
  const server = await serve();
  const health = peer(server.url, 'grpc/health/v1/health.proto', 'grpc.health.v1.Health');
  for (const service of ['', 'worldwire.v1.QueueService'])
    expect(await call(health, 'Check', { service })).toMatchObject({ status: 'SERVING' });
  await expect(call(health, 'Check', { service: 'nobody' })).rejects.toMatchObject({
    code: grpc.status.NOT_FOUND,
  });
  const watch = open(health, 'Watch', { service: '' });
  const seen: string[] = [];
  for await (const { status } of watch) {
    seen.push(status);
    if (seen.length === 1) void server.close();
  }
  expect(seen).toEqual(['SERVING', 'NOT_SERVING']);
});

it.each(['v1', 'v1alpha'])('describes itself by reflection, %s', async (version) => {
  const { url } = await serve();
  const name = `grpc.reflection.${version}.ServerReflection`;
  const client = peer(url, `grpc/reflection/${version}/reflection.proto`, name);
  const ask = async (request: object) => {
    const stream = (
      client.ServerReflectionInfo as () => grpc.ClientDuplexStream<object, Answer>
    ).call(client);
    stream.write(request);
    stream.end();
    for await (const answer of stream) return answer as Answer;
    throw new Error('no answer');
  };
  const services = (await ask({ list_services: '*' })).list_services_response.service;
  expect(services.map((service: { name: string }) => service.name)).toEqual(
    expect.arrayContaining(['worldwire.v1.EventService', 'grpc.health.v1.Health', name]),
  );
  const namesOf = (answer: Answer) =>
    answer.file_descriptor_response.file_descriptor_proto.map(
      (bytes: Buffer) => fromBinary(FileDescriptorProtoSchema, bytes).name,
    );
  for (const symbol of [
    'worldwire.v1.RunService',
    'worldwire.v1.RunService.GetRun',
    'worldwire.v1.Run',
    'worldwire.v1.RunStatus',
  ])
    expect(namesOf(await ask({ file_containing_symbol: symbol }))).toEqual(
      expect.arrayContaining([
        'worldwire/v1/run.proto',
        'worldwire/v1/annotations.proto',
        'google/protobuf/descriptor.proto',
      ]),
    );
  expect(namesOf(await ask({ file_by_filename: 'worldwire/v1/queue.proto' }))).toContain(
    'worldwire/v1/queue.proto',
  );
  const extendee = 'google.protobuf.EnumValueOptions';
  const numbers = await ask({ all_extension_numbers_of_type: extendee });
  expect(numbers.all_extension_numbers_response.extension_number).toContain(50701);
  const extension = { containing_type: extendee, extension_number: 50701 };
  expect(namesOf(await ask({ file_containing_extension: extension }))).toContain(
    'worldwire/v1/annotations.proto',
  );
  expect((await ask({ file_containing_symbol: 'no.Such' })).error_response.error_code).toBe(5);
});
