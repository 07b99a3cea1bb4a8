/**
 * A driver of the clients that Connect generates for TypeScript, without anything around them. They are no SDK: what
 * they cannot do shows what an SDK has to.
 */
import { readFileSync } from 'node:fs';
import { ConnectError, createClient } from '@connectrpc/connect';
import { codeToString } from '@connectrpc/connect/protocol-connect';
import { createConnectTransport, createGrpcTransport } from '@connectrpc/connect-node';
import {
  ERROR_DOMAIN,
  ErrorInfoSchema,
  EventService,
  PROTOCOL_VERSION,
  RetryInfoSchema,
  StreamService,
  services,
  WorldService,
} from '@worldwire/proto';
import { chunksOf, drive, eventsOf, Feature, Wire } from '../dist/driver-kit.js';

const manifest = new URL('../../package.json', import.meta.resolve('@connectrpc/connect'));
const { name, version } = JSON.parse(readFileSync(manifest, 'utf8'));

await drive({
  description: {
    implementation: name,
    version,
    protocolVersion: PROTOCOL_VERSION,
    features: [Feature.STREAM_READS, Feature.EVENT_WATCHES],
    wires: [Wire.CONNECT, Wire.GRPC],
  },
  start,
  failureOf,
});

function start({ url, wire, token }) {
  const interceptors = [];
  if (token)
    interceptors.push((next) => (request) => {
      request.header.set('authorization', `Bearer ${token}`);
      return next(request);
    });
  const transport =
    wire === Wire.GRPC
      ? createGrpcTransport({ baseUrl: url, interceptors })
      : createConnectTransport({ baseUrl: url, httpVersion: '1.1', interceptors });
  const clients = Object.fromEntries(
    services.map((service) => [service.name, createClient(service, transport)]),
  );
  return {
    connect: () => clients[WorldService.name].getWorld({}),
    call: ({ service, method, request, timeoutMs, signal }) =>
      clients[service][method.localName](request, {
        signal,
        ...(timeoutMs !== undefined && { timeoutMs }),
      }),
    read: ({ runId, name: stream, startIndex, signal }) =>
      chunksOf(
        clients[StreamService.name].read(
          { runId, name: stream, startIndex: BigInt(startIndex) },
          { signal },
        ),
      ),
    watch: ({ runId, afterPosition, signal }) =>
      eventsOf(
        clients[EventService.name].watchEvents(
          { runId, afterPosition: BigInt(afterPosition) },
          { signal },
        ),
      ),
  };
}

function failureOf(error) {
  const connectError = ConnectError.from(error);
  const { code, rawMessage } = connectError;
  const info = connectError
    .findDetails(ErrorInfoSchema)
    .find(({ domain }) => domain === ERROR_DOMAIN);
  const retryDelay = connectError.findDetails(RetryInfoSchema)[0]?.retryDelay;
  return {
    code: codeToString(code),
    reason: info?.reason ?? '',
    message: rawMessage,
    metadata: info?.metadata ?? {},
    ...(retryDelay && { retryDelay }),
  };
}
