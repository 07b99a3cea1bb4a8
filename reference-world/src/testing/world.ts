/** What the tests of the server share. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { type Client, ConnectError, createClient, type Transport } from '@connectrpc/connect';
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from '@connectrpc/connect-node';
import {
  CreateEventRequestSchema,
  ErrorInfoSchema,
  EventService,
  type NewEventSchema,
  QueueService,
  RunService,
  StreamService,
  WorldService,
} from '@worldwire/proto';
import { onTestFinished } from 'vitest';
import { type RunningServer, type ServerOptions, startServer } from '../server.js';

/** A folder that is removed when the test is over. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'worldwire-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A server on a free port and an empty folder, closed when the test is over. */
export async function serve(options: Partial<ServerOptions> = {}): Promise<RunningServer> {
  const server = await startServer({ port: 0, dataDir: temporaryFolder(), ...options });
  onTestFinished(() => server.close());
  return server;
}

/** Every stock client: protocol, encoding and HTTP version. */
export const stockTransports: Record<string, (baseUrl: string) => Transport> = {
  'connect, HTTP/1.1': (baseUrl) => createConnectTransport({ baseUrl, httpVersion: '1.1' }),
  'connect, HTTP/2': (baseUrl) => createConnectTransport({ baseUrl, httpVersion: '2' }),
  'connect by JSON, HTTP/1.1': (baseUrl) =>
    createConnectTransport({ baseUrl, httpVersion: '1.1', useBinaryFormat: false }),
  'connect by GET, HTTP/1.1': (baseUrl) =>
    createConnectTransport({ baseUrl, httpVersion: '1.1', useHttpGet: true }),
  'gRPC, HTTP/2': (baseUrl) => createGrpcTransport({ baseUrl }),
  'gRPC by JSON, HTTP/2': (baseUrl) => createGrpcTransport({ baseUrl, useBinaryFormat: false }),
  'gRPC-Web, HTTP/1.1': (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: '1.1' }),
  'gRPC-Web, HTTP/2': (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: '2' }),
};

/** A client of each service that the tests use. */
export interface Clients {
  readonly world: Client<typeof WorldService>;
  readonly events: Client<typeof EventService>;
  readonly runs: Client<typeof RunService>;
  readonly queue: Client<typeof QueueService>;
  readonly streams: Client<typeof StreamService>;
}

/** Clients over one transport; by default Connect over HTTP/1.1. */
export function clientsOf(where: string | Transport): Clients {
  const transport =
    typeof where === 'string'
      ? createConnectTransport({ baseUrl: where, httpVersion: '1.1' })
      : where;
  return {
    world: createClient(WorldService, transport),
    events: createClient(EventService, transport),
    runs: createClient(RunService, transport),
    queue: createClient(QueueService, transport),
    streams: createClient(StreamService, transport),
  };
}

/** A request that creates a run. */
export function newRun(
  runId: string,
  event: MessageInitShape<typeof NewEventSchema> = {
    data: {
      case: 'runCreated',
      value: { deploymentId: 'dpl', workflowName: 'wf', input: new Uint8Array([0, 1, 255]) },
    },
  },
) {
  return create(CreateEventRequestSchema, { runId, event });
}

/** A request that ends a run. */
export function endOfRun(runId: string) {
  return create(CreateEventRequestSchema, {
    runId,
    event: { data: { case: 'runCancelled', value: {} } },
  });
}

/** What a call fails with: the code, the reasons of all its ErrorInfos, and their metadata. */
export async function failureOf(call: Promise<unknown> | AsyncIterable<unknown>) {
  try {
    if (Symbol.asyncIterator in call) for await (const _ of call);
    else await call;
  } catch (error) {
    const connectError = ConnectError.from(error);
    const infos = connectError.findDetails(ErrorInfoSchema);
    return {
      code: connectError.code,
      reasons: infos.map(({ reason }) => reason),
      metadata: infos[0]?.metadata ?? {},
      message: connectError.rawMessage,
    };
  }
  throw new Error('the call did not fail');
}
