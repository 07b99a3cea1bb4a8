/** The driver by which `worldwire-conformance sdk -- node sdk-ts/conformance/driver.mjs` judges this client. */
import { createRequire } from 'node:module';
import { drive, Feature } from '@worldwire/conformance/dist/driver-kit.js';
import { PROTOCOL_VERSION } from '@worldwire/proto';
import { connect, createWorldClient, WorldError } from '@worldwire/sdk';
import {
  deriveKeyPair,
  deriveRunKey,
  EnvelopeError,
  hasZstd,
  open,
  publicKeyText,
  RunKeys,
  seal,
  sealToPublicKey,
} from '@worldwire/sdk/envelope';

const { name, version } = createRequire(import.meta.url)('../package.json');

/** The client's members by the services that they call. */
const MEMBERS = {
  WorldService: 'world',
  EventService: 'events',
  RunService: 'runs',
  StepService: 'steps',
  HookService: 'hooks',
  WaitService: 'waits',
  QueueService: 'queue',
  StreamService: 'streams',
  KeyService: 'keys',
};

await drive({
  description: {
    implementation: name,
    version,
    protocolVersion: PROTOCOL_VERSION,
    features: [
      Feature.LISTS,
      Feature.STREAM_READS,
      Feature.EVENT_WATCHES,
      Feature.STREAM_WRITES,
      Feature.CONSUMERS,
      Feature.ENVELOPES,
      ...(hasZstd ? [Feature.ZSTD] : []),
    ],
  },
  start,
  failureOf,
});

function start({ url, token, project, silence }) {
  const options = {
    url,
    ...(token && { token }),
    ...(project && { project }),
    ...(silence && { idleMs: msOf(silence) }),
    onStatus: () => {},
  };
  const client = createWorldClient(options);
  return {
    async connect() {
      const connected = await connect(options);
      try {
        return await connected.getWorld();
      } finally {
        await connected.close();
      }
    },
    call: ({ service, method, request, timeoutMs, signal }) =>
      client[MEMBERS[service]][method.localName](request, {
        signal,
        ...(timeoutMs !== undefined && { timeoutMs }),
      }),
    // A plain object, as callers write requests.
    list: ({ method, request: { $typeName, ...request }, signal }) =>
      client[method.localName](request, { signal }),
    read: (options) => client.readStream(options),
    watch: (options) => client.watchEvents(options),
    openWriter: (stream) => client.createStreamWriter(stream),
    consume: ({ queuePrefixes, deploymentId, maxInFlight, lease, grace }, handler) =>
      client.consume({
        queuePrefixes,
        deploymentId,
        maxInFlight,
        leaseMs: msOf(lease),
        graceMs: msOf(grace),
        handler: async (delivery, { signal }) => outcomeOf(await handler(delivery, signal)),
        onError: () => {},
      }),
    deriveKeys({ deploymentKey, projectId, runId }) {
      const runKey = deriveRunKey(deploymentKey, projectId, runId);
      return { runKey, publicKey: deriveKeyPair(runKey).publicKey };
    },
    seal: ({ payload, key }) =>
      key.case === 'runKey'
        ? seal(payload, new RunKeys({ runKey: key.value }))
        : sealToPublicKey(payload, key.value),
    open: ({ payload, runKey, publicKey, runId, maxBytes }) =>
      open(
        payload,
        new RunKeys({
          runId: runId || undefined,
          runKey: runKey.length > 0 ? runKey : undefined,
          publicKey: publicKey.length > 0 ? publicKeyText(publicKey) : undefined,
        }),
        maxBytes > 0n ? { maxBytes: Number(maxBytes) } : {},
      ).payload,
  };
}

function outcomeOf(outcome) {
  switch (outcome.case) {
    case 'done':
      return { ack: true };
    case 'againAfter':
      return { retryAfterMs: msOf(outcome.value) };
    default:
      throw new Error(outcome.value);
  }
}

function failureOf(error) {
  if (error instanceof EnvelopeError) return { code: error.failure, message: error.message };
  if (!(error instanceof WorldError)) return { code: 'unknown', message: String(error) };
  const { code, reason, message, metadata, retryAfterMs } = error;
  return {
    code,
    reason: reason ?? '',
    message,
    metadata,
    ...(retryAfterMs !== undefined && { retryDelay: durationOf(retryAfterMs) }),
  };
}

function msOf({ seconds, nanos }) {
  return Number(seconds) * 1000 + nanos / 1e6;
}

function durationOf(ms) {
  const seconds = Math.trunc(ms / 1000);
  return { seconds: BigInt(seconds), nanos: Math.round((ms - seconds * 1000) * 1e6) };
}
