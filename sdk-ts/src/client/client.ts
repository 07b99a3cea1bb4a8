import { setMaxListeners } from 'node:events';
import { createClient } from '@connectrpc/connect';
import {
  Capability,
  EventService,
  HookService,
  KeyService,
  PROTOCOL_VERSION,
  QueueService,
  RunService,
  StepService,
  StreamService,
  WaitService,
  WorldService,
} from '@worldwire/proto';
import { consume } from './consumer.js';
import { WorldError } from './error.js';
import { withHeaders } from './header-transport.js';
import { createLists } from './lists.js';
import { readStream, readStreamBytes, watchEvents } from './live-reads.js';
import { createRetryTransport } from './retry-transport.js';
import { createServiceClient } from './service-client.js';
import { readSettings } from './settings.js';
import { StatusReporter, warnOnStatus } from './status.js';
import { createStreamWriter } from './stream-writer.js';
import { createUndiciTransport } from './transport/undici-transport.js';
import type { ReadStreamOptions, WorldClient, WorldClientOptions } from './types.js';
import { WorldInfo } from './world-info.js';

/** The one try of a GetWorld on whose answer another call waits. */
const QUICK_DEADLINE_MS = 5_000;

/**
 * Makes a client. Nothing is sent before the first call. Throws a WorldError `invalid_argument` for a bad address.
 */
export function createWorldClient(options: WorldClientOptions = {}): WorldClient {
  const settings = readSettings(options);
  const closing = new AbortController();
  // One listener for every live read and wait.
  setMaxListeners(0, closing.signal);

  const own = options.transport === undefined ? createUndiciTransport(settings) : undefined;
  const bare = own ?? withHeaders(options.transport!, settings.headers);
  const report = options.onStatus ?? warnOnStatus(own === undefined ? 'the World' : settings.url);
  const status = new StatusReporter((change) => {
    if (change.state === 'connected') info.forget();
    report(change);
  });
  const impatient = createClient(WorldService, bare);
  const info: WorldInfo = new WorldInfo((patient) =>
    patient ? world.getWorld({}) : impatient.getWorld({}, { timeoutMs: QUICK_DEADLINE_MS }),
  );
  const transport = createRetryTransport({
    transport: bare,
    status,
    retry: settings.retry,
    deadlineMs: settings.deadlineMs,
    closing: closing.signal,
    requireCapability: (capability) => info.require(capability),
    lacks: (capability) => info.lacks(capability),
    longPollMs: (request) => info.longPollMs(request),
  });

  const world = createServiceClient(WorldService, transport);
  const events = createServiceClient(EventService, transport);
  const runs = createServiceClient(RunService, transport);
  const steps = createServiceClient(StepService, transport);
  const hooks = createServiceClient(HookService, transport);
  const waits = createServiceClient(WaitService, transport);
  const queue = createServiceClient(QueueService, transport);
  const streams = createServiceClient(StreamService, transport);
  const keys = createServiceClient(KeyService, transport);

  const context = { retry: settings.retry, idleMs: settings.idleMs, closing: closing.signal };
  const read = (request: ReadStreamOptions) => readStream(streams, context, request);

  return {
    world,
    events,
    runs,
    steps,
    hooks,
    waits,
    queue,
    streams,
    keys,
    ...createLists({ runs, events, steps, hooks, waits, queue, streams, keys }),
    getWorld: () => info.get(),
    has: (capability) => info.has(capability),
    readStream: read,
    readStreamBytes: (request) => readStreamBytes(read, request),
    watchEvents: (request) => watchEvents(events, context, request),
    createStreamWriter: (request) =>
      createStreamWriter(streams, request, () => info.lacks(Capability.STREAM_WRITERS)),
    consume: (request) => consume(queue, context, request),
    async close() {
      closing.abort(new Error('the client was closed'));
      await own?.close();
    },
  };
}

/**
 * Makes a client and asks the World what it is. Fails with a WorldError where the World cannot be reached within the
 * retry budget, or speaks another major version of the protocol.
 */
export async function connect(options: WorldClientOptions = {}): Promise<WorldClient> {
  const client = createWorldClient(options);
  try {
    const { protocolVersion, implementation } = await client.getWorld();
    if (major(protocolVersion) !== major(PROTOCOL_VERSION)) {
      throw new WorldError(
        `${implementation} speaks protocol ${protocolVersion}, this client ${PROTOCOL_VERSION}`,
        { code: 'failed_precondition' },
      );
    }
    return client;
  } catch (error) {
    await client.close();
    throw error;
  }
}

function major(version: string): string | undefined {
  return version.split('.')[0];
}
